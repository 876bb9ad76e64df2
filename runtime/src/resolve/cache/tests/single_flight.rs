//! Requests that carry the same token at the same time.

use super::*;

#[tokio::test]
async fn concurrent_requests_share_one_resolution() {
    // R-E6. On one thread all requests are polled before the resolution that the first one starts.
    for name in ["a", "inactive", "outage"] {
        let script = Script::closed();
        let cached = Cached::new(Arc::clone(&script));
        let callers: Vec<_> = (0..10_000)
            .map(|_| {
                let cached = cached.clone();
                tokio::spawn(async move { cached.resolve(&token(name)).await })
            })
            .collect();
        while script.resolutions() == 0 {
            tokio::task::yield_now().await;
        }
        script.gate.add_permits(1);
        for caller in callers {
            assert_eq!(caller.await.unwrap().is_ok(), name == "a");
        }
        assert_eq!(script.resolutions(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_cancelled_leader_leaves_no_request_waiting() {
    // R-E6
    let script = Script::closed();
    let cached = Cached::new(Arc::clone(&script));
    let first = tokio::spawn({
        let cached = cached.clone();
        async move { cached.resolve(&token("a")).await }
    });
    while script.resolutions() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = tokio::spawn({
        let cached = cached.clone();
        async move { cached.resolve(&token("a")).await }
    });
    script.gate.add_permits(1);
    assert_eq!(second.await.unwrap().unwrap().subject(), Some("answer 1"));
    assert_eq!(script.resolutions(), 1);
}

#[tokio::test]
async fn a_panicking_resolver_leaves_no_request_waiting() {
    // R-E6
    let script = Script::closed();
    let cached = Cached::new(Arc::clone(&script));
    let callers: Vec<_> = (0..10)
        .map(|_| {
            let cached = cached.clone();
            tokio::spawn(async move { cached.resolve(&token("panic")).await })
        })
        .collect();
    while script.resolutions() == 0 {
        tokio::task::yield_now().await;
    }
    script.gate.add_permits(1);
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert!(matches!(error, ResolveError::Unavailable(_)), "{error:?}");
    }
    script.gate.add_permits(1);
    assert!(cached.resolve(&token("panic")).await.is_err());
    assert_eq!(script.resolutions(), 2, "the next request resolves it again");
}
