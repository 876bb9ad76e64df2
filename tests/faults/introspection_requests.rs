//! R-C1 to R-C3, R-C8 and R-C9: the introspection requests, and their number in flight.

use std::time::Duration;

use requires_auth::testing::Fault;
use requires_auth::{Introspection, ResourceServerConfig};
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::get;
use crate::report::{Outcome, Report, check};
use crate::service::{RESOURCE, Service};

pub async fn run(report: &mut Report) {
    report
        .row(
            "R-C1 R-C2",
            "none",
            "a form, the client's credentials, nothing of the caller",
            request_form(),
        )
        .await;
    report
        .row(
            "R-C3",
            "plain http, or user-info in the URL",
            "rejected before any introspection request",
            async { plain_http() },
        )
        .await;
    report
        .row(
            "R-C8",
            "metadata of another issuer",
            "rejected at the start",
            metadata_of_another_issuer(),
        )
        .await;
    report
        .row(
            "R-C9",
            "slow, and 200 callers with distinct tokens",
            "8 requests in flight, 503 to the others immediately",
            beyond_max_in_flight(),
        )
        .await;
}

async fn request_form() -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let token = service.token("entries:read");
    let (status, _) = get(&service, "/entries", &token).await;
    check(status == 200, || status.to_string())?;
    let request =
        service.authorization_server.last_introspection().ok_or("no introspection request")?;
    let expected = [
        ("token".to_owned(), token.clone()),
        ("token_type_hint".to_owned(), "access_token".to_owned()),
    ];
    check(request.method() == "POST" && request.form() == expected, || format!("{request:?}"))?;
    check(request.header("accept") == Some("application/json"), || {
        format!("{:?}", request.headers())
    })?;
    // "journal:the-secret"
    let credentials = Some("Basic am91cm5hbDp0aGUtc2VjcmV0");
    check(request.header("authorization") == credentials, || format!("{:?}", request.headers()))?;
    check(request.header("cookie").is_none() && request.query().is_none(), || {
        format!("{request:?}")
    })?;
    Ok("POST, token and token_type_hint, Basic".to_owned())
}

fn plain_http() -> Outcome {
    for url in ["http://as.example/introspect", "https://id:secret@as.example/introspect"] {
        let rejected = Introspection::builder(url).build().map(drop);
        let text = rejected.err().ok_or_else(|| format!("{url} is accepted"))?.to_string();
        check(!text.contains("secret"), || text.clone())?;
    }
    Ok("both rejected, without the secret".to_owned())
}

async fn metadata_of_another_issuer() -> Outcome {
    let service = Service::without_cache(|client| client).await;
    let metadata = json!({
        "issuer": "https://elsewhere.example",
        "introspection_endpoint": "https://elsewhere.example/introspect",
    });
    let fault = Fault::json(metadata).at(requires_auth::testing::Endpoint::Metadata);
    service.authorization_server.fault(fault);
    let config: ResourceServerConfig = serde_json::from_value(json!({
        "resource": RESOURCE,
        "issuer": service.authorization_server.issuer(),
    }))
    .map_err(|error| error.to_string())?;
    let rejected = config.build().await.map(drop);
    let text = rejected.err().ok_or("it is accepted")?.to_string();
    check(text.contains("metadata"), || text.clone())?;
    Ok(text)
}

async fn beyond_max_in_flight() -> Outcome {
    const MAX_IN_FLIGHT: usize = 8;
    let service = Service::without_cache(|client| {
        client
            .max_in_flight(MAX_IN_FLIGHT)
            .request_timeout(Duration::from_secs(10))
            .without_circuit_breaker()
    })
    .await;
    service.authorization_server.fault(Fault::hang());
    let service = std::sync::Arc::new(service);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let (service, token) = (std::sync::Arc::clone(&service), service.token("entries:read"));
        callers.spawn(async move { get(&service, "/entries", &token).await.0 });
    }
    // All but those in flight are rejected immediately.
    let mut rejections = 0;
    while rejections < 200 - MAX_IN_FLIGHT {
        let status =
            callers.join_next().await.ok_or("no caller is left")?.map_err(|it| it.to_string())?;
        check(status == 503, || status.to_string())?;
        rejections += 1;
    }
    let introspection_requests = service.introspection_requests();
    check(introspection_requests <= MAX_IN_FLIGHT, || {
        format!("{introspection_requests} introspection requests")
    })?;
    Ok(format!(
        "{rejections} rejected immediately, {introspection_requests} introspection requests"
    ))
}
