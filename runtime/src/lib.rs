#![doc = "Protects functions with OAuth 2.0 access tokens and scopes."]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth_info;
#[cfg(feature = "axum")]
pub mod axum;
mod claims;
mod clock;
mod guard;
#[cfg(feature = "introspection")]
mod introspection;
mod policy;
mod rejection;
mod resolve;
mod scope;
mod secure_url;
mod server;
#[cfg(feature = "testing")]
pub mod testing;
mod token;

pub use auth_info::AuthInfo;
pub use claims::{Claims, ClaimsReader, InvalidScopeClaim, ScopeClaim};
pub use clock::{Clock, SystemClock};
pub use guard::Authorized;
#[cfg(feature = "introspection")]
pub use introspection::{ClientAuthentication, Introspection, IntrospectionBuilder, TokenSource};
pub use policy::Condition;
pub use rejection::{Reason, Rejection, TokenProblem};
pub use requires_auth_macros::requires_auth;
pub use resolve::{BadAnswer, ResolveError, Resolver, Unavailable};
pub use scope::{ScopeError, ScopeSet};
pub use secure_url::UrlProblem;
pub use server::{
    AudienceCheck, ProtectedResourceMetadata, ResourceServer, ResourceServerBuilder, SetupError,
};
#[cfg(feature = "introspection")]
pub use server::{ClientAuthenticationMethod, ResourceServerConfig};
pub use token::{AccessToken, MalformedToken};

/// What the attribute's output names.
#[doc(hidden)]
pub mod __private {
    pub use crate::guard::{Authorized, Injected};
    pub use crate::policy::spelled::{All, Any, AnyToken, End, Optional, Policy, S};
}
