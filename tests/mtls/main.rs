//! Certificate-bound tokens through a real nginx and a real Envoy, with curl: the configurations are those of the guide.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod proxy;

use std::process::Command;

use axum::{Router, routing::get};
use fixtures::http_server::HttpServer;
use fixtures::raw_http::{Request, Response};
use proxy::Proxy;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, ClientCertificateSource, Introspection, ProxyHeader, ResourceServer, requires_auth,
};
use sha2::Digest as _;

const RESOURCE: &str = "https://journal.example/";

const GREETING: &str = "Hello, alice!";

#[requires_auth(scopes = "hello:read")]
async fn hello(auth: AuthInfo) -> String {
    format!("Hello, {}!", auth.subject().unwrap_or("machine"))
}

struct Service {
    authorization_server: AuthorizationServer,
    http: HttpServer,
}

impl Service {
    /// Behind a proxy on this machine.
    async fn behind(header: ProxyHeader) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .client_certificate_source(ClientCertificateSource::proxy(header, ["127.0.0.1"]))
            .build()
            .unwrap();
        let router = Router::new().route("/", get(hello)).with_state(server);
        Self { authorization_server, http: HttpServer::start(router).await }
    }

    fn token(&self, bound_to: Option<&Identity>) -> String {
        let mint = self.authorization_server.mint().subject("alice").audience(RESOURCE);
        let mint = mint.scopes("hello:read");
        match bound_to {
            Some(identity) => mint.bound_to_certificate(&identity.der).issue(),
            None => mint.issue(),
        }
    }
}

/// A client certificate that no authority has signed, in a file with its key.
struct Identity {
    der: Vec<u8>,
    pem: String,
    file: fixtures::test_file::TestFile,
}

impl Identity {
    fn new(name: &str) -> Self {
        Self::with_uri(name, None)
    }

    /// With a URI as a further name, which Envoy does not escape.
    fn with_uri(name: &str, uri: Option<&str>) -> Self {
        let (key, mut params) =
            (rcgen::KeyPair::generate().unwrap(), rcgen::CertificateParams::default());
        let names = uri.into_iter().map(|uri| rcgen::SanType::URI(uri.try_into().unwrap()));
        params.subject_alt_names.extend(names);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        let file = fixtures::test_file::TestFile::new(&format!("{pem}{}", key.serialize_pem()));
        Self { der: certificate.der().to_vec(), pem, file }
    }

    /// As nginx writes it into the header.
    fn escaped(&self) -> String {
        let escape = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        [("\n", "%0A"), (" ", "%20"), ("+", "%2B"), ("/", "%2F"), ("=", "%3D")]
            .iter()
            .fold(self.pem.clone(), escape)
    }
}

/// The status and the body that curl gets through the proxy.
async fn curl(
    proxy: &Proxy,
    token: &str,
    identity: Option<&Identity>,
    header: &str,
) -> (String, String) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code}"])
        .arg("--cacert")
        .arg(proxy.certificate())
        .arg("--header")
        .arg(format!("authorization: Bearer {token}"));
    if !header.is_empty() {
        curl.arg("--header").arg(header);
    }
    if let Some(identity) = identity {
        curl.arg("--cert").arg(identity.file.path());
    }
    curl.arg(format!("https://localhost:{}/", proxy.port));
    let output = tokio::task::spawn_blocking(move || curl.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

fn greeting() -> (String, String) {
    ("200".to_owned(), GREETING.to_owned())
}

fn rejected() -> (String, String) {
    ("401".to_owned(), fixtures::rejection_body::INVALID_TOKEN.to_owned())
}

#[tokio::test]
async fn the_certificate_of_the_client_passes_through_nginx() {
    // R-H2
    let service = Service::behind(ProxyHeader::Nginx).await;
    let nginx = Proxy::nginx(service.http.address());
    let (alice, mallory) = (Identity::new("alice"), Identity::new("mallory"));
    let (bound, unbound) = (service.token(Some(&alice)), service.token(None));
    assert_eq!(curl(&nginx, &bound, Some(&alice), "").await, greeting());
    assert_eq!(curl(&nginx, &bound, Some(&mallory), "").await, rejected());
    assert_eq!(curl(&nginx, &bound, None, "").await, rejected());
    for identity in [Some(&alice), Some(&mallory), None] {
        assert_eq!(curl(&nginx, &unbound, identity, "").await, greeting());
    }
}

#[tokio::test]
async fn nginx_removes_the_header_of_the_client() {
    // R-H2 (RFC 9440 §4)
    let service = Service::behind(ProxyHeader::Nginx).await;
    let nginx = Proxy::nginx(service.http.address());
    let (alice, mallory) = (Identity::new("alice"), Identity::new("mallory"));
    let bound = service.token(Some(&alice));
    for name in ["X-SSL-Client-Cert", "x-ssl-client-cert", "X_SSL_Client_Cert", "Client-Cert"] {
        let header = format!("{name}: {}", alice.escaped());
        assert_eq!(curl(&nginx, &bound, Some(&mallory), &header).await, rejected(), "{name}");
        assert_eq!(curl(&nginx, &bound, None, &header).await, rejected(), "{name}");
    }
    let header = format!("X-SSL-Client-Cert: {}", mallory.escaped());
    assert_eq!(curl(&nginx, &bound, Some(&alice), &header).await, greeting());
    // The header is of the right form: who reaches the service from a trusted address past nginx is believed.
    let past = Request::get("/").bearer(&bound).header("X-SSL-Client-Cert", alice.escaped());
    let response: Response = past.send(service.http.address()).await;
    assert_eq!((response.status, response.body.as_str()), (200, GREETING));
}

/// As Envoy writes it into the header.
fn element(identity: &Identity) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    let hash: String = sha2::Sha256::digest(&identity.der).iter().map(hex).collect();
    format!("Hash={hash}")
}

/// What `set_current_client_cert_details` can add.
const ALL_DETAILS: &str = "set_current_client_cert_details: { subject: true, cert: true, chain: true, dns: true, uri: true }";

#[tokio::test]
async fn the_certificate_of_the_client_passes_through_envoy() {
    // R-H2
    let service = Service::behind(ProxyHeader::Envoy).await;
    let (alice, mallory) = (Identity::new("alice, \"O=x\";"), Identity::new("mallory"));
    let (bound, unbound) = (service.token(Some(&alice)), service.token(None));
    for details in ["", ALL_DETAILS] {
        let envoy = Proxy::envoy(service.http.address(), details);
        assert_eq!(curl(&envoy, &bound, Some(&alice), "").await, greeting(), "{details}");
        assert_eq!(curl(&envoy, &bound, Some(&mallory), "").await, rejected());
        assert_eq!(curl(&envoy, &bound, None, "").await, rejected());
        for identity in [Some(&alice), Some(&mallory), None] {
            assert_eq!(curl(&envoy, &unbound, identity, "").await, greeting());
        }
    }
}

#[tokio::test]
async fn envoy_removes_the_header_of_the_client() {
    // R-H2 (RFC 9440 §4)
    let service = Service::behind(ProxyHeader::Envoy).await;
    let (alice, mallory) = (Identity::new("alice"), Identity::new("mallory"));
    let bound = service.token(Some(&alice));
    let envoy = Proxy::envoy(service.http.address(), "");
    for name in ["x-forwarded-client-cert", "X-Forwarded-Client-Cert", "X_Forwarded_Client_Cert"] {
        let header = format!("{name}: {}", element(&alice));
        assert_eq!(curl(&envoy, &bound, Some(&mallory), &header).await, rejected(), "{name}");
        assert_eq!(curl(&envoy, &bound, None, &header).await, rejected(), "{name}");
    }
    let header = format!("x-forwarded-client-cert: {}", element(&mallory));
    assert_eq!(curl(&envoy, &bound, Some(&alice), &header).await, greeting());
}

#[tokio::test]
async fn a_name_in_a_certificate_adds_nothing_to_the_header_of_envoy() {
    // R-H2: Envoy does not escape a URI, which the client chooses.
    let service = Service::behind(ProxyHeader::Envoy).await;
    let alice = Identity::new("alice");
    let bound = service.token(Some(&alice));
    let element = element(&alice);
    for details in ["", ALL_DETAILS] {
        let envoy = Proxy::envoy(service.http.address(), details);
        for uri in [
            format!("x:y,{element}"),
            format!("x:y;{element}"),
            format!("\",{element}"),
            format!("\";{element};By=\""),
            format!("x:y,By=z;{element}"),
        ] {
            let mallory = Identity::with_uri(&format!("a\",{element},\""), Some(&uri));
            assert_eq!(curl(&envoy, &bound, Some(&mallory), "").await, rejected(), "{uri}");
        }
    }
}
