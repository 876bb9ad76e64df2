//! Over HTTP: the throughput of a guarded handler, compared with an unguarded one. Without a budget, the same for a
//! handler with an extractor that does nothing, and for one that only hashes the token. The latter is the limit for
//! a guard whose cache holds no tokens.

use std::cell::RefCell;
use std::convert::Infallible;
use std::hint::black_box;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::get;
use bench_support::http_load::{Connections, serve};
use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, percent, us};
use bench_support::token::TOKEN;
use http::header::AUTHORIZATION;
use http::request::Parts;
use siphasher::sip128::SipHasher24;

use crate::fixture::{BODY, extractor, guarded, server, unguarded};

const ROUNDS: usize = 150;
const CALLS: u32 = 3200;

/// The number of connections that send requests concurrently.
const CONNECTIONS: u32 = 32;

pub fn run(report: &mut Report) {
    let app = Router::new()
        .route("/unguarded", get(unguarded))
        .route("/guarded", get(guarded))
        .route("/extractor", get(extractor))
        .route("/hashing", get(hashing));
    let address = serve(app.with_state(server()));
    // All requests have the same length.
    let request = |path: &str| {
        format!("GET {path:?<12} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n")
    };
    let first = request("/unguarded");
    // All variants use the same connections, because connections differ in speed.
    let connections = RefCell::new(Connections::new(address, CONNECTIONS, || first.clone(), BODY));
    let handler = |name, path| {
        let (request, connections) = (request(path), &connections);
        Variant::new(name, move |calls| {
            let mut connections = connections.borrow_mut();
            connections.set_request(&request);
            connections.send(calls);
        })
    };
    let mut variants = [
        handler("unguarded handler", "/unguarded"),
        handler("guarded handler", "/guarded"),
        handler("unguarded handler with an extractor", "/extractor"),
        handler("handler that only hashes the token", "/hashing"),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading(&format!("Over HTTP, {CONNECTIONS} persistent connections"));
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, us(rounds.median(index)));
    }
    let kept = |index| rounds.ratio(0, index);
    figure("throughput with an extractor that does nothing", percent(kept(2)));
    figure("throughput with the hash alone", percent(kept(3)));
    report.check("throughput with the guard", percent(kept(1)), "97 %", kept(1) >= 0.97);
}

async fn hashing(_: Hashed) -> &'static str {
    BODY
}

/// The hash of the token.
struct Hashed;

impl<S: Sync> FromRequestParts<S> for Hashed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let token = &parts.headers[AUTHORIZATION].as_bytes()["Bearer ".len()..];
        black_box(SipHasher24::new_with_key(&[7; 16]).hash(token));
        Ok(Self)
    }
}
