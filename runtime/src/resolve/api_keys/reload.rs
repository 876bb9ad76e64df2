//! Reads the file again after it was replaced.

use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::Inner;
use super::error::{ApiKeysError, Problem};
use super::file::KeyFile;
use crate::telemetry::Chain;

/// How often the file is read.
const INTERVAL: Duration = Duration::from_secs(1);

/// Starts the thread that reads the file. It ends when the keys are dropped.
pub(super) fn start(keys: &Arc<Inner>) -> Result<(), ApiKeysError> {
    let weak = Arc::downgrade(keys);
    let run = move || {
        loop {
            thread::sleep(INTERVAL);
            let Some(keys) = weak.upgrade() else { return };
            keys.reload_and_log();
        }
    };
    let thread = thread::Builder::new().name("api-keys".to_owned()).spawn(run);
    thread.map(drop).map_err(|error| ApiKeysError::io(&keys.path, Problem::NoThread, error))
}

impl Inner {
    fn reload_and_log(&self) {
        let Reload { file_changed, result } = self.reload();
        match result {
            Ok(()) if file_changed => {
                tracing::info!(target: "requires_auth", path = ?self.path, "API keys replaced");
            }
            Err(error) if file_changed => tracing::error!(
                target: "requires_auth",
                error = %Chain(&error),
                "API keys not replaced: the previous ones remain"
            ),
            _ => {}
        }
    }

    /// Replaces the keys if the file has changed since it was read last.
    pub(super) fn reload(&self) -> Reload {
        let mut last_read = self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        let file = KeyFile::read(&self.path);
        let hash = file.as_ref().ok().map(KeyFile::hash);
        let file_changed = last_read.hash != hash;
        if !file_changed && last_read.is_usable {
            return Reload { file_changed, result: Ok(()) };
        }
        // Without the lock that requests wait for.
        let keys = file.and_then(|file| file.keys());
        *last_read = LastRead { hash, is_usable: keys.is_ok() };
        let result = keys.map(|keys| {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
            self.revision.increase();
        });
        Reload { file_changed, result }
    }
}

/// The file as it was read last.
pub(super) struct LastRead {
    /// The hash of the content; `None` if it could not be read.
    hash: Option<[u8; 32]>,
    is_usable: bool,
}

impl LastRead {
    pub(super) fn usable(file: &KeyFile<'_>) -> Self {
        Self { hash: Some(file.hash()), is_usable: true }
    }
}

/// What became of one attempt to replace the keys.
pub(super) struct Reload {
    pub(super) file_changed: bool,
    pub(super) result: Result<(), ApiKeysError>,
}
