//! The members of the metadata that name an endpoint.

/// A member of the metadata that names an endpoint (RFC 8414 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetadataMember {
    IntrospectionEndpoint,
    TokenEndpoint,
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "only keys of JWTs are in it"))]
    JwksUri,
}

impl MetadataMember {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::IntrospectionEndpoint => "introspection_endpoint",
            Self::TokenEndpoint => "token_endpoint",
            Self::JwksUri => "jwks_uri",
        }
    }

    /// The setting that replaces the member.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::IntrospectionEndpoint => "`introspection_url` (REQUIRES_AUTH_INTROSPECTION_URL)",
            Self::TokenEndpoint => "`token_url` (REQUIRES_AUTH_TOKEN_URL)",
            Self::JwksUri => "`jwks_uri` (REQUIRES_AUTH_JWKS_URI)",
        }
    }

    pub(crate) fn not_discovered(self) -> &'static str {
        match self {
            Self::IntrospectionEndpoint => "the introspection endpoint is not discovered yet",
            Self::TokenEndpoint => "the token endpoint is not discovered yet",
            Self::JwksUri => "the URL of the issuer's key set is not discovered yet",
        }
    }

    pub(crate) fn too_many_waiting(self) -> &'static str {
        match self {
            Self::IntrospectionEndpoint => {
                "too many requests wait for the discovery of the introspection endpoint"
            }
            Self::TokenEndpoint => "too many requests wait for the discovery of the token endpoint",
            Self::JwksUri => "too many requests wait for the discovery of the issuer's key set",
        }
    }
}
