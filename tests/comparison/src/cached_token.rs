//! The time that each guard adds to an unguarded handler for a cached token, in process.

use crate::added_time::measure;
use crate::authorization_server::AuthorizationServer;
use crate::chart::{Chart, Group};
use crate::guarded_handlers::{App, NAMES};

/// An opaque token of the usual length.
const TOKEN: &str = "kJ3vXq0dRr5mZtY8wLbN2cHf7sGa1uPe4iKoVx9yBnMjQz6DTgWhScUlFpEaRiOk_A-3xQ7";

/// The length of a usual JWT.
const LONG: usize = 900;

pub async fn run(draw: bool) {
    let authorization_server = AuthorizationServer::start().await;
    let mut apps = vec![App::unguarded()];
    apps.extend(App::all(&authorization_server).await);
    let long: String = TOKEN.chars().cycle().take(LONG).collect();
    for app in &mut apps {
        for token in [TOKEN, &long] {
            assert_eq!(app.send(token).await, 200);
        }
    }
    assert_eq!(authorization_server.introspection_requests(), 2 * NAMES.len());
    println!("\nAdded to an unguarded handler for a cached token, in process");
    let mut groups = Vec::new();
    for (token, threads, calls) in
        [(TOKEN, 1, 500), (&*long, 1, 500), (TOKEN, 2, 4000), (&*long, 2, 4000)]
    {
        let rounds = measure(&apps, token, threads, 200_000 / calls as usize, calls);
        let who = if threads == 1 { "one thread" } else { "two threads" };
        let name = format!("{who}, a token of {} bytes", token.len());
        println!("  {name}; the handler takes {:.0} ns", rounds.median(0));
        let added: Vec<f64> = (1..=NAMES.len()).map(|index| rounds.added(index, 0)).collect();
        for (name, added_by) in NAMES.iter().zip(&added) {
            println!("    {name:<50} {added_by:>7.0} ns   {:.2} of ours", added_by / added[0]);
        }
        for (peer, budget) in [(1, 0.2), (2, 0.25)] {
            let ratio = added[0] / added[peer];
            let verdict = if ratio <= budget { "ok" } else { "MISSED" };
            let name = NAMES[peer].split(' ').next().unwrap_or_default();
            println!("    ours is {ratio:.2} of {name}'s; budget {budget}: {verdict}");
        }
        groups.push(Group { name, values: added });
    }
    if draw {
        let title = "Added to an axum handler for a cached token, in ns: shorter is better";
        Chart { id: "cached", title, series: &NAMES, groups, digits: 0 }.draw();
    }
}
