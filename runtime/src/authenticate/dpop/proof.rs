//! Reads and verifies a DPoP proof (RFC 9449 §4.3).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::error::{DpopProofError, ProofMismatch};
use super::proof_header::{KnownHeaders, ProofHeader};
use super::target_uri::TargetUri;
use crate::AccessToken;
use crate::jose::{CompactJws, SigningAlgorithm, base64url};
use crate::json_object::Object;
use crate::telemetry::Quoted;
use crate::thumbprint::Thumbprint;

/// The longest proof, in bytes. One with an RSA key of 4096 bits has about 2 KiB.
const MAX_LENGTH: usize = 8 * 1024;

/// How much longer than it is accepted a proof is stored: the clocks of two instances differ, and a clock may be set
/// back. A proof that one instance has forgotten must not be accepted by another one whose clock is behind.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// What a proof must be for.
pub(super) struct Expected<'a> {
    pub(super) algorithms: &'a [SigningAlgorithm],
    pub(super) method: &'a str,
    /// The URI under which clients reach this service; `None` if it is no URI that a proof can name.
    pub(super) target: Option<TargetUri>,
    /// `None` for a token request: it has no token yet, and its proof needs no `ath`.
    pub(super) token: Option<&'a AccessToken>,
    pub(super) now: SystemTime,
    /// How far `iat` may be from now, in both directions.
    pub(super) window: Duration,
}

/// A proof whose signature is verified, and which is for this request and this token. It is not yet established that
/// the token is bound to the key, and that the proof was not used before.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedProof {
    /// The thumbprint of its key.
    pub(crate) key: Thumbprint,
    /// What identifies it, made from the values that were compared.
    pub(crate) id: ProofId,
    /// When its `iat` leaves the window: from then on it is rejected, whether or not it was used.
    pub(crate) expires_at: SystemTime,
    pub(super) nonce: Option<Box<str>>,
    /// The text of its header, if that was not known.
    pub(super) new_header: Option<(Box<[u8]>, Arc<ProofHeader>)>,
}

/// What identifies a proof: the digest of its key, its `jti`, and of the method and the normalized URI that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProofId(pub(crate) [u8; 32]);

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    jti: Cow<'a, str>,
    #[serde(borrow)]
    htm: Cow<'a, str>,
    #[serde(borrow)]
    htu: Cow<'a, str>,
    iat: f64,
    #[serde(borrow, default)]
    ath: Option<Cow<'a, str>>,
    nonce: Option<Box<str>>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

impl VerifiedProof {
    /// Verifies a proof. The signature comes last, since it is what costs the most.
    pub(super) fn verify(
        proof: &[u8],
        known: &KnownHeaders,
        expected: Expected<'_>,
    ) -> Result<Self, ProofMismatch> {
        use DpopProofError::{Malformed, Method, TokenHash, TooLong};
        if proof.len() > MAX_LENGTH {
            return Err(TooLong.into());
        }
        let jws = CompactJws::split(proof).ok_or(Malformed)?;
        let (header, new_header) = match known.get(jws.header) {
            Some(header) => (header, None),
            None => {
                let header = Arc::new(ProofHeader::read(jws.header, expected.algorithms)?);
                (Arc::clone(&header), Some((jws.header.into(), header)))
            }
        };
        let payload = base64url::decode(jws.payload).ok_or(Malformed)?;
        let claims: Object<Claims<'_>> = serde_json::from_slice(&payload).map_err(|_| Malformed)?;
        let claims = claims.0;
        require(!claims.jti.is_empty(), Malformed)?;
        if claims.htm != expected.method {
            return Err(ProofMismatch {
                error: Method,
                expected: Some(format!("`htm`: {}", Quoted(expected.method))),
                found: Some(format!("`htm`: {}", Quoted(&claims.htm))),
            });
        }
        let target = check_target(&claims.htu, expected.target)?;
        let expires_at = check_time(&claims, expected.now, expected.window)?;
        if let Some(token) = expected.token {
            let hash = base64url::encode(Sha256::digest(token.expose_bytes()));
            require(claims.ath.is_some_and(|ath| ath == hash), TokenHash)?;
        }

        let signature = base64url::decode(jws.signature).ok_or(Malformed)?;
        header.verify(jws.signing_input, &signature)?;
        let key = header.thumbprint();
        let id = ProofId::of(&key, &claims.jti, &claims.htm, &target);
        Ok(Self { key, id, expires_at, nonce: claims.nonce, new_header })
    }
}

impl VerifiedProof {
    /// Until when its use must be stored, by a clock that agrees with the one that has verified it.
    pub(super) fn stored_until(&self) -> SystemTime {
        self.expires_at.checked_add(CLOCK_DIFFERENCE).unwrap_or(self.expires_at)
    }
}

impl ProofId {
    /// The texts end with a byte that none of them contains, so that different texts are different inputs.
    fn of(key: &Thumbprint, jti: &str, method: &str, target: &TargetUri) -> Self {
        let digest = Sha256::new_with_prefix(key.as_bytes())
            .chain_update(method)
            .chain_update([0])
            .chain_update(target.as_str())
            .chain_update([0])
            .chain_update(jti);
        Self(digest.finalize().into())
    }
}

/// The URI that the proof and the request name alike.
fn check_target(htu: &str, expected: Option<TargetUri>) -> Result<TargetUri, ProofMismatch> {
    let found = TargetUri::parse(htu);
    match expected {
        Some(expected) if found.as_ref() == Some(&expected) => Ok(expected),
        expected => Err(ProofMismatch {
            error: DpopProofError::Uri,
            expected: Some(match &expected {
                Some(expected) => format!("`htu`: {}", Quoted(expected.as_str())),
                None => "a request with an `http` or `https` URI".to_owned(),
            }),
            found: Some(match &found {
                Some(found) => format!("`htu`: {}", Quoted(found.as_str())),
                None => format!("`htu`: {}", Quoted(without_secrets(htu))),
            }),
        }),
    }
}

/// What may be logged of a text that is no target URI. A query, a fragment and user information can be credentials.
fn without_secrets(htu: &str) -> &str {
    let shown = htu.split(['?', '#']).next().unwrap_or_default();
    if shown.contains('@') { "a text with `@`" } else { shown }
}

/// When the proof expires, if it is valid now.
fn check_time(
    claims: &Claims<'_>,
    now: SystemTime,
    window: Duration,
) -> Result<SystemTime, ProofMismatch> {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let is_current = (claims.iat - seconds).abs() <= window.as_secs_f64()
        && claims.exp.is_none_or(|exp| seconds < exp)
        && claims.nbf.is_none_or(|nbf| nbf <= seconds + window.as_secs_f64());
    let issued_at = Duration::try_from_secs_f64(claims.iat).ok();
    let expires_at = issued_at
        .and_then(|issued_at| SystemTime::UNIX_EPOCH.checked_add(issued_at)?.checked_add(window));
    expires_at.filter(|_| is_current).ok_or_else(|| ProofMismatch {
        error: DpopProofError::Time,
        expected: Some(format!(
            "`iat` within {} s of now, {seconds:.0}, and now before an `exp` and after an `nbf`",
            window.as_secs()
        )),
        found: Some(format!("`iat`: {}, {:.0} s ago", claims.iat, seconds - claims.iat)),
    })
}

fn require(condition: bool, otherwise: DpopProofError) -> Result<(), DpopProofError> {
    if condition { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOKEN: &str = "t0k3n";

    /// The error for a proof with an RSA key of this many bytes, and with a signature that is none.
    fn error_of(modulus_length: usize) -> DpopProofError {
        let token: AccessToken = TOKEN.parse().unwrap();
        let mut modulus = vec![0xff; modulus_length];
        modulus.insert(0, 0);
        let jwk = json!({ "kty": "RSA", "n": base64url::encode(modulus), "e": "AQAB" });
        let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk });
        let ath = base64url::encode(Sha256::digest(TOKEN));
        let claims = json!({ "jti": "x", "htm": "GET", "htu": "https://a", "iat": 0, "ath": ath });
        let parts = [header.to_string(), claims.to_string(), "none".to_owned()];
        let expected = Expected {
            algorithms: &[SigningAlgorithm::Rs256],
            method: "GET",
            target: TargetUri::parse("https://a"),
            token: Some(&token),
            now: SystemTime::UNIX_EPOCH,
            window: Duration::ZERO,
        };
        let proof = parts.map(base64url::encode).join(".");
        VerifiedProof::verify(proof.as_bytes(), &KnownHeaders::new(), expected).unwrap_err().error
    }

    #[test]
    fn the_size_of_an_rsa_key_is_checked_before_it_is_used() {
        // R-H1: a longer modulus takes longer.
        assert_eq!(error_of(255), DpopProofError::Key);
        assert_eq!(error_of(256), DpopProofError::Signature);
        assert_eq!(error_of(512), DpopProofError::Signature);
        assert_eq!(error_of(513), DpopProofError::Key);
        assert_eq!(error_of(1024), DpopProofError::Key);
    }
}
