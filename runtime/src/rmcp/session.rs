//! Sessions of earlier revisions, which belong to the caller who opened them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::AuthInfo;

/// Seals session ids: what the client gets is the id of the SDK and, behind a dot, a code that only
/// this server can compute for this caller. So nothing has to be remembered about a session, and an
/// id is worth nothing to anybody else.
pub(super) struct SessionSeal(Hmac<Sha256>);

/// The length of the code; a shorter key is weaker than the code (RFC 2104 §3).
const SHORTEST_KEY: usize = 32;

/// How many bytes the decoder wants room for; longer ones are nobody's.
const LONGEST_CODE: usize = 48;

impl SessionSeal {
    /// `None` for a key that is too short.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let key = Some(key).filter(|key| key.len() >= SHORTEST_KEY)?;
        Hmac::new_from_slice(key).ok().map(Self)
    }

    pub(super) fn seal(&self, id: &str, caller: Option<&AuthInfo>) -> String {
        let code = self.code(id, caller).finalize().into_bytes();
        format!("{id}.{}", URL_SAFE_NO_PAD.encode(code))
    }

    /// The id of the SDK; `None` if the session is somebody else's, or none.
    pub(super) fn open<'a>(&self, sealed: &'a str, caller: Option<&AuthInfo>) -> Option<&'a str> {
        let (id, code) = sealed.rsplit_once('.')?;
        let mut decoded = [0; LONGEST_CODE];
        let length = URL_SAFE_NO_PAD.decode_slice(code, &mut decoded).ok()?;
        self.code(id, caller).verify_slice(decoded.get(..length)?).ok()?;
        Some(id)
    }

    fn code(&self, id: &str, caller: Option<&AuthInfo>) -> Hmac<Sha256> {
        let mut code = self.0.clone();
        let [issuer, subject, client, token] = principal(caller);
        for part in [issuer, subject, client, token, Some(id)] {
            // Each part with its length, so that no two lists of parts look alike. They come from
            // headers and from answers of bounded size, and short lengths can spare a block.
            let length = part.map_or(Some(u32::MAX), |part| u32::try_from(part.len()).ok());
            code.update(&length.unwrap_or(u32::MAX - 1).to_be_bytes());
            code.update(part.unwrap_or_default().as_bytes());
        }
        code
    }
}

/// Whom a session belongs to: issuer, subject and client. A token that names neither a subject nor
/// a client stands for itself alone.
fn principal(caller: Option<&AuthInfo>) -> [Option<&str>; 4] {
    let Some(caller) = caller else { return [None; 4] };
    let nameless = caller.subject().is_none() && caller.client_id().is_none();
    let token = nameless.then(|| caller.token().expose());
    [caller.issuer(), caller.subject(), caller.client_id(), token]
}

impl fmt::Debug for SessionSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSeal(..)")
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::testing::Caller;

    fn seal(key: u8) -> SessionSeal {
        SessionSeal::new(&[key; SHORTEST_KEY]).unwrap()
    }

    fn caller(issuer: &str, subject: Option<&str>, client: Option<&str>) -> AuthInfo {
        let caller = Caller::new("", "").claim("sub", subject).claim("client_id", client);
        caller.claim("iss", issuer).auth_info()
    }

    #[test]
    fn a_session_opens_for_its_caller_and_with_its_key() {
        // R-I10
        let alice = caller("https://a.example", Some("alice"), Some("app"));
        let sealed = seal(1).seal("id", Some(&alice));
        assert_eq!(seal(1).open(&sealed, Some(&alice)), Some("id"), "in any process with the key");
        assert_eq!(seal(2).open(&sealed, Some(&alice)), None);
        for other in [
            caller("https://b.example", Some("alice"), Some("app")),
            caller("https://a.example", Some("bob"), Some("app")),
            caller("https://a.example", Some("alice"), Some("other")),
            caller("https://a.example", None, Some("app")),
            // The same letters, in other places.
            caller("https://a.example", Some("alic"), Some("eapp")),
            caller("https://a.examplealice", None, Some("app")),
        ] {
            assert_eq!(seal(1).open(&sealed, Some(&other)), None, "{other:?}");
        }
        assert_eq!(seal(1).open(&sealed, None), None);
    }

    #[test]
    fn nobody_is_somebody_too() {
        // R-I10
        let sealed = seal(1).seal("id", None);
        assert_eq!(seal(1).open(&sealed, None), Some("id"));
        let nameless = caller("https://a.example", None, None);
        assert_eq!(seal(1).open(&sealed, Some(&nameless)), None);
        let sealed = seal(1).seal("id", Some(&nameless));
        assert_eq!(seal(1).open(&sealed, Some(&nameless)), Some("id"), "the same token");
        assert_eq!(seal(1).open(&sealed, None), None);
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(SessionSeal::new(&[0; SHORTEST_KEY - 1]).is_none());
    }
}
