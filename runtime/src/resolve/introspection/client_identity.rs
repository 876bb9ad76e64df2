//! What distinguishes the clients of an authorization server in the keys of a cache.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::ClientAuthentication;
use super::token_source::BearerKind;
use crate::Secret;

/// Distinguishes clients, without a secret. It is the same in all instances of a client, and stays the same
/// while a secret in a file is replaced.
pub(super) fn of(authentication: &ClientAuthentication) -> String {
    match authentication {
        ClientAuthentication::None => "none".to_owned(),
        ClientAuthentication::Basic { id, secret } | ClientAuthentication::Post { id, secret } => {
            match secret.text() {
                Some(secret) => format!("client {id:?} {}", digest(id, secret)),
                None => format!("client {id:?}"),
            }
        }
        // The key can be replaced; the client is the same.
        #[cfg(feature = "jwt")]
        ClientAuthentication::Assertion(assertion) => format!("client {:?}", assertion.id),
        ClientAuthentication::TlsClient { id } => format!("client {id:?}"),
        // The tokens are those of this client.
        ClientAuthentication::ClientCredentials(grant) => format!("granted {}", of(&grant.client)),
        ClientAuthentication::Bearer(source) => match &source.0 {
            BearerKind::Secret(token) => match token.text() {
                Some(token) => format!("bearer {}", digest("", token)),
                // Nothing identifies the client of a token that is replaced.
                None => format!("source {:032x}", rand::random::<u128>()),
            },
            BearerKind::Source { identity, .. } => format!("source {identity:032x}"),
        },
    }
}

/// Hashes a secret, so that clients with different secrets are different. The hash is part of cache keys,
/// which, hashed with the token, are stored where others can read them. The number of rounds makes guessing
/// a secret that a person chose too expensive.
fn digest(id: &str, secret: &Secret) -> String {
    const ROUNDS: usize = 5_000;
    let first = Sha256::new()
        .chain_update(b"requires-auth: identity of an introspection client\0")
        .chain_update((id.len() as u64).to_be_bytes())
        .chain_update(id)
        .chain_update(secret.expose())
        .finalize();
    let last = (1..ROUNDS).fold(first, |hash, _| Sha256::digest(hash));
    last.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretSource, TokenSource, UnavailableError};

    struct RefreshedToken;

    impl TokenSource for RefreshedToken {
        async fn token(&self) -> Result<Secret, UnavailableError> {
            Ok(Secret::from("refreshed"))
        }
    }

    #[test]
    fn two_clients_have_two_identities() {
        // R-E2
        use ClientAuthentication::{Basic, None, Post};
        let basic = |id: &str, secret: &str| Basic { id: id.into(), secret: secret.into() };
        let post = |id: &str, secret: &str| Post { id: id.into(), secret: secret.into() };
        let file = |id: &str, path: &str| Basic { id: id.into(), secret: SecretSource::file(path) };
        let source = ClientAuthentication::bearer_source(RefreshedToken);
        let all = [
            None,
            basic("journal", "one"),
            basic("journal", "other"),
            basic("journalo", "ne"),
            basic("", "journalone"),
            post("notes", "one"),
            ClientAuthentication::bearer("one"),
            ClientAuthentication::bearer("other"),
            ClientAuthentication::bearer("journalone"),
            ClientAuthentication::bearer_source(RefreshedToken),
            source.clone(),
            file("journal", "one"),
            file("notes", "one"),
            ClientAuthentication::bearer(SecretSource::file("one")),
            ClientAuthentication::bearer(SecretSource::file("one")),
        ];
        let identities: Vec<String> = all.iter().map(of).collect();
        for (index, identity) in identities.iter().enumerate() {
            assert!(!identities[..index].contains(identity), "{:?}: {identity}", all[index]);
            assert!(!identity.contains("one") || identity == "none", "no secret: {identity}");
        }

        // The same client, whichever method sends its secret, and whichever secret is in the file.
        assert_eq!(of(&basic("journal", "one")), of(&post("journal", "one")));
        assert_eq!(of(&basic("journal", "one")), identities[1]);
        assert_eq!(of(&ClientAuthentication::bearer("one")), identities[6]);
        assert_eq!(of(&source), identities[10]);
        assert_eq!(of(&file("journal", "other")), identities[11]);
    }
}
