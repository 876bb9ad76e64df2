//! R-L2, R-C4 to R-C7, R-C10, R-D1 and R-D2 under load: the authorization server fails, and is back.

use std::time::{Duration, Instant};

use requires_auth::IntrospectionBuilder;
use requires_auth::testing::{ActiveAs, Fault};

use crate::load::{CallerKind, Load};
use crate::report::{Outcome, Report, check};
use crate::service::Service;

/// Outages are refused with 503; who brings no token needs nobody to be asked.
fn outage(caller: CallerKind) -> u16 {
    if caller == CallerKind::WithoutToken { 401 } else { 503 }
}

fn misconfigured(caller: CallerKind) -> u16 {
    if caller == CallerKind::WithoutToken { 401 } else { 500 }
}

/// Short enough to wait for.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(500);

pub async fn run(report: &mut Report) {
    let all_503 = "503 to all who bring a token; then as before";
    report.row("R-L2 R-C10", "stopped, and started again", all_503, stopped()).await;
    report.row("R-L2", "flapping: down and up five times", all_503, flapping()).await;
    report.row("R-C5", "hangs", all_503, fault_during_load(Fault::hang)).await;
    report
        .row(
            "R-C5",
            "answers after the deadline",
            all_503,
            fault_during_load(|| Fault::delay(4 * REQUEST_TIMEOUT)),
        )
        .await;
    report
        .row(
            "R-C5",
            "drips its answer",
            all_503,
            fault_during_load(|| Fault::drip(Duration::from_millis(100))),
        )
        .await;
    report
        .row("R-C5", "answers without end", all_503, fault_during_load(Fault::endless_body))
        .await;
    report
        .row("R-C5", "answers a megabyte", all_503, fault_during_load(|| Fault::huge_body(1 << 20)))
        .await;
    report
        .row(
            "R-C5",
            "answers a gzip bomb",
            all_503,
            fault_during_load(|| Fault::gzip_bomb(1 << 20)),
        )
        .await;
    report
        .row("R-C6", "breaks its answers off", all_503, fault_during_load(Fault::truncated))
        .await;
    report.row("R-C6", "closes every connection", all_503, fault_during_load(Fault::close)).await;
    report.row("R-C6", "resets every connection", all_503, fault_during_load(Fault::reset)).await;
    report
        .row(
            "R-C6",
            "closes a pooled connection now and then",
            "nobody notices: one retry",
            closed_connections(),
        )
        .await;
    report.row("R-C6", "502 now and then", "nobody notices: one retry", gateway_errors()).await;
    for status in [500, 502, 503, 504, 400, 404, 204] {
        let fault = format!("answers {status}");
        report.row("R-D1", &fault, all_503, fault_during_load(move || Fault::status(status))).await;
    }
    report
        .row(
            "R-C4",
            "redirects",
            all_503,
            fault_during_load(|| Fault::redirect("http://127.0.0.1:9/")),
        )
        .await;
    report.row("R-D1", "answers a page of HTML", all_503, fault_during_load(Fault::html)).await;
    report
        .row(
            "R-D11",
            "answers broken JSON",
            all_503,
            fault_during_load(|| Fault::body("application/json", "{\"active\":")),
        )
        .await;
    for (how, what) in [
        (ActiveAs::Text, "says \"active\": \"true\""),
        (ActiveAs::Number, "says \"active\": 1"),
        (ActiveAs::Absent, "says nothing of active"),
        (ActiveAs::Repeated, "says active twice"),
    ] {
        report.row("R-D2", what, all_503, fault_during_load(move || Fault::active(how))).await;
    }
    let retry = "503 with its Retry-After, and nobody asks until then";
    report.row("R-C7", "429 with Retry-After: 30", retry, pause_of_retry_after(429)).await;
    report.row("R-C7", "503 with Retry-After: 30", retry, pause_of_retry_after(503)).await;
    report
        .row(
            "R-B1 R-D1",
            "refuses our credentials",
            "500 to all who bring a token; then as before",
            rejected_credentials(),
        )
        .await;
    report
        .row(
            "R-C10",
            "500 for a thousand requests",
            "no more than one probe each half second",
            probes_of_the_open_breaker(),
        )
        .await;
}

async fn fault_during_load(fault: impl Fn() -> Fault + Send + 'static) -> Outcome {
    let service = Service::without_cache(|client| client.request_timeout(REQUEST_TIMEOUT)).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.fault(fault());
    // The first may have been asked before; those after that may not.
    load.wait_for(1, outage).await?;
    let during = load.wait_for(10, outage).await?;
    during.only(outage)?;
    service.authorization_server.clear_faults();
    load.normal(2).await?;
    let after = load.normal(10).await?;
    load.finish()?;
    Ok(format!("during {during}; after {after}"))
}

async fn stopped() -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.stop().await.map_err(|error| error.to_string())?;
    load.wait_for(1, outage).await?;
    let during = load.wait_for(10, outage).await?;
    during.only(outage)?;
    let before = service.introspection_requests();
    service.authorization_server.restart().await.map_err(|error| error.to_string())?;
    let back = Instant::now();
    load.normal(1).await?;
    let took = back.elapsed();
    check(took < Duration::from_secs(3), || format!("recovered after {took:?}"))?;
    let after = load.normal(10).await?;
    after.only(CallerKind::normal)?;
    check(service.introspection_requests() > before, || "nobody asked".to_owned())?;
    load.finish()?;
    Ok(format!("during {during}; back within {took:.1?}"))
}

async fn flapping() -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let load = Load::start(&service);
    for _ in 0..5 {
        load.normal(5).await?;
        service.authorization_server.stop().await.map_err(|error| error.to_string())?;
        load.wait_for(5, outage).await?;
        service.authorization_server.restart().await.map_err(|error| error.to_string())?;
    }
    let after = load.normal(10).await?;
    load.finish()?;
    Ok(format!("five times down and up; after {after}"))
}

async fn closed_connections() -> Outcome {
    masked_by_retry(Fault::close).await
}

async fn gateway_errors() -> Outcome {
    masked_by_retry(|| Fault::status(502)).await
}

async fn masked_by_retry(fault: fn() -> Fault) -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    for _ in 0..20 {
        service.authorization_server.fault_once(fault());
        let meanwhile = load.normal(2).await?;
        meanwhile.only(CallerKind::normal)?;
    }
    load.finish()?;
    Ok("20 times, and every answer as if nothing had been".to_owned())
}

async fn pause_of_retry_after(status: u16) -> Outcome {
    let service = Service::without_cache(IntrospectionBuilder::without_circuit_breaker).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.fault(Fault::status(status).header("retry-after", "30"));
    load.wait_for(5, outage).await?;
    let requests_before = service.introspection_requests();
    let during = load.wait_for(10, outage).await?;
    during.only(outage)?;
    check(service.introspection_requests() == requests_before, || {
        format!("{} more exchanges", service.introspection_requests() - requests_before)
    })?;
    service.authorization_server.clear_faults();
    let still = load.wait_for(10, outage).await?;
    still.only(outage)?;
    service.clock.advance(Duration::from_secs(31));
    let after = load.normal(5).await?;
    load.finish()?;
    Ok(format!("during {during}, no exchange; 31 s later {after}"))
}

async fn rejected_credentials() -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.fault(Fault::status(401));
    load.wait_for(1, misconfigured).await?;
    let during = load.wait_for(20, misconfigured).await?;
    during.only(misconfigured)?;
    service.authorization_server.clear_faults();
    let after = load.normal(5).await?;
    load.finish()?;
    Ok(format!("during {during}; after {after}"))
}

async fn probes_of_the_open_breaker() -> Outcome {
    let service = Service::without_cache(IntrospectionBuilder::without_retry).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.fault(Fault::status(500));
    load.wait_for(1, outage).await?;
    let (requests_before, started) = (service.introspection_requests(), Instant::now());
    let during = load.wait_for(80, outage).await?;
    let (probes, most) = (
        service.introspection_requests() - requests_before,
        started.elapsed().as_millis() / 500 + 1,
    );
    // Those that were on their way when the breaker opened are not probes.
    check(probes as u128 <= most + 8, || format!("{probes} exchanges"))?;
    service.authorization_server.clear_faults();
    load.normal(5).await?;
    load.finish()?;
    Ok(format!("during {during}; {probes} exchanges"))
}
