//! What a guarded function asks of a token: a [`Condition`] over scopes, how it is decided, which
//! scopes a challenge names for it, and how the attribute spells it as a type.

mod alternatives;
mod condition;
mod demand;
pub(crate) mod spelled;

#[cfg(feature = "rmcp")]
pub(crate) use alternatives::all_scopes;
pub(crate) use alternatives::{challenge_scopes, first_alternative};
pub use condition::Condition;
pub(crate) use demand::Demand;
