//! A flood of tokens that nobody issued: what becomes of the memory, of good tokens, and of the time
//! that they take (R-L1).
//!
//! `cargo bench -p requires-auth --bench flood`; it fails if a budget is missed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected fails"
)]
#![allow(unreachable_pub, reason = "a program has no outside")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use requires_auth::{AccessToken, Cached, Claims, ResolveError, Resolver, TokenError};
use support::caller::Known;
use support::contest::{median, nanoseconds};
use support::table::{Table, line, ns, title};
use tokio::runtime::Builder;

const BAD: usize = 1_000_000;
const GOOD: usize = 10_000;

/// How many bad tokens come between two looks at the good ones.
const WAVE: usize = 5_000;

/// How often good tokens are looked up in a row.
const LOOKS: usize = 500;

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let asked = Arc::new(AtomicUsize::new(0));
    let cached = Cached::new(Counting(Arc::clone(&asked)));
    let good: Vec<AccessToken> = (0..GOOD).map(|number| token("good", number)).collect();
    let look = |from: usize| {
        let began = Instant::now();
        runtime.block_on(async {
            for number in from..from + LOOKS {
                cached.resolve(&good[number % GOOD]).await.expect("a good token");
            }
        });
        nanoseconds(began.elapsed()) / f64::from(u32::try_from(LOOKS).expect("a number"))
    };
    for from in (0..GOOD).step_by(LOOKS) {
        look(from);
    }
    let before = resident();

    let flooding = AtomicBool::new(false);
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let largest = AtomicUsize::new(before);
    let began = Instant::now();
    let sent = std::thread::scope(|scope| {
        let flood = scope.spawn(|| pour(&cached, &flooding, &largest));
        let mut turn = 0;
        while !flood.is_finished() {
            for (now, times) in [(false, &mut quiet), (true, &mut flooded)] {
                flooding.store(now, Ordering::SeqCst);
                flood.thread().unpark();
                look(turn * LOOKS);
                for _ in 0..4 {
                    turn += 1;
                    times.push(look(turn * LOOKS));
                }
            }
        }
        flood.join().expect("every bad token is refused")
    });
    let took = began.elapsed();

    title(&format!("{sent} distinct bad tokens beside {GOOD} good ones"));
    line("refused per second, with the pauses", format!("{:.0}", 1e6 / took.as_secs_f64()));
    let grown = largest.into_inner().saturating_sub(before) >> 20;
    let mut table = Table::default();
    table.judge("the process grows by at most", format!("{grown} MiB"), "64 MiB", grown <= 64);
    let (quiet, flooded) = (median(quiet), median(flooded));
    line("a good token, in the pauses", ns(quiet));
    let times = flooded / quiet;
    line("a good token, in the flood", ns(flooded));
    table.judge("a good token takes", format!("{times:.2} times as long"), "2", times <= 2.0);
    let before = asked.load(Ordering::SeqCst);
    for from in (0..GOOD).step_by(LOOKS) {
        look(from);
    }
    let lost = asked.load(Ordering::SeqCst) - before;
    table.judge("good tokens that were forgotten", lost, "0", lost == 0);
    table.exit()
}

/// Presents all bad tokens, as long as the flood is on; the process's size is looked at meanwhile.
fn pour(cached: &Cached<Counting>, flooding: &AtomicBool, largest: &AtomicUsize) -> usize {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for wave in 0..BAD / WAVE {
        runtime.block_on(async {
            for number in wave * WAVE..(wave + 1) * WAVE {
                while !flooding.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                let refused = cached.resolve(&token("bad", number)).await;
                assert!(
                    matches!(refused, Err(ResolveError::InvalidToken(TokenError::Inactive))),
                    "{refused:?}"
                );
            }
        });
        largest.fetch_max(resident(), Ordering::SeqCst);
    }
    BAD
}

fn token(kind: &str, number: usize) -> AccessToken {
    format!("{kind}{number:.>67}").parse::<AccessToken>().expect("a token")
}

/// The bytes of memory that the process has.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4096
}

/// Counts what it is asked about good tokens.
struct Counting(Arc<AtomicUsize>);

impl Resolver for Counting {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let outcome = Known.resolve(token).await;
        self.0.fetch_add(usize::from(outcome.is_ok()), Ordering::SeqCst);
        outcome
    }

    fn cache_namespace(&self) -> String {
        Known.cache_namespace()
    }
}
