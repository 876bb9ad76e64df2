//! A service that ends TLS itself, and accepts access tokens that are bound to a client certificate (RFC 8705).
//!
//! ```sh
//! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
//!     -addext subjectAltName=DNS:localhost -keyout server.key -out server.pem
//! TLS_CERTIFICATE=server.pem TLS_KEY=server.key \
//! REQUIRES_AUTH_RESOURCE=https://localhost:3000 \
//! REQUIRES_AUTH_INTROSPECTION_URL=https://auth.example/oauth2/introspect \
//! REQUIRES_AUTH_CLIENT_CERTIFICATE_SOURCE=connection \
//! REQUIRES_AUTH_CLIENT_ID=hello REQUIRES_AUTH_CLIENT_SECRET=… cargo run --example mtls
//! curl -i https://localhost:3000/ --cacert server.pem --cert client.pem --key client.key \
//!     -H "Authorization: Bearer $TOKEN"
//! ```

mod any_certificate;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use any_certificate::AnyCertificate;
use axum::{Extension, Router, routing::get};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use requires_auth::{AuthInfo, ClientCertificate, ResourceServer, requires_auth};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

#[requires_auth(scopes = "hello:read")]
async fn hello(auth: AuthInfo) -> String {
    format!("Hello, {}!\n", auth.subject().unwrap_or("machine"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = ResourceServer::from_env().await?;
    let app =
        Router::new().route("/", get(hello)).merge(server.metadata_routes()).with_state(server);
    let acceptor = TlsAcceptor::from(Arc::new(tls_config()?));
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("listening on https://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, app) = (acceptor.clone(), app.clone());
        // In a task, so that a client with a slow handshake delays no other one.
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &acceptor, app).await {
                eprintln!("mtls: {error}");
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    mut app: Router,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
    // The first one is that of the client; the others are its chain.
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    if let Some(certificate) = certificate {
        // In the extensions of each request of this connection.
        app = app.layer(Extension(ClientCertificate::from_der(certificate)));
    }
    let mut connection = hyper::server::conn::http1::Builder::new();
    connection.timer(TokioTimer::new());
    Ok(connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)).await?)
}

fn tls_config() -> Result<ServerConfig, Box<dyn Error>> {
    let certificates = CertificateDer::pem_file_iter(std::env::var("TLS_CERTIFICATE")?)?
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(std::env::var("TLS_KEY")?)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(AnyCertificate(provider)))
        .with_single_cert(certificates, key)?;
    Ok(config)
}
