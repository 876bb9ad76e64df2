//! The parts of a check, each by itself.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Instant, SystemTime};

use http::header::AUTHORIZATION;
use quick_cache::sync::Cache;
use requires_auth::{AccessToken, Cached, Claims, Condition, Resolver};
use sha2::{Digest, Sha256};

use crate::support::caller::{CLAIMS, Known, TOKEN, server};
use crate::support::contest::{Contender, compare};
use crate::support::table::{Table, line, ns, title};

const ROUNDS: usize = 200;
const CALLS: u32 = 2000;

/// How many entries the cache of the lookup has.
const ENTRIES: u32 = 10_000;

pub fn run(_: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let claims = Claims::from_introspection(CLAIMS.as_bytes()).expect("claims");
    let token = TOKEN.parse::<AccessToken>().expect("a token");
    let begun = Sha256::new_with_prefix([7; 64]);
    let key = |number: u32| -> [u8; 32] { Sha256::digest(number.to_be_bytes()).into() };
    let cache = Cache::new(2 * ENTRIES as usize);
    for number in 0..ENTRIES {
        cache.insert(key(number), (claims.clone(), Instant::now(), Instant::now()));
    }
    let keys: Vec<[u8; 32]> = (0..ENTRIES).step_by(7).map(key).collect();
    let cached = Cached::new(Known);
    let server = server();
    let request = http::Request::get("/").header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    let (mut head, ()) = request.body(()).expect("a request").into_parts();
    let condition =
        Condition::All(&[Condition::Scope("entries:read"), Condition::Scope("entries:write")]);
    // Now they are remembered.
    runtime.block_on(cached.resolve(&token)).expect("an active token");
    runtime.block_on(server.authorize(&mut head, condition)).expect("an active token");

    let mut turn = 0;
    let mut contenders = [
        each("SHA-256 of a token of 71 bytes", || -> [u8; 32] {
            begun.clone().chain_update(black_box(TOKEN)).finalize().into()
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
        each("`ResourceServer::authorize`: the whole check", || {
            now(server.authorize(black_box(&mut head), black_box(condition)))
        }),
    ];
    let rounds = compare(&mut contenders, ROUNDS, CALLS);
    title("The parts of a check");
    for (place, contender) in contenders.iter().enumerate() {
        line(contender.name, ns(rounds.median(place)));
    }
}

fn each<'a, T>(name: &'a str, mut part: impl FnMut() -> T + 'a) -> Contender<'a> {
    Contender::new(name, move |calls| {
        for _ in 0..calls {
            black_box(part());
        }
    })
}

/// The outcome of a future that does not wait for anything.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("what is remembered is there at once"),
    }
}
