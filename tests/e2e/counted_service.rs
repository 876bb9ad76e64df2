//! A service whose handlers count their runs: for tests that a function did not run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::FromRef;
use fixtures::http_server::HttpServer;
use requires_auth::testing::AuthorizationServer;
use requires_auth::{Introspection, ResourceServer};

use crate::service::RESOURCE;

#[derive(Debug, Clone, FromRef)]
pub struct App {
    server: ResourceServer,
    runs: Runs,
}

#[derive(Debug, Clone, Default)]
pub struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub fn ran(&self, text: impl Into<String>) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        text.into()
    }
}

/// A running service. Dropping it stops the service.
pub struct CountedService {
    pub address: SocketAddr,
    authorization_server: AuthorizationServer,
    runs: Runs,
    _server: HttpServer,
}

impl CountedService {
    pub async fn start(routes: Router<App>) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url());
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.build().unwrap())
            .build()
            .unwrap();
        let runs = Runs::default();
        let server = HttpServer::start(routes.with_state(App { server, runs: runs.clone() })).await;
        Self { address: server.address(), authorization_server, runs, _server: server }
    }

    pub fn token(&self, subject: &str, scopes: &str) -> String {
        let mint = self.authorization_server.mint();
        mint.subject(subject).audience(RESOURCE).scopes(scopes).issue()
    }

    pub fn runs(&self) -> usize {
        self.runs.0.load(Ordering::SeqCst)
    }
}
