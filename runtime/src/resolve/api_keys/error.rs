//! Why API keys cannot be used.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file of [`ApiKeys`](super::ApiKeys) that cannot be used. The message contains nothing of the file but the position of the
/// mistake: the file may contain a key by mistake.
#[derive(Debug, thiserror::Error)]
#[error("the file of API keys {path:?} {problem}")]
pub struct ApiKeysError {
    path: PathBuf,
    problem: Problem,
    #[source]
    source: Option<std::io::Error>,
}

#[derive(Debug)]
pub(super) enum Problem {
    Unreadable,
    TooLong,
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
    NoThread,
}

impl ApiKeysError {
    pub(super) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem, source: None }
    }

    pub(super) fn io(path: &Path, problem: Problem, source: std::io::Error) -> Self {
        Self { path: path.to_owned(), problem, source: Some(source) }
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
            Self::TooLong => f.write_str("is longer than 1 MiB"),
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
            Self::NoThread => f.write_str("cannot be watched: no thread can be started"),
        }
    }
}
