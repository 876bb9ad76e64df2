//! In process: a guarded handler and a bare one, asked without a socket.

use std::future::poll_fn;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{MethodRouter, RouterIntoService, get};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use requires_auth::ResourceServer;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

use crate::support::caller::{TOKEN, bare, extracting, guarded, server};
use crate::support::contest::{Contender, compare};
use crate::support::table::{Table, line, ns, title};

const ROUNDS: usize = 400;
const CALLS: u32 = 1000;

pub fn run(table: &mut Table) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut with, mut without) = (App::new(get(guarded)), App::new(get(bare)));
    let mut extracting = App::new(get(extracting));
    let mut contenders = [
        Contender::new("bare handler", |calls| without.ask(&runtime, calls)),
        Contender::new("guarded handler", |calls| with.ask(&runtime, calls)),
        Contender::new("bare handler with an argument", |calls| extracting.ask(&runtime, calls)),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title("A cached check in axum, in process");
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, ns(rounds.median(place)));
    }
    line("an argument adds, whatever it is", ns(rounds.added(2, 0)));
    let added = rounds.added(1, 0);
    table.judge("the guard adds", ns(added), "300 ns", added <= 300.0);
}

struct App {
    service: RouterIntoService<Body>,
    credentials: HeaderValue,
}

impl App {
    fn new(handler: MethodRouter<ResourceServer>) -> Self {
        let router = Router::new().route("/", handler);
        let credentials = HeaderValue::try_from(format!("Bearer {TOKEN}")).expect("a header");
        Self { service: router.with_state(server()).into_service(), credentials }
    }

    fn ask(&mut self, runtime: &Runtime, calls: u32) {
        runtime.block_on(async {
            for _ in 0..calls {
                let mut request = Request::new(Body::empty());
                request.headers_mut().insert(AUTHORIZATION, self.credentials.clone());
                assert_eq!(self.answer(request).await.status(), 200);
            }
        });
    }

    async fn answer(&mut self, request: Request<Body>) -> Response {
        let ready =
            poll_fn(|context| Service::<Request<Body>>::poll_ready(&mut self.service, context));
        match ready.await {
            Ok(()) => self.service.call(request).await.unwrap_or_else(|never| match never {}),
            Err(never) => match never {},
        }
    }
}
