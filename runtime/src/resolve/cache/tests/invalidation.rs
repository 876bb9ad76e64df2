//! Entries that are dropped before they expire.

use super::*;

#[tokio::test]
async fn an_invalidated_token_is_resolved_again() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Arc::clone(&script));
    for name in ["a", "b"] {
        subject(&cached, name).await;
    }
    cached.invalidate(&token("a"));
    assert_eq!(subject(&cached, "a").await, "answer 3");
    assert_eq!(subject(&cached, "b").await, "answer 2");
    cached.invalidate_all();
    assert_eq!(subject(&cached, "b").await, "answer 4");
    cached.resolve(&token("inactive")).await.unwrap_err();
    cached.invalidate(&token("inactive"));
    cached.resolve(&token("inactive")).await.unwrap_err();
    assert_eq!(script.resolutions(), 6);
}

#[tokio::test]
async fn a_resolution_that_began_before_an_invalidation_is_not_cached() {
    // R-E7
    for invalidate in [|cached: &Cached<_>| cached.invalidate(&token("a")), Cached::invalidate_all]
    {
        let script = Script::closed();
        let cached = Cached::new(Arc::clone(&script));
        let early = tokio::spawn({
            let cached = cached.clone();
            async move { subject(&cached, "a").await }
        });
        while script.resolutions() == 0 {
            tokio::task::yield_now().await;
        }
        invalidate(&cached);
        script.gate.add_permits(2);
        assert_eq!(subject(&cached, "a").await, "answer 2", "resolved again, not joined");
        assert_eq!(early.await.unwrap(), "answer 1");
        script.gate.add_permits(1);
        assert_eq!(subject(&cached, "a").await, "answer 2", "and that is cached");
    }
}

#[tokio::test]
async fn a_server_invalidates_every_nested_cache() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Cached::new(Arc::clone(&script)));
    let server = crate::ResourceServer::builder("https://api.example")
        .authorization_servers(["https://auth.example"])
        .resolver(Arc::new(cached))
        .audience_check(crate::AudienceCheck::Unchecked)
        .build()
        .unwrap();
    let subject = async || {
        let request = http::Request::get("/").header("authorization", "Bearer a");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let caller = server.authorize(&mut head, crate::Condition::NONE).await.unwrap();
        caller.subject().unwrap().to_owned()
    };
    assert_eq!(subject().await, "answer 1");
    server.invalidate(&token("b"));
    assert_eq!(subject().await, "answer 1", "another token");
    server.invalidate(&token("a"));
    assert_eq!(subject().await, "answer 2");
}

#[tokio::test]
async fn an_invalidation_of_all_entries_reaches_every_nested_cache() {
    // R-E7
    let script = Script::open();
    let cached = Cached::new(Arc::new(Cached::new(Arc::clone(&script))));
    let subject = async || cached.resolve(&token("a")).await.unwrap().subject().unwrap().to_owned();
    assert_eq!(subject().await, "answer 1");
    cached.invalidate_all();
    assert_eq!(subject().await, "answer 2");
    cached.invalidate_all_everywhere().await.unwrap();
    assert_eq!(subject().await, "answer 3");
}
