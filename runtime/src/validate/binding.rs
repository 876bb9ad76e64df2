//! Whether the caller is the holder of the token: the proofs of possession that its confirmation methods need (RFC 7800
//! §3.1).

use crate::Claims;
use crate::claims::Confirmation;
use crate::thumbprint::Thumbprint;
use crate::token_error::BindingError;

/// What a request shows of its caller, besides the token.
pub(crate) struct Shown<C> {
    /// The key of its DPoP proof; `None` with the scheme `Bearer`.
    pub(crate) proof_key: Option<Thumbprint>,
    /// Whether tokens that are not bound to a key are rejected.
    pub(crate) requires_proof: bool,
    /// Finds the certificate of the client, or says why there is none. It is called for tokens that are bound to one.
    pub(crate) certificate: C,
}

/// Checks that a request shows what each confirmation method of the token needs. `Ok` for a token that is not bound,
/// with the scheme `Bearer`.
pub(crate) fn check<C>(claims: &Claims, shown: Shown<C>) -> Result<(), BindingError>
where
    C: FnOnce() -> Result<Thumbprint, BindingError>,
{
    let unbound = Confirmation::default();
    let confirmation = claims.confirmation().unwrap_or(&unbound);
    if confirmation.unknown {
        return Err(BindingError::UnknownMethod);
    }
    match (confirmation.jkt, shown.proof_key) {
        (Some(bound), Some(shown)) if bound == shown => {}
        (Some(_), Some(_)) => return Err(BindingError::OtherKey),
        (Some(_), None) => return Err(BindingError::NoProof),
        (None, Some(_)) => return Err(BindingError::NotBound),
        // `token_type` says that there is a key, and the claims do not name it.
        (None, None) if claims.is_dpop_type() => return Err(BindingError::NoProof),
        (None, None) if shown.requires_proof => return Err(BindingError::Required),
        (None, None) => {}
    }
    let Some(bound) = confirmation.x5t_s256 else { return Ok(()) };
    if (shown.certificate)()? == bound { Ok(()) } else { Err(BindingError::OtherCertificate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const CERTIFICATE: &str = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0";

    fn checked(
        members: &str,
        key: Option<&str>,
        certificate: Option<&str>,
    ) -> Result<(), BindingError> {
        let claims =
            Claims::from_introspection(format!(r#"{{"active":true{members}}}"#).as_bytes());
        let shown = Shown {
            proof_key: key.map(|key| Thumbprint::parse(key).unwrap()),
            requires_proof: false,
            certificate: || {
                let shown = certificate.map(|it| Thumbprint::parse(it).unwrap());
                shown.ok_or(BindingError::NoCertificate)
            },
        };
        check(&claims.unwrap(), shown)
    }

    #[test]
    fn a_bound_token_needs_what_it_is_bound_to() {
        // R-H1, R-H2, R-H4
        use BindingError::*;
        let jkt = format!(r#","cnf":{{"jkt":"{KEY}"}}"#);
        let x5t = format!(r#","cnf":{{"x5t#S256":"{CERTIFICATE}"}}"#);
        let both = format!(r#","cnf":{{"jkt":"{KEY}","x5t#S256":"{CERTIFICATE}"}}"#);
        let typed = format!(r#"{jkt},"token_type":"DPoP""#);
        let (key, certificate) = (Some(KEY), Some(CERTIFICATE));
        for (members, key, certificate, expected) in [
            ("", None, None, Ok(())),
            ("", None, certificate, Ok(())),
            ("", key, None, Err(NotBound)),
            (&*jkt, key, None, Ok(())),
            (&jkt, None, None, Err(NoProof)),
            (&jkt, None, certificate, Err(NoProof)),
            (&jkt, certificate, None, Err(OtherKey)),
            (&typed, key, None, Ok(())),
            (&typed, None, None, Err(NoProof)),
            (r#","token_type":"DPoP""#, None, None, Err(NoProof)),
            (r#","token_type":"dpop""#, key, None, Err(NotBound)),
            (r#","token_use":"DPoP""#, None, None, Err(NoProof)),
            (&x5t, None, certificate, Ok(())),
            (&x5t, None, None, Err(NoCertificate)),
            (&x5t, None, key, Err(OtherCertificate)),
            (&x5t, key, certificate, Err(NotBound)),
            (&both, key, certificate, Ok(())),
            (&both, key, None, Err(NoCertificate)),
            (&both, None, certificate, Err(NoProof)),
            (r#","cnf":{"jwk":{}}"#, None, None, Err(UnknownMethod)),
            (r#","cnf":null"#, None, None, Err(UnknownMethod)),
            (r#","cnf":{}"#, key, certificate, Err(UnknownMethod)),
        ] {
            assert_eq!(
                checked(members, key, certificate),
                expected,
                "{members} {key:?} {certificate:?}"
            );
        }
    }

    #[test]
    fn a_server_can_require_that_tokens_are_bound_to_a_key() {
        // R-H1
        let required = |members: &str, key: Option<&str>| {
            let claims =
                Claims::from_introspection(format!(r#"{{"active":true{members}}}"#).as_bytes());
            let proof_key = key.map(|key| Thumbprint::parse(key).unwrap());
            let certificate = || Ok(Thumbprint::parse(CERTIFICATE).unwrap());
            check(&claims.unwrap(), Shown { proof_key, requires_proof: true, certificate })
        };
        assert_eq!(required("", None), Err(BindingError::Required));
        let x5t = format!(r#","cnf":{{"x5t#S256":"{CERTIFICATE}"}}"#);
        assert_eq!(required(&x5t, None), Err(BindingError::Required));
        assert_eq!(required(&format!(r#","cnf":{{"jkt":"{KEY}"}}"#), Some(KEY)), Ok(()));
    }
}
