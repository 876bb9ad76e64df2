//! OAuth clients: registered ones, their authentication, and their metadata.

#[cfg(feature = "jwt")]
mod assertion;
pub(super) mod authentication;
pub(super) mod client;
pub(super) mod metadata;
pub(super) mod metadata_document;
mod public_address;
mod redirect_uri;
