//! HTTP access to an authorization server: its metadata, and the endpoints that the metadata names.

pub(super) mod background_task;
pub(crate) mod client_certificate;
pub(crate) mod connection;
pub(crate) mod defaults;
pub(crate) mod discovery;
pub(crate) mod endpoint;
pub(crate) mod endpoint_source;
pub(crate) mod http_client;
pub(super) mod metadata;
pub(crate) mod metadata_member;
pub(crate) mod retry_delay;
pub(crate) mod tls;
pub(crate) mod trust_anchors;
