//! The time that a guard adds to an unguarded handler, in process.

use bench_support::paired_runs::{Rounds, Variant, compare};

use crate::guarded_handlers::App;

/// Sends the token to each of the apps in turns. A response other than 200 is a panic.
pub fn measure(apps: &mut [App], token: &str, rounds: usize, calls: u32) -> Rounds {
    // A runtime without other tasks.
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.expect("a runtime");
                    let mut variants: Vec<_> = apps
                        .iter_mut()
                        .map(|app| {
                            Variant::new("", |calls| {
                                runtime.block_on(async {
                                    for _ in 0..calls {
                                        assert_eq!(app.send(token).await, 200);
                                    }
                                });
                            })
                        })
                        .collect();
                    compare(&mut variants, rounds, calls)
                })
                .join()
                .expect("every response is the expected one")
        })
    })
}
