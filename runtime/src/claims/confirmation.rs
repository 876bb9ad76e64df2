//! The confirmation methods of a token: `cnf` (RFC 7800 §3.1).

use serde::{Deserialize, Serialize};

use super::json_value::{JsonValue, Members};
use crate::thumbprint::Thumbprint;

/// How a token is bound to its holder (RFC 7800 §3.1): it is valid only with a proof of possession for each method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// `jkt`: the key of a DPoP proof (RFC 9449 §6.1).
    pub(crate) jkt: Option<Thumbprint>,
    /// `x5t#S256`: the certificate of the client (RFC 8705 §3.1).
    pub(crate) x5t_s256: Option<Thumbprint>,
    /// Whether there is a method that this crate cannot confirm: an unknown member, or a value of another form.
    pub(crate) unknown: bool,
}

impl Confirmation {
    /// `None` for a document without `cnf`. A `cnf` without a method is an unknown one: it restricts the token in some way.
    pub(super) fn read(document: &JsonValue<'_>) -> Option<Box<Self>> {
        let found = document.get("cnf")?;
        let mut confirmation = Self::default();
        for (name, value) in found.as_object().into_iter().flat_map(Members::iter) {
            // Keycloak says so beside `jkt`. It restricts nothing further.
            if name == "kc-jkt-type" && value.as_str() == Some("DPoP") {
                continue;
            }
            let thumbprint = value.as_str().and_then(Thumbprint::parse);
            confirmation.unknown |= thumbprint.is_none();
            match name {
                "jkt" => confirmation.jkt = thumbprint,
                "x5t#S256" => confirmation.x5t_s256 = thumbprint,
                _ => confirmation.unknown = true,
            }
        }
        confirmation.unknown |= confirmation.jkt.is_none() && confirmation.x5t_s256.is_none();
        Some(Box::new(confirmation))
    }

    /// The methods of both, since each of them is a restriction. Two different values of one method are not confirmed by
    /// any proof.
    #[cfg(feature = "jwt")]
    pub(super) fn and(&self, other: &Self) -> Self {
        let differ = |one: Option<Thumbprint>, other: Option<Thumbprint>| {
            one.zip(other).is_some_and(|(one, other)| one != other)
        };
        Self {
            jkt: self.jkt.or(other.jkt),
            x5t_s256: self.x5t_s256.or(other.x5t_s256),
            unknown: self.unknown
                || other.unknown
                || differ(self.jkt, other.jkt)
                || differ(self.x5t_s256, other.x5t_s256),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::document::Document;

    const ONE: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    #[cfg(feature = "jwt")]
    const OTHER: &str = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0";

    fn read(cnf: &str) -> Confirmation {
        let document = format!(r#"{{"cnf":{cnf}}}"#);
        let document = Document::parse(document.as_bytes()).unwrap().value;
        *Confirmation::read(&document).unwrap()
    }

    fn methods(confirmation: &Confirmation) -> (Option<String>, Option<String>, bool) {
        let text = |thumbprint: Option<Thumbprint>| thumbprint.map(|it| it.to_string());
        (text(confirmation.jkt), text(confirmation.x5t_s256), confirmation.unknown)
    }

    #[test]
    fn each_method_that_cannot_be_confirmed_is_unknown() {
        // R-H4
        let one = Some(ONE.to_owned());
        let jkt = format!(r#""jkt":"{ONE}""#);
        let x5t = format!(r#""x5t#S256":"{ONE}""#);
        let known = |members: &str| methods(&read(&format!("{{{members}}}")));
        assert_eq!(known(&jkt), (one.clone(), None, false));
        assert_eq!(known(&x5t), (None, one.clone(), false));
        assert_eq!(known(&format!("{jkt},{x5t}")), (one.clone(), one.clone(), false));
        assert_eq!(known(&format!(r#"{jkt},"kc-jkt-type":"DPoP""#)), (one.clone(), None, false));
        assert_eq!(
            known(&format!(r#"{jkt},"kc-jkt-type":"Client-Attestation""#)),
            (one.clone(), None, true)
        );
        assert_eq!(known(&format!(r#"{jkt},"jwk":{{}}"#)), (one.clone(), None, true));
        assert_eq!(known(&format!(r#"{jkt},"x5t":"{ONE}""#)), (one, None, true));
        for cnf in [
            "null",
            "{}",
            "[]",
            "true",
            "\"\"",
            r#"{"kc-jkt-type":"DPoP"}"#,
            r#"{"jkt":null}"#,
            r#"{"jkt":[]}"#,
            r#"{"jkt":""}"#,
            // A digest that is too short, and one with trailing bits.
            r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4"}"#,
            r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4J"}"#,
            r#"{"x5t#S256":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I="}"#,
        ] {
            assert_eq!(methods(&read(cnf)), (None, None, true), "{cnf}");
        }
        assert!(Confirmation::read(&Document::parse(b"{}").unwrap().value).is_none());
    }

    #[cfg(feature = "jwt")]
    #[test]
    fn the_methods_of_two_documents_add_up() {
        // R-H4
        let (one, other) =
            (read(&format!(r#"{{"jkt":"{ONE}"}}"#)), read(&format!(r#"{{"jkt":"{OTHER}"}}"#)));
        let certificate = read(&format!(r#"{{"x5t#S256":"{ONE}"}}"#));
        assert_eq!(one.and(&one), one);
        assert!(one.and(&other).unknown);
        let both = one.and(&certificate);
        assert_eq!((both.jkt, both.x5t_s256, both.unknown), (one.jkt, certificate.x5t_s256, false));
        assert!(one.and(&read("{}")).unknown && read("{}").and(&one).unknown);
    }
}
