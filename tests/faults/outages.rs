//! R-L2, R-C4 to R-C7, R-C10, R-D1 and R-D2 under load: the authorization server fails, and recovers.

use std::time::{Duration, Instant};

use requires_auth::IntrospectionBuilder;
use requires_auth::testing::{ActiveAs, Fault};

use crate::load::{CallerKind, Load};
use crate::report::{Outcome, Report, check};
use crate::service::Service;

/// The status in an outage: 503, but 401 without a token, which needs no introspection.
fn outage(caller: CallerKind) -> u16 {
    if caller == CallerKind::WithoutToken { 401 } else { 503 }
}

fn misconfigured(caller: CallerKind) -> u16 {
    if caller == CallerKind::WithoutToken { 401 } else { 500 }
}

/// Short, because the tests wait for it.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(500);

pub async fn run(report: &mut Report) {
    let all_503 = "503 to all with a token; then as before";
    report.row("R-L2 R-C10", "stopped, and started again", all_503, stopped()).await;
    report.row("R-L2", "flapping: down and up five times", all_503, flapping()).await;
    report.row("R-C5", "hangs", all_503, with_fault(Fault::hang)).await;
    report
        .row(
            "R-C5",
            "exceeds the timeout",
            all_503,
            with_fault(|| Fault::delay(4 * REQUEST_TIMEOUT)),
        )
        .await;
    report
        .row(
            "R-C5",
            "sends its response slowly",
            all_503,
            with_fault(|| Fault::drip(Duration::from_millis(100))),
        )
        .await;
    report.row("R-C5", "sends an endless response", all_503, with_fault(Fault::endless_body)).await;
    report.row("R-C5", "sends a megabyte", all_503, with_fault(|| Fault::huge_body(1 << 20))).await;
    report
        .row("R-C5", "sends a gzip bomb", all_503, with_fault(|| Fault::gzip_bomb(1 << 20)))
        .await;
    report.row("R-C6", "truncates its responses", all_503, with_fault(Fault::truncated)).await;
    report.row("R-C6", "closes every connection", all_503, with_fault(Fault::close)).await;
    report.row("R-C6", "resets every connection", all_503, with_fault(Fault::reset)).await;
    report
        .row("R-C6", "closes pooled connections", "masked by one retry", closed_connections())
        .await;
    report.row("R-C6", "502 occasionally", "masked by one retry", gateway_errors()).await;
    for status in [500, 502, 503, 504, 400, 404, 204] {
        let fault = format!("responds with {status}");
        report.row("R-D1", &fault, all_503, with_fault(move || Fault::status(status))).await;
    }
    report
        .row("R-C4", "redirects", all_503, with_fault(|| Fault::redirect("http://127.0.0.1:9/")))
        .await;
    report.row("R-D1", "sends a page of HTML", all_503, with_fault(Fault::html)).await;
    report
        .row(
            "R-D11",
            "sends malformed JSON",
            all_503,
            with_fault(|| Fault::body("application/json", "{\"active\":")),
        )
        .await;
    for (how, what) in [
        (ActiveAs::Text, "sends \"active\": \"true\""),
        (ActiveAs::Number, "sends \"active\": 1"),
        (ActiveAs::Absent, "omits active"),
        (ActiveAs::Repeated, "sends active twice"),
    ] {
        report.row("R-D2", what, all_503, with_fault(move || Fault::active(how))).await;
    }
    let retry = "503 with its Retry-After, and no request until then";
    report.row("R-C7", "429 with Retry-After: 30", retry, pause_of_retry_after(429)).await;
    report.row("R-C7", "503 with Retry-After: 30", retry, pause_of_retry_after(503)).await;
    report
        .row(
            "R-B1 R-D1",
            "rejects the client's credentials",
            "500 to all with a token; then as before",
            rejected_credentials(),
        )
        .await;
    report
        .row(
            "R-C10",
            "500 for a thousand requests",
            "at most one probe each half second",
            probes_of_the_open_breaker(),
        )
        .await;
}

async fn with_fault(fault: impl Fn() -> Fault + Send + 'static) -> Outcome {
    let service = Service::without_cache(|client| client.request_timeout(REQUEST_TIMEOUT)).await;
    let load = Load::start(&service);
    load.normal(5).await?;
    service.authorization_server.fault(fault());
    // The first response may belong to a request from before the fault.
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
    check(service.introspection_requests() > before, || "no introspection request".to_owned())?;
    load.finish()?;
    Ok(format!("during {during}; recovered within {took:.1?}"))
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
    Ok("20 times, and no response changed".to_owned())
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
        format!(
            "{} more introspection requests",
            service.introspection_requests() - requests_before
        )
    })?;
    service.authorization_server.clear_faults();
    let still = load.wait_for(10, outage).await?;
    still.only(outage)?;
    service.clock.advance(Duration::from_secs(31));
    let after = load.normal(5).await?;
    load.finish()?;
    Ok(format!("during {during}, no introspection request; 31 s later {after}"))
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
    // The requests that were in flight when the breaker opened are no probes.
    check(probes as u128 <= most + 8, || format!("{probes} introspection requests"))?;
    service.authorization_server.clear_faults();
    load.normal(5).await?;
    load.finish()?;
    Ok(format!("during {during}; {probes} introspection requests"))
}
