//! Metrics and logs of the shared cache (R-C3, R-E2).

use fixtures::log_capture::LogCapture;
use fixtures::prometheus::recorder;
use fixtures::redis_server::{RedisServer, wait_until};
use requires_auth::shared_cache::SharedCache;
use requires_auth::testing::ManualClock;

use crate::instance::{Instance, Response, SECRET, authorization_server, parse, token};

#[tokio::test]
async fn use_of_the_store_is_counted_and_logged() {
    // R-C3, R-E2, R-E9: and neither has a secret in it.
    let (recorder, prometheus) = recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let log = LogCapture::default();
    let _logging = log.start();
    let mut store = RedisServer::with(&["--requirepass", "s3cret"]);
    let server = authorization_server().await;
    let url = store.url().replace("//", "//:s3cret@");
    let shared = || SharedCache::single(url.as_str(), SECRET);
    let one = Instance::with(&server, shared(), ManualClock::running(), |cache| cache).await;
    let other = Instance::with(&server, shared(), ManualClock::running(), |cache| cache).await;
    let counts = |series: &str| {
        let rendered = prometheus.render();
        let line = rendered.lines().find_map(|line| {
            line.strip_prefix("requires_auth_shared_cache")?.strip_prefix(series)?.strip_prefix(' ')
        });
        line.map(|count| count.parse::<f64>().unwrap())
    };

    let token = token(&server, "entries:read");
    assert_eq!(one.read(&token).await, Response::ok());
    let stored = r#"_writes_total{result="stored"}"#;
    wait_until(|| counts(stored).is_some()).await;
    assert_eq!(other.read(&token).await, Response::ok());
    assert_eq!(counts(r#"_lookups_total{result="miss"}"#), Some(1.0));
    assert_eq!(counts(r#"_lookups_total{result="hit"}"#), Some(1.0));
    assert_eq!(counts(stored), Some(1.0));
    assert_eq!(counts("s_connected"), Some(2.0));

    one.cache.invalidate_everywhere(&parse(&token)).await.unwrap();
    wait_until(|| counts("_invalidations_total") == Some(2.0)).await;

    store.kill();
    wait_until(|| counts("s_connected") == Some(0.0)).await;
    assert_eq!(one.read(&crate::instance::token(&server, "entries:read")).await, Response::ok());
    assert_eq!(counts(r#"_lookups_total{result="unavailable"}"#), Some(1.0));
    assert_eq!(counts(r#"_writes_total{result="skipped"}"#), Some(1.0));
    store.restart();
    wait_until(|| counts("s_connected") == Some(2.0)).await;

    let lines = log.lines();
    let said = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!(said(" INFO requires_auth: shared cache reached"), 4, "{lines:#?}");
    assert_eq!(said(" WARN requires_auth: shared cache lost"), 2, "{lines:#?}");
    for secret in ["s3cret", SECRET, &token, "alice"] {
        assert_eq!(said(secret), 0, "{secret}: {lines:#?}");
        assert!(!prometheus.render().contains(secret), "{secret}");
    }
}
