//! The protected resource metadata document.

use serde::Serialize;

/// What a client learns about this resource before it has a token (RFC 9728 §2).
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ProtectedResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// The issuers that tokens come from; at least one.
    pub authorization_servers: Vec<String>,
    /// The scopes that the functions of this resource require.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How a token is presented: in the header and nowhere else.
    pub bearer_methods_supported: [&'static str; 1],
    /// The types of authorization details that the functions of this resource require (RFC 9396 §10).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// The name of the resource, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Where its documentation is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// `true` if the [source](crate::ClientCertificateSource) of client certificates is configured: tokens may be bound
    /// to one (RFC 8705 §3.3).
    #[cfg(feature = "mtls")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether every token must be bound to a key (RFC 9449); `None` if the scheme is not accepted. `false` is the
    /// default of RFC 9728 §2, but clients and conformance checks look for the member.
    #[cfg(feature = "dpop")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens_required: Option<bool>,
    /// The algorithms that DPoP proofs may be signed with; `None` if the scheme is not accepted.
    #[cfg(feature = "dpop")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_signing_alg_values_supported: Option<Vec<&'static str>>,
}
