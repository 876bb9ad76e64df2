//! Tools for tests of applications that use this crate: an authorization server in the process, callers
//! for unit tests, and a clock that a test moves. **Only for tests and demonstrations.**
//!
//! | type | use |
//! |---|---|
//! | [`AuthorizationServer`] | tests over HTTP: it issues tokens, answers introspection requests, and fails on demand |
//! | [`Caller`] | unit tests that call a guarded function directly, without a request |
//! | [`ManualClock`] | tests of what expires, without sleeping |
//!
//! # Testing a guarded handler
//!
//! The application is the same as in production, except that it sends its introspection requests to the
//! server of the test:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "introspection")] {
//! use axum::{Router, routing::get};
//! use requires_auth::testing::{AuthorizationServer, Fault};
//! use requires_auth::{AuthInfo, Introspection, ResourceServer, requires_auth};
//!
//! #[requires_auth(scopes = "entries:read")]
//! async fn greet(auth: AuthInfo) -> String {
//!     format!("Hello {}", auth.subject().unwrap_or("stranger"))
//! }
//!
//! // An authorization server with one client: the resource server, which introspects tokens.
//! let authorization_server =
//!     AuthorizationServer::builder().client("journal", "s3cret").start().await?;
//! let introspection = Introspection::builder(authorization_server.introspection_url())
//!     .client_secret_basic("journal", "s3cret")
//!     .build()?;
//! let server = ResourceServer::builder("https://journal.example")
//!     .issuer(authorization_server.issuer())
//!     .resolver(introspection)
//!     .build()?;
//!
//! // The application, on a free port.
//! let app = Router::new().route("/", get(greet)).with_state(server);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("http://{}", listener.local_addr()?);
//! tokio::spawn(async move { axum::serve(listener, app).await });
//! let request = |token: &str| reqwest::Client::new().get(&url).bearer_auth(token).send();
//!
//! // The handler runs for a token with the scope, and a token without it gets a 403.
//! let mint = || authorization_server.mint().audience("https://journal.example");
//! let reader = mint().subject("alice").scopes("entries:read").issue();
//! let response = request(&reader).await?;
//! assert_eq!(response.text().await?, "Hello alice");
//! let writer = mint().subject("alice").scopes("entries:write").issue();
//! assert_eq!(request(&writer).await?.status(), 403);
//!
//! // A revoked token gets a 401, and an outage of the authorization server causes a 503.
//! authorization_server.revoke(&writer);
//! assert_eq!(request(&writer).await?.status(), 401);
//! authorization_server.fault(Fault::status(500));
//! assert_eq!(request(&reader).await?.status(), 503);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # What the authorization server implements
//!
//! | endpoint | standard |
//! |---|---|
//! | `/introspect`, with or without client authentication | RFC 7662 |
//! | `/authorize`: authorization code with PKCE (S256 is required), `resource`, `iss` in the response, an optional consent page | RFC 6749, 7636, 8707, 9207 |
//! | `/token`: authorization code, refresh tokens with rotation, client credentials | RFC 6749 |
//! | `/token`: token exchange for clients that authenticate, with `resource`, `audience`, `scope` and `actor_token` | RFC 8693 |
//! | `/token` with a DPoP proof, with the feature `dpop`: tokens that are bound to its key; `dpop_jkt` at `/authorize` | RFC 9449 §5, §8, §10 |
//! | `acr_values` and `max_age` at `/authorize`: `acr` and `auth_time` in the token | RFC 9470 §5, §6 |
//! | `authorization_details` at `/authorize` and `/token` | RFC 9396 |
//! | `/revoke` | RFC 7009 |
//! | `/register`, and client-id metadata documents | RFC 7591 |
//! | `/jwks`, with the feature `jwt`: the key set | RFC 7517 |
//! | `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration` | RFC 8414 |
//!
//! A test can also
//! - [mint](AuthorizationServer::mint) a token with any claims, or with any introspection response,
//! - [revoke](AuthorizationServer::revoke) or [delete](AuthorizationServer::delete) it,
//! - list the [tokens](AuthorizationServer::issued_tokens) that the server has issued, with their status,
//! - read the [requests](AuthorizationServer::requests) that arrived,
//! - inject a [fault](AuthorizationServer::fault); [`Fault`] lists them,
//! - [stop](AuthorizationServer::stop) the server and [restart](AuthorizationServer::restart) it.
//!
//! The example `authorization-server` of the repository runs it by itself, with a page in the browser that mints and revokes
//! tokens and switches faults on: for trying an application out by hand.
//!
//! # JWT access tokens
//!
//! Tokens are opaque by default. With the feature `jwt`, the server issues JWTs (RFC 9068) as well: all
//! tokens, by the [setting](AuthorizationServerBuilder::token_format) of the server, or a
//! [minted](Mint::token_format) one. They are signed with the algorithm of your choice, and can be introspected
//! and revoked like opaque ones. A test can also
//! - [rotate](AuthorizationServer::rotate_key) the key, with the old one still in the key set, or
//!   [replace](AuthorizationServer::replace_key) it at once,
//! - serve [any key set](AuthorizationServer::set_key_set), such as an empty, a broken or a huge one, or inject a
//!   [fault](Fault) into the requests for it, at [`Endpoint::KeySet`],
//! - count these [requests](AuthorizationServer::key_set_requests), and those for the
//!   [metadata](AuthorizationServer::metadata_requests),
//! - sign [any header and payload](AuthorizationServer::sign_jwt), or [any bytes](AuthorizationServer::sign_bytes),
//!   for a token that no correct server issues,
//! - get the public key as [JWK](AuthorizationServer::public_jwk) or in
//!   [PEM](AuthorizationServer::public_key_pem).
//!
//! It signs an introspection response (RFC 9701) if a client with a secret requests
//! `application/token-introspection+jwt`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "jwt")] {
//! use requires_auth::testing::{AuthorizationServer, TokenFormat};
//! use requires_auth::{JwtVerifier, Resolver as _, SigningAlgorithm};
//!
//! let server = AuthorizationServer::builder()
//!     .token_format(TokenFormat::Jwt)
//!     .signing_algorithm(SigningAlgorithm::EdDsa)
//!     .start()
//!     .await?;
//! let verifier = JwtVerifier::from_issuer(server.issuer()).build()?;
//!
//! let before = server.mint().subject("alice").issue();
//! server.rotate_key()?;
//! let after = server.mint().subject("alice").issue();
//! for token in [before, after] {
//!     let claims = verifier.resolve(&token.parse()?).await?;
//!     assert_eq!(claims.subject(), Some("alice"));
//! }
//! // Both keys are in the key set, which is fetched once.
//! assert_eq!(server.key_set_requests(), 1);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! A [`Caller`] has the claims of a JWT and one as its token, if its [format](Caller::token_format) is JWT.
//!
//! # Tokens that are bound to a key
//!
//! With the feature `dpop`, a token request with a DPoP proof gets an access token that is bound to its key, in each
//! grant: the `token_type` is `DPoP`, and the token and its introspection response have the `cnf`. The refresh token of
//! a public client is bound as well, and so is a code whose authorization request had `dpop_jkt`. A
//! [setting](AuthorizationServerBuilder::dpop) requires a proof, or nonces.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "dpop")] {
//! use requires_auth::testing::{AuthorizationServer, DpopKey};
//! use serde_json::Value;
//!
//! let server = AuthorizationServer::builder().client("job", "s3cret").start().await?;
//! let key = DpopKey::generate();
//! let response = reqwest::Client::new()
//!     .post(server.token_url())
//!     .header("dpop", key.proof("POST", server.token_url()).sign())
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body("grant_type=client_credentials&client_id=job&client_secret=s3cret")
//!     .send()
//!     .await?;
//! let response: Value = serde_json::from_str(&response.text().await?)?;
//! assert_eq!(response["token_type"], "DPoP");
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! A [minted](Mint::bound_to) token and a [`Caller`] can be bound without a request.
//!
//! # Logins
//!
//! The server has no login page: choosing a user is the login. It has one session for each user, which begins with the first
//! authorization. The tokens of a grant with a user have the `auth_time` of the session, and its `acr` if it has one;
//! so have those of its refresh token. An authorization request for which the session is not enough makes a new login
//! (RFC 9470 §5):
//!
//! | request | a new login | `acr` |
//! |---|---|---|
//! | without `acr_values` and `max_age` | if the user has no session | as before; none in a new session |
//! | `max_age=60` | if the last one is more than 60 s old | as before |
//! | `acr_values=phr mfa` | if the `acr` of the session is neither | the first value that is [supported](AuthorizationServerBuilder::acr_values_supported) |
//!
//! A [`Mint`] and a [`Caller`] set [`acr`](Mint::acr), [`auth_time`](Mint::auth_time) and
//! [`authorization_details`](Mint::authorization_details) without a request.
//!
//! # Security
//!
//! The server has no login: whoever can connect to it gets a token for any of its users. So it listens on
//! a loopback address only. Web pages in a browser on the same machine can send requests to it as well.
//! Therefore it rejects requests whose `Host` is not a loopback host with its port (DNS rebinding), and it
//! fetches client-id metadata documents from public addresses only, unless local ones are
//! [allowed](AuthorizationServerBuilder::allow_local_client_documents). With [`Consent::Auto`], any page
//! can still send the browser through `/authorize`: use [`Consent::Ask`] where tokens of this server
//! protect something.

mod access_token;
mod authorization_details;
mod authorization_request;
mod authorization_response;
mod builder;
mod caller;
mod claims;
mod clients;
mod connection;
#[cfg(feature = "dpop")]
mod dpop_key;
mod dpop_proofs;
mod endpoint;
mod faults;
mod grant;
mod handlers;
mod host;
mod html;
mod issued_token;
#[cfg(feature = "jwt")]
mod key_store;
mod login;
mod mint;
mod oauth_error;
mod origin;
mod params;
mod pkce;
mod random;
mod recorder;
mod routes;
mod server;
mod settings;
#[cfg(feature = "jwt")]
mod signing;
mod state;
mod store;
mod token_format;

pub use builder::AuthorizationServerBuilder;
pub use caller::Caller;
pub use clients::client::OAuthClient;
#[cfg(feature = "dpop")]
pub use dpop_key::{DpopKey, DpopProof};
pub use endpoint::Endpoint;
pub use faults::fault::{ActiveAs, Fault};
pub use issued_token::{IssuedToken, TokenStatus};
pub use mint::Mint;
pub use recorder::RecordedRequest;
pub use server::AuthorizationServer;
pub use settings::Consent;
pub use token_format::TokenFormat;

pub use crate::clock::ManualClock;
