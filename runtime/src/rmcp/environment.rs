//! The caller of an MCP server on stdio: whoever has started it, with a token in the environment.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::identity::Identity;
use super::setup::Setup;
use crate::{Condition, Rejection};

/// The token of an environment variable, in the form in which a request would bring it.
#[derive(Clone)]
pub(super) struct Environment(HeaderMap);

impl Environment {
    /// `None` if the variable is not set, or cannot be a token.
    pub(super) fn read(variable: &str) -> Option<Self> {
        let token = std::env::var(variable).ok()?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.trim())).ok()?;
        value.set_sensitive(true);
        Some(Self(HeaderMap::from_iter([(AUTHORIZATION, value)])))
    }

    /// The caller of one request. Like a request over HTTP, each asks anew whether the token is
    /// still valid; a cache before the resolver makes that cheap.
    pub(super) async fn identify(&self, setup: &Setup) -> Result<Identity, Rejection> {
        let caller = setup.server.authorize(&self.0, Condition::NONE).await?;
        Ok(Identity::new(&setup.server, Some(caller)))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment(..)")
    }
}

/// Why a server on stdio could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StdioError {
    /// There is no token.
    #[error("the environment variable `{variable}` holds no access token")]
    NoToken {
        /// The variable that was named.
        variable: String,
    },
    /// The token is refused, or could not be resolved.
    #[error("the access token in the environment variable `{variable}` is refused")]
    Refused {
        /// The variable that was named.
        variable: String,
        /// Why.
        #[source]
        rejection: Rejection,
    },
    /// The handler could not be made.
    #[error("the handler of the MCP server could not be made")]
    Handler(#[source] std::io::Error),
}
