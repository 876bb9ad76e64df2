//! The time that each guard adds to an unguarded handler for a cached token, in process.

use crate::added_time::measure;
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
    let rounds = measure(&mut apps, TOKEN, 300, 500);
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
