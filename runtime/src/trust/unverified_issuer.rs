//! The issuer that a token names, before anything of it is verified.

use std::borrow::Cow;

use serde::Deserialize;

use crate::AccessToken;
use crate::jose::{CompactJws, base64url};

/// The `iss` of a token that is a signed JWT; `None` for every other token. It only selects who verifies the token.
pub(crate) fn unverified_issuer(token: &AccessToken) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        iss: Cow<'a, str>,
    }
    let jws = CompactJws::split(token.expose_bytes())?;
    let payload = base64url::decode(jws.payload)?;
    serde_json::from_slice(&payload).ok().map(|Payload { iss }| iss.into_owned())
}
