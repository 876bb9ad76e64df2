//! The header `x-forwarded-client-cert` of Envoy.

use super::ClientCertificate;
use super::encoding::{from_escaped_pem, hex_digit};
use crate::thumbprint::Thumbprint;

/// The certificate that the only element names, by its `Hash` or its `Cert`.
///
/// Several elements are refused. With `APPEND_FORWARD`, Envoy keeps the elements that the client has sent. And it does not
/// escape all values: a `URI` or `DNS` of the certificate, which the client chooses, can contain a comma and another
/// element.
pub(super) fn from_element(field: &[u8]) -> Option<ClientCertificate> {
    let mut element = Element::default();
    let mut rest = field;
    loop {
        let (pair, after) = Pair::take(rest)?;
        element.add(&pair)?;
        match after.split_first() {
            None => return element.certificate(),
            Some((b';', after)) => rest = after,
            Some(_) => return None,
        }
    }
}

/// What an element says about the certificate.
#[derive(Default)]
struct Element {
    hash: Option<ClientCertificate>,
    certificate: Option<ClientCertificate>,
}

impl Element {
    /// `None` for a value of another form, and for a second one.
    fn add(&mut self, pair: &Pair<'_>) -> Option<()> {
        let (place, value) = if pair.key.eq_ignore_ascii_case(b"Hash") {
            (&mut self.hash, from_hex(&pair.value)?)
        } else if pair.key.eq_ignore_ascii_case(b"Cert") {
            (&mut self.certificate, from_escaped_pem(&pair.value)?)
        } else {
            return Some(());
        };
        place.replace(value).is_none().then_some(())
    }

    /// Where it has both, they must be of the same certificate.
    fn certificate(self) -> Option<ClientCertificate> {
        match (self.hash, self.certificate) {
            (Some(hash), Some(certificate)) => (hash == certificate).then_some(hash),
            (hash, certificate) => hash.or(certificate),
        }
    }
}

/// `key=value`.
struct Pair<'a> {
    key: &'a [u8],
    /// Without the quotation marks, and with `\"` as `"`.
    value: Vec<u8>,
}

impl<'a> Pair<'a> {
    /// The first pair, and what is behind it.
    fn take(field: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let equals = field.iter().position(|byte| *byte == b'=')?;
        let (key, _) = field.split_at(equals);
        let (_, value) = field.split_at(equals + 1);
        if key.is_empty() || !key.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        if let Some((b'"', quoted)) = value.split_first() {
            let (value, rest) = unquoted(quoted)?;
            return Some((Self { key, value }, rest));
        }
        let end = value.iter().position(|byte| matches!(byte, b',' | b';' | b'"'));
        let (value, rest) = value.split_at(end.unwrap_or(value.len()));
        Some((Self { key, value: value.to_vec() }, rest))
    }
}

/// The value up to its closing quotation mark, and what is behind that.
fn unquoted(quoted: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = quoted;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((value, rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                value.push(*escaped);
                rest = after;
            }
            byte => value.push(*byte),
        }
    }
}

/// The SHA-256 thumbprint in hexadecimal digits.
fn from_hex(text: &[u8]) -> Option<ClientCertificate> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some((hex_digit(*high)? << 4) | hex_digit(*low)?)).collect();
    let digest: [u8; 32] = bytes?.try_into().ok()?;
    Some(ClientCertificate::with_thumbprint(Thumbprint::of_digest(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc`.
    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    /// `abc`.
    const CERT: &str = "-----BEGIN%20CERTIFICATE-----%0AYWJj%0A-----END%20CERTIFICATE-----%0A";

    fn assert_found(field: &str) {
        let expected = Some(ClientCertificate::from_der("abc"));
        assert_eq!(from_element(field.as_bytes()), expected, "{field}");
    }

    #[track_caller]
    fn assert_refused(field: &str) {
        assert_eq!(from_element(field.as_bytes()), None, "{field}");
    }

    #[test]
    fn the_element_names_the_certificate() {
        // R-H2
        assert_found(&format!("Hash={HASH}"));
        assert_found(&format!("hash={}", HASH.to_uppercase()));
        assert_found(&format!("Hash=\"{HASH}\""));
        assert_found(&format!("Cert=\"{CERT}\""));
        assert_found(&format!("Cert={CERT}"));
        assert_found(&format!("Hash={HASH};Cert=\"{CERT}\""));
        assert_found(&format!(
            "By=spiffe://a/b;Hash={HASH};Subject=\"CN=\\\"a,b;c\\\" \\\\\";URI=http://a?b=c;DNS=;Chain=\"x\""
        ));
    }

    #[test]
    fn an_element_of_another_form_is_refused() {
        // R-H2
        for field in ["", ",", ";", "Hash", "Hash=", "=", "By=x", "Subject=\"\"", "Hash=\"\""] {
            assert_refused(field);
        }
        assert_refused(&format!("Hash={HASH};"));
        assert_refused(&format!("By=x,Hash={HASH}"));
        assert_refused(&format!("Hash={HASH},By=x"));
        assert_refused(&format!("Hash={HASH};Hash={HASH}"));
        assert_refused(&format!("Hash={HASH};hash={OTHER}"));
        assert_refused(&format!("Hash={OTHER};Cert=\"{CERT}\""));
        assert_refused(&format!("Hash={HASH}00"));
        assert_refused(&format!("Hash={}", &HASH[1..]));
        assert_refused(&format!("Hash={}", &HASH[2..]));
        assert_refused(&format!("Hash={}g", &HASH[1..]));
        assert_refused(&format!("Hash=g{}", &HASH[1..]));
        assert_refused(&format!("Cert=\"{CERT}{CERT}\""));
        assert_refused(&format!("Hash={HASH};Cert=\"%\""));
        assert_refused(&format!("Hash=\"{HASH}"));
        assert_refused(&format!("Hash=\"{HASH}\"x"));
        assert_refused(&format!("Hash={HASH}\""));
        assert_refused(&format!("Ha sh=;Hash={HASH}"));
        assert_refused(&format!("Hash={HASH};Subject=\"\\"));
    }

    #[test]
    fn a_client_cannot_add_an_element_or_a_hash() {
        // R-H2: in an element of its own, which the proxy has kept; in a value that the proxy does not escape; and in a
        // value whose quotation mark it leaves open.
        let appended = format!("By=x;Hash={OTHER};Subject=\"CN=y\"");
        for sent in [
            "",
            ";Subject=\"",
            ";Subject=\"\\",
            ";Subject=\"\\\"",
            ";Subject=x\"",
            ";\"",
            ";Subject=",
            ",",
        ] {
            assert_refused(&format!("Hash={HASH}{sent},{appended}"));
            assert_refused(&format!("Hash={HASH}{sent}, {appended}"));
        }
        for value in [
            format!(",Hash={HASH}"),
            format!("x,Hash={HASH}"),
            format!("x;Hash={HASH}"),
            format!("x;Cert=\"{CERT}\""),
            format!("x,Cert=\"{CERT}\""),
        ] {
            assert_refused(&format!("Hash={OTHER};URI={value}"));
            assert_refused(&format!("Hash={OTHER};URI={value};DNS=x"));
        }
    }
}
