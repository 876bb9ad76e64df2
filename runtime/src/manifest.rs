//! Which functions of a program are guarded, and what they require of their callers.
//!
#![doc = include_str!("../docs/manifest.md")]

mod changes;
mod entries;
mod entry;
mod function_paths;
mod html;
mod json;
mod markdown;
mod registration;
mod requirement;
mod scope_expression;
mod snapshot;
mod table;
mod typed_literals;

pub use entries::Manifest;
pub use entry::{Entry, Kind};
pub(crate) use function_paths::path_of;
#[doc(hidden)]
pub use registration::Registration;
