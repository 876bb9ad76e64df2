//! HTTP access to an authorization server: its metadata, and the endpoints that the metadata names.

pub(super) mod background_task;
pub(super) mod client_certificate;
pub(super) mod connection;
pub(super) mod defaults;
pub(super) mod discovery;
pub(super) mod endpoint;
pub(super) mod endpoint_source;
pub(super) mod http_client;
pub(super) mod metadata;
pub(super) mod metadata_member;
pub(super) mod retry_delay;
pub(super) mod tls;
pub(super) mod trust_anchors;
