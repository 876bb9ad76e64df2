//! The time that each guard adds to an unguarded handler for a cached token, in process.

use bench_support::paired_runs::{Variant, compare};

use crate::authorization_server::AuthorizationServer;
use crate::guarded_handlers::{App, NAMES};

const TOKEN: &str = "kJ3vXq0dRr5mZtY8wLbN2cHf7sGa1uPe4iKoVx9yBnMjQz6DTgWhScUlFpEaRiOk_A-3xQ7";

pub async fn run() {
    let authorization_server = AuthorizationServer::start().await;
    let mut apps = vec![App::unguarded()];
    apps.extend(App::all(&authorization_server).await);
    for app in &mut apps {
        assert_eq!(app.send(TOKEN).await, 200);
    }
    assert_eq!(authorization_server.introspection_requests(), NAMES.len());
    // A runtime without other tasks.
    let rounds = tokio::task::block_in_place(|| {
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
                                        assert_eq!(app.send(TOKEN).await, 200);
                                    }
                                });
                            })
                        })
                        .collect();
                    compare(&mut variants, 300, 500)
                })
                .join()
                .expect("every response is the expected one")
        })
    });
    println!(
        "\nAdded to an unguarded handler for a cached token, in process; the handler takes {:.0} ns",
        rounds.median(0)
    );
    let ours = rounds.added(1, 0);
    for (index, name) in NAMES.iter().enumerate() {
        let added = rounds.added(index + 1, 0);
        println!("  {name:<52} {added:>7.0} ns   {:.2} of ours", added / ours);
    }
    let zitadel = rounds.added(2, 0);
    let verdict = if ours * 3.0 <= zitadel { "ok" } else { "MISSED" };
    println!("  ours is {:.2} of zitadel's; budget 0.33: {verdict}", ours / zitadel);
}
