//! The time that each guard adds to an unguarded handler for a JWT, in process.

use requires_auth::SigningAlgorithm;
use requires_auth::testing::{AuthorizationServer, TokenFormat};

use crate::added_time::measure;
use crate::authorization_server::RESOURCE;
use crate::guarded_handlers::App;
use crate::jwt_handlers::{self, NAMES};

pub async fn run() {
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
    let rounds = measure(&mut apps, &token, 100, 50);
    println!(
        "\nAdded to an unguarded handler for a JWT of {} bytes, RS256, in process; the handler takes {:.0} ns",
        token.len(),
        rounds.median(0)
    );
    let uncached = rounds.added(2, 0);
    for (index, name) in NAMES.iter().enumerate() {
        let added = rounds.added(index + 1, 0);
        println!(
            "  {name:<67} {:>7.2} µs   {:.2} of ours, not cached",
            added / 1e3,
            added / uncached
        );
    }
}
