//! The forms of a certificate in a header.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::ClientCertificate;

/// The padding may be missing (RFC 8941 §4.2.7).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The base64 of the DER.
pub(super) fn from_base64(text: &[u8]) -> Option<ClientCertificate> {
    let der = BASE64.decode(text).ok()?;
    (!der.is_empty()).then(|| ClientCertificate::from_der(der))
}

/// A structured field that is a byte sequence without parameters (RFC 9440 §2.1, RFC 8941 §3.3.5).
pub(super) fn from_byte_sequence(field: &[u8]) -> Option<ClientCertificate> {
    let content = field.trim_ascii().strip_prefix(b":")?.strip_suffix(b":")?;
    from_base64(content)
}

/// The first of several, separated by commas, each the base64 of the DER: a chain that begins with the certificate of the
/// client.
pub(super) fn from_base64_chain(field: &[u8]) -> Option<ClientCertificate> {
    let chain: Option<Vec<_>> = field.split(|byte| *byte == b',').map(from_base64).collect();
    chain?.first().copied()
}

/// PEM (RFC 7468 §5) with one certificate, percent-encoded (RFC 3986 §2.1). A `+` is a `+`.
pub(super) fn from_escaped_pem(text: &[u8]) -> Option<ClientCertificate> {
    let pem = String::from_utf8(percent_decoded(text)?).ok()?;
    let body = pem.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let base64: Vec<u8> = body.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    from_base64(&base64)
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            decoded.push((hex_digit(*rest.next()?)? << 4) | hex_digit(*rest.next()?)?);
        } else {
            decoded.push(*byte);
        }
    }
    Some(decoded)
}

pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> ClientCertificate {
        ClientCertificate::from_der([0xfb, 0xff, 0xbe, 0x01])
    }

    #[test]
    fn a_byte_sequence_is_between_colons() {
        // R-H2 (RFC 9440 §2.1)
        for field in [":+/++AQ==:", ":+/++AQ:", " :+/++AQ==: "] {
            assert_eq!(from_byte_sequence(field.as_bytes()), Some(certificate()), "{field}");
        }
        for field in [
            "",
            ":",
            "::",
            ": :",
            "+/++AQ==",
            ":+/++AQ==",
            "+/++AQ==:",
            ":-_--AQ==:",
            ":+/++AR==:",
            ":+/++AQ==:;a=1",
            ":+/++AQ==:, :+/++AQ==:",
            ": +/++AQ==:",
            ":+/+ +AQ==:",
            "\":+/++AQ==:\"",
        ] {
            assert_eq!(from_byte_sequence(field.as_bytes()), None, "{field}");
        }
    }

    #[test]
    fn the_first_certificate_of_a_chain_is_that_of_the_client() {
        // R-H2
        for field in ["+/++AQ==", "+/++AQ==,AAAA", "+/++AQ,AAAA,BBBB"] {
            assert_eq!(from_base64_chain(field.as_bytes()), Some(certificate()), "{field}");
        }
        for field in ["", ",", ",+/++AQ==", "+/++AQ==,", "+/++AQ==,!", "+/++AQ==, AAAA"] {
            assert_eq!(from_base64_chain(field.as_bytes()), None, "{field}");
        }
    }

    #[test]
    fn escaped_pem_has_one_certificate() {
        // R-H2
        let escaped = |lines: &str| {
            let pem = lines.replace('|', "\n").replace("<<", BEGIN).replace(">>", END);
            pem.replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B").replace('/', "%2f")
        };
        let read = |text: &str| from_escaped_pem(text.as_bytes());
        for pem in ["<<|+/++AQ==|>>|", "<<|+/++|AQ==|>>", "<<\r\n+/++AQ==\r\n>>\r\n"] {
            assert_eq!(read(&escaped(pem).replace('\r', "%0D")), Some(certificate()), "{pem}");
        }
        // Some characters may stay as they are.
        assert_eq!(read(&escaped("<<|+/++AQ==|>>|").replace("%2B", "+")), Some(certificate()));
        for pem in [
            "",
            "<<|>>",
            "<<|+/++AQ==|",
            "+/++AQ==|>>",
            "+/++AQ==",
            "<<|+/++AQ==|>>|<<|+/++AQ==|>>|",
            "x<<|+/++AQ==|>>",
            "<<|+/++AQ==|>>x",
            "<<|a: b||+/++AQ==|>>",
            "<<|+/++AR==|>>",
        ] {
            assert_eq!(read(&escaped(pem)), None, "{pem}");
        }
        for garbage in ["%", "%0", "%0G", "%ff%fe", "%-----BEGIN"] {
            assert_eq!(
                read(&format!("{}{garbage}", escaped("<<|+/++AQ==|>>|"))),
                None,
                "{garbage}"
            );
        }
    }
}
