//! The caller of an MCP server on stdio: whoever has started it, with an access token in the environment.

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};

use super::authenticated_request::AuthenticatedRequest;
use super::operation::Operation;
use super::state::McpState;
use crate::resource_server::RequiredScopes;
use crate::{Condition, Rejection, RequestHead, Secret};

/// The caller's token, as the `Authorization` header that a request over HTTP would have.
#[derive(Clone)]
pub(super) struct StdioCredentials(HeaderMap);

impl StdioCredentials {
    /// A text that no header can carry becomes an empty token, which is rejected as malformed.
    pub(super) fn new(token: &Secret) -> Self {
        let value = format!("Bearer {}", token.expose().trim());
        let mut value =
            HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        Self(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }

    /// Authenticates one request. The token is resolved again for each, as over HTTP; a cache in front of
    /// the resolver makes that cheap.
    pub(super) async fn authenticate(
        &self,
        state: &Arc<McpState>,
    ) -> Result<Arc<AuthenticatedRequest>, Rejection> {
        // There is no HTTP request: its head holds the token alone.
        let (method, uri, mut extensions) = (Method::POST, Uri::default(), Extensions::new());
        let mut head = RequestHead::new(&method, &uri, &self.0, &mut extensions);
        let required = Condition::NONE.into();
        // The operation is decided later.
        let caller = state.server.caller(&mut head, RequiredScopes::of(&required)).await?;
        Ok(AuthenticatedRequest::new(state, Operation::Other, Some(caller), None))
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
    /// The environment variable holds no token.
    #[error("the environment variable `{variable}` is not set to an access token")]
    NoToken {
        /// The name of the variable.
        variable: String,
    },
    /// The token was rejected, or could not be resolved.
    #[error("the access token is rejected")]
    Rejected(#[source] Rejection),
    /// The application's function could not make its handler.
    #[error("the handler of the MCP server could not be made")]
    Handler(#[source] std::io::Error),
}
