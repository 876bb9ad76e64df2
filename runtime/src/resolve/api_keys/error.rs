//! Why API keys cannot be used.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::reloaded_file::FileError;

/// A file of [`ApiKeys`](super::ApiKeys) that cannot be used. The message contains nothing of the file but the position
/// of the mistake: the file may contain a key by mistake.
#[derive(Debug, thiserror::Error)]
#[error("the file of API keys {path:?} {problem}")]
pub struct ApiKeysError {
    path: PathBuf,
    problem: Problem,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
pub(super) enum Problem {
    Unreadable,
    /// It is not JSON, or JSON of another form.
    Form {
        line: usize,
        column: usize,
    },
    /// A member of a key, which is counted from 1.
    Member {
        key: usize,
        member: &'static str,
        expected: &'static str,
    },
    /// The key has the member of another one.
    Repeated {
        key: usize,
        other: usize,
        member: &'static str,
    },
}

impl ApiKeysError {
    pub(super) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem, source: None }
    }

    /// Why this file cannot be used. The error of its content is one of [`new`](Self::new).
    pub(super) fn of_file(path: &Path, error: FileError) -> Self {
        let source = match error {
            FileError::Read(source) => source.into(),
            FileError::Content(source) => match source.downcast() {
                Ok(error) => return *error,
                Err(source) => source,
            },
        };
        Self { path: path.to_owned(), problem: Problem::Unreadable, source: Some(source) }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("cannot be read"),
            Self::Form { line, column } => write!(
                f,
                "is not valid at line {line}, column {column}: expected {{\"keys\": [{{\"id\": …, \"sha256\": …, \
                 \"scopes\": […]}}]}}, where a key can also have `subject` and `expires_at`"
            ),
            Self::Member { key, member, expected } => {
                write!(f, "is not valid: `{member}` of key {key} must be {expected}")
            }
            Self::Repeated { key, other, member } => {
                write!(f, "is not valid: key {key} has the same `{member}` as key {other}")
            }
        }
    }
}
