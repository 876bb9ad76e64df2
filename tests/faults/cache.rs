//! R-E1 to R-E8, R-L1 and R-L3: what is remembered, for how long, and what it never decides.

use std::sync::Arc;
use std::time::Duration;

use requires_auth::testing::Fault;
use requires_auth::{AccessToken, Clock, IntrospectionBuilder};
use tokio::task::JoinSet;

use crate::load::{Load, Who, once};
use crate::report::{Outcome, Report, check};
use crate::service::{Lab, RESOURCE};

const HOUR: Duration = Duration::from_secs(3600);

pub async fn run(report: &mut Report) {
    report.row("R-E1", "none", "one exchange; each request is decided anew", decided_anew()).await;
    report
        .row("R-E2", "none", "no token in what the cache shows of itself", shows_no_token())
        .await;
    report.row("R-E3", "a token is revoked", "200 for 60 s at most, then 401", revoked()).await;
    report
        .row(
            "R-E4",
            "down, and a token that nobody knew",
            "503, and no 401 that is remembered",
            outage_is_no_answer(),
        )
        .await;
    report
        .row(
            "R-E4 R-L1",
            "five thousand made-up tokens",
            "the good one needs no further exchange",
            made_up(),
        )
        .await;
    report
        .row(
            "R-E5",
            "ten times more tokens than there is room for",
            "some forgotten, never all",
            crowded(),
        )
        .await;
    report
        .row("R-E6", "500 callers with one unseen token", "one exchange", single_flight(false))
        .await;
    report
        .row("R-E6", "the same, while it is down", "one exchange; 503 to all", single_flight(true))
        .await;
    report.row("R-E7", "a token is forgotten by a call", "asked about again", forgotten()).await;
    report
        .row(
            "R-E8",
            "a handler changes its copy of the claims",
            "the next request sees the claims",
            own_copy(),
        )
        .await;
    report
        .row(
            "R-L2",
            "down for longer than claims are remembered",
            "200 while remembered, then 503",
            outlasts(),
        )
        .await;
    report
        .row(
            "R-L3",
            "the wall clock jumps an hour ahead",
            "expired tokens 401, others no exchange",
            jump_forward(),
        )
        .await;
    report
        .row("R-L3", "the wall clock jumps an hour back", "lifetimes as they were", jump_back())
        .await;
}

async fn decided_anew() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let load = Load::begin(&lab);
    load.normal(100).await?.only(Who::normal)?;
    load.end()?;
    // The token, and the one that nobody has issued.
    check(lab.exchanges() == 2, || format!("{} exchanges", lab.exchanges()))?;
    Ok("200 for reading, 403 for writing, 2 exchanges for both tokens".to_owned())
}

async fn shows_no_token() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let token = lab.token("entries:read");
    once(&lab, "/entries", &token).await;
    let shown = format!("{:?}", lab.cache);
    check(!shown.contains(&token), || "the token is shown".to_owned())?;
    Ok(format!("{} characters of Debug, none of them of the token", shown.len()))
}

async fn revoked() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let token = lab.token("entries:read");
    let mut seen = vec![once(&lab, "/entries", &token).await.0];
    lab.authorization_server.revoke(&token);
    for seconds in [0, 59, 1, 30] {
        lab.clock.advance(Duration::from_secs(seconds));
        seen.push(once(&lab, "/entries", &token).await.0);
    }
    check(seen == [200, 200, 200, 401, 401], || format!("{seen:?}"))?;
    Ok(format!("{seen:?} after 0, 0, 59, 60, 90 s"))
}

async fn outage_is_no_answer() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let token = lab.token("entries:read");
    lab.authorization_server.fault(Fault::status(500));
    let during = once(&lab, "/entries", &token).await.0;
    lab.authorization_server.clear_faults();
    let after = once(&lab, "/entries", &token).await.0;
    check((during, after) == (503, 200), || format!("{during}, {after}"))?;
    Ok(format!("{during}, and {after} at once when it is back"))
}

async fn made_up() -> Outcome {
    let lab = Arc::new(Lab::remembering(|cache| cache.max_inactive_entries(500)).await);
    let good = lab.token("entries:read");
    once(&lab, "/entries", &good).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = lab.url("/entries");
    let mut flood = JoinSet::new();
    for client in 0..20 {
        let (http, url) = (http.clone(), url.clone());
        flood.spawn(async move {
            for number in 0..250 {
                let made_up = format!("made-up-{client}-{number}");
                let answer = http.get(&url).bearer_auth(made_up).send().await.unwrap();
                assert_eq!(answer.status(), 401);
            }
        });
    }
    while let Some(ended) = flood.join_next().await {
        ended.map_err(|error| error.to_string())?;
    }
    let before = lab.exchanges();
    let (status, _) = once(&lab, "/entries", &good).await;
    let further = lab.exchanges() - before;
    check((status, further) == (200, 0), || format!("{status}, {further} exchanges"))?;
    Ok(format!("{} refused; then {status} without an exchange", before - 1))
}

async fn crowded() -> Outcome {
    let lab = Lab::remembering(|cache| cache.max_entries(100)).await;
    let tokens: Vec<String> = (0..1000).map(|_| lab.token("entries:read")).collect();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = lab.url("/entries");
    for token in &tokens {
        let answer = http.get(&url).bearer_auth(token).send().await.unwrap();
        check(answer.status() == 200, || answer.status().to_string())?;
    }
    let before = lab.exchanges();
    for token in tokens.iter().rev().take(50) {
        http.get(&url).bearer_auth(token).send().await.unwrap();
    }
    let asked = lab.exchanges() - before;
    check(before == 1000 && asked < 50, || format!("{before}, then {asked} exchanges"))?;
    Ok(format!("of the last 50 of 1000, {} are remembered", 50 - asked))
}

async fn single_flight(down: bool) -> Outcome {
    let patient = |client: IntrospectionBuilder| client.request_timeout(Duration::from_secs(20));
    let lab = Arc::new(Lab::with(patient, Some(|cache| cache)).await);
    let token = lab.token("entries:read");
    // Until all callers are there, on a slow machine too.
    let held = Duration::from_secs(2);
    lab.authorization_server.fault(if down {
        Fault::status(500).after(held)
    } else {
        Fault::delay(held)
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..500 {
        let request = http.get(lab.url("/entries")).bearer_auth(&token);
        callers.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let seen = callers.join_all().await;
    let expected = if down { 503 } else { 200 };
    check(seen.iter().all(|it| *it == expected), || format!("{seen:?}"))?;
    check(lab.exchanges() == 1, || format!("{} exchanges", lab.exchanges()))?;
    Ok(format!("500×{expected}, 1 exchange"))
}

async fn forgotten() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let token = lab.token("entries:read");
    once(&lab, "/entries", &token).await;
    let cache = lab.cache.as_ref().ok_or("there is no cache")?;
    lab.authorization_server.revoke(&token);
    cache.invalidate(&token.parse::<AccessToken>().map_err(|error| error.to_string())?);
    let (status, _) = once(&lab, "/entries", &token).await;
    check(status == 401 && lab.exchanges() == 2, || format!("{status}"))?;
    Ok("revoked, forgotten, 401 at once".to_owned())
}

async fn own_copy() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let token = lab.token("entries:read");
    let first = once(&lab, "/me", &token).await;
    let second = once(&lab, "/me", &token).await;
    check(first == second && first.1.contains("alice"), || format!("{first:?} {second:?}"))?;
    check(lab.exchanges() == 1, || format!("{} exchanges", lab.exchanges()))?;
    Ok("the same claims twice, 1 exchange".to_owned())
}

async fn outlasts() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let load = Load::begin(&lab);
    load.normal(10).await?;
    lab.authorization_server.stop().await.map_err(|error| error.to_string())?;
    let remembered = load.normal(10).await?;
    remembered.only(Who::normal)?;
    lab.clock.advance(Duration::from_secs(61));
    let outage = |who| if who == Who::Nobody { 401 } else { 503 };
    load.all_see(6, outage).await?;
    let forgotten = load.all_see(10, outage).await?;
    forgotten.only(outage)?;
    lab.authorization_server.restart().await.map_err(|error| error.to_string())?;
    let after = load.normal(10).await?;
    load.end()?;
    Ok(format!("remembered {remembered}; then {forgotten}; back {after}"))
}

async fn jump_forward() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let mint = || lab.authorization_server.mint().audience(RESOURCE).scopes("entries:read");
    let (short, long) = (mint().expires_in(HOUR / 2).issue(), mint().expires_in(3 * HOUR).issue());
    let ask = async |token: &str| once(&lab, "/entries", token).await.0;
    let before = (ask(&short).await, ask(&long).await);
    lab.clock.set(lab.clock.now() + HOUR);
    let after = (ask(&short).await, ask(&long).await);
    check((before, after) == ((200, 200), (401, 200)), || format!("{before:?} {after:?}"))?;
    check(lab.exchanges() <= 3, || format!("{} exchanges", lab.exchanges()))?;
    Ok(format!("{after:?} for the expired and the other, {} exchanges", lab.exchanges()))
}

async fn jump_back() -> Outcome {
    let lab = Lab::remembering(|cache| cache).await;
    let mint = lab.authorization_server.mint().audience(RESOURCE).scopes("entries:read");
    let token = mint.expires_in(3 * HOUR).issue();
    let ask = async || once(&lab, "/entries", &token).await.0;
    let mut seen = vec![ask().await];
    lab.clock.set(lab.clock.now() - HOUR);
    seen.push(ask().await);
    let within = lab.exchanges();
    lab.clock.advance(Duration::from_secs(61));
    seen.push(ask().await);
    let beyond = lab.exchanges();
    let expired = lab.authorization_server.mint().audience(RESOURCE).expired().issue();
    seen.push(once(&lab, "/entries", &expired).await.0);
    check(seen == [200, 200, 200, 401], || format!("{seen:?}"))?;
    check((within, beyond) == (1, 2), || format!("{within}, {beyond} exchanges"))?;
    Ok(format!("{seen:?}; asked again after 61 s of the monotonic clock"))
}
