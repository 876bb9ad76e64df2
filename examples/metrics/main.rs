//! The metrics of the guard on a Prometheus endpoint, with an authorization server of its own.
//!
//! ```sh
//! cargo run --example metrics
//! ```
//!
//! It prints commands to paste. The module `requires_auth::telemetry::metrics` documents each metric.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use requires_auth::testing::AuthorizationServer;
use requires_auth::{
    AuthInfo, Cached, Introspection, ResourceServer, requires_auth, telemetry::metrics,
};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[requires_auth(scopes = "entries:read")]
async fn list_entries(auth: AuthInfo) -> String {
    format!("the entries of {}\n", auth.subject().unwrap_or("nobody"))
}

#[requires_auth(scopes = "entries:write")]
async fn create_entry() -> &'static str {
    "written\n"
}

/// The buckets of the duration of an introspection request, in seconds. Its default timeout is 5 s.
const BUCKETS: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Shows the rejections that a setting may cause; RUST_LOG=requires_auth=debug shows all.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter.from_env_lossy());
    subscriber.with_writer(std::io::stderr).init();

    let duration = Matcher::Full(metrics::INTROSPECTION_REQUEST_DURATION.to_owned());
    let prometheus =
        PrometheusBuilder::new().set_buckets_for_metric(duration, &BUCKETS)?.install_recorder()?;
    metrics::describe();
    let upkeep = prometheus.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let authorization_server = AuthorizationServer::start().await?;
    let introspection = Introspection::builder(authorization_server.introspection_url()).build()?;
    let server = ResourceServer::builder(&url)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(introspection))
        .build()?;
    let token = authorization_server.mint();
    let token = token.subject("alice").audience(&url).scopes("entries:read").issue();

    let app = Router::new()
        .route("/entries", get(list_entries))
        .route("/entries", post(create_entry))
        // Not guarded, since most Prometheus servers send no token. Do not expose it to the internet.
        .route("/metrics", get(|| async move { prometheus.render() }))
        .with_state(server);
    println!("listening on {url}");
    println!("# 200: the first request needs an introspection request, the others hit the cache");
    println!("for _ in 1 2 3; do curl -s {url}/entries -H 'Authorization: Bearer {token}'; done");
    println!("# 403: counted with the scope that is missing");
    println!("curl -s -X POST {url}/entries -H 'Authorization: Bearer {token}'");
    println!("# 401");
    println!("curl -s {url}/entries -H 'Authorization: Bearer unknown'");
    println!("# the metrics");
    println!("curl -s {url}/metrics");
    Ok(axum::serve(listener, app).await?)
}
