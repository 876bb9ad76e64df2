//! R-C1 to R-C3, R-C8 and R-C9: how the authorization server is asked, and how much of it.

use std::time::Duration;

use requires_auth::testing::Fault;
use requires_auth::{Introspection, ResourceServerConfig};
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::once;
use crate::report::{Outcome, Report, check};
use crate::service::{Lab, RESOURCE};

pub async fn run(report: &mut Report) {
    report
        .row(
            "R-C1 R-C2",
            "none",
            "a form, with our credentials and nothing of the caller's",
            form(),
        )
        .await;
    report
        .row(
            "R-C3",
            "plain http, or user-info in the URL",
            "refused before anything is asked",
            async { plain_http() },
        )
        .await;
    report.row("R-C8", "metadata of another issuer", "refused at the start", other_issuer()).await;
    report
        .row(
            "R-C9",
            "slow, and 200 callers with tokens of their own",
            "8 exchanges at once, 503 to the rest at once",
            crowd(),
        )
        .await;
}

async fn form() -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let token = lab.token("entries:read");
    let (status, _) = once(&lab, "/entries", &token).await;
    check(status == 200, || status.to_string())?;
    let asked = lab.authorization_server.last_introspection().ok_or("nobody asked")?;
    let expected = [
        ("token".to_owned(), token.clone()),
        ("token_type_hint".to_owned(), "access_token".to_owned()),
    ];
    check(asked.method() == "POST" && asked.form() == expected, || format!("{asked:?}"))?;
    check(asked.header("accept") == Some("application/json"), || format!("{:?}", asked.headers()))?;
    // "journal:the-secret"
    let credentials = Some("Basic am91cm5hbDp0aGUtc2VjcmV0");
    check(asked.header("authorization") == credentials, || format!("{:?}", asked.headers()))?;
    check(asked.header("cookie").is_none() && asked.query().is_none(), || format!("{asked:?}"))?;
    Ok("POST, token and token_type_hint, Basic".to_owned())
}

fn plain_http() -> Outcome {
    for url in ["http://as.example/introspect", "https://id:secret@as.example/introspect"] {
        let refused = Introspection::builder(url).build().map(drop);
        let text = refused.err().ok_or_else(|| format!("{url} is taken"))?.to_string();
        check(!text.contains("secret"), || text.clone())?;
    }
    Ok("both refused, without a word of the secret".to_owned())
}

async fn other_issuer() -> Outcome {
    let lab = Lab::asking(|client| client).await;
    let metadata = json!({
        "issuer": "https://elsewhere.example",
        "introspection_endpoint": "https://elsewhere.example/introspect",
    });
    let fault = Fault::json(metadata).at(requires_auth::testing::Endpoint::Metadata);
    lab.authorization_server.fault(fault);
    let config: ResourceServerConfig = serde_json::from_value(json!({
        "resource": RESOURCE,
        "issuer": lab.authorization_server.issuer(),
    }))
    .map_err(|error| error.to_string())?;
    let refused = config.build().await.map(drop);
    let text = refused.err().ok_or("it is taken")?.to_string();
    check(text.contains("metadata"), || text.clone())?;
    Ok(text)
}

async fn crowd() -> Outcome {
    const AT_ONCE: usize = 8;
    let lab = Lab::asking(|client| {
        client
            .max_in_flight(AT_ONCE)
            .request_timeout(Duration::from_secs(10))
            .without_circuit_breaker()
    })
    .await;
    lab.authorization_server.fault(Fault::hang());
    let lab = std::sync::Arc::new(lab);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let (lab, token) = (std::sync::Arc::clone(&lab), lab.token("entries:read"));
        callers.spawn(async move { once(&lab, "/entries", &token).await.0 });
    }
    // All but those who wait for an answer are told at once.
    let mut told = 0;
    while told < 200 - AT_ONCE {
        let status =
            callers.join_next().await.ok_or("nobody is left")?.map_err(|it| it.to_string())?;
        check(status == 503, || status.to_string())?;
        told += 1;
    }
    let exchanges = lab.exchanges();
    check(exchanges <= AT_ONCE, || format!("{exchanges} exchanges"))?;
    Ok(format!("{told} told at once, {exchanges} exchanges"))
}
