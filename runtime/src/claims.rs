//! The claims of a token: reads them from JSON, and gives them types.

mod actor;
mod authorization_details;
mod claim_set;
#[expect(clippy::module_inception, reason = "the file of the type `Claims`")]
mod claims;
mod confirmation;
mod document;
mod duplicate_members;
mod json_value;
mod login;
mod reader;
mod scope_claim;
#[cfg(feature = "redis")]
mod serialized;
mod stale;
mod token_type;

pub use actor::Actor;
pub use claims::Claims;
pub(crate) use confirmation::Confirmation;
#[cfg(feature = "jwt")]
pub(crate) use document::parse_unambiguous;
#[cfg(feature = "jwt")]
pub(crate) use duplicate_members::UnambiguousValue;
#[cfg(feature = "jwt")]
pub(crate) use json_value::JsonString;
pub(crate) use json_value::JsonValue;
pub use reader::ClaimsReader;
pub use scope_claim::{ScopeClaim, ScopeClaimError};
#[cfg(feature = "redis")]
pub(crate) use serialized::SerializedClaims;
