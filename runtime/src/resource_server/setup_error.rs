//! Why a resource server could not be set up.

use std::error::Error;
use std::fmt;

use super::unknown_setting::List;
use super::{DiscoveryError, UnknownSettingError};
use crate::secure_url::UrlError;
use crate::telemetry::Chain;

/// A mistake in the set-up, found before the first request is served.
///
/// Its `Debug` form is the message with its causes, since that is what a `main` prints that returns
/// the error.
///
/// The messages name the setting, and its value only where it cannot hold a secret.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A URL that is not accepted.
    #[error("the {setting} cannot be used: {problem}")]
    Url {
        /// What the URL is for.
        setting: &'static str,
        /// What is wrong with it.
        problem: UrlError,
    },
    /// A setting that lacks or contradicts another, or is out of range.
    #[error("{0}")]
    Setting(&'static str),
    /// A setting of a builder that has one value, and is set to two.
    #[error(
        "the setting `{setting}` is set twice, to different values: set it once{}",
        if *setting == "issuer" {
            ", and list further authorization servers for the metadata with `authorization_servers`"
        } else {
            ""
        }
    )]
    SetTwice {
        /// The builder's method.
        setting: &'static str,
    },
    /// An environment variable that cannot be read.
    #[error("the environment variable `{variable}` is not {expected}")]
    Variable {
        /// Its name.
        variable: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A tool or a prompt of an MCP server whose tools or prompts must all declare a policy declares
    /// none.
    #[error(
        "the {kind} `{name}` declares no policy, and every {kind} of this server must: write \
         `#[requires_auth(…)]` above its `#[{kind}]`, or `#[public]` in an `impl` block with \
         `#[requires_auth]`, or name it in `McpBuilder::public_{kind}`"
    )]
    NoPolicy {
        /// `tool` or `prompt`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An environment variable that is empty, and must not be beside the others that are set.
    #[error("the environment variable `{variable}` is empty: {missing}")]
    EmptyVariable {
        /// Its name.
        variable: String,
        /// What it should be, and what its absence means.
        missing: &'static str,
    },
    /// Environment variables that begin with `REQUIRES_AUTH_` and are no setting of this crate, as it
    /// is compiled.
    #[error("unknown settings in the environment: {}", List(.0))]
    UnknownVariables(Vec<UnknownSettingError>),
    /// The HTTP client could not be made.
    #[error("the HTTP client for the authorization server could not be made")]
    HttpClient(#[source] Box<dyn Error + Send + Sync>),
    /// The introspection endpoint could not be discovered.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

impl SetupError {
    pub(crate) fn url(setting: &'static str) -> impl FnOnce(UrlError) -> Self {
        move |problem| Self::Url { setting, problem }
    }
}

impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Chain(self), f)
    }
}
