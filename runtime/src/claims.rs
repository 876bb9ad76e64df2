//! What an authorization server says of a token, once it has been checked for form.

mod claim_set;
mod duplicate_members;
mod introspection_response;
mod scope_claim;
#[cfg(feature = "redis")]
mod serialized;
mod stale;
mod token_type;

pub use claim_set::Claims;
pub use introspection_response::ClaimsReader;
pub use scope_claim::{ScopeClaim, ScopeClaimError};
#[cfg(feature = "redis")]
pub(crate) use serialized::SerializedClaims;
