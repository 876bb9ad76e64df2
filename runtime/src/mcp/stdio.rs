//! The caller of an MCP server on stdio: whoever has started it, with a token in the credentials.

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};
use secrecy::{ExposeSecret, SecretString};

use super::authenticated_request::AuthenticatedRequest;
use super::operation::Operation;
use super::state::McpState;
use crate::{Condition, Rejection, RequestHead};

/// The caller's token, in the form in which a request would bring it.
#[derive(Clone)]
pub(super) struct StdioCredentials(HeaderMap);

impl StdioCredentials {
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
    pub(super) async fn authenticate(
        &self,
        state: &Arc<McpState>,
    ) -> Result<Arc<AuthenticatedRequest>, Rejection> {
        // There is no HTTP request: its head holds the token alone.
        let (method, uri, mut extensions) = (Method::POST, Uri::default(), Extensions::new());
        let head = RequestHead::new(&method, &uri, &self.0, &mut extensions);
        let caller = state.server.authorize(head, Condition::NONE).await?;
        Ok(AuthenticatedRequest::new(state, Operation::Other, Some(caller)))
    }
}

impl fmt::Debug for StdioCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StdioCredentials(..)")
    }
}

/// Why a server on stdio could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StdioError {
    /// There is no token.
    #[error("the credentials variable `{variable}` is not set to an access token")]
    NoToken {
        /// The variable that was named.
        variable: String,
    },
    /// The token is refused, or could not be resolved.
    #[error("the access token is refused")]
    Rejected(#[source] Rejection),
    /// The handler could not be made.
    #[error("the handler of the MCP server could not be made")]
    Handler(#[source] std::io::Error),
}
