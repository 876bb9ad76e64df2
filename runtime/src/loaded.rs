//! A value that is configured as a text, or as the file that contains the text.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::reloaded_file::{Parse, ReloadedFile};
use crate::{Clock, SettingName, SetupError};

/// How often a file is read again, at most.
const INTERVAL: Duration = Duration::from_secs(10);

/// Where a text comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source<T> {
    Text(T),
    File(PathBuf),
}

/// A value made of a text or of the content of a file.
pub(crate) enum Loaded<T> {
    Fixed(Arc<T>),
    File(Arc<ReloadedFile<T>>),
}

impl<T> Loaded<T> {
    /// Makes the value. The setting is for messages.
    pub(crate) fn load<S: AsRef<[u8]>>(
        setting: SettingName,
        source: Source<S>,
        parse: Parse<T>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        match source {
            Source::Text(text) => parse(text.as_ref())
                .map(|value| Self::Fixed(Arc::new(value)))
                .map_err(|source| SetupError::Content { setting, source }),
            Source::File(path) => Self::open(setting, path, parse, clock),
        }
    }

    /// Makes the value of the content of a file.
    pub(crate) fn open(
        setting: SettingName,
        path: PathBuf,
        parse: Parse<T>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        ReloadedFile::open(setting, path, INTERVAL, parse, Arc::clone(clock))
            .map(|file| Self::File(Arc::new(file)))
            .map_err(|error| error.of_setting(setting))
    }

    /// The value, without another read of its file.
    pub(crate) fn current(&self) -> Arc<T> {
        match self {
            Self::Fixed(value) => Arc::clone(value),
            Self::File(file) => file.current(),
        }
    }
}

impl<T: Send + Sync + 'static> Loaded<T> {
    /// The value; see [`ReloadedFile::get`].
    pub(crate) async fn get(&self) -> Arc<T> {
        match self {
            Self::Fixed(value) => Arc::clone(value),
            Self::File(file) => file.get().await,
        }
    }

    /// Whether there is another value than this one, which the authorization server has rejected.
    pub(crate) async fn reload_after_rejection(&self, rejected: &Arc<T>) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::File(file) => file.reload_after_rejection(rejected).await,
        }
    }
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Fixed(value) => Self::Fixed(Arc::clone(value)),
            Self::File(file) => Self::File(Arc::clone(file)),
        }
    }
}
