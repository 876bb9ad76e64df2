//! Two threads that send the same token at the same time, compared with one thread. A part of the check that all threads
//! write to makes each of them wait for the other.

use std::cell::RefCell;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use axum::extract::FromRef;
use axum::routing::get;
use bench_support::paired_runs::{Rounds, Variant, compare};
use bench_support::report::{Report, figure, heading, ns, percent};
use bench_support::token::TOKEN;
use http::header::AUTHORIZATION;
use requires_auth::{Condition, ResourceServer};
use siphasher::sip128::SipHasher24;
use tokio::runtime::{Builder, Runtime};

use super::in_process::App;
use crate::fixture::{guarded, server, unguarded};

const ROUNDS: usize = 100;
/// Enough to make the start of the second thread negligible.
const CALLS: u32 = 20_000;

const CONDITION: Condition =
    Condition::All(&[Condition::Scope("entries:read"), Condition::Scope("entries:write")]);

pub fn run(report: &mut Report) {
    let server = server();
    // These put the claims into the cache as well.
    handlers("The state is the `ResourceServer`", server.clone(), report);
    let reference: &'static ResourceServer = Box::leak(Box::new(server.clone()));
    handlers("The state is a reference to it", reference, report);
    let mut variants = [
        Variant::new("hashing the token five times, one thread", hash),
        Variant::new("… two threads", |calls| {
            both(|| hash(calls), || hash(calls));
        }),
        Variant::new("`ResourceServer::authorize`, one thread", |calls| authorize(&server, calls)),
        Variant::new("`ResourceServer::authorize`, two threads", |calls| {
            both(|| authorize(&server, calls), || authorize(&server, calls));
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading("Two threads with one known token");
    print(&variants, &rounds);
    let of_hashing = 2.0 * rounds.ratio(0, 1);
    let of_authorize = 2.0 * rounds.ratio(2, 3);
    figure("throughput of two threads, of that of one, hashing", percent(of_hashing));
    figure("… of `authorize`", percent(of_authorize));
    let kept = of_authorize / of_hashing;
    report.check("… of `authorize`, of that of hashing", percent(kept), "95 %", kept >= 0.95);
}

/// What the guard adds to a handler with this state.
fn handlers<S>(title: &str, state: S, report: &mut Report)
where
    S: Clone + Send + Sync + 'static,
    ResourceServer: FromRef<S>,
{
    let app = |handler| Handler::new(App::with_state(handler, state.clone()));
    let (one, mut other) = (RefCell::new(app(get(unguarded))), app(get(unguarded)));
    let (guarded_one, mut guarded_other) = (RefCell::new(app(get(guarded))), app(get(guarded)));
    let mut variants = [
        Variant::new("unguarded handler, one thread", |calls| one.borrow_mut().send(calls)),
        Variant::new("guarded handler, one thread", |calls| guarded_one.borrow_mut().send(calls)),
        Variant::new("unguarded handler, two threads", |calls| {
            let one = &mut *one.borrow_mut();
            both(|| one.send(calls), || other.send(calls));
        }),
        Variant::new("guarded handler, two threads", |calls| {
            let one = &mut *guarded_one.borrow_mut();
            both(|| one.send(calls), || guarded_other.send(calls));
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading(title);
    print(&variants, &rounds);
    let (alone, together) = (rounds.added(1, 0), rounds.added(3, 2));
    figure("the guard adds, one thread", ns(alone));
    figure("the guard adds, two threads", ns(together));
    let ratio = together / alone;
    report.check("… of what it adds with one thread", format!("{ratio:.2}"), "1.1", ratio <= 1.1);
}

fn print(variants: &[Variant<'_>], rounds: &Rounds) {
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
}

fn both(one: impl FnOnce() + Send, other: impl FnOnce()) {
    thread::scope(|scope| {
        scope.spawn(one);
        other();
    });
}

/// Work that writes to no memory, of about the time of a check.
fn hash(calls: u32) {
    let hasher = SipHasher24::new_with_key(&[7; 16]);
    for _ in 0..5 * calls {
        black_box(hasher.hash(black_box(TOKEN.as_bytes())));
    }
}

fn authorize(server: &ResourceServer, calls: u32) {
    let request = http::Request::get("/").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    let (mut head, ()) = request.body(()).expect("a request").into_parts();
    for _ in 0..calls {
        let authorized = server.authorize(black_box(&mut head), black_box(CONDITION));
        match pin!(authorized).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(authorized) => drop(authorized.expect("an active token")),
            Poll::Pending => unreachable!("cached claims are ready at the first poll"),
        }
    }
}

/// A router, and the runtime of its thread.
struct Handler {
    app: App,
    runtime: Runtime,
}

impl Handler {
    fn new(app: App) -> Self {
        let mut handler = Self {
            app,
            runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
        };
        // Puts the claims into the cache.
        handler.send(1);
        handler
    }

    fn send(&mut self, calls: u32) {
        self.app.send(&self.runtime, calls);
    }
}
