//! The time that a guard adds to an unguarded handler, in process.

use std::thread;

use bench_support::paired_runs::{Rounds, Variant, compare};
use tokio::runtime::{Builder, Runtime};

use crate::guarded_handlers::App;

/// Sends the token to each of the apps in turns, from one or several threads at the same time. The time is that of one
/// request of a thread. A response other than 200 is a panic.
pub fn measure(apps: &[App], token: &str, threads: usize, rounds: usize, calls: u32) -> Rounds {
    // Threads and runtimes without other tasks.
    tokio::task::block_in_place(|| {
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    let mut clients: Vec<Vec<Client>> = apps
                        .iter()
                        .map(|app| (0..threads).map(|_| Client::new(app, token)).collect())
                        .collect();
                    let mut variants: Vec<_> = clients
                        .iter_mut()
                        .map(|clients| Variant::new("", |calls| send(clients, calls)))
                        .collect();
                    compare(&mut variants, rounds, calls)
                })
                .join()
                .expect("every response is the expected one")
        })
    })
}

fn send(clients: &mut [Client], calls: u32) {
    let Some((first, others)) = clients.split_first_mut() else { return };
    thread::scope(|scope| {
        for other in others {
            scope.spawn(|| other.send(calls));
        }
        first.send(calls);
    });
}

struct Client {
    app: App,
    token: String,
    runtime: Runtime,
}

impl Client {
    fn new(app: &App, token: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { app: app.clone(), token: token.to_owned(), runtime }
    }

    fn send(&mut self, calls: u32) {
        self.runtime.block_on(async {
            for _ in 0..calls {
                assert_eq!(self.app.send(&self.token).await, 200);
            }
        });
    }
}
