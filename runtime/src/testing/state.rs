//! The state of a server, shared by its handle and its handlers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::clients::client::OAuthClient;
use super::faults::schedule::FaultSchedule;
use super::recorder::Recorder;
use super::settings::Settings;
use super::store::Store;

pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) issuer: String,
    pub(super) faults: FaultSchedule,
    pub(super) recorder: Recorder,
    store: Mutex<Store>,
}

impl State {
    pub(super) fn new(settings: Settings, issuer: String) -> Self {
        Self {
            settings,
            issuer,
            faults: FaultSchedule::default(),
            recorder: Recorder::default(),
            store: Mutex::default(),
        }
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
