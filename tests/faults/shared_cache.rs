//! R-E9 and R-E10: what instances share through a store, and what they do without it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::redis_server::{AMPLE, RedisServer, program};
use requires_auth::shared_cache::SharedCache;
use requires_auth::{AccessToken, CachedBuilder, Introspection};

use crate::load::{Load, Who, once};
use crate::report::{Outcome, Report, check};
use crate::service::Lab;

pub async fn run(report: &mut Report) {
    let version = Command::new(program()).arg("--version").stdout(Stdio::null()).status();
    if version.is_err() {
        report.skip("R-E9 R-E10", "redis-server is not installed");
        return;
    }
    report
        .row("R-E9", "the authorization server is gone", "another instance: 200", known_to_all())
        .await;
    report.row("R-E9", "the store is killed and comes back", "no answer changes", killed()).await;
    report
        .row("R-E9", "the store answers nobody for 2 s", "100 ms lost, once or twice", silent())
        .await;
    report
        .row("R-E9", "the store has garbage for all tokens", "asked about again", garbage())
        .await;
    report.row("R-E9", "the store grants every scope", "403, as the server says", granting()).await;
    report
        .row("R-E9 R-E3", "the store brings back what is 61 s old", "asked about again", old())
        .await;
    report
        .row("R-E10", "another instance forgets a token", "401 within 1 s", forgotten(false))
        .await;
    report
        .row("R-E10", "the same, while the store is away", "401 when it is back", forgotten(true))
        .await;
}

type Builder = CachedBuilder<Introspection>;

fn sharing(store: &RedisServer) -> impl FnOnce(Builder) -> Builder {
    let shared = SharedCache::single(store.url(), "a secret for the laboratory only");
    let shared = shared.build().expect("the settings are right");
    |cache| cache.shared(shared)
}

async fn known_to_all() -> Outcome {
    let store = RedisServer::start();
    let lab = Lab::remembering(sharing(&store)).await;
    let token = lab.token("entries:read");
    check(once(&lab, "/entries", &token).await.0 == 200, || "no 200".to_owned())?;
    store.wait_for_entries(1).await;
    let other = lab.beside(sharing(&store)).await;
    lab.authorization_server.stop().await.expect("it was running");
    let status = once(&other, "/entries", &token).await.0;
    check(status == 200, || format!("{status}"))?;
    Ok("200 from an instance that never asked".to_owned())
}

async fn killed() -> Outcome {
    let mut store = RedisServer::start();
    let lab = Lab::remembering(sharing(&store)).await;
    let load = Load::begin(&lab);
    for _ in 0..3 {
        load.normal(50).await?.only(Who::normal)?;
        store.kill();
        load.normal(50).await?.only(Who::normal)?;
        store.restart();
    }
    // A token that is new to all gets there, too.
    let begun = Instant::now();
    while store.keys("*:claims:*").is_empty() {
        check(begun.elapsed() < AMPLE, || "the store is not used again".to_owned())?;
        once(&lab, "/entries", &lab.token("entries:read")).await;
    }
    load.end()?;
    Ok("every answer right through three kills; used again".to_owned())
}

async fn silent() -> Outcome {
    let store = RedisServer::start();
    let lab = Lab::remembering(sharing(&store)).await;
    once(&lab, "/entries", &lab.token("entries:read")).await;
    store.wait_for_entries(1).await;
    store.query::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]);
    let (begun, mut slow, mut fast) = (Instant::now(), 0, 0);
    while begun.elapsed() < Duration::from_millis(1800) {
        let asked = Instant::now();
        let status = once(&lab, "/entries", &lab.token("entries:read")).await.0;
        check(status == 200, || format!("{status}"))?;
        *(if asked.elapsed() < Duration::from_millis(100) { &mut fast } else { &mut slow }) += 1;
    }
    check(slow <= 3 && fast > slow, || format!("{slow} waited, {fast} did not"))?;
    Ok(format!("200 to all; {slow} waited, {fast} did not"))
}

/// Lets one instance find out about a token, changes what the store has of it, and has another
/// instance say what it makes of that.
async fn changed(
    scopes: &str,
    path: &str,
    change: impl FnOnce(&Lab, &RedisServer),
) -> (u16, usize) {
    let store = RedisServer::start();
    let lab = Lab::remembering(sharing(&store)).await;
    let token = lab.token(scopes);
    once(&lab, "/me", &token).await;
    store.wait_for_entries(1).await;
    change(&lab, &store);
    let other = lab.beside(sharing(&store)).await;
    let before = lab.exchanges();
    (once(&other, path, &token).await.0, lab.exchanges() - before)
}

async fn garbage() -> Outcome {
    let change = |_: &Lab, store: &RedisServer| store.put(&store.claims_key(), &[1; 500]);
    let seen = changed("entries:read", "/entries", change).await;
    check(seen == (200, 1), || format!("{seen:?}"))?;
    Ok("200, 1 exchange".to_owned())
}

async fn granting() -> Outcome {
    let change = |_: &Lab, store: &RedisServer| {
        let granted = br#"{"active":true,"scope":"entries:read entries:write"}"#;
        store.put(&store.claims_key(), granted);
    };
    let seen = changed("other", "/entries", change).await;
    check(seen == (403, 1), || format!("{seen:?}"))?;
    Ok("403, 1 exchange".to_owned())
}

async fn old() -> Outcome {
    let change = |lab: &Lab, store: &RedisServer| {
        store.query::<()>(&["PERSIST", &store.claims_key()]);
        lab.clock.advance(Duration::from_secs(61));
    };
    let seen = changed("entries:read", "/entries", change).await;
    check(seen == (200, 1), || format!("{seen:?}"))?;
    Ok("200, 1 exchange".to_owned())
}

async fn forgotten(away: bool) -> Outcome {
    let mut store = RedisServer::start();
    let lab = Lab::remembering(sharing(&store)).await;
    let token = lab.token("entries:read");
    let other = lab.beside(sharing(&store)).await;
    for instance in [&lab, &other] {
        let status = once(instance, "/entries", &token).await.0;
        check(status == 200, || format!("{status}"))?;
    }
    lab.authorization_server.revoke(&token);
    let cache = lab.cache.as_ref().expect("it remembers");
    let parsed = token.parse::<AccessToken>().expect("it was issued");
    if away {
        store.kill();
    }
    let acknowledged = cache.invalidate_everywhere(&parsed).await;
    check(acknowledged.is_err() == away, || format!("{acknowledged:?}"))?;
    if away {
        let status = once(&other, "/entries", &token).await.0;
        check(status == 200, || format!("{status} before the store is back"))?;
        store.restart();
    }
    let begun = Instant::now();
    while once(&other, "/entries", &token).await.0 != 401 {
        check(begun.elapsed() < AMPLE, || "never forgotten".to_owned())?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = begun.elapsed();
    check(away || took < Duration::from_secs(1), || format!("{took:?}"))?;
    Ok(format!("401 after {} ms", took.as_millis()))
}
