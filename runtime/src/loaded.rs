//! A value that is configured as a text, or as the file that contains the text.

use std::sync::Arc;

use crate::reloaded_file::{Parse, ReloadedFile};
use crate::{Clock, SettingName, SetupError};

/// Where a text comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source<T> {
    Text(T),
    File(std::path::PathBuf),
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
            Source::File(path) => ReloadedFile::open(setting, path, parse, Arc::clone(clock))
                .map(|file| Self::File(Arc::new(file))),
        }
    }

    /// The value; see [`ReloadedFile::get`].
    pub(crate) async fn get(&self) -> Arc<T> {
        match self {
            Self::Fixed(value) => Arc::clone(value),
            Self::File(file) => file.get().await,
        }
    }

    /// The value, without another read of its file.
    pub(crate) fn current(&self) -> Arc<T> {
        match self {
            Self::Fixed(value) => Arc::clone(value),
            Self::File(file) => file.current(),
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
