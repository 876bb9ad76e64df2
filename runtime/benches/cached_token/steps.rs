//! The steps of the guard, each measured alone.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Instant, SystemTime};

use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, ns};
use bench_support::token::{CLAIMS, TOKEN};
use http::header::AUTHORIZATION;
use quick_cache::sync::Cache;
use requires_auth::{AccessToken, Cached, Claims, Condition, Resolver};
use siphasher::sip128::SipHasher24;

use crate::fixture::{StaticResolver, server};

const ROUNDS: usize = 200;
const CALLS: u32 = 2000;

/// The number of entries in the hash table of the lookup.
const ENTRIES: u32 = 10_000;

pub fn run(_: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let claims = Claims::from_introspection(CLAIMS.as_bytes()).expect("claims");
    let token = TOKEN.parse::<AccessToken>().expect("a token");
    let hasher = SipHasher24::new_with_key(&[7; 16]);
    let key = |number: u32| -> [u8; 16] { hasher.hash(&number.to_be_bytes()).as_bytes() };
    let cache = Cache::new(2 * ENTRIES as usize);
    for number in 0..ENTRIES {
        cache.insert(key(number), (claims.clone(), Instant::now(), Instant::now()));
    }
    let keys: Vec<[u8; 16]> = (0..ENTRIES).step_by(7).map(key).collect();
    let cached = Cached::new(StaticResolver);
    let server = server();
    let request = http::Request::get("/").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    let (mut head, ()) = request.body(()).expect("a request").into_parts();
    let condition =
        Condition::All(&[Condition::Scope("entries:read"), Condition::Scope("entries:write")]);
    // Puts the claims into both caches.
    runtime.block_on(cached.resolve(&token)).expect("an active token");
    runtime.block_on(server.authorize(&mut head, condition)).expect("an active token");

    let mut turn = 0;
    let mut variants = [
        each("SipHash-2-4, 128 bits, of a token of 71 bytes", || {
            hasher.hash(black_box(TOKEN.as_bytes()))
        }),
        each("a lookup among 10,000 entries (quick_cache)", || {
            turn = (turn + 1) % keys.len();
            cache.get(&keys[turn])
        }),
        each("the monotonic clock", Instant::now),
        each("the wall clock", SystemTime::now),
        each("two scope comparisons", || {
            let scopes = black_box(&claims).scopes();
            scopes.contains(black_box("entries:read"))
                && scopes.contains(black_box("entries:write"))
        }),
        each(
            "`Cached`: hash, lookup and clock together",
            || now(cached.resolve(black_box(&token))),
        ),
        each("`ResourceServer::authorize`: all steps", || {
            now(server.authorize(black_box(&mut head), black_box(condition)))
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading("The steps of the guard");
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
}

fn each<'a, T>(name: &'a str, mut part: impl FnMut() -> T + 'a) -> Variant<'a> {
    Variant::new(name, move |calls| {
        for _ in 0..calls {
            black_box(part());
        }
    })
}

/// The output of a future that is ready at the first poll.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("cached claims are ready at the first poll"),
    }
}
