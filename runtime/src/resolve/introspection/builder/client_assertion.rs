//! Client authentication with an assertion (RFC 7523 §2.2).

use super::IntrospectionBuilder;
use crate::{ClientAssertion, ClientAuthentication};

impl IntrospectionBuilder {
    /// Authenticates the client with `private_key_jwt` or `client_secret_jwt`: a JWT that this server signs for each
    /// request (RFC 7523 §2.2). Default: no client authentication.
    ///
    /// ```
    /// use requires_auth::{ClientAssertion, Introspection, SecretSource};
    ///
    /// let key = SecretSource::file("/run/secrets/journal.pem");
    /// let builder = Introspection::from_issuer("https://auth.example")
    ///     .client_assertion(ClientAssertion::private_key_jwt("journal", key));
    /// ```
    pub fn client_assertion(self, assertion: ClientAssertion) -> Self {
        self.client_authentication(ClientAuthentication::Assertion(assertion))
    }
}
