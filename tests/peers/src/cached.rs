//! What a check of a known token adds to a bare handler, in process.

use crate::authorization_server::AuthorizationServer;
use crate::contenders::{App, NAMES};
use crate::contest::{Contender, compare};

const TOKEN: &str = "kJ3vXq0dRr5mZtY8wLbN2cHf7sGa1uPe4iKoVx9yBnMjQz6DTgWhScUlFpEaRiOk_A-3xQ7";

pub async fn run() {
    let upstream = AuthorizationServer::start().await;
    let mut apps = vec![App::bare()];
    apps.extend(App::all(&upstream).await);
    for app in &mut apps {
        assert_eq!(app.ask(TOKEN).await, 200);
    }
    assert_eq!(upstream.exchanges(), NAMES.len());
    // A runtime of its own, where nothing else has to be done.
    let rounds = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.expect("a runtime");
                    let mut contenders: Vec<_> = apps
                        .iter_mut()
                        .map(|app| {
                            Contender::new("", |calls| {
                                runtime.block_on(async {
                                    for _ in 0..calls {
                                        assert_eq!(app.ask(TOKEN).await, 200);
                                    }
                                });
                            })
                        })
                        .collect();
                    compare(&mut contenders, 300, 500)
                })
                .join()
                .expect("every answer is the right one")
        })
    });
    println!(
        "\nA check of a known token, in process: added to a bare handler's {:.0} ns",
        rounds.median(0)
    );
    let ours = rounds.added(1, 0);
    for (place, name) in NAMES.iter().enumerate() {
        let added = rounds.added(place + 1, 0);
        println!("  {name:<52} {added:>7.0} ns   {:.2} of ours", added / ours);
    }
    let zitadel = rounds.added(2, 0);
    let verdict = if ours * 3.0 <= zitadel { "ok" } else { "MISSED" };
    println!("  ours is {:.2} of zitadel's; budget 0.33: {verdict}", ours / zitadel);
}
