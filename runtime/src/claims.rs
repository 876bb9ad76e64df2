//! What an authorization server says of a token, once it has been checked for form.

mod facts;
mod json;
mod kind;
mod reader;
#[cfg(feature = "redis")]
mod record;
mod scope_claim;
mod stale;

pub use facts::Claims;
pub use reader::ClaimsReader;
#[cfg(feature = "redis")]
pub(crate) use record::Record;
pub use scope_claim::{InvalidScopeClaim, ScopeClaim};
