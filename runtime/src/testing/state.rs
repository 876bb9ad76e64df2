//! The state of a server, shared by its handle and its handlers.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::clients::client::OAuthClient;
use super::faults::schedule::FaultSchedule;
#[cfg(feature = "jwt")]
use super::key_store::KeyStore;
use super::recorder::Recorder;
use super::settings::Settings;
use super::store::Store;

pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) issuer: String,
    pub(super) faults: FaultSchedule,
    pub(super) recorder: Recorder,
    #[cfg(feature = "jwt")]
    pub(super) keys: KeyStore,
    /// `None` if proofs are ignored.
    #[cfg(feature = "dpop")]
    pub(super) dpop: Option<crate::authenticate::DpopVerifier>,
    store: Mutex<Store>,
}

impl State {
    #[cfg_attr(
        not(feature = "jwt"),
        expect(clippy::unnecessary_wraps, reason = "only the generation of a key can fail")
    )]
    #[cfg_attr(
        not(feature = "dpop"),
        expect(unused_mut, reason = "the settings of DPoP are taken out of them")
    )]
    pub(super) fn new(mut settings: Settings, issuer: String) -> io::Result<Self> {
        Ok(Self {
            #[cfg(feature = "dpop")]
            dpop: match settings.dpop.take() {
                Some(dpop) => proof_verifier(dpop, &issuer, &settings.path)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
                None => None,
            },
            #[cfg(feature = "jwt")]
            keys: KeyStore::new(settings.signing_algorithm)?,
            settings,
            issuer,
            faults: FaultSchedule::default(),
            recorder: Recorder::default(),
            store: Mutex::default(),
        })
    }

    /// Locks the store. The lock is never held across an `await`.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> SystemTime {
        self.settings.clock.now()
    }

    /// The URL of an endpoint.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The client with this id, from the settings or registered since.
    pub(super) fn client(&self, id: &str) -> Option<OAuthClient> {
        let configured = self.settings.clients.iter().find(|client| client.id == id);
        configured.cloned().or_else(|| self.store().clients.get(id).cloned())
    }
}

/// The verifier of the proofs of token requests. The path of a request has the path of the issuer in it.
#[cfg(feature = "dpop")]
fn proof_verifier(
    dpop: crate::Dpop,
    issuer: &str,
    path: &str,
) -> Result<Option<crate::authenticate::DpopVerifier>, crate::SetupError> {
    let origin = issuer.strip_suffix(path).unwrap_or(issuer);
    let url = crate::authenticate::ExternalUrl::parse(origin);
    url.map_or(Ok(None), |url| dpop.build(url))
}
