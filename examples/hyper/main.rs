//! A service on hyper, without a framework: one function that requires a scope.
//!
//! ```sh
//! REQUIRES_AUTH_RESOURCE=http://127.0.0.1:3000 \
//! REQUIRES_AUTH_INTROSPECTION_URL=https://auth.example/oauth2/introspect \
//! REQUIRES_AUTH_CLIENT_ID=hello REQUIRES_AUTH_CLIENT_SECRET=… cargo run --example hyper
//! curl -i http://127.0.0.1:3000/ -H "Authorization: Bearer $TOKEN"
//! ```

use std::convert::Infallible;
use std::error::Error;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};
use tokio::net::TcpListener;

#[requires_auth(scopes = "hello:read", from = request, server = server)]
async fn hello(
    server: &ResourceServer,
    request: &Request<Incoming>,
    auth: AuthInfo,
) -> Result<String, Rejection> {
    Ok(format!("Hello, {}!\n", auth.subject().unwrap_or("machine")))
}

async fn answer(server: &ResourceServer, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match hello(server, &request).await {
        Ok(text) => Response::new(text.into()),
        Err(rejection) => rejection.to_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = ResourceServer::from_env().await?;
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let server = server.clone();
        tokio::spawn(async move {
            let service =
                service_fn(async |request| Ok::<_, Infallible>(answer(&server, request).await));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("hyper: {error}");
            }
        });
    }
}
