//! The caller of an MCP server on stdio: whoever has started it, with a token in the environment.

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};
use secrecy::{ExposeSecret, SecretString};

use super::operation::Operation;
use super::request_context::Identity;
use super::state::Setup;
use crate::{Condition, Rejection, RequestHead};

/// The caller's token, in the form in which a request would bring it.
#[derive(Clone)]
pub(super) struct Environment(HeaderMap);

impl Environment {
    /// What cannot even stand in a header becomes a token that is refused like any malformed one.
    pub(super) fn new(token: &SecretString) -> Self {
        let value = format!("Bearer {}", token.expose_secret().trim());
        let mut value =
            HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        Self(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    /// The caller of one request. Like a request over HTTP, each asks anew whether the token is
    /// still valid; a cache before the resolver makes that cheap.
    pub(super) async fn authenticated_caller(
        &self,
        setup: &Arc<Setup>,
    ) -> Result<Arc<Identity>, Rejection> {
        // There is no HTTP request: the token from the environment is all of its head.
        let (method, uri, mut extensions) = (Method::POST, Uri::default(), Extensions::new());
        let head = RequestHead::new(&method, &uri, &self.0, &mut extensions);
        let caller = setup.server.authorize(head, Condition::NONE).await?;
        Ok(Identity::new(setup, Operation::Other, Some(caller)))
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
    #[error("the environment variable `{variable}` is not set to an access token")]
    NoToken {
        /// The variable that was named.
        variable: String,
    },
    /// The token is refused, or could not be resolved.
    #[error("the access token is refused")]
    Refused(#[source] Rejection),
    /// The handler could not be made.
    #[error("the handler of the MCP server could not be made")]
    Handler(#[source] std::io::Error),
}
