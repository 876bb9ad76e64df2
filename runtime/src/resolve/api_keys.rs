//! Static API keys: tokens that a file lists, in place of an authorization server.

mod error;
mod file;
#[cfg(any(test, requires_auth_fuzz))]
pub(crate) mod fuzz;
mod key_digest;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Revision;
use crate::clock::SystemClock;
use crate::reloaded_file::ReloadedFile;
use crate::{
    AccessToken, ApiKeyError, Claims, Clock, ResolveError, Resolver, SettingName, TokenError,
};
pub use error::ApiKeysError;
use file::Keys;
use key_digest::KeyDigest;

const API_KEYS: SettingName = SettingName::with_key("api_keys", "api_keys_file");

/// How often the file is read again, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// The shortest API key, in bytes, with its prefix.
pub(crate) const MIN_KEY_LENGTH: usize = 32;

/// Static API keys from a file, beside OAuth: for programs that cannot request access tokens, such as a monitoring
/// system. [`ResourceServerBuilder::api_keys`](crate::ResourceServerBuilder::api_keys) adds them to a resource server.
///
/// A client presents its key as a bearer token (RFC 6750 §2.1). The file is JSON:
///
/// ```json
/// {
///     "keys": [
///         {
///             "id": "monitoring",
///             "sha256": "34390b73ecbe8db81b8daf7d8c70b2a6a9a8e9ab80f0ea95af7b0a8a5e2d5c44",
///             "scopes": ["entries:read", "tags:read"],
///             "subject": "monitoring@journal.example",
///             "expires_at": 1798761600
///         }
///     ]
/// }
/// ```
///
/// | member | value |
/// |---|---|
/// | `id` | names the key in the log and is the [client id](Claims::client_id) of its claims; required, and different for each key |
/// | `sha256` | the SHA-256 hash of the whole key with its prefix, in hexadecimal; required |
/// | `scopes` | the scopes of the key; required |
/// | `subject` | the [subject](Claims::subject) of the claims; none if it is absent |
/// | `expires_at` | when the key expires, in seconds since 1970; never if it is absent |
///
/// This creates a key with the prefix `jrn_`, and its hash:
///
/// ```sh
/// key=jrn_$(openssl rand -hex 32); echo "$key"; printf %s "$key" | sha256sum
/// ```
///
/// # Entropy
///
/// A key must be random, with at least 128 bits of entropy, as from the command above; never a word or a password.
/// A fast hash is then enough: nobody can compute 2^128 hashes, so a slow password hash adds no security, and would let
/// every unknown key cost this server much work. The hash hides how long a key is, so the file cannot be checked for short
/// keys: a key shorter than 32 bytes is rejected when it is presented.
///
/// A key is found by its hash, whose bytes a caller cannot choose, and the hashes are compared in constant time. So the
/// duration of a request reveals nothing about the keys of others.
///
/// # Replacing the file
///
/// Requests with an API key read the file again, at most once a second. So after it was replaced, the new keys are
/// accepted, and the removed ones get a 401, at most 1 s later. A file that cannot be read or is not valid replaces
/// nothing: the previous keys remain, and one line at ERROR says why. Replace the file with one `rename`, so that no half
/// of it is read. To read it at once, call [`reload`](Self::reload). A response that an MCP server streams to a removed key
/// ends at most 6 s later.
///
/// It needs a tokio runtime, on whose threads for blocking operations the file is read.
///
/// Do not put a [`Cached`](crate::Cached) around it: a lookup is faster, and a removed key would be accepted until its
/// entry expires.
///
/// ```no_run
/// use requires_auth::{ApiKeys, Cached, Introspection, ResourceServer};
///
/// # fn main() -> Result<(), requires_auth::SetupError> {
/// let server = ResourceServer::builder("https://journal.example/mcp")
///     .issuer("https://auth.example")
///     .resolver(Cached::new(Introspection::from_issuer("https://auth.example").build()?))
///     .api_keys("jrn_", ApiKeys::from_file("/etc/journal/api-keys.json")?)
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ApiKeys(Arc<ReloadedFile<Keys>>);

impl ApiKeys {
    /// Reads the keys from a file.
    ///
    /// # Errors
    /// [`ApiKeysError`] if the file cannot be read or is not valid.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, ApiKeysError> {
        Self::open(&path.into(), Arc::new(SystemClock))
    }

    fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, ApiKeysError> {
        let parse = {
            let path = path.to_owned();
            move |content: &[u8]| {
                file::parse(content).map_err(|problem| ApiKeysError::new(&path, problem).into())
            }
        };
        ReloadedFile::open(API_KEYS, path.to_owned(), INTERVAL, Arc::new(parse), clock)
            .map(|file| Self(Arc::new(file)))
            .map_err(|error| ApiKeysError::of_file(path, error))
    }

    /// Reads the file now, and replaces the keys if it has changed.
    ///
    /// # Errors
    /// [`ApiKeysError`] if the file cannot be read or is not valid. The previous keys remain.
    pub async fn reload(&self) -> Result<(), ApiKeysError> {
        self.0.reload().await.map_err(|error| ApiKeysError::of_file(self.0.path(), error))
    }
}

impl Resolver for ApiKeys {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let keys = self.0.get().await;
        look_up(&keys, token)
    }

    /// `None` if the file must be read again first.
    fn cached(&self, token: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.0.current_unless_due().map(|keys| look_up(&keys, token))
    }

    fn cache_namespace(&self) -> String {
        format!("api keys {}", self.0.path().display())
    }

    fn vouches_for_issuer(&self) -> bool {
        true
    }

    fn revision(&self) -> Option<Revision> {
        Some(self.0.revision().clone())
    }

    fn resolves_locally(&self, _: &AccessToken) -> bool {
        true
    }
}

fn look_up(keys: &Keys, token: &AccessToken) -> Result<Claims, ResolveError> {
    let key = token.expose_bytes();
    if key.len() < MIN_KEY_LENGTH {
        return Err(TokenError::ApiKey(ApiKeyError::TooShort).into());
    }
    let claims = keys.get(&KeyDigest::of(key)).cloned();
    claims.ok_or(TokenError::ApiKey(ApiKeyError::Unknown).into())
}

/// Shows the path and the number of keys.
impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("path", &self.0.path())
            .field("keys", &self.0.current().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
