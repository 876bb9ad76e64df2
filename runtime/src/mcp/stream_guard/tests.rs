//! Streams on tokio's paused clock, with a wall clock that the test sets.

mod over_http;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::*;
use crate::mcp::body::{EventStream, ResponseBody};
use crate::{
    AccessToken, Claims, ClientError, Clock, Condition, ResolveError, Resolver, TokenError,
};

/// A wall clock with the time that the test has set.
#[derive(Debug, Clone, Default)]
struct WallClock(Arc<Mutex<Duration>>);

impl WallClock {
    fn set(&self, time: Duration) {
        *self.0.lock().unwrap() = time;
    }
}

impl Clock for WallClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.0.lock().unwrap()
    }
    fn instant(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

/// The responses of an authorization server and of a cache in front of it.
#[derive(Debug, Clone, Default)]
struct Answers {
    server: Arc<Mutex<Answer>>,
    cache: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<usize>>,
}

#[derive(Debug, Clone, Default)]
enum Answer {
    #[default]
    None,
    Claims(&'static str),
    /// Stale claims with the scopes that may be used. Only the cache, of this feature, makes them.
    #[cfg(feature = "introspection")]
    Stale(&'static str, &'static str),
    Inactive,
    Outage,
}

impl Answer {
    fn resolved(&self) -> Option<Result<Claims, ResolveError>> {
        match self {
            Self::None => None,
            Self::Claims(claims) => Some(Claims::from_introspection(claims.as_bytes())),
            #[cfg(feature = "introspection")]
            Self::Stale(claims, usable) => {
                let claims = Claims::from_introspection(claims.as_bytes()).unwrap();
                let usable = usable.parse::<crate::ScopeSet>().unwrap();
                Some(Ok(claims.stale(
                    Some(&usable),
                    ResolveError::InvalidClient(ClientError::Rejected(None)),
                )))
            }
            Self::Inactive => Some(Err(ResolveError::InvalidToken(TokenError::Inactive))),
            Self::Outage => Some(Err(ResolveError::InvalidClient(ClientError::Rejected(None)))),
        }
    }
}

impl Resolver for Answers {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        *self.requests.lock().unwrap() += 1;
        let answer = self.server.lock().unwrap().clone();
        match answer.resolved() {
            Some(resolved) => resolved,
            None => std::future::pending().await,
        }
    }
    fn cached(&self, _: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        self.cache.lock().unwrap().resolved()
    }
    fn cache_namespace(&self) -> String {
        String::new()
    }
}

/// A body that the test sends events into.
struct Events(mpsc::UnboundedReceiver<Bytes>);

impl Body for Events {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

const ALICE: &str =
    r#"{"active":true,"sub":"alice","scope":"read write","aud":"https://a.example/"}"#;

struct Open {
    answers: Answers,
    clock: WallClock,
    events: mpsc::UnboundedSender<Bytes>,
    stream: ResponseBody<Events>,
}

impl Open {
    async fn with(claims: &'static str, scopes: &[&'static str]) -> Self {
        let (answers, clock) = (Answers::default(), WallClock::default());
        *answers.server.lock().unwrap() = Answer::Claims(claims);
        let server = ResourceServer::builder("https://a.example/")
            .authorization_servers(["https://as.example"])
            .resolver(answers.clone())
            .clock(clock.clone())
            .build()
            .unwrap();
        let request = http::Request::get("/").header("authorization", "Bearer t");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let caller = server.authorize(&mut head, Condition::NONE).await.unwrap();
        let conditions = scopes.iter().copied().map(Condition::Scope).collect();
        let guard = StreamGuard::new(&server, caller, conditions);
        let (events, received) = mpsc::unbounded_channel();
        let stream = EventStream::new(Events(received), None, Some(guard));
        let stream = ResponseBody::event_stream(stream);
        Self { answers, clock, events, stream }
    }

    fn answer(&self, answer: Answer) {
        *self.answers.server.lock().unwrap() = answer;
    }

    fn cache(&self, answer: Answer) {
        *self.answers.cache.lock().unwrap() = answer;
    }

    fn requests(&self) -> usize {
        *self.answers.requests.lock().unwrap()
    }

    fn send(&self) {
        self.events.send(Bytes::from_static(b"data: x\n\n")).unwrap();
    }

    /// What the stream does within this time.
    async fn within(&mut self, time: Duration) -> Next {
        match tokio::time::timeout(time, self.stream.frame()).await {
            Err(_) => Next::Nothing,
            Ok(None) => Next::End,
            Ok(Some(frame)) => {
                assert_eq!(frame.unwrap().into_data().unwrap(), "data: x\n\n");
                Next::Event
            }
        }
    }

    async fn now(&mut self) -> Next {
        self.within(Duration::ZERO).await
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Event,
    Nothing,
    End,
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_expires() {
    // R-I15
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":100}"#;
    for event in [false, true] {
        let mut open = Open::with(claims, &[]).await;
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.clock.set(99 * SECOND);
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.clock.set(100 * SECOND);
        // The claims in the cache have expired as well.
        open.cache(Answer::Claims(claims));
        if event {
            open.send();
            assert_eq!(open.now().await, Next::End, "no event is passed on");
        } else {
            assert_eq!(open.within(2 * SECOND).await, Next::End, "without an event");
        }
        assert_eq!(open.now().await, Next::End);
        assert!(open.events.is_closed(), "the stream of the service is dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_events_ends_when_its_token_expires() {
    // R-I15: the timer runs until the token expires, not until the next tick.
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":10}"#;
    let mut open = Open::with(claims, &[]).await;
    let millis = Duration::from_millis;
    let begin = Instant::now();
    open.clock.set(millis(9750));
    // In a task of its own, so that nothing but the timer wakes the stream.
    let clock = open.clock.clone();
    tokio::spawn(async move {
        tokio::time::sleep(millis(1100)).await;
        clock.set(10 * SECOND);
    });
    assert_eq!(open.within(10 * SECOND).await, Next::End);
    let took = begin.elapsed();
    assert!((millis(1250)..millis(1260)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_as_soon_as_a_new_request_would_be_rejected() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Claims(ALICE));
    open.answer(Answer::Inactive);
    for _ in 0..60 {
        open.send();
        assert_eq!(open.now().await, Next::Event, "a new request would be accepted from the cache");
        assert_eq!(open.within(SECOND).await, Next::Nothing);
    }
    assert_eq!(open.requests(), 1, "for the request that began the stream");
    open.cache(Answer::None);
    open.send();
    assert_eq!(open.now().await, Next::End, "the cache has no entry: the token is resolved first");

    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Inactive);
    open.send();
    assert_eq!(open.now().await, Next::End);

    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Inactive);
    assert_eq!(open.within(2 * SECOND).await, Next::End, "without an event");
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_the_token_is_resolved_at_intervals() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    assert_eq!(open.within(60 * SECOND).await, Next::Nothing);
    assert!((11..=13).contains(&open.requests()), "{}", open.requests());
    open.send();
    assert_eq!(open.now().await, Next::Event);
    open.answer(Answer::Inactive);
    assert_eq!(open.within(6 * SECOND).await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn an_outage_holds_events_back_before_it_ends_the_stream() {
    // R-I15
    let mut open = Open::with(ALICE, &[]).await;
    open.answer(Answer::Outage);
    assert_eq!(open.within(6 * SECOND).await, Next::Nothing);
    open.send();
    assert_eq!(open.within(50 * SECOND).await, Next::Nothing, "the token may be revoked");
    open.answer(Answer::Claims(ALICE));
    assert_eq!(open.within(6 * SECOND).await, Next::Event, "the token was not revoked");

    open.answer(Answer::Outage);
    assert_eq!(open.within(60 * SECOND).await, Next::Nothing);
    assert_eq!(open.within(10 * SECOND).await, Next::End, "the outage lasts");
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_ends_a_stream_while_it_is_resolved() {
    // R-I15
    let claims = r#"{"active":true,"sub":"a","aud":"https://a.example/","exp":100}"#;
    let mut open = Open::with(claims, &[]).await;
    open.answer(Answer::None);
    assert_eq!(open.within(10 * SECOND).await, Next::Nothing);
    open.send();
    assert_eq!(open.within(10 * SECOND).await, Next::Nothing, "the token is being resolved");
    open.clock.set(100 * SECOND);
    assert_eq!(open.within(2 * SECOND).await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_loses_a_required_scope() {
    // R-I15
    let poor = r#"{"active":true,"sub":"alice","scope":"read","aud":"https://a.example/"}"#;
    for (scopes, expected) in [
        (&["read", "write"][..], Next::End),
        (&["write"], Next::End),
        (&["read"], Next::Event),
        (&[], Next::Event),
    ] {
        let mut open = Open::with(ALICE, scopes).await;
        open.send();
        assert_eq!(open.now().await, Next::Event);
        open.cache(Answer::Claims(poor));
        open.send();
        assert_eq!(open.now().await, expected, "{scopes:?}");
    }
}

#[cfg(feature = "introspection")]
#[tokio::test(start_paused = true)]
async fn stale_claims_without_a_required_scope_hold_events_back() {
    // R-I15
    for (usable, expected) in [("write", Next::Event), ("read", Next::Nothing)] {
        let mut open = Open::with(ALICE, &["write"]).await;
        open.cache(Answer::Stale(ALICE, usable));
        open.send();
        assert_eq!(open.within(50 * SECOND).await, expected, "{usable}");
        open.cache(Answer::Claims(ALICE));
        open.send();
        assert_eq!(open.within(2 * SECOND).await, Next::Event, "{usable}");
    }
    let mut open = Open::with(ALICE, &["write"]).await;
    open.cache(Answer::Stale(ALICE, "read"));
    open.send();
    assert_eq!(open.within(59 * SECOND).await, Next::Nothing);
    assert_eq!(open.within(2 * SECOND).await, Next::End, "the outage lasts");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_the_latest_expiration_time() {
    // R-I15: the authorization server has changed `exp` since the stream began.
    let early = r#"{"active":true,"sub":"alice","aud":"https://a.example/","exp":50}"#;
    let mut open = Open::with(ALICE, &[]).await;
    open.cache(Answer::Claims(early));
    open.send();
    assert_eq!(open.now().await, Next::Event);
    // From now on the cache has no entry, and the interval for resolving has not elapsed.
    open.cache(Answer::None);
    open.clock.set(49 * SECOND);
    open.send();
    assert_eq!(open.now().await, Next::Event);
    open.clock.set(50 * SECOND);
    open.send();
    assert_eq!(open.now().await, Next::End);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_token_has_another_principal_or_audience() {
    // R-I15
    for claims in [
        r#"{"active":true,"sub":"bob","scope":"read write","aud":"https://a.example/"}"#,
        r#"{"active":true,"sub":"alice","scope":"read write","aud":"https://b.example/"}"#,
    ] {
        let mut open = Open::with(ALICE, &[]).await;
        open.cache(Answer::Claims(claims));
        open.send();
        assert_eq!(open.now().await, Next::End, "{claims}");
    }
}
