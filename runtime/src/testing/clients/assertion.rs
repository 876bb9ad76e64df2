//! Client assertions: `private_key_jwt` and `client_secret_jwt` (RFC 7523 §3).

use std::time::SystemTime;

use aws_lc_rs::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::OAuthClient;
use crate::SigningAlgorithm;
use crate::jose::{CompactJws, JwkSet, JwsHeader, base64url};
use crate::testing::state::State;

/// RFC 7523 §2.2.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far in the future `exp` may be, in seconds.
const MAX_LIFETIME: u64 = 300;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// A single value: draft-ietf-oauth-rfc7523bis §4.
    aud: String,
    jti: String,
    exp: u64,
}

/// The client that an assertion names, which is not verified yet.
pub(super) fn client_id(assertion: &str) -> Option<String> {
    Some(claims(&CompactJws::split(assertion.as_bytes())?)?.sub)
}

/// Whether the client has made the assertion for this server, and has not used it before.
pub(super) fn verify(state: &State, client: &OAuthClient, assertion: &str) -> bool {
    verified_id(state, client, assertion)
        .is_some_and(|id| state.store().used_assertions.insert((client.id.clone(), id)))
}

fn verified_id(state: &State, client: &OAuthClient, assertion: &str) -> Option<String> {
    let jws = CompactJws::split(assertion.as_bytes())?;
    let header = base64url::decode(jws.header)?;
    let header = JwsHeader::read(&header).ok()?;
    let signature = base64url::decode(jws.signature)?;
    match (&client.public_jwk, &client.secret) {
        (Some(jwk), _) => {
            let algorithm: SigningAlgorithm = header.algorithm.parse().ok()?;
            let keys = json!({ "keys": [jwk] }).to_string();
            let keys = JwkSet::read(keys.as_bytes(), &[algorithm]).ok()?;
            let key = keys.select(header.key_id.as_deref(), algorithm).ok()?;
            key.verify_sig(jws.signing_input, &signature).ok()?;
        }
        (None, Some(secret)) if header.algorithm == "HS256" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            hmac::verify(&key, jws.signing_input, &signature).ok()?;
        }
        _ => return None,
    }
    let claims = claims(&jws)?;
    let now = state.now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let is_valid = (now + 1..=now + MAX_LIFETIME).contains(&claims.exp);
    let audiences = [state.issuer.clone(), state.url("/token"), state.url("/introspect")];
    let is_own = claims.iss == client.id && claims.sub == client.id;
    (is_valid && is_own && audiences.contains(&claims.aud)).then_some(claims.jti)
}

fn claims(jws: &CompactJws<'_>) -> Option<Claims> {
    let payload: Value = serde_json::from_slice(&base64url::decode(jws.payload)?).ok()?;
    serde_json::from_value(payload).ok()
}
