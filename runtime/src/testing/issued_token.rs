//! The access tokens that a server has issued, as a test inspects them.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::server::AuthorizationServer;
use super::store::{IntrospectionResponse, TokenRecord};

/// An access token that an [`AuthorizationServer`] has issued; from
/// [`issued_tokens`](AuthorizationServer::issued_tokens).
///
/// It is a copy: a later revocation does not change it. Its `Debug` output omits the token and the claims.
#[derive(Clone)]
pub struct IssuedToken {
    token: String,
    claims: Map<String, Value>,
    status: TokenStatus,
}

/// Whether an introspection response says that a token is active, and why it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenStatus {
    /// Its introspection response has `"active": true`.
    Active,
    /// Its lifetime has passed. It has not been revoked.
    Expired,
    /// It was revoked, by the test, at the revocation endpoint, or with its grant.
    Revoked,
}

impl AuthorizationServer {
    /// The access tokens that the server has issued, the oldest first: the [minted](Self::mint) ones and those of the
    /// token endpoint. [Deleted](Self::delete) ones are not among them.
    ///
    /// A test can so find the token that an application has obtained, and check that the application revokes it.
    ///
    /// ```
    /// use requires_auth::testing::{AuthorizationServer, TokenStatus};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let server = AuthorizationServer::start().await?;
    /// let token = server.mint().subject("alice").issue();
    /// server.revoke(&token);
    /// let issued = server.issued_tokens();
    /// assert_eq!(issued[0].claim("sub").unwrap(), "alice");
    /// assert_eq!(issued[0].status(), TokenStatus::Revoked);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<IssuedToken> {
        let now = self.state.now();
        let store = self.state.store();
        let mut records: Vec<_> = store.tokens.iter().collect();
        records.sort_by_key(|(_, record)| record.number);
        records.into_iter().map(|(token, record)| IssuedToken::new(token, record, now)).collect()
    }
}

impl IssuedToken {
    fn new(token: &str, record: &TokenRecord, now: SystemTime) -> Self {
        let claims = match &record.response {
            IntrospectionResponse::Claims(claims) => claims.clone(),
            IntrospectionResponse::Verbatim(_) => Map::new(),
        };
        Self { token: token.to_owned(), claims, status: record.status(now) }
    }

    /// The token itself.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A claim, as in the introspection response. A token whose response was set by
    /// [`answer_with`](super::Mint::answer_with) has none.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// Whether it was active at the call of [`issued_tokens`](AuthorizationServer::issued_tokens).
    #[must_use]
    pub fn status(&self) -> TokenStatus {
        self.status
    }
}

/// Omits the token and the claims.
impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("status", &self.status).finish_non_exhaustive()
    }
}
