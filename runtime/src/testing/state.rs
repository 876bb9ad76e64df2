//! What the server is set up with and what it has given out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::clients::client::OAuthClient;
use super::faults::fault::Faults;
use super::grant::Grant;
use super::handlers::consent::Pending;
use super::mint::TokenRecord;
use super::recorder::Recorder;
use crate::Clock;

/// Shared by the handle that tests hold and by the requests.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) issuer: String,
    pub(super) faults: Faults,
    pub(super) recorder: Recorder,
    store: Mutex<Store>,
}

/// Fixed once the server runs.
pub(super) struct Settings {
    pub(super) path: String,
    pub(super) consent: Consent,
    pub(super) clients: Vec<OAuthClient>,
    pub(super) introspection_bearers: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) users: Vec<User>,
    pub(super) token_lifetime: Duration,
    pub(super) clock: Box<dyn Clock>,
    /// Whether client-id documents on this machine and its network are fetched.
    pub(super) local_documents: bool,
}

/// What happens when a client sends its user to the authorization endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consent {
    /// A page asks the human at the browser, who may also refuse, or choose the user and the scopes.
    Ask,
    /// The first user agrees to everything at once, without a page: for scripts.
    #[default]
    Auto,
}

/// Somebody who can agree on the consent page.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) subject: String,
    pub(super) username: String,
}

/// What the server has given out. Every map is keyed by a value that nobody can guess, or, for
/// minted tokens, that the test chose.
#[derive(Default)]
pub(super) struct Store {
    pub(super) clients: HashMap<String, OAuthClient>,
    pub(super) pending: HashMap<String, Pending>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) tokens: HashMap<String, TokenRecord>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
}

/// An authorization code; kept after its use, so that a replay is noticed.
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) expires: SystemTime,
    pub(super) used: bool,
}

/// A refresh token; kept after its use, so that a replay is noticed.
pub(super) struct RefreshToken {
    pub(super) grant: Grant,
    pub(super) used: bool,
}

impl State {
    pub(super) fn new(settings: Settings, issuer: String) -> Self {
        Self {
            settings,
            issuer,
            faults: Faults::default(),
            recorder: Recorder::default(),
            store: Mutex::default(),
        }
    }

    /// Never held across an `await`.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> SystemTime {
        self.settings.clock.now()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub(super) fn client(&self, id: &str) -> Option<OAuthClient> {
        let own = self.settings.clients.iter().find(|client| client.id == id);
        own.cloned().or_else(|| self.store().clients.get(id).cloned())
    }
}

impl Store {
    /// Ends everything that came from one act of consent (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
    pub(super) fn revoke_family(&mut self, family: &str) {
        self.refresh_tokens.retain(|_, refresh| refresh.grant.family != family);
        for token in self.tokens.values_mut() {
            if token.family.as_deref() == Some(family) {
                token.revoked = true;
            }
        }
    }
}
