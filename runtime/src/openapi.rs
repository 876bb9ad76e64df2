//! OpenAPI documents by utoipa, whose security requirements come from the attribute.
//!
#![doc = include_str!("../docs/openapi.md")]

mod extension;
mod responses;
mod security;

#[doc(hidden)]
pub use extension::{EXTENSION, openapi_extension};
pub use security::OpenApiSecurity;
