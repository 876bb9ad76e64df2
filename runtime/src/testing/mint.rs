//! Tokens that a test mints, and what the server knows of every token.

use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::claims::{audience, numeric_date};
use super::random::random_value;
use super::state::State;
use super::store::{IntrospectionResponse, TokenRecord};

/// Describes an access token, until [`issue`](Mint::issue) makes it; from
/// [`AuthorizationServer::mint`](super::AuthorizationServer::mint).
///
/// Left as it is, the token is active, issued now, expires in one hour, and its introspection
/// answer has `active`, `iss`, `client_id`, `token_type`, `iat` and `exp`: no subject, no audience
/// and no scope.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// let server = requires_auth::testing::AuthorizationServer::start().await?;
/// let token = server
///     .mint()
///     .subject("alice")
///     .scopes("entries:read entries:write")
///     .audience("https://journal.example/")
///     .claim("tenant", "blue")
///     .issue();
/// # Ok(())
/// # }
/// ```
#[must_use = "the token exists only once `issue` is called"]
pub struct Mint<'a> {
    state: &'a State,
    token: Option<String>,
    lifetime: Lifetime,
    audience: Vec<String>,
    claims: Map<String, Value>,
    left_out: Vec<String>,
    answer: Option<Bytes>,
}

enum Lifetime {
    For(Duration),
    Expired,
    Never,
}

impl<'a> Mint<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self {
            state,
            token: None,
            lifetime: Lifetime::For(Duration::from_secs(3600)),
            audience: Vec::new(),
            claims: Map::new(),
            left_out: Vec::new(),
            answer: None,
        }
    }

    /// Chooses the token itself. Default: 256 random bits.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The `sub` claim. Default: none.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// The `client_id` claim. Default: `test-client`.
    pub fn client_id(self, id: impl Into<String>) -> Self {
        self.claim("client_id", id.into())
    }

    /// The `username` claim. Default: none.
    pub fn username(self, username: impl Into<String>) -> Self {
        self.claim("username", username.into())
    }

    /// The `scope` claim, separated by spaces. Default: none.
    pub fn scopes(self, scopes: impl Into<String>) -> Self {
        self.claim("scope", scopes.into())
    }

    /// Adds to the `aud` claim: a string for one audience, an array for several. Default: none.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// How long the token lives. Default: one hour.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Lifetime::For(lifetime);
        self
    }

    /// A token that expired an hour ago: introspection says that it is not active.
    pub fn expired(mut self) -> Self {
        self.lifetime = Lifetime::Expired;
        self
    }

    /// A token without `exp`.
    pub fn never_expires(mut self) -> Self {
        self.lifetime = Lifetime::Never;
        self
    }

    /// Sets any claim, also in place of one that the server would fill in. The server's own view of
    /// expiry is not changed by it: `claim("exp", 1)` makes an answer that is active and expired.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Leaves a claim out, whoever set it.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.left_out.push(name.into());
        self
    }

    /// Answers introspections of this token with exactly this document, whatever the other setters
    /// say, until the token is revoked or forgotten.
    pub fn answer_with(self, document: impl Into<Value>) -> Self {
        self.answer_with_bytes(document.into().to_string())
    }

    /// Like [`answer_with`](Self::answer_with), byte for byte: for what is no valid JSON, or repeats
    /// a key. Sent with status 200 as `application/json`.
    pub fn answer_with_bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.answer = Some(body.into());
        self
    }

    /// Makes the token known to the server and returns it.
    #[must_use]
    pub fn issue(self) -> String {
        let now = self.state.now();
        let expires = match self.lifetime {
            Lifetime::For(lifetime) => now.checked_add(lifetime),
            Lifetime::Expired => now.checked_sub(Duration::from_secs(3600)),
            Lifetime::Never => None,
        };
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("active", true.into());
        put("iss", self.state.issuer.clone().into());
        put("client_id", "test-client".into());
        put("token_type", "Bearer".into());
        put("iat", numeric_date(now).into());
        if let Some(expires) = expires {
            put("exp", numeric_date(expires).into());
        }
        if let Some(audience) = audience(&self.audience) {
            put("aud", audience);
        }
        claims.extend(self.claims);
        claims.retain(|name, _| !self.left_out.contains(name));

        let token = self.token.unwrap_or_else(random_value);
        let client_id = claims.get("client_id").and_then(Value::as_str);
        let record = TokenRecord {
            client_id: client_id.map(str::to_owned),
            response: match self.answer {
                Some(body) => IntrospectionResponse::Verbatim(body),
                None => IntrospectionResponse::Claims(claims),
            },
            expires,
            revoked: false,
            family: None,
        };
        self.state.store().tokens.insert(token.clone(), record);
        token
    }
}

/// Without the token and the claims.
impl fmt::Debug for Mint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint").finish_non_exhaustive()
    }
}
