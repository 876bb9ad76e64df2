//! A token that nobody has asked about yet, and an authorization server that is down.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::authorization_server::AuthorizationServer;
use crate::contenders::{App, NAMES};

const CALLERS: usize = 200;

pub async fn run() {
    println!("\n{CALLERS} callers at once with one unseen token; the server takes 20 ms to answer");
    for (place, name) in NAMES.iter().enumerate() {
        let upstream = AuthorizationServer::start().await;
        let app = App::all(&upstream).await.swap_remove(place);
        let began = Instant::now();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let mut app = app.clone();
                tokio::spawn(async move { app.ask("unseen").await })
            })
            .collect();
        let mut statuses = BTreeMap::new();
        for caller in callers {
            *statuses.entry(caller.await.expect("an answer").as_u16()).or_insert(0) += 1;
        }
        let (took, exchanges) = (began.elapsed().as_millis(), upstream.exchanges());
        println!("  {name:<52} {exchanges:>4} exchanges {took:>6} ms   answers {statuses:?}");
    }
}

pub async fn down() {
    println!("\nThe authorization server down: the first answer, and the tenth");
    for (place, name) in NAMES.iter().enumerate() {
        let upstream = AuthorizationServer::start().await;
        let mut app = App::all(&upstream).await.swap_remove(place);
        upstream.stop().await;
        let mut answers = Vec::new();
        for number in 0..10 {
            let began = Instant::now();
            let status = app.ask(&format!("unseen.{number}")).await.as_u16();
            answers.push(format!("{status} {:>5.1} ms", began.elapsed().as_secs_f64() * 1e3));
        }
        println!("  {name:<52} {}   {}", answers[0], answers[9]);
    }
}
