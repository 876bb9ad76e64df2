//! Metrics of the guard on a Prometheus endpoint, with an authorization server for the demonstration.
//!
//! ```sh
//! cargo run --example metrics
//! ```
//!
//! It prints commands to paste. `requires_auth::telemetry::metrics` says what each metric means.

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

/// Seconds. An exchange ends after five by default.
const BUCKETS: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Shows which requests are refused because of the set-up; RUST_LOG=requires_auth=debug shows all.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter.from_env_lossy());
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
        // Open, as most Prometheus servers expect it; keep it away from the internet.
        .route("/metrics", get(|| async move { prometheus.render() }))
        .with_state(server);
    println!("listening on {url}");
    println!("# 200: the first asks the authorization server, the others hit the cache");
    println!("for _ in 1 2 3; do curl -s {url}/entries -H 'Authorization: Bearer {token}'; done");
    println!("# 403: counted with the scope that was needed");
    println!("curl -s -X POST {url}/entries -H 'Authorization: Bearer {token}'");
    println!("# 401");
    println!("curl -s {url}/entries -H 'Authorization: Bearer unknown'");
    println!("# and what was counted");
    println!("curl -s {url}/metrics");
    Ok(axum::serve(listener, app).await?)
}
