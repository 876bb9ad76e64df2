//! Lowering: the tokens that are emitted.

pub(crate) mod guard_argument;
mod policy_type;
mod shared_caller;
