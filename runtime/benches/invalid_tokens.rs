//! One million distinct invalid tokens: the memory of the process, the cached entries of valid tokens, and the
//! time of a request with a valid token meanwhile (R-L1).
//!
//! `cargo bench -p requires-auth --bench invalid_tokens` fails if a budget is exceeded.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod fixture;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use bench_support::paired_runs::{median, nanoseconds};
use bench_support::report::{Report, figure, heading, ns};
use fixture::StaticResolver;
use requires_auth::{AccessToken, Cached, Claims, ResolveError, Resolver, TokenError};
use tokio::runtime::Builder;

const INVALID: usize = 1_000_000;
const VALID: usize = 10_000;

/// The number of invalid tokens between two measurements of the memory.
const BATCH: usize = 5_000;

/// The number of valid tokens that are resolved in a row.
const LOOKUPS: usize = 500;

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let requests = Arc::new(AtomicUsize::new(0));
    let cached = Cached::new(CountingResolver(Arc::clone(&requests)));
    let valid: Vec<AccessToken> = (0..VALID).map(|number| token("valid", number)).collect();
    let resolve_valid = |from: usize| {
        let started = Instant::now();
        runtime.block_on(async {
            for number in from..from + LOOKUPS {
                cached.resolve(&valid[number % VALID]).await.expect("a valid token");
            }
        });
        nanoseconds(started.elapsed()) / f64::from(u32::try_from(LOOKUPS).expect("a number"))
    };
    for from in (0..VALID).step_by(LOOKUPS) {
        resolve_valid(from);
    }
    let before = resident();

    let flooding = AtomicBool::new(false);
    let (mut without_flood, mut during_flood) = (Vec::new(), Vec::new());
    let largest = AtomicUsize::new(before);
    let started = Instant::now();
    let sent = std::thread::scope(|scope| {
        let flood = scope.spawn(|| resolve_invalid(&cached, &flooding, &largest));
        let mut turn = 0;
        while !flood.is_finished() {
            for (now, times) in [(false, &mut without_flood), (true, &mut during_flood)] {
                flooding.store(now, Ordering::SeqCst);
                flood.thread().unpark();
                resolve_valid(turn * LOOKUPS);
                for _ in 0..4 {
                    turn += 1;
                    times.push(resolve_valid(turn * LOOKUPS));
                }
            }
        }
        flood.join().expect("every invalid token is rejected")
    });
    let duration = started.elapsed();

    heading(&format!("{sent} distinct invalid tokens beside {VALID} valid ones"));
    figure("rejected per second, with the pauses", format!("{:.0}", 1e6 / duration.as_secs_f64()));
    let grown = largest.into_inner().saturating_sub(before) >> 20;
    let mut report = Report::default();
    report.check("the process grows by at most", format!("{grown} MiB"), "64 MiB", grown <= 64);
    let (without_flood, during_flood) = (median(without_flood), median(during_flood));
    figure("a valid token, in the pauses", ns(without_flood));
    let times = during_flood / without_flood;
    figure("a valid token, in the flood", ns(during_flood));
    report.check("a valid token takes", format!("{times:.2} times as long"), "2", times <= 2.0);
    let before = requests.load(Ordering::SeqCst);
    for from in (0..VALID).step_by(LOOKUPS) {
        resolve_valid(from);
    }
    let evicted = requests.load(Ordering::SeqCst) - before;
    report.check("valid tokens that were evicted", evicted, "0", evicted == 0);
    report.exit()
}

/// Resolves all invalid tokens while `flooding` is set, and records the largest size of the process.
fn resolve_invalid(
    cached: &Cached<CountingResolver>,
    flooding: &AtomicBool,
    largest: &AtomicUsize,
) -> usize {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for batch in 0..INVALID / BATCH {
        runtime.block_on(async {
            for number in batch * BATCH..(batch + 1) * BATCH {
                while !flooding.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                let rejected = cached.resolve(&token("bad", number)).await;
                assert!(
                    matches!(rejected, Err(ResolveError::InvalidToken(TokenError::Inactive))),
                    "{rejected:?}"
                );
            }
        });
        largest.fetch_max(resident(), Ordering::SeqCst);
    }
    INVALID
}

fn token(kind: &str, number: usize) -> AccessToken {
    format!("{kind}{number:.>67}").parse::<AccessToken>().expect("a token")
}

/// The resident memory of the process in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4096
}

/// Counts the resolutions of valid tokens.
struct CountingResolver(Arc<AtomicUsize>);

impl Resolver for CountingResolver {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let outcome = StaticResolver.resolve(token).await;
        self.0.fetch_add(usize::from(outcome.is_ok()), Ordering::SeqCst);
        outcome
    }

    fn cache_namespace(&self) -> String {
        StaticResolver.cache_namespace()
    }
}
