//! R-L2, R-C4 to R-C7, R-C10, R-D1 and R-D2 under load: the authorization server fails, and is back.

use std::time::{Duration, Instant};

use requires_auth::IntrospectionBuilder;
use requires_auth::testing::{ActiveAs, Fault};

use crate::load::{Load, Who};
use crate::report::{Outcome, Report, check};
use crate::service::Lab;

/// Outages are refused with 503; who brings no token needs nobody to be asked.
fn outage(who: Who) -> u16 {
    if who == Who::Nobody { 401 } else { 503 }
}

fn misconfigured(who: Who) -> u16 {
    if who == Who::Nobody { 401 } else { 500 }
}

/// Short enough to wait for.
const DEADLINE: Duration = Duration::from_millis(500);

pub async fn run(report: &mut Report) {
    let all_503 = "503 to all who bring a token; then as before";
    report.row("R-L2 R-C10", "stopped, and started again", all_503, stopped()).await;
    report.row("R-L2", "flapping: down and up five times", all_503, flapping()).await;
    report.row("R-C5", "hangs", all_503, fails(Fault::hang)).await;
    report
        .row("R-C5", "answers after the deadline", all_503, fails(|| Fault::delay(4 * DEADLINE)))
        .await;
    report
        .row("R-C5", "drips its answer", all_503, fails(|| Fault::drip(Duration::from_millis(100))))
        .await;
    report.row("R-C5", "answers without end", all_503, fails(Fault::endless_body)).await;
    report.row("R-C5", "answers a megabyte", all_503, fails(|| Fault::huge_body(1 << 20))).await;
    report.row("R-C5", "answers a gzip bomb", all_503, fails(|| Fault::gzip_bomb(1 << 20))).await;
    report.row("R-C6", "breaks its answers off", all_503, fails(Fault::truncated)).await;
    report.row("R-C6", "closes every connection", all_503, fails(Fault::close)).await;
    report.row("R-C6", "resets every connection", all_503, fails(Fault::reset)).await;
    report
        .row(
            "R-C6",
            "closes a pooled connection now and then",
            "nobody notices: one retry",
            hiccups(),
        )
        .await;
    report.row("R-C6", "502 now and then", "nobody notices: one retry", gateway()).await;
    for status in [500, 502, 503, 504, 400, 404, 204] {
        let fault = format!("answers {status}");
        report.row("R-D1", &fault, all_503, fails(move || Fault::status(status))).await;
    }
    report
        .row("R-C4", "redirects", all_503, fails(|| Fault::redirect("http://127.0.0.1:9/")))
        .await;
    report.row("R-D1", "answers a page of HTML", all_503, fails(Fault::html)).await;
    report
        .row(
            "R-D11",
            "answers broken JSON",
            all_503,
            fails(|| Fault::body("application/json", "{\"active\":")),
        )
        .await;
    for (how, what) in [
        (ActiveAs::Text, "says \"active\": \"true\""),
        (ActiveAs::Number, "says \"active\": 1"),
        (ActiveAs::Absent, "says nothing of active"),
        (ActiveAs::Repeated, "says active twice"),
    ] {
        report.row("R-D2", what, all_503, fails(move || Fault::active(how))).await;
    }
    let retry = "503 with its Retry-After, and nobody asks until then";
    report.row("R-C7", "429 with Retry-After: 30", retry, paused(429)).await;
    report.row("R-C7", "503 with Retry-After: 30", retry, paused(503)).await;
    report
        .row(
            "R-B1 R-D1",
            "refuses our credentials",
            "500 to all who bring a token; then as before",
            refused(),
        )
        .await;
    report
        .row(
            "R-C10",
            "500 for a thousand requests",
            "no more than one probe each half second",
            left_alone(),
        )
        .await;
}

async fn fails(fault: impl Fn() -> Fault + Send + 'static) -> Outcome {
    let lab = Lab::asking(|client| client.request_timeout(DEADLINE)).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    lab.authorization_server.fault(fault());
    // The first may have been asked before; those after that may not.
    load.all_see(1, outage).await?;
    let during = load.all_see(10, outage).await?;
    during.only(outage)?;
    lab.authorization_server.clear_faults();
    load.normal(2).await?;
    let after = load.normal(10).await?;
    load.end()?;
    Ok(format!("during {during}; after {after}"))
}

async fn stopped() -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    lab.authorization_server.stop().await.map_err(|error| error.to_string())?;
    load.all_see(1, outage).await?;
    let during = load.all_see(10, outage).await?;
    during.only(outage)?;
    let before = lab.exchanges();
    lab.authorization_server.restart().await.map_err(|error| error.to_string())?;
    let back = Instant::now();
    load.normal(1).await?;
    let took = back.elapsed();
    check(took < Duration::from_secs(3), || format!("recovered after {took:?}"))?;
    let after = load.normal(10).await?;
    after.only(Who::normal)?;
    check(lab.exchanges() > before, || "nobody asked".to_owned())?;
    load.end()?;
    Ok(format!("during {during}; back within {took:.1?}"))
}

async fn flapping() -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let load = Load::begin(&lab);
    for _ in 0..5 {
        load.normal(5).await?;
        lab.authorization_server.stop().await.map_err(|error| error.to_string())?;
        load.all_see(5, outage).await?;
        lab.authorization_server.restart().await.map_err(|error| error.to_string())?;
    }
    let after = load.normal(10).await?;
    load.end()?;
    Ok(format!("five times down and up; after {after}"))
}

async fn hiccups() -> Outcome {
    unnoticed(Fault::close).await
}

async fn gateway() -> Outcome {
    unnoticed(|| Fault::status(502)).await
}

async fn unnoticed(fault: fn() -> Fault) -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    for _ in 0..20 {
        lab.authorization_server.fault_once(fault());
        let meanwhile = load.normal(2).await?;
        meanwhile.only(Who::normal)?;
    }
    load.end()?;
    Ok("20 times, and every answer as if nothing had been".to_owned())
}

async fn paused(status: u16) -> Outcome {
    let lab = Lab::asking(IntrospectionBuilder::without_circuit_breaker).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    lab.authorization_server.fault(Fault::status(status).header("retry-after", "30"));
    load.all_see(5, outage).await?;
    let asked = lab.exchanges();
    let during = load.all_see(10, outage).await?;
    during.only(outage)?;
    check(lab.exchanges() == asked, || format!("{} more exchanges", lab.exchanges() - asked))?;
    lab.authorization_server.clear_faults();
    let still = load.all_see(10, outage).await?;
    still.only(outage)?;
    lab.clock.advance(Duration::from_secs(31));
    let after = load.normal(5).await?;
    load.end()?;
    Ok(format!("during {during}, no exchange; 31 s later {after}"))
}

async fn refused() -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    lab.authorization_server.fault(Fault::status(401));
    load.all_see(1, misconfigured).await?;
    let during = load.all_see(20, misconfigured).await?;
    during.only(misconfigured)?;
    lab.authorization_server.clear_faults();
    let after = load.normal(5).await?;
    load.end()?;
    Ok(format!("during {during}; after {after}"))
}

async fn left_alone() -> Outcome {
    let lab = Lab::asking(IntrospectionBuilder::without_retry).await;
    let load = Load::begin(&lab);
    load.normal(5).await?;
    lab.authorization_server.fault(Fault::status(500));
    load.all_see(1, outage).await?;
    let (asked, begun) = (lab.exchanges(), Instant::now());
    let during = load.all_see(80, outage).await?;
    let (probes, most) = (lab.exchanges() - asked, begun.elapsed().as_millis() / 500 + 1);
    // Those that were on their way when the breaker opened are not probes.
    check(probes as u128 <= most + 8, || format!("{probes} exchanges"))?;
    lab.authorization_server.clear_faults();
    load.normal(5).await?;
    load.end()?;
    Ok(format!("during {during}; {probes} exchanges"))
}
