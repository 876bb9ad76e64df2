//! The time that each guard adds to an unguarded handler for a JWT, in process.

use requires_auth::SigningAlgorithm;
use requires_auth::testing::{AuthorizationServer, TokenFormat};

use crate::added_time::measure;
use crate::authorization_server::RESOURCE;
use crate::chart::{Chart, Group};
use crate::guarded_handlers::App;
use crate::jwt_handlers::{self, NAMES};

pub async fn run(draw: bool) {
    let authorization_server = AuthorizationServer::builder()
        .token_format(TokenFormat::Jwt)
        .signing_algorithm(SigningAlgorithm::Rs256)
        .start()
        .await;
    let authorization_server = authorization_server.expect("loopback is there");
    let token = authorization_server
        .mint()
        .subject("248289761001")
        .client_id("journal-web-app@journal")
        .audience(RESOURCE)
        .scopes("entries:read entries:write")
        .issue();
    let mut apps = vec![App::unguarded()];
    apps.extend(jwt_handlers::all(&authorization_server).await);
    for (index, app) in apps.iter_mut().enumerate() {
        assert_eq!(app.send(&token).await, 200, "app {index}");
    }
    println!(
        "\nAdded to an unguarded handler for a JWT of {} bytes, RS256, in process",
        token.len()
    );
    let mut groups = Vec::new();
    for (name, threads, calls) in [("one thread", 1, 50), ("two threads", 2, 50)] {
        let rounds = measure(&apps, &token, threads, 100, calls);
        println!("  {name}; the handler takes {:.0} ns", rounds.median(0));
        let added: Vec<f64> = (1..=NAMES.len()).map(|index| rounds.added(index, 0) / 1e3).collect();
        for (name, added_by) in NAMES.iter().zip(&added) {
            let ratio = added_by / added[1];
            println!("    {name:<65} {added_by:>7.2} µs   {ratio:.2} of ours, not cached");
        }
        groups.push(Group { name: name.to_owned(), values: added });
    }
    if draw {
        let title = "Added to an axum handler for a JWT with RS256, in µs: shorter is better";
        Chart { id: "jwt", title, series: &NAMES, groups, digits: 1 }.draw();
    }
}
