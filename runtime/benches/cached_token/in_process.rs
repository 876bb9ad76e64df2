//! In process: a guarded and an unguarded handler, called without a socket.

use std::future::poll_fn;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{MethodRouter, RouterIntoService, get};
use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, ns};
use bench_support::token::TOKEN;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use requires_auth::ResourceServer;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

use crate::fixture::{extractor, guarded, server, unguarded};

const ROUNDS: usize = 400;
const CALLS: u32 = 1000;

pub fn run(report: &mut Report) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut with, mut without) = (App::new(get(guarded)), App::new(get(unguarded)));
    let mut extractor = App::new(get(extractor));
    let mut variants = [
        Variant::new("unguarded handler", |calls| without.send(&runtime, calls)),
        Variant::new("guarded handler", |calls| with.send(&runtime, calls)),
        Variant::new("unguarded handler with an extractor", |calls| {
            extractor.send(&runtime, calls);
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading("A guarded axum handler with a cached token, in process");
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
    figure("an extractor that does nothing adds", ns(rounds.added(2, 0)));
    let added = rounds.added(1, 0);
    report.check("the guard adds", ns(added), "300 ns", added <= 300.0);
}

pub struct App {
    service: RouterIntoService<Body>,
    credentials: HeaderValue,
}

impl App {
    fn new(handler: MethodRouter<ResourceServer>) -> Self {
        Self::with_state(handler, server())
    }

    pub fn with_state<S: Clone + Send + Sync + 'static>(
        handler: MethodRouter<S>,
        state: S,
    ) -> Self {
        let router = Router::new().route("/", handler);
        let credentials = HeaderValue::try_from(format!("Bearer {TOKEN}")).expect("a header");
        Self { service: router.with_state(state).into_service(), credentials }
    }

    pub fn send(&mut self, runtime: &Runtime, calls: u32) {
        runtime.block_on(async {
            for _ in 0..calls {
                let mut request = Request::new(Body::empty());
                request.headers_mut().insert(AUTHORIZATION, self.credentials.clone());
                assert_eq!(self.response(request).await.status(), 200);
            }
        });
    }

    async fn response(&mut self, request: Request<Body>) -> Response {
        let ready =
            poll_fn(|context| Service::<Request<Body>>::poll_ready(&mut self.service, context));
        match ready.await {
            Ok(()) => self.service.call(request).await.unwrap_or_else(|never| match never {}),
            Err(never) => match never {},
        }
    }
}
