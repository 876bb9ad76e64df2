//! Access tokens that a test mints.

use std::fmt;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::access_token;
use super::claims::{add_actor, audience, numeric_date};
use super::state::State;
use super::store::{IntrospectionResponse, TokenRecord};
use super::token_format::TokenFormat;

/// Describes an access token, which [`issue`](Mint::issue) issues; from
/// [`AuthorizationServer::mint`](super::AuthorizationServer::mint).
///
/// By default, the token is issued now and expires in one hour. Its introspection response has `active`,
/// `iss`, `client_id`, `token_type`, `iat` and `exp`, but no subject, audience or scope.
///
/// A [JWT](TokenFormat) has the same claims, without `active` and `token_type`. It also has `jti`, and `sub`
/// is the client id if no subject is set.
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
#[must_use = "the token is issued by `issue`"]
pub struct Mint<'a> {
    state: &'a State,
    token: Option<String>,
    format: TokenFormat,
    header: Map<String, Value>,
    lifetime: Lifetime,
    audience: Vec<String>,
    claims: Map<String, Value>,
    omitted: Vec<String>,
    response: Option<Bytes>,
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
            format: state.settings.token_format,
            header: Map::new(),
            lifetime: Lifetime::For(Duration::from_secs(3600)),
            audience: Vec::new(),
            claims: Map::new(),
            omitted: Vec::new(),
            response: None,
        }
    }

    /// The token itself. Default: one in the [format](Self::token_format) of the token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The format of the token. Default: that of the
    /// [server](super::AuthorizationServerBuilder::token_format).
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets a parameter of the header of a JWT, or omits it where the value is `null`. The token is always
    /// signed with the key of the server, also where `alg` is set. It has no effect on an opaque token.
    /// Default: `alg` and `kid` of the key, and `typ: at+jwt`.
    #[cfg(feature = "jwt")]
    pub fn header_parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// The `sub` claim. Default: none; for a JWT, the client id.
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

    /// The `act` claim: this subject acts for the subject of the token (RFC 8693 §4.1). A second call adds an actor
    /// in front of the first one. Default: none.
    pub fn actor(mut self, subject: impl AsRef<str>) -> Self {
        add_actor(&mut self.claims, subject.as_ref());
        self
    }

    /// The `may_act` claim: this subject may act for the subject of the token (RFC 8693 §4.4). Default: none.
    pub fn may_act(self, subject: impl Into<String>) -> Self {
        self.claim("may_act", serde_json::json!({ "sub": subject.into() }))
    }

    /// The `acr` claim: the authentication context class of the login. Default: none.
    pub fn acr(self, class: impl Into<String>) -> Self {
        self.claim("acr", class.into())
    }

    /// The `amr` claim: the methods of the login (RFC 8176 §2). Default: none.
    pub fn amr<S: Into<String>>(self, methods: impl IntoIterator<Item = S>) -> Self {
        let methods: Vec<String> = methods.into_iter().map(Into::into).collect();
        self.claim("amr", methods)
    }

    /// The `auth_time` claim: when the user logged in. Default: none.
    pub fn auth_time(self, time: SystemTime) -> Self {
        self.claim("auth_time", numeric_date(time))
    }

    /// The `authorization_details` claim (RFC 9396 §9.1): objects with a `type`. Default: none.
    pub fn authorization_details<D: Into<Value>>(
        self,
        details: impl IntoIterator<Item = D>,
    ) -> Self {
        let details: Vec<Value> = details.into_iter().map(Into::into).collect();
        self.claim("authorization_details", details)
    }

    /// Binds the token to a key (RFC 9449 §6): `cnf` with the thumbprint of the key, and `token_type` `DPoP` in the
    /// introspection response. Default: the token is not bound.
    #[cfg(feature = "dpop")]
    pub fn bound_to(self, key: &super::DpopKey) -> Self {
        let token = self.claim("cnf", serde_json::json!({ "jkt": key.thumbprint() }));
        token.claim("token_type", "DPoP")
    }

    /// Binds the token to the client certificate with this DER (RFC 8705 §3.1): `cnf` with its thumbprint. Default: the
    /// token is not bound.
    #[cfg(feature = "mtls")]
    pub fn bound_to_certificate(self, der: impl AsRef<[u8]>) -> Self {
        let thumbprint = crate::ClientCertificate::from_der(der).thumbprint();
        self.claim("cnf", serde_json::json!({ "x5t#S256": thumbprint }))
    }

    /// Adds an audience to the `aud` claim: one is a string, several are an array. Default: none.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// The lifetime of the token. Default: one hour.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Lifetime::For(lifetime);
        self
    }

    /// Makes a token that has expired an hour ago, so that it is inactive. Default: it expires in one hour.
    pub fn expired(mut self) -> Self {
        self.lifetime = Lifetime::Expired;
        self
    }

    /// Makes a token without `exp`. Default: it expires in one hour.
    pub fn never_expires(mut self) -> Self {
        self.lifetime = Lifetime::Never;
        self
    }

    /// Sets a claim, also one that the server would set. The lifetime does not follow: the introspection
    /// response for `claim("exp", 1)` is active and has a past `exp`. Default: the claims of [`Mint`].
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Omits a claim, even if it is set. Default: none is omitted.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.omitted.push(name.into());
        self
    }

    /// Uses this JSON document as the introspection response, until the token is revoked or deleted. The
    /// other setters have no effect on it. Default: a response made of the claims.
    pub fn answer_with(self, document: impl Into<Value>) -> Self {
        self.answer_with_bytes(document.into().to_string())
    }

    /// Uses these bytes as the body of the introspection response, for malformed JSON or repeated
    /// members. The status is 200 and the content type `application/json`. Default: as for
    /// [`answer_with`](Self::answer_with).
    pub fn answer_with_bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.response = Some(body.into());
        self
    }

    /// Issues the token and returns it.
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
        access_token::complete_claims(self.format, &mut claims);
        claims.retain(|name, _| !self.omitted.contains(name));

        let token = self
            .token
            .unwrap_or_else(|| access_token::make(self.state, self.format, &self.header, &claims));
        let client_id = claims.get("client_id").and_then(Value::as_str);
        let mut store = self.state.store();
        let record = TokenRecord {
            number: store.next_number(),
            client_id: client_id.map(str::to_owned),
            response: match self.response {
                Some(body) => IntrospectionResponse::Verbatim(body),
                None => IntrospectionResponse::Claims(claims),
            },
            expires,
            revoked: false,
            family: None,
        };
        store.tokens.insert(token.clone(), record);
        token
    }
}

/// Omits the token and the claims.
impl fmt::Debug for Mint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint").finish_non_exhaustive()
    }
}
