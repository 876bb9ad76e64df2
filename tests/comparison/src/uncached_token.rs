//! Requests with a token that is not cached: concurrent ones, and those while the authorization server is
//! stopped.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::authorization_server::AuthorizationServer;
use crate::guarded_handlers::{App, NAMES};

const CALLERS: usize = 200;

pub async fn run() {
    println!(
        "\n{CALLERS} callers at once with one token that is not cached; an introspection response takes 20 ms"
    );
    for (index, name) in NAMES.iter().enumerate() {
        let authorization_server = AuthorizationServer::start().await;
        let app = App::all(&authorization_server).await.swap_remove(index);
        let started = Instant::now();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let mut app = app.clone();
                tokio::spawn(async move { app.send("not-cached").await })
            })
            .collect();
        let mut statuses = BTreeMap::new();
        for caller in callers {
            *statuses.entry(caller.await.expect("a response").as_u16()).or_insert(0) += 1;
        }
        let (duration, requests) =
            (started.elapsed().as_millis(), authorization_server.introspection_requests());
        println!(
            "  {name:<52} {requests:>4} introspection requests {duration:>6} ms   responses {statuses:?}"
        );
    }
}

pub async fn outage() {
    println!("\nThe authorization server is stopped: the first and the tenth response");
    for (index, name) in NAMES.iter().enumerate() {
        let authorization_server = AuthorizationServer::start().await;
        let mut app = App::all(&authorization_server).await.swap_remove(index);
        authorization_server.stop().await;
        let mut responses = Vec::new();
        for number in 0..10 {
            let started = Instant::now();
            let status = app.send(&format!("not-cached.{number}")).await.as_u16();
            responses.push(format!("{status} {:>5.1} ms", started.elapsed().as_secs_f64() * 1e3));
        }
        println!("  {name:<52} {}   {}", responses[0], responses[9]);
    }
}
