//! A file that is read again while the program runs.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

use crate::telemetry::OneLine;
use crate::{Clock, SettingName, SetupError};

/// How often the file is read again, at most.
const INTERVAL: Duration = Duration::from_secs(10);

/// How often it is read again, at most, after its value was rejected.
const INTERVAL_AFTER_REJECTION: Duration = Duration::from_secs(1);

/// More is not read, so that a wrong path does not fill the memory.
const MAX_LENGTH: u64 = 1024 * 1024;

/// Why a content cannot be used. Its message does not show the content.
pub(crate) type ContentError = Box<dyn Error + Send + Sync>;

/// Makes a value of the content of a file.
pub(crate) type Parse<T> = Arc<dyn Fn(&[u8]) -> Result<T, ContentError> + Send + Sync>;

/// A value that is made of the content of a file, and of its new content after the file has changed.
///
/// The file is compared as a whole: times of modification are too coarse, and stay the same where a volume is
/// replaced. It is read by the requests that need the value, on a thread for blocking operations, and no
/// background task does. While the new content cannot be used, the last value stays in use.
pub(crate) struct ReloadedFile<T> {
    setting: SettingName,
    path: PathBuf,
    parse: Parse<T>,
    current: RwLock<Arc<T>>,
    /// Locked while the file is read.
    reads: Mutex<Reads>,
    clock: Arc<dyn Clock>,
}

struct Reads {
    content: Zeroizing<Vec<u8>>,
    at: Instant,
    failed: bool,
}

impl<T> ReloadedFile<T> {
    /// Reads the file. The setting that names it is for messages.
    pub(crate) fn open(
        setting: SettingName,
        path: PathBuf,
        parse: Parse<T>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let content = read(&path).map_err(|source| SetupError::File { setting, source })?;
        let value = parse(&content).map_err(|source| SetupError::Content { setting, source })?;
        let reads = Reads { content, at: clock.instant(), failed: false };
        let (current, reads) = (RwLock::new(Arc::new(value)), Mutex::new(reads));
        Ok(Self { setting, path, parse, current, reads, clock })
    }

    /// The value. If the file was last read 10 s ago or earlier, it is read again first, by one caller.
    pub(crate) async fn get(&self) -> Arc<T> {
        // While another caller reads the file, the current value is used.
        if let Ok(reads) = self.reads.try_lock()
            && self.is_due(&reads, INTERVAL)
        {
            self.read_again(reads).await;
        }
        self.current()
    }

    /// Reads the file again after the authorization server has rejected a value, at most once a second.
    /// Returns whether there is another value.
    pub(crate) async fn reload_after_rejection(&self, rejected: &Arc<T>) -> bool {
        let reads = self.reads.lock().await;
        let is_rejected = || Arc::ptr_eq(rejected, &self.current());
        if is_rejected() && self.is_due(&reads, INTERVAL_AFTER_REJECTION) {
            self.read_again(reads).await;
        }
        !is_rejected()
    }

    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_due(&self, reads: &Reads, interval: Duration) -> bool {
        self.clock.instant().saturating_duration_since(reads.at) >= interval
    }

    async fn read_again(&self, mut reads: MutexGuard<'_, Reads>) {
        // Set before the read, so that a file system that does not respond blocks one thread per interval.
        reads.at = self.clock.instant();
        let path = self.path.clone();
        let Ok(outcome) = spawn_blocking(move || read(&path)).await else { return };
        let parsed = match outcome {
            Ok(content) if content == reads.content => {
                reads.failed = false;
                return;
            }
            Ok(content) => (self.parse)(&content).map(|value| (content, value)),
            Err(error) => Err(error.into()),
        };
        let setting = tracing::field::display(self.setting);
        match parsed {
            Ok((content, value)) => {
                reads.content = content;
                reads.failed = false;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
                tracing::info!(target: "requires_auth", setting, "the content of the file was replaced");
            }
            Err(_) if reads.failed => {}
            Err(error) => {
                reads.failed = true;
                let cause = tracing::field::display(OneLine(error));
                tracing::error!(
                    target: "requires_auth", setting, cause,
                    "the file cannot be used: its last content stays in use"
                );
            }
        }
    }
}

fn read(path: &PathBuf) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // A vector that grows leaves copies of a secret in the memory.
    let length = file.metadata()?.len().min(MAX_LENGTH);
    let mut content =
        Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.take(MAX_LENGTH + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_LENGTH {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is longer than 1 MiB"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
