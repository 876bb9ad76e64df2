//! The fuzz target of the headers in which proxies pass a certificate on. Each line of the input is one field; it is read
//! in every form.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderName, HeaderValue, Request};

use super::{ClientCertificate, ClientCertificateSource, PeerAddress, ProxyHeader};
use crate::{BindingError, RequestHead};

const NAME: HeaderName = HeaderName::from_static("certificate");
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ANOTHER_PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

// R-H2
pub(crate) fn run(data: &[u8]) {
    let mut request = Request::new(());
    let mut fields = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(3) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            request.headers_mut().append(NAME, value);
            fields.push(line);
        }
    }
    // That of the proxy, which is never that of the client.
    request.extensions_mut().insert(ClientCertificate::from_der("proxy"));
    for (form, read) in [
        (ProxyHeader::ClientCert, byte_sequence as fn(&[u8]) -> Option<Vec<u8>>),
        (ProxyHeader::Nginx, escaped_pem),
        (ProxyHeader::Traefik, chain),
    ] {
        let read = |field: &[u8]| read(field).map(ClientCertificate::from_der);
        check(form, &mut request, expected(&fields, read));
    }
    check(ProxyHeader::Envoy, &mut request, expected(&fields, element));
}

fn check(
    form: ProxyHeader,
    request: &mut Request<()>,
    expected: Result<ClientCertificate, BindingError>,
) {
    let source = ClientCertificateSource::proxy(form, [PROXY.to_string()]);
    let certificates = source.header_name(NAME.as_str()).build().unwrap();
    for (peer, expected) in [
        (PROXY, expected.map(ClientCertificate::sha256)),
        (ANOTHER_PEER, Err(BindingError::UntrustedPeer(ANOTHER_PEER))),
    ] {
        request.extensions_mut().insert(PeerAddress::from(peer));
        let found = certificates.thumbprint(&RequestHead::from(&*request));
        if request.headers().is_empty() {
            assert_eq!(found, Err(BindingError::NoCertificate));
        } else {
            assert_eq!(found, expected, "{form:?} from {peer}: {:?}", request.headers());
        }
    }
}

fn expected(
    fields: &[&[u8]],
    read: impl Fn(&[u8]) -> Option<ClientCertificate>,
) -> Result<ClientCertificate, BindingError> {
    match fields {
        [] | [b""] => Err(BindingError::NoCertificate),
        [field] => read(field).ok_or(BindingError::MalformedCertificate),
        _ => Err(BindingError::MalformedCertificate),
    }
}

/// RFC 4648 §4, one bit after the other. The padding may be missing, also in part, and the bits that are left over are
/// zero.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().take_while(|byte| *byte != b'=').collect();
    let padding = &text[digits.len()..];
    let is_padding = padding.len() <= (4 - digits.len() % 4) % 4;
    if !is_padding || padding.iter().any(|byte| *byte != b'=') {
        return None;
    }
    let mut bits = Vec::new();
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|place| value >> place & 1));
    }
    let (bytes, rest) = bits.as_chunks::<8>();
    if bytes.is_empty() || rest.len() >= 6 || rest.contains(&1) {
        return None;
    }
    Some(bytes.iter().map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect())
}

/// RFC 9440 §2.1.
fn byte_sequence(field: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(field).ok()?.trim_matches([' ', '\t']);
    match &*text.split(':').collect::<Vec<_>>() {
        ["", content, ""] => base64(content.as_bytes()),
        _ => None,
    }
}

/// What Traefik sends.
fn chain(field: &[u8]) -> Option<Vec<u8>> {
    let all: Option<Vec<_>> = field.split(|byte| *byte == b',').map(base64).collect();
    all?.into_iter().next()
}

/// What nginx sends: RFC 7468 §5, percent-encoded.
fn escaped_pem(text: &[u8]) -> Option<Vec<u8>> {
    let mut pem = Vec::new();
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        if *byte == b'%' {
            let digits = str::from_utf8(text.get(place + 1..place + 3)?).ok()?;
            if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            pem.push(u8::from_str_radix(digits, 16).unwrap());
            place += 3;
        } else {
            pem.push(*byte);
            place += 1;
        }
    }
    let pem = String::from_utf8(pem).ok()?;
    let pem = pem.trim_matches([' ', '\t', '\n', '\r', '\x0c']);
    match &*pem.split("-----").collect::<Vec<_>>() {
        ["", "BEGIN CERTIFICATE", body, "END CERTIFICATE", ""] => {
            base64(body.replace(['\r', '\n'], "").as_bytes())
        }
        _ => None,
    }
}

/// What Envoy sends: one element, whose `Hash` or `Cert` names the certificate.
fn element(field: &[u8]) -> Option<ClientCertificate> {
    let (mut hash, mut certificate) = (None, None);
    for pair in pairs(field)? {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&pair[..equals], unquoted(&pair[equals + 1..])?);
        if key.is_empty() || !key.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let (place, value) = match &*key.to_ascii_lowercase() {
            b"hash" => (&mut hash, hexadecimal(&value)?),
            b"cert" => (&mut certificate, ClientCertificate::from_der(escaped_pem(&value)?)),
            _ => continue,
        };
        if place.is_some() {
            return None;
        }
        *place = Some(value);
    }
    if hash.is_some() && certificate.is_some() && hash != certificate {
        return None;
    }
    hash.or(certificate)
}

/// The parts between the semicolons that are not quoted. `None` if there is a comma between elements, or an open
/// quotation mark.
fn pairs(field: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut pairs, mut begin, mut place, mut is_quoted) = (Vec::new(), 0, 0, false);
    while let Some(byte) = field.get(place) {
        match byte {
            b'\\' if is_quoted => place += 1,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return None,
            b';' if !is_quoted => {
                pairs.push(&field[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
        place += 1;
    }
    pairs.push(&field[begin..]);
    (!is_quoted).then_some(pairs)
}

/// A value without its quotation marks. Only a whole value is quoted.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        return (!value.contains(&b'"')).then(|| value.to_vec());
    };
    let (mut text, mut place) = (Vec::new(), 0);
    loop {
        match quoted.get(place)? {
            b'"' => return (place + 1 == quoted.len()).then_some(text),
            b'\\' => place += 1,
            _ => {}
        }
        text.push(*quoted.get(place)?);
        place += 1;
    }
}

/// A SHA-256 digest.
fn hexadecimal(text: &[u8]) -> Option<ClientCertificate> {
    let text = str::from_utf8(text).ok()?;
    if text.len() != 64 || !text.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |place: usize| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap();
    let digest = std::array::from_fn(byte);
    Some(ClientCertificate::with_thumbprint(crate::thumbprint::Thumbprint::of_digest(digest)))
}
