//! Signed introspection responses (RFC 9701).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use crate::claims::parse_unambiguous;
use crate::jose::{CompactJws, JwsHeader, SigningAlgorithm, base64url};
use crate::resolve::jwt::key_set_source::KeySetSource;
use crate::resolve::jwt::media_type::is_media_type;
use crate::{Clock, ResolveError, SignedResponseError};

/// Whether introspection responses are signed (RFC 9701).
///
/// In a configuration, a value is `not-requested` or `required`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignedResponse {
    /// Plain JSON is requested (RFC 7662 §2.2), and a signed response is unusable. The default.
    #[default]
    NotRequested,
    /// A signed response is requested, and a plain one is unusable: requests get a 503.
    Required,
}

/// The media type of a signed response, and with `application/` omitted its `typ` (RFC 9701 §5).
const TYPE: &str = "token-introspection+jwt";

/// How far `iat` may be from now. The response is made for the request, so that only the clocks differ.
const MAX_AGE: Duration = Duration::from_secs(300);

/// Verifies signed responses.
pub(super) struct SignedResponseVerifier {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) algorithms: Vec<SigningAlgorithm>,
    pub(super) keys: KeySetSource,
    pub(super) clock: Arc<dyn Clock>,
}

impl SignedResponseVerifier {
    /// Returns the introspection response that a signed one contains, as JSON.
    pub(super) async fn verify(&self, response: &[u8]) -> Result<String, ResolveError> {
        use SignedResponseError::{
            Algorithm, Audience, IssuedAt, Issuer, Key, NoResponse, NotAJwt, Signature, Type,
        };
        let jws = CompactJws::split(response).ok_or(invalid(NotAJwt))?;
        let header = base64url::decode(jws.header).ok_or(invalid(NotAJwt))?;
        let header = JwsHeader::read(&header).map_err(|_| invalid(NotAJwt))?;
        // First of all: another kind of JWT is none of the server's responses (RFC 9701 §8.1).
        if !header.media_type.as_deref().is_some_and(|it| is_media_type(it, TYPE)) {
            return Err(invalid(Type));
        }
        let named = self.algorithms.iter().find(|allowed| allowed.has_name(&header.algorithm));
        let algorithm = *named.ok_or(invalid(Algorithm))?;
        let payload = base64url::decode(jws.payload).ok_or(invalid(NotAJwt))?;
        let signature = base64url::decode(jws.signature).ok_or(invalid(NotAJwt))?;
        let key_set = self.keys.with_key(header.key_id.as_deref(), algorithm).await?;
        let key = key_set.select(header.key_id.as_deref(), algorithm);
        let key = key.map_err(|_| invalid(Key))?;
        key.verify_sig(jws.signing_input, &signature).map_err(|_| invalid(Signature))?;

        let payload = parse_unambiguous(&payload)?;
        if payload.get("iss").and_then(Value::as_str) != Some(&*self.issuer) {
            return Err(invalid(Issuer));
        }
        if !payload.get("aud").is_some_and(|audience| self.is_audience(audience)) {
            return Err(invalid(Audience));
        }
        if !payload.get("iat").is_some_and(|issued| self.is_now(issued)) {
            return Err(invalid(IssuedAt));
        }
        match payload.get("token_introspection") {
            Some(response @ Value::Object(_)) => Ok(response.to_string()),
            _ => Err(invalid(NoResponse)),
        }
    }

    /// Whether `aud`, a string or an array of strings, contains this server.
    fn is_audience(&self, audience: &Value) -> bool {
        match audience {
            Value::Array(all) => {
                all.iter().all(Value::is_string) && all.iter().any(|one| *one == *self.audience)
            }
            one => *one == *self.audience,
        }
    }

    fn is_now(&self, issued: &Value) -> bool {
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = issued.as_f64().unwrap_or(f64::NAN);
        (seconds - now.as_secs_f64()).abs() <= MAX_AGE.as_secs_f64()
    }
}

fn invalid(problem: SignedResponseError) -> ResolveError {
    ResolveError::InvalidResponse(problem.into())
}
