//! A file that is read again while the program runs.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tracing::Instrument as _;

use crate::resolve::Revision;
use crate::telemetry::OneLine;
use crate::{Clock, SettingName, SetupError};

/// How often the file is read again, at most, after its value was rejected.
const INTERVAL_AFTER_REJECTION: Duration = Duration::from_secs(1);

/// More is not read, so that a wrong path does not fill the memory.
const MAX_LENGTH: u64 = 1024 * 1024;

/// Why a content cannot be used. Its message does not show the content.
pub(crate) type ContentError = Box<dyn Error + Send + Sync>;

/// Makes a value of the content of a file.
pub(crate) type Parse<T> = Arc<dyn Fn(&[u8]) -> Result<T, ContentError> + Send + Sync>;

/// Why a file cannot be used.
pub(crate) enum FileError {
    /// It cannot be read, or is too long.
    Read(io::Error),
    /// It has no usable content.
    Content(ContentError),
}

/// A value that is made of the content of a file, and of its new content after the file has changed.
///
/// The file is compared as a whole: times of modification are too coarse, and stay the same where a volume is
/// replaced. It is read by the requests that need the value, on a thread for blocking operations, and no
/// background task does. While the new content cannot be used, the last value stays in use.
pub(crate) struct ReloadedFile<T> {
    setting: SettingName,
    path: PathBuf,
    /// How often the file is read again, at most.
    interval: Duration,
    parse: Parse<T>,
    current: RwLock<Arc<T>>,
    /// Increases after each replacement of the value.
    revision: Revision,
    /// Locked while the file is read.
    reads: Arc<Mutex<Reads>>,
    clock: Arc<dyn Clock>,
}

struct Reads {
    content: Zeroizing<Vec<u8>>,
    at: Instant,
    failed: bool,
}

/// A content that differs from the last one, and its value; `None` if the content is the same.
type Replacement<T> = Option<(Zeroizing<Vec<u8>>, T)>;

impl<T> ReloadedFile<T> {
    /// Reads the file. The setting that names it is for the log.
    pub(crate) fn open(
        setting: SettingName,
        path: PathBuf,
        interval: Duration,
        parse: Parse<T>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FileError> {
        let content = read(&path)?;
        let current = RwLock::new(Arc::new(parse(&content)?));
        let reads = Reads { content, at: clock.instant(), failed: false };
        let (revision, reads) = (Revision::default(), Arc::new(Mutex::new(reads)));
        Ok(Self { setting, path, interval, parse, current, revision, reads, clock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The value, without another read of the file.
    pub(crate) fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The value; `None` if the file must be read again first, by [`get`](Self::get).
    pub(crate) fn current_unless_due(&self) -> Option<Arc<T>> {
        // While another caller reads the file, the current value is used.
        let is_due = self.reads.try_lock().is_ok_and(|reads| self.is_due(&reads, self.interval));
        (!is_due).then(|| self.current())
    }

    fn is_due(&self, reads: &Reads, interval: Duration) -> bool {
        self.clock.instant().saturating_duration_since(reads.at) >= interval
    }
}

impl<T: Send + Sync + 'static> ReloadedFile<T> {
    /// The value. If the interval has passed since the file was read, it is read again first, by one caller.
    pub(crate) async fn get(self: &Arc<Self>) -> Arc<T> {
        // While another caller reads the file, the current value is used.
        if let Ok(reads) = Arc::clone(&self.reads).try_lock_owned()
            && self.is_due(&reads, self.interval)
        {
            // An error is logged, and the last value stays in use.
            let _ = self.read_again(reads).await;
        }
        self.current()
    }

    /// Reads the file again after the authorization server has rejected a value, at most once a second.
    /// Returns whether there is another value.
    pub(crate) async fn reload_after_rejection(self: &Arc<Self>, rejected: &Arc<T>) -> bool {
        let reads = Arc::clone(&self.reads).lock_owned().await;
        let is_rejected = || Arc::ptr_eq(rejected, &self.current());
        if is_rejected() && self.is_due(&reads, INTERVAL_AFTER_REJECTION) {
            let _ = self.read_again(reads).await;
        }
        !is_rejected()
    }

    /// Reads the file now.
    pub(crate) async fn reload(self: &Arc<Self>) -> Result<(), FileError> {
        let reads = Arc::clone(&self.reads).lock_owned().await;
        self.read_again(reads).await
    }

    async fn read_again(
        self: &Arc<Self>,
        mut reads: OwnedMutexGuard<Reads>,
    ) -> Result<(), FileError> {
        // Set before the read, so that a file system that does not respond blocks one thread per interval.
        reads.at = self.clock.instant();
        let file = Arc::clone(self);
        let replacement = async move {
            let reader = Arc::clone(&file);
            let read = move || (reader.read_replacement(&reads.content), reads);
            let (replacement, mut reads) = spawn_blocking(read).await.map_err(io::Error::from)?;
            file.apply(replacement, &mut reads)
        };
        // A task of its own, so that a request that is cancelled does not discard what it has read.
        tokio::spawn(replacement.in_current_span()).await.map_err(io::Error::from)?
    }

    fn read_replacement(&self, last: &[u8]) -> Result<Replacement<T>, FileError> {
        let content = read(&self.path)?;
        if *content == last {
            return Ok(None);
        }
        let value = (self.parse)(&content)?;
        Ok(Some((content, value)))
    }

    /// Replaces the value, or logs why not.
    fn apply(
        &self,
        replacement: Result<Replacement<T>, FileError>,
        reads: &mut Reads,
    ) -> Result<(), FileError> {
        let failed_before = std::mem::replace(&mut reads.failed, replacement.is_err());
        let setting = tracing::field::display(self.setting);
        match replacement {
            Ok(None) => {}
            Ok(Some((content, value))) => {
                reads.content = content;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
                self.revision.increase();
                tracing::info!(target: "requires_auth", setting, "the content of the file was replaced");
            }
            Err(error) => {
                if !failed_before {
                    let cause = tracing::field::display(OneLine(error.cause()));
                    tracing::error!(
                        target: "requires_auth", setting, cause,
                        "the file cannot be used: its last content stays in use"
                    );
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

impl FileError {
    /// The error of a server whose setting names this file.
    pub(crate) fn of_setting(self, setting: SettingName) -> SetupError {
        match self {
            Self::Read(source) => SetupError::File { setting, source },
            Self::Content(source) => SetupError::Content { setting, source },
        }
    }

    fn cause(&self) -> &dyn Error {
        match self {
            Self::Read(error) => error,
            Self::Content(error) => error.as_ref(),
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<ContentError> for FileError {
    fn from(error: ContentError) -> Self {
        Self::Content(error)
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
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
