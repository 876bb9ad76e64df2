//! Why a resource server cannot be built.

use std::error::Error;
use std::fmt;

use super::setting_name::{Joined, SettingName};
use super::unknown_setting::List;
use super::{DiscoveryError, UnknownSettingError};
use crate::secure_url::UrlError;
use crate::telemetry::Chain;

/// A mistake in the settings, found before the first request is served.
///
/// `Debug` shows the message and those of its sources, because a `main` that returns the error prints
/// its `Debug` form. A message names the setting, and shows its value only where that is no secret.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A URL that is not accepted.
    #[error("the setting {setting} cannot be used: {problem}")]
    Url {
        /// The setting.
        setting: SettingName,
        /// What is wrong with it.
        problem: UrlError,
    },
    /// A setting without which the server cannot work.
    #[error("a setting is missing: set {}", Joined(.settings, "or"))]
    Missing {
        /// The setting, or several of which one is enough.
        settings: Vec<SettingName>,
    },
    /// A setting whose value is not accepted.
    #[error("the setting {setting} must be {expected}: found {found}")]
    Invalid {
        /// The setting.
        setting: SettingName,
        /// What is accepted.
        expected: &'static str,
        /// The value, or the first element that is not accepted. It is never a secret.
        found: String,
    },
    /// A setting that has an effect only with another one, which is not set.
    #[error("the setting {setting} is set without {required}: {reason}")]
    Requires {
        /// The setting.
        setting: SettingName,
        /// The one that it needs.
        required: SettingName,
        /// Why it needs it, or what to set.
        reason: &'static str,
    },
    /// Settings that contradict each other.
    #[error("the settings {} cannot be used together as they are set: {reason}", Joined(.settings, "and"))]
    Contradiction {
        /// The settings.
        settings: Vec<SettingName>,
        /// Why they contradict each other, or what to set.
        reason: &'static str,
    },
    /// A file that cannot be read.
    #[error("the file of the setting {setting} cannot be read")]
    File {
        /// The setting that names the file.
        setting: SettingName,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A text or a file whose content cannot be used, such as a certificate or a private key.
    #[error("the content of the setting {setting} cannot be used")]
    Content {
        /// The setting that contains it, or that names the file.
        setting: SettingName,
        /// Why not. It does not show the content.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A setting of a builder that has one value, and is set to two.
    #[error(
        "the setting {setting} has two values: set it once{}",
        if setting.method() == Some("issuer") {
            ", and list further authorization servers for the metadata with `authorization_servers`"
        } else {
            ""
        }
    )]
    SetTwice {
        /// The setting.
        setting: SettingName,
    },
    /// An environment variable that cannot be read.
    #[error("the environment variable `{variable}` is not {expected}")]
    Variable {
        /// Its name.
        variable: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Two vocabularies of the resource server that define the same scope differently.
    #[error(
        "the scope `{scope}` has two definitions, in `{}` and in `{}`: define it once",
        vocabularies[0],
        vocabularies[1]
    )]
    TwoDefinitions {
        /// The scope.
        scope: &'static str,
        /// The paths of the two enums.
        vocabularies: [&'static str; 2],
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
    /// A tool or a prompt of an MCP server whose `_meta` names a policy that `#[requires_auth]` has not
    /// written.
    #[error(
        "the `_meta` of the {kind} `{name}` has a `requires-auth/authorization` that \
         `#[requires_auth]` has not written"
    )]
    UnknownPolicy {
        /// `tool` or `prompt`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A tool, a prompt or a resource of an MCP server that is declared with two different policies.
    #[error("the {kind} `{name}` is declared with two different policies: declare one")]
    TwoPolicies {
        /// `tool`, `prompt` or `resource`.
        kind: &'static str,
        /// Its name, or the URI template.
        name: String,
    },
    /// A tool that two routers of an MCP server call.
    #[error("the tool `{name}` is in two routers: pass one of them to `tool_router`")]
    TwoRoutes {
        /// Its name.
        name: String,
    },
    /// A shared cache with TLS in a process without a default crypto provider of rustls.
    #[error(
        "the setting {setting} needs TLS, and the process has no default crypto provider of rustls: at the \
         start of `main`, call `rustls::crypto::aws_lc_rs::default_provider().install_default()`, or \
         install another one"
    )]
    NoCryptoProvider {
        /// The setting with the URLs.
        setting: SettingName,
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
    /// The file of API keys cannot be used.
    #[cfg(feature = "introspection")]
    #[error(transparent)]
    ApiKeys(#[from] crate::ApiKeysError),
    /// The introspection endpoint could not be discovered.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

impl SetupError {
    pub(crate) fn url(setting: SettingName) -> impl FnOnce(UrlError) -> Self {
        move |problem| Self::Url { setting, problem }
    }

    pub(crate) fn invalid(
        setting: SettingName,
        expected: &'static str,
        found: impl fmt::Display,
    ) -> Self {
        Self::Invalid { setting, expected, found: found.to_string() }
    }
}

impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Chain(self), f)
    }
}
