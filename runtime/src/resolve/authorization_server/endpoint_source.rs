//! Where the introspection endpoint comes from.

use std::fmt;
use std::sync::Arc;

use super::discovery::Discovery;
use super::endpoint::Endpoint;
use crate::{SetupError, UnavailableError};

/// The introspection endpoint: configured, or discovered from the issuer when it is first needed.
pub(crate) enum EndpointSource {
    Configured(Arc<Endpoint>),
    Discovered(Box<Discovery>),
}

impl EndpointSource {
    /// Returns the endpoint, or an error if it is not discovered yet. A discovered one is discovered again in the
    /// background when it is old.
    pub(crate) fn get(&self) -> Result<Arc<Endpoint>, UnavailableError> {
        match self {
            Self::Configured(endpoint) => Ok(Arc::clone(endpoint)),
            Self::Discovered(discovery) => discovery.endpoint(),
        }
    }

    /// Discovers the endpoint if it is not discovered yet and an attempt is due.
    pub(crate) async fn discover(&self) -> Result<(), UnavailableError> {
        match self {
            Self::Configured(_) => Ok(()),
            Self::Discovered(discovery) => discovery.discover().await,
        }
    }

    /// Discovers the endpoint. Fails only if no later attempt can succeed.
    pub(crate) async fn discover_at_start(&self) -> Result<(), SetupError> {
        match self {
            Self::Configured(_) => Ok(()),
            Self::Discovered(discovery) => discovery.discover_at_start().await,
        }
    }
}

/// A part of the cache namespace, so it is the same before and after the discovery, and in all instances
/// with the same configuration. The issuer identifies a discovered endpoint, which is used only if the
/// metadata is that of exactly this issuer.
impl fmt::Display for EndpointSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(endpoint) => write!(f, "{}", endpoint.url),
            // No URL starts like this, so no issuer equals an endpoint.
            Self::Discovered(discovery) => write!(f, "issuer {:?}", discovery.issuer()),
        }
    }
}
