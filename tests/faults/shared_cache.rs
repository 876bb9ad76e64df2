//! R-E9 and R-E10: instances that share a cache, and failures of its store.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::redis_server::{RedisServer, TIMEOUT, program};
use requires_auth::shared_cache::SharedCache;
use requires_auth::{AccessToken, CachedBuilder, Introspection};

use crate::load::{CallerKind, Load, get};
use crate::report::{Outcome, Report, check};
use crate::service::Service;

pub async fn run(report: &mut Report) {
    let version = Command::new(program()).arg("--version").stdout(Stdio::null()).status();
    if version.is_err() {
        report.skip("R-E9 R-E10", "redis-server is not installed");
        return;
    }
    report
        .row(
            "R-E9",
            "the authorization server is stopped",
            "another instance: 200",
            entry_of_another_instance(),
        )
        .await;
    report
        .row("R-E9", "the store is killed and restarted", "no response changes", killed_store())
        .await;
    report
        .row(
            "R-E9",
            "the store does not respond for 2 s",
            "100 ms lost, once or twice",
            paused_store(),
        )
        .await;
    report.row("R-E9", "the entry is garbage", "introspected again", garbage_entry()).await;
    report
        .row("R-E9", "the store grants every scope", "403, as the claims require", forged_scopes())
        .await;
    report
        .row("R-E9 R-E3", "an entry of 61 s is restored", "introspected again", restored_entry())
        .await;
    report
        .row(
            "R-E10",
            "another instance invalidates a token",
            "401 within 1 s",
            invalidated_token(false),
        )
        .await;
    report
        .row(
            "R-E10",
            "the same, while the store is stopped",
            "401 after its restart",
            invalidated_token(true),
        )
        .await;
}

type Builder = CachedBuilder<Introspection>;

fn shared_by(store: &RedisServer) -> impl FnOnce(Builder) -> Builder {
    let shared = SharedCache::single(store.url(), "a secret for the fault tests only");
    let shared = shared.build().expect("the settings are right");
    |cache| cache.shared(shared)
}

async fn entry_of_another_instance() -> Outcome {
    let store = RedisServer::start();
    let service = Service::with_cache(shared_by(&store)).await;
    let token = service.token("entries:read");
    check(get(&service, "/entries", &token).await.0 == 200, || "no 200".to_owned())?;
    store.wait_for_entries(1).await;
    let other = service.second_instance(shared_by(&store)).await;
    service.authorization_server.stop().await.expect("it was running");
    let status = get(&other, "/entries", &token).await.0;
    check(status == 200, || format!("{status}"))?;
    Ok("200 from an instance without an introspection request".to_owned())
}

async fn killed_store() -> Outcome {
    let mut store = RedisServer::start();
    let service = Service::with_cache(shared_by(&store)).await;
    let load = Load::start(&service);
    for _ in 0..3 {
        load.normal(50).await?.only(CallerKind::normal)?;
        store.kill();
        load.normal(50).await?.only(CallerKind::normal)?;
        store.restart();
    }
    // A new token is stored again.
    let started = Instant::now();
    while store.keys("*:claims:*").is_empty() {
        check(started.elapsed() < TIMEOUT, || "the store is not used again".to_owned())?;
        get(&service, "/entries", &service.token("entries:read")).await;
    }
    load.finish()?;
    Ok("every response correct through three kills; used again".to_owned())
}

async fn paused_store() -> Outcome {
    let store = RedisServer::start();
    let service = Service::with_cache(shared_by(&store)).await;
    get(&service, "/entries", &service.token("entries:read")).await;
    store.wait_for_entries(1).await;
    store.query::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]);
    let (started, mut slow, mut fast) = (Instant::now(), 0, 0);
    while started.elapsed() < Duration::from_millis(1800) {
        let sent_at = Instant::now();
        let status = get(&service, "/entries", &service.token("entries:read")).await.0;
        check(status == 200, || format!("{status}"))?;
        *(if sent_at.elapsed() < Duration::from_millis(100) { &mut fast } else { &mut slow }) += 1;
    }
    check(slow <= 3 && fast > slow, || format!("{slow} waited, {fast} did not"))?;
    Ok(format!("200 to all; {slow} waited, {fast} did not"))
}

/// One instance resolves a token, the entry in the store is changed, and another instance gets a request with
/// the token. Returns its status and the number of introspection requests.
async fn after_change_of_the_store(
    scopes: &str,
    path: &str,
    change: impl FnOnce(&Service, &RedisServer),
) -> (u16, usize) {
    let store = RedisServer::start();
    let service = Service::with_cache(shared_by(&store)).await;
    let token = service.token(scopes);
    get(&service, "/me", &token).await;
    store.wait_for_entries(1).await;
    change(&service, &store);
    let other = service.second_instance(shared_by(&store)).await;
    let before = service.introspection_requests();
    (get(&other, path, &token).await.0, service.introspection_requests() - before)
}

async fn garbage_entry() -> Outcome {
    let change = |_: &Service, store: &RedisServer| store.put(&store.claims_key(), &[1; 500]);
    let seen = after_change_of_the_store("entries:read", "/entries", change).await;
    check(seen == (200, 1), || format!("{seen:?}"))?;
    Ok("200, 1 introspection request".to_owned())
}

async fn forged_scopes() -> Outcome {
    let change = |_: &Service, store: &RedisServer| {
        let granted = br#"{"active":true,"scope":"entries:read entries:write"}"#;
        store.put(&store.claims_key(), granted);
    };
    let seen = after_change_of_the_store("other", "/entries", change).await;
    check(seen == (403, 1), || format!("{seen:?}"))?;
    Ok("403, 1 introspection request".to_owned())
}

async fn restored_entry() -> Outcome {
    let change = |service: &Service, store: &RedisServer| {
        store.query::<()>(&["PERSIST", &store.claims_key()]);
        service.clock.advance(Duration::from_secs(61));
    };
    let seen = after_change_of_the_store("entries:read", "/entries", change).await;
    check(seen == (200, 1), || format!("{seen:?}"))?;
    Ok("200, 1 introspection request".to_owned())
}

async fn invalidated_token(store_stopped: bool) -> Outcome {
    let mut store = RedisServer::start();
    let service = Service::with_cache(shared_by(&store)).await;
    let token = service.token("entries:read");
    let other = service.second_instance(shared_by(&store)).await;
    for instance in [&service, &other] {
        let status = get(instance, "/entries", &token).await.0;
        check(status == 200, || format!("{status}"))?;
    }
    service.authorization_server.revoke(&token);
    let cache = service.cache.as_ref().expect("it has a cache");
    let parsed = token.parse::<AccessToken>().expect("it was issued");
    if store_stopped {
        store.kill();
    }
    let acknowledged = cache.invalidate_everywhere(&parsed).await;
    check(acknowledged.is_err() == store_stopped, || format!("{acknowledged:?}"))?;
    if store_stopped {
        let status = get(&other, "/entries", &token).await.0;
        check(status == 200, || format!("{status} before the store is back"))?;
        store.restart();
    }
    let started = Instant::now();
    while get(&other, "/entries", &token).await.0 != 401 {
        check(started.elapsed() < TIMEOUT, || "never invalidated".to_owned())?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed();
    check(store_stopped || took < Duration::from_secs(1), || format!("{took:?}"))?;
    Ok(format!("401 after {} ms", took.as_millis()))
}
