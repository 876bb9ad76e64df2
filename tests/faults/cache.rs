//! R-E1 to R-E8, R-L1 and R-L3: what is cached, for how long, and that decisions are not.

use std::sync::Arc;
use std::time::Duration;

use requires_auth::testing::Fault;
use requires_auth::{AccessToken, Clock, IntrospectionBuilder};
use tokio::task::JoinSet;

use crate::load::{CallerKind, Load, get};
use crate::report::{Outcome, Report, check};
use crate::service::{RESOURCE, Service};

const HOUR: Duration = Duration::from_secs(3600);

pub async fn run(report: &mut Report) {
    report
        .row(
            "R-E1",
            "none",
            "one introspection request; a decision each time",
            decisions_are_not_cached(),
        )
        .await;
    report.row("R-E2", "none", "no token in the Debug output of the cache", debug_output()).await;
    report
        .row("R-E3", "a token is revoked", "200 for 60 s at most, then 401", revoked_token())
        .await;
    report
        .row(
            "R-E4",
            "stopped, and a token that is not cached",
            "503, and no cached 401",
            outage_is_not_cached(),
        )
        .await;
    report
        .row(
            "R-E4 R-L1",
            "five thousand unknown tokens",
            "the valid token stays cached",
            unknown_tokens(),
        )
        .await;
    report
        .row(
            "R-E5",
            "ten times more tokens than max_entries",
            "some evicted, never all",
            eviction(),
        )
        .await;
    report
        .row(
            "R-E6",
            "500 callers with one uncached token",
            "one introspection request",
            single_flight(false),
        )
        .await;
    report
        .row(
            "R-E6",
            "the same, while it fails",
            "one introspection request; 503 to all",
            single_flight(true),
        )
        .await;
    report
        .row("R-E7", "a token is invalidated by a call", "introspected again", invalidated_token())
        .await;
    report
        .row(
            "R-E8",
            "a handler changes its copy of the claims",
            "the next request sees the claims",
            changed_copy_of_claims(),
        )
        .await;
    report
        .row(
            "R-L2",
            "stopped for longer than the ttl",
            "200 while cached, then 503",
            outage_longer_than_ttl(),
        )
        .await;
    report
        .row(
            "R-L3",
            "the wall clock jumps an hour ahead",
            "expired tokens 401, others from the cache",
            wall_clock_forward(),
        )
        .await;
    report
        .row(
            "R-L3",
            "the wall clock jumps an hour back",
            "lifetimes as they were",
            wall_clock_back(),
        )
        .await;
}

async fn decisions_are_not_cached() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let load = Load::start(&service);
    load.normal(100).await?.only(CallerKind::normal)?;
    load.finish()?;
    // One for the valid token, one for the unknown token.
    check(service.introspection_requests() == 2, || {
        format!("{} introspection requests", service.introspection_requests())
    })?;
    Ok("200 for reading, 403 for writing, 2 introspection requests".to_owned())
}

async fn debug_output() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let token = service.token("entries:read");
    get(&service, "/entries", &token).await;
    let shown = format!("{:?}", service.cache);
    check(!shown.contains(&token), || "the token is in the Debug output".to_owned())?;
    Ok(format!("{} characters, without the token", shown.len()))
}

async fn revoked_token() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let token = service.token("entries:read");
    let mut seen = vec![get(&service, "/entries", &token).await.0];
    service.authorization_server.revoke(&token);
    for seconds in [0, 59, 1, 30] {
        service.clock.advance(Duration::from_secs(seconds));
        seen.push(get(&service, "/entries", &token).await.0);
    }
    check(seen == [200, 200, 200, 401, 401], || format!("{seen:?}"))?;
    Ok(format!("{seen:?} after 0, 0, 59, 60, 90 s"))
}

async fn outage_is_not_cached() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let token = service.token("entries:read");
    service.authorization_server.fault(Fault::status(500));
    let during = get(&service, "/entries", &token).await.0;
    service.authorization_server.clear_faults();
    let after = get(&service, "/entries", &token).await.0;
    check((during, after) == (503, 200), || format!("{during}, {after}"))?;
    Ok(format!("{during}, and {after} as soon as it recovers"))
}

async fn unknown_tokens() -> Outcome {
    let service = Arc::new(Service::with_cache(|cache| cache.max_inactive_entries(500)).await);
    let good = service.token("entries:read");
    get(&service, "/entries", &good).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = service.url("/entries");
    let mut flood = JoinSet::new();
    for client in 0..20 {
        let (http, url) = (http.clone(), url.clone());
        flood.spawn(async move {
            for number in 0..250 {
                let unknown_tokens = format!("made-up-{client}-{number}");
                let response = http.get(&url).bearer_auth(unknown_tokens).send().await.unwrap();
                assert_eq!(response.status(), 401);
            }
        });
    }
    while let Some(ended) = flood.join_next().await {
        ended.map_err(|error| error.to_string())?;
    }
    let before = service.introspection_requests();
    let (status, _) = get(&service, "/entries", &good).await;
    let further = service.introspection_requests() - before;
    check((status, further) == (200, 0), || format!("{status}, {further} introspection requests"))?;
    Ok(format!("{} rejected; then {status} from the cache", before - 1))
}

async fn eviction() -> Outcome {
    let service = Service::with_cache(|cache| cache.max_entries(100)).await;
    let tokens: Vec<String> = (0..1000).map(|_| service.token("entries:read")).collect();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = service.url("/entries");
    for token in &tokens {
        let response = http.get(&url).bearer_auth(token).send().await.unwrap();
        check(response.status() == 200, || response.status().to_string())?;
    }
    let before = service.introspection_requests();
    for token in tokens.iter().rev().take(50) {
        http.get(&url).bearer_auth(token).send().await.unwrap();
    }
    let further_requests = service.introspection_requests() - before;
    check(before == 1000 && further_requests < 50, || {
        format!("{before}, then {further_requests} introspection requests")
    })?;
    Ok(format!("of the last 50 of 1000, {} are cached", 50 - further_requests))
}

async fn single_flight(down: bool) -> Outcome {
    let with_timeout =
        |client: IntrospectionBuilder| client.request_timeout(Duration::from_secs(20));
    let service = Arc::new(Service::with(with_timeout, Some(|cache| cache)).await);
    let token = service.token("entries:read");
    // Until all callers have sent their request, on a slow machine too.
    let held = Duration::from_secs(2);
    service.authorization_server.fault(if down {
        Fault::status(500).after(held)
    } else {
        Fault::delay(held)
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..500 {
        let request = http.get(service.url("/entries")).bearer_auth(&token);
        callers.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let seen = callers.join_all().await;
    let expected = if down { 503 } else { 200 };
    check(seen.iter().all(|it| *it == expected), || format!("{seen:?}"))?;
    check(service.introspection_requests() == 1, || {
        format!("{} introspection requests", service.introspection_requests())
    })?;
    Ok(format!("500×{expected}, 1 introspection request"))
}

async fn invalidated_token() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let token = service.token("entries:read");
    get(&service, "/entries", &token).await;
    let cache = service.cache.as_ref().ok_or("there is no cache")?;
    service.authorization_server.revoke(&token);
    cache.invalidate(&token.parse::<AccessToken>().map_err(|error| error.to_string())?);
    let (status, _) = get(&service, "/entries", &token).await;
    check(status == 401 && service.introspection_requests() == 2, || format!("{status}"))?;
    Ok("revoked, invalidated, then 401".to_owned())
}

async fn changed_copy_of_claims() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let token = service.token("entries:read");
    let first = get(&service, "/me", &token).await;
    let second = get(&service, "/me", &token).await;
    check(first == second && first.1.contains("alice"), || format!("{first:?} {second:?}"))?;
    check(service.introspection_requests() == 1, || {
        format!("{} introspection requests", service.introspection_requests())
    })?;
    Ok("the same claims twice, 1 introspection request".to_owned())
}

async fn outage_longer_than_ttl() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let load = Load::start(&service);
    load.normal(10).await?;
    service.authorization_server.stop().await.map_err(|error| error.to_string())?;
    let cached = load.normal(10).await?;
    cached.only(CallerKind::normal)?;
    service.clock.advance(Duration::from_secs(61));
    let outage = |caller| if caller == CallerKind::WithoutToken { 401 } else { 503 };
    load.wait_for(6, outage).await?;
    let uncached = load.wait_for(10, outage).await?;
    uncached.only(outage)?;
    service.authorization_server.restart().await.map_err(|error| error.to_string())?;
    let after = load.normal(10).await?;
    load.finish()?;
    Ok(format!("cached {cached}; then {uncached}; restarted {after}"))
}

async fn wall_clock_forward() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let mint = || service.authorization_server.mint().audience(RESOURCE).scopes("entries:read");
    let (short, long) = (mint().expires_in(HOUR / 2).issue(), mint().expires_in(3 * HOUR).issue());
    let send = async |token: &str| get(&service, "/entries", token).await.0;
    let before = (send(&short).await, send(&long).await);
    service.clock.set(service.clock.now() + HOUR);
    let after = (send(&short).await, send(&long).await);
    check((before, after) == ((200, 200), (401, 200)), || format!("{before:?} {after:?}"))?;
    check(service.introspection_requests() <= 3, || {
        format!("{} introspection requests", service.introspection_requests())
    })?;
    Ok(format!(
        "{after:?} for the expired and the other, {} introspection requests",
        service.introspection_requests()
    ))
}

async fn wall_clock_back() -> Outcome {
    let service = Service::with_cache(|cache| cache).await;
    let mint = service.authorization_server.mint().audience(RESOURCE).scopes("entries:read");
    let token = mint.expires_in(3 * HOUR).issue();
    let send = async || get(&service, "/entries", &token).await.0;
    let mut seen = vec![send().await];
    service.clock.set(service.clock.now() - HOUR);
    seen.push(send().await);
    let within = service.introspection_requests();
    service.clock.advance(Duration::from_secs(61));
    seen.push(send().await);
    let beyond = service.introspection_requests();
    let expired = service.authorization_server.mint().audience(RESOURCE).expired().issue();
    seen.push(get(&service, "/entries", &expired).await.0);
    check(seen == [200, 200, 200, 401], || format!("{seen:?}"))?;
    check((within, beyond) == (1, 2), || format!("{within}, {beyond} introspection requests"))?;
    Ok(format!("{seen:?}; introspected again after 61 s of the monotonic clock"))
}
