//! Authenticated callers for unit tests.

use serde_json::{Map, Value};

use crate::{
    AccessToken, AuthInfo, Claims, ResolveError, Resolver, ResourceServer, SetupError, TokenError,
};

/// Makes an [`AuthInfo`] without a request, for the unit test of a guarded function.
///
/// The policy of the function is still enforced: its argument is made of the `AuthInfo` by `try_into()`,
/// which returns a [`Rejection`](crate::Rejection) for a caller without the scopes.
///
/// ```
/// use requires_auth::{AuthInfo, requires_auth, testing::Caller};
///
/// #[requires_auth(scopes = "entries:read")]
/// async fn greet(auth: AuthInfo) -> String {
///     format!("Hello {}", auth.subject().unwrap_or("stranger"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), requires_auth::Rejection> {
/// let alice = Caller::new("alice", "entries:read").auth_info();
/// assert_eq!(greet(alice.try_into()?).await, "Hello alice");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Caller {
    claims: Map<String, Value>,
}

impl Caller {
    /// A user with these scopes, separated by spaces.
    pub fn new(subject: &str, scopes: &str) -> Self {
        let active = ("active".to_owned(), Value::Bool(true));
        Self { claims: Map::from_iter([active]) }.claim("sub", subject).claim("scope", scopes)
    }

    /// Sets a claim in the form of RFC 7662 §2.2: `exp` is a number of seconds, `aud` a string or an
    /// array. `null` removes the claim. Default: `sub` and `scope`.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => self.claims.remove(name),
            value => self.claims.insert(name.to_owned(), value),
        };
        self
    }

    /// Makes the `AuthInfo` of this caller. Its token is `token-of-a-test`.
    ///
    /// # Panics
    /// If RFC 7662 does not allow the form of a claim.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in a test fails that test")]
    pub fn auth_info(self) -> AuthInfo {
        let json = Value::Object(self.claims).to_string();
        match (
            Claims::from_introspection(json.as_bytes()),
            "token-of-a-test".parse::<AccessToken>(),
            resource_server(),
        ) {
            (Ok(claims), Ok(token), Ok(server)) => AuthInfo::new(claims, token, server),
            (claims, ..) => panic!("these claims cannot be those of a token: {:?}", claims.err()),
        }
    }
}

/// The resource server that makes the challenges of rejections. It resolves no token.
fn resource_server() -> Result<ResourceServer, SetupError> {
    ResourceServer::builder("https://resource.example")
        .authorization_servers(["https://auth.example"])
        .resolver(NoTokens)
        .build()
}

struct NoTokens;

impl Resolver for NoTokens {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Err(ResolveError::InvalidToken(TokenError::Inactive))
    }

    fn cache_namespace(&self) -> String {
        "no tokens".to_owned()
    }
}
