//! Client authentication with a bearer token of the client credentials grant (RFC 6749 §4.4).

use super::IntrospectionBuilder;
use crate::{ClientAuthentication, ClientCredentialsGrant};

impl IntrospectionBuilder {
    /// Authenticates introspection requests with a bearer token that is obtained at the token endpoint and renewed, for
    /// endpoints that require one. Default: no client authentication.
    pub fn client_credentials_grant(self, grant: ClientCredentialsGrant) -> Self {
        self.client_authentication(ClientAuthentication::ClientCredentials(Box::new(grant)))
    }
}
