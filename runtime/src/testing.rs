//! An authorization server in your process, **for tests and demonstrations only: never put it into
//! production**. It keeps everything in memory, has no login, and lets everybody be anybody.
//!
//! [`AuthorizationServer`] listens on a real loopback port, refuses any other, and speaks real HTTP.
//! Web pages that you visit can reach that port, too, so it refuses requests whose `Host` is not a
//! loopback host with its own port (DNS rebinding), and fetches client-id documents from public
//! addresses alone, unless local ones are [allowed](AuthorizationServerBuilder::allow_local_client_documents).
//! With [`Consent::Auto`] any page can still send your browser through `/authorize`: use
//! [`Consent::Ask`] where tokens of this server protect something.
//!
//!
//! | endpoint | standard |
//! |---|---|
//! | `/introspect`, with and without client authentication | RFC 7662 |
//! | `/authorize`: authorization code, PKCE S256 required, `resource`, `iss` in the answer; a consent page or none | RFC 6749, 7636, 8707, 9207 |
//! | `/token`: authorization code, rotating refresh tokens, client credentials | RFC 6749 |
//! | `/revoke` | RFC 7009 |
//! | `/register`, and client-id metadata documents | RFC 7591 |
//! | `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration` | RFC 8414 |
//!
//! Beside that, a test [mints](AuthorizationServer::mint) tokens with any claims or with any answer
//! at all, [revokes](AuthorizationServer::revoke) them, looks at what the resource server
//! [sent](AuthorizationServer::last_introspection), and lets the server
//! [misbehave](AuthorizationServer::fault) or [go away](AuthorizationServer::stop) for a while.
//!
//! ```
//! use requires_auth::testing::{AuthorizationServer, Fault};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = AuthorizationServer::builder()
//!     .client("journal", "s3cret")
//!     .start()
//!     .await?;
//! let token = server.mint().subject("alice").scopes("entries:read").issue();
//!
//! // The resource server under test asks, with its client's credentials.
//! let answer = reqwest::Client::new()
//!     .post(server.introspection_url())
//!     .basic_auth("journal", Some("s3cret"))
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(format!("token={token}"))
//!     .send()
//!     .await?
//!     .text()
//!     .await?;
//! assert!(answer.contains(r#""sub":"alice""#));
//! assert_eq!(server.introspections(), 1);
//!
//! // From now on it does not know the way.
//! server.fault(Fault::status(500));
//! # Ok(())
//! # }
//! ```

mod authorization_request;
mod authorization_response;
mod builder;
mod caller;
mod claims;
mod clients;
mod connection;
mod endpoint;
mod faults;
mod grant;
mod handlers;
mod host;
mod html;
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
mod state;
mod store;

pub use builder::AuthorizationServerBuilder;
pub use caller::Caller;
pub use clients::client::OAuthClient;
pub use endpoint::Endpoint;
pub use faults::fault::{ActiveAs, Fault};
pub use mint::Mint;
pub use recorder::RecordedRequest;
pub use server::AuthorizationServer;
pub use settings::Consent;

pub use crate::clock::ManualClock;
