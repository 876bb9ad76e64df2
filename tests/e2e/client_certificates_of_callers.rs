//! R-H2, R-H4: access tokens that are bound to a client certificate (RFC 8705 §3).

mod entry_points;
mod proxy;

use fixtures::raw_http::{Request, Response};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{ClientCertificateSource, ProxyHeader};

use crate::service::{RESOURCE, Service};

/// The certificate of the client in the tests. Only its hash counts.
const DER: &[u8] = b"the certificate of alice";

/// That of somebody else.
const OTHER_DER: &[u8] = b"the certificate of mallory";

/// A service behind a proxy on this machine, and a caller whose token is bound to a certificate.
struct Bound {
    service: Service,
    token: String,
}

impl Bound {
    async fn behind(header: ProxyHeader) -> Self {
        Self::with(ClientCertificateSource::proxy(header, ["127.0.0.1"])).await
    }

    async fn with(source: ClientCertificateSource) -> Self {
        let set =
            |server: requires_auth::ResourceServerBuilder| server.client_certificate_source(source);
        let service = Service::with(|client| client, set).await;
        let token = token(&service.authorization_server);
        Self { service, token }
    }

    /// Calls the function under test with these headers, as the proxy would send them.
    async fn call(&self, headers: &[(&str, &str)]) -> Response {
        self.call_with(&self.token, headers).await
    }

    async fn call_with(&self, token: &str, headers: &[(&str, &str)]) -> Response {
        let request = Request::get("/read").bearer(token);
        let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        headers.iter().fold(request, add).send(self.service.address).await
    }
}

/// A token of `alice` with the scope `read`, bound to her certificate.
fn token(server: &AuthorizationServer) -> String {
    let mint = server.mint().subject("alice").audience(RESOURCE);
    mint.scopes("read").bound_to_certificate(DER).issue()
}
