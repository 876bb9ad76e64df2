//! What is allocated: for a request whose token is known, and for each token that is remembered.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

#[path = "../benches/support/caller.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod caller;

use std::convert::Infallible;

use allocation_counter::{AllocationInfo, measure};
use axum::Router;
use axum::body::Body;
use axum::handler::Handler;
use axum::routing::get;
use caller::{Known, TOKEN, bare, extracting, guarded, server};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use requires_auth::{AccessToken, Cached, Resolver, ResourceServer};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

/// What one remembered token may cost, all included.
const LARGEST_ENTRY: f64 = 1536.0;

const ENTRIES: u32 = 20_000;

/// What the allocator itself takes for each piece, at most: its header, and what it rounds up.
const PER_ALLOCATION: i64 = 32;

#[test]
fn a_known_token_costs_no_allocation() {
    // R-E1: at most two are allowed for.
    let runtime = runtime();
    let with = allocations(&runtime, guarded);
    let without = allocations(&runtime, bare);
    let extracting = allocations(&runtime, extracting);
    assert_eq!(extracting, without, "axum allocates nothing more for an argument");
    assert_eq!(with, without);
}

#[test]
fn a_remembered_token_costs_at_most_a_kibibyte_and_a_half() {
    // R-E5
    let runtime = runtime();
    let cached = Cached::new(Known);
    let tokens: Vec<AccessToken> = (0..ENTRIES)
        .map(|number| format!("{number:.>71}").parse::<AccessToken>().unwrap())
        .collect();
    // What the runtime keeps for itself.
    runtime.block_on(cached.resolve(&"first".parse::<AccessToken>().unwrap())).unwrap();
    let AllocationInfo { bytes_current, count_current, .. } = measure(|| {
        runtime.block_on(async {
            for token in &tokens {
                cached.resolve(token).await.unwrap();
            }
        });
    });
    let bytes = i32::try_from(bytes_current + PER_ALLOCATION * count_current).unwrap();
    let each = f64::from(bytes) / f64::from(ENTRIES);
    println!("a remembered token costs {each:.0} bytes");
    assert!((500.0..=LARGEST_ENTRY).contains(&each), "{each} bytes");
}

/// How many allocations a request to this handler takes that is like one before.
fn allocations<T: 'static>(runtime: &Runtime, handler: impl Handler<T, ResourceServer>) -> u64 {
    let mut app = Router::new().route("/", get(handler)).with_state(server()).into_service();
    // As hyper has it: a part of what was read from the connection, which all headers share.
    let credentials = HeaderValue::try_from(format!("Bearer {TOKEN}")).unwrap();
    let mut ask = || {
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(AUTHORIZATION, credentials.clone());
        let answer: Result<_, Infallible> = runtime.block_on(app.call(request));
        assert_eq!(answer.unwrap().status(), 200);
    };
    ask();
    let counted = measure(&mut ask).count_total;
    assert_eq!(measure(&mut ask).count_total, counted, "each time the same");
    counted
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
