//! Authenticated callers for unit tests.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::claims::{add_actor, numeric_date};
#[cfg(feature = "jwt")]
use super::key_store::KeyStore;
#[cfg(feature = "jwt")]
use super::random::random_value;
use super::token_format::TokenFormat;
use crate::{
    AccessToken, AuthInfo, Claims, ResolveError, Resolver, ResourceServer, SetupError, TokenError,
};
#[cfg(feature = "jwt")]
use crate::{Clock as _, SigningAlgorithm, SystemClock};

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
///
/// The claims are those of an introspection response, unless the [format](Self::token_format) of the token is JWT.
#[derive(Debug, Clone)]
#[must_use]
pub struct Caller {
    /// `null` for a claim that is removed.
    claims: Map<String, Value>,
    format: TokenFormat,
}

impl Caller {
    /// A user with these scopes, separated by spaces.
    pub fn new(subject: &str, scopes: &str) -> Self {
        let caller = Self { claims: Map::new(), format: TokenFormat::default() };
        caller.claim("sub", subject).claim("scope", scopes)
    }

    /// Sets a claim in the form of RFC 7662 §2.2: `exp` is a number of seconds, `aud` a string or an
    /// array. `null` removes the claim. Default: `sub` and `scope`; for a JWT, those of
    /// [`token_format`](Self::token_format) as well.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
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

    /// Binds the token to a key, as if the request had come with a proof (RFC 9449 §6). Default: the token is not bound.
    #[cfg(feature = "dpop")]
    pub fn bound_to(self, key: &super::DpopKey) -> Self {
        self.claim("cnf", serde_json::json!({ "jkt": key.thumbprint() }))
    }

    /// Binds the token to the client certificate with this DER, as if the request had come with it (RFC 8705 §3.1). Default:
    /// the token is not bound.
    #[cfg(feature = "mtls")]
    pub fn bound_to_certificate(self, der: impl AsRef<[u8]>) -> Self {
        let thumbprint = crate::ClientCertificate::from_der(der).thumbprint();
        self.claim("cnf", serde_json::json!({ "x5t#S256": thumbprint }))
    }

    /// The format of the token. Default: [`TokenFormat::Opaque`].
    ///
    /// The claims of an opaque token are those of its introspection response, with `active`. Those of a JWT have
    /// what RFC 9068 §2.2 requires: `iss` is `https://auth.example`, `aud` is `https://resource.example`, `client_id`
    /// is `test-client`, `iat` is now, `exp` is in one hour, and `jti` is random, unless they are set or removed.
    ///
    /// ```
    /// # #[cfg(feature = "jwt")] {
    /// use requires_auth::testing::{Caller, TokenFormat};
    ///
    /// let alice = Caller::new("alice", "entries:read")
    ///     .claim("groups", vec!["staff"])
    ///     .token_format(TokenFormat::Jwt)
    ///     .auth_info();
    /// assert_eq!(alice.issuer(), Some("https://auth.example"));
    /// assert!(alice.token_id().is_some());
    /// # }
    /// ```
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// Makes the `AuthInfo` of this caller. An opaque token is `token-of-a-test`. A JWT has the claims of the
    /// caller, and the signature of a key that is in no key set, so that no verifier accepts it.
    ///
    /// # Panics
    /// If RFC 7662 or RFC 9068 does not allow the form of a claim.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in a test fails that test")]
    pub fn auth_info(self) -> AuthInfo {
        let (claims, token) = match self.format {
            TokenFormat::Opaque => introspected(self.claims),
            #[cfg(feature = "jwt")]
            TokenFormat::Jwt => jwt(self.claims),
        };
        match (claims, token.parse::<AccessToken>(), resource_server()) {
            (Ok(claims), Ok(token), Ok(server)) => AuthInfo::new(claims, token, server),
            (claims, ..) => panic!("these claims cannot be those of a token: {:?}", claims.err()),
        }
    }
}

/// An opaque token and the claims of its introspection response.
fn introspected(mut claims: Map<String, Value>) -> (Result<Claims, ResolveError>, String) {
    claims.entry("active").or_insert(Value::Bool(true));
    claims.retain(|_, value| !value.is_null());
    let json = Value::Object(claims).to_string();
    (Claims::from_introspection(json.as_bytes()), "token-of-a-test".to_owned())
}

/// A JWT and its claims.
#[cfg(feature = "jwt")]
fn jwt(mut claims: Map<String, Value>) -> (Result<Claims, ResolveError>, String) {
    let now = numeric_date(SystemClock.now());
    for (name, value) in [
        ("iss", ISSUER.into()),
        ("aud", RESOURCE.into()),
        ("client_id", "test-client".into()),
        ("iat", now.into()),
        ("exp", (now + 3600).into()),
        ("jti", random_value().into()),
    ] {
        claims.entry(name).or_insert(value);
    }
    claims.retain(|_, value| !value.is_null());
    let claims = Value::Object(claims);
    let token = KeyStore::new(SigningAlgorithm::Es256)
        .map(|keys| keys.sign_token(&Map::new(), &claims))
        .unwrap_or_default();
    (Claims::from_json(claims.to_string().as_bytes()), token)
}

const RESOURCE: &str = "https://resource.example";
const ISSUER: &str = "https://auth.example";

/// The resource server that makes the challenges of rejections. It resolves no token.
fn resource_server() -> Result<ResourceServer, SetupError> {
    ResourceServer::builder(RESOURCE).authorization_servers([ISSUER]).resolver(NoTokens).build()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_claims_are_those_of_an_introspection_response() {
        let caller = Caller::new("alice", "read write").claim("exp", 4_102_444_800_u64);
        let auth = caller.claim("groups", json!(["x"])).claim("sub", Value::Null).auth_info();
        let expected = json!({
            "active": true, "scope": "read write", "exp": 4_102_444_800_u64, "groups": ["x"],
        });
        assert_eq!(auth.claims::<Value>().unwrap(), expected);
        assert_eq!((auth.subject(), auth.token().expose()), (None, "token-of-a-test"));
        assert!(auth.has_scope("read") && auth.has_scope("write"));
    }

    #[test]
    fn a_caller_has_actors_and_a_login() {
        // R-D13
        let login = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let caller = Caller::new("alice", "read").actor("first").actor("agent").may_act("helper");
        let auth = caller.acr("mfa").amr(["pwd", "otp"]).auth_time(login).auth_info();
        let actors: Vec<_> = auth.actor().unwrap().chain().map(crate::Actor::subject).collect();
        assert_eq!(actors, [Some("agent"), Some("first")]);
        assert_eq!(auth.may_act().unwrap().subject(), Some("helper"));
        assert_eq!((auth.acr(), auth.auth_time()), (Some("mfa"), Some(login)));
        assert_eq!(auth.amr().collect::<Vec<_>>(), ["pwd", "otp"]);
    }

    #[test]
    fn a_caller_has_authorization_details() {
        // R-H9
        let details = json!([{ "type": "payment", "amount": 5 }]);
        let caller = Caller::new("alice", "read");
        let auth = caller.authorization_details([details[0].clone()]).auth_info();
        assert_eq!(auth.claim("authorization_details"), Some(details));
    }

    #[test]
    #[should_panic(expected = "these claims cannot be those of a token")]
    fn a_claim_in_another_form_panics() {
        let _ = Caller::new("alice", "read").claim("exp", "tomorrow").auth_info();
    }

    #[cfg(feature = "jwt")]
    #[test]
    fn a_jwt_has_the_claims_that_rfc_9068_requires() {
        use crate::jose::{CompactJws, JwsHeader, base64url};

        let caller = Caller::new("alice", "read").claim("groups", json!(["x"]));
        let auth = caller.token_format(TokenFormat::Jwt).auth_info();
        let claims = auth.claims::<Value>().unwrap();
        let (iat, jti) = (claims["iat"].as_u64().unwrap(), claims["jti"].as_str().unwrap());
        let expected = json!({
            "iss": "https://auth.example", "aud": "https://resource.example", "sub": "alice",
            "client_id": "test-client", "scope": "read", "iat": iat, "exp": iat + 3600, "jti": jti,
            "groups": ["x"],
        });
        assert_eq!(claims, expected);
        assert!(iat.abs_diff(numeric_date(SystemClock.now())) < 60);
        assert!(auth.has_scope("read"));

        let jws = CompactJws::split(auth.token().expose().as_bytes()).unwrap();
        let payload = base64url::decode(jws.payload).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), claims);
        assert_eq!(
            JwsHeader::read(&base64url::decode(jws.header).unwrap()).unwrap().algorithm,
            "ES256"
        );

        let other = Caller::new("alice", "read").token_format(TokenFormat::Jwt);
        let other = other.claim("client_id", "app").claim("jti", Value::Null).auth_info();
        assert_eq!((other.client_id(), other.token_id()), (Some("app"), None));
        assert_eq!(other.claim("jti"), None);
    }

    #[cfg(feature = "jwt")]
    #[test]
    #[should_panic(expected = "these claims cannot be those of a token")]
    fn a_claim_of_a_jwt_in_another_form_panics() {
        let caller = Caller::new("alice", "read").token_format(TokenFormat::Jwt);
        let _ = caller.claim("aud", 7).auth_info();
    }
}
