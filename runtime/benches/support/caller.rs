//! A caller as servers meet them: an opaque token, and what an authorization server says of it.

#![allow(clippy::unused_async, reason = "a handler is asynchronous")]

use requires_auth::{
    AccessToken, Cached, Claims, ResolveError, Resolver, ResourceServer, TokenError, requires_auth,
};

pub const RESOURCE: &str = "https://journal.example/mcp";
pub const ISSUER: &str = "https://auth.example";

/// As long as an opaque token of a well-known server is.
pub const TOKEN: &str = "kJ3vXq0dRr5mZtY8wLbN2cHf7sGa1uPe4iKoVx9yBnMjQz6DTgWhScUlFpEaRiOk_A-3xQ7";

/// 400 bytes, as an authorization server writes them.
pub const CLAIMS: &str = concat!(
    r#"{"active":true,"iss":"https://auth.example","aud":["https://journal.example/mcp"],"#,
    r#""sub":"248289761001","client_id":"journal-web-app@journal","username":"alice@example.com","#,
    r#""token_type":"Bearer","scope":"entries:read entries:write","exp":4102444800,"#,
    r#""iat":1767225600,"nbf":1767225600,"jti":"0e3f1b52-6a52-4b1e-9f0a-6f5a5a2f8c11","#,
    r#""name":"Alice Example","email":"alice@example.com","email_verified":true}"#
);

const _: () = assert!(TOKEN.len() == 71 && CLAIMS.len() == 400);

/// Knows every token that does not begin with `bad`, and answers at once.
pub struct Known;

impl Resolver for Known {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        if token.expose().starts_with("bad") {
            return Err(ResolveError::InvalidToken(TokenError::Inactive));
        }
        Claims::from_introspection(CLAIMS.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "https://auth.example/oauth2/introspect journal".to_owned()
    }
}

/// A resource server that remembers.
pub fn server() -> ResourceServer {
    let server = ResourceServer::builder(RESOURCE).issuer(ISSUER).resolver(Cached::new(Known));
    server.build().expect("the settings are right")
}

/// What the guarded and the bare handler answer.
pub const ANSWER: &str = "what the journal says";

#[requires_auth(scopes = "entries:read entries:write")]
pub async fn guarded() -> &'static str {
    ANSWER
}

pub async fn bare() -> &'static str {
    ANSWER
}

/// With an argument that axum extracts from the request, but costs nothing by itself.
pub async fn extracting(_: http::Version) -> &'static str {
    ANSWER
}
