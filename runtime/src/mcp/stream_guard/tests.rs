//! Streams on tokio's paused clock, with a wall clock that the test sets.

mod events;
mod expiration;
mod outage;
mod over_http;
mod revocation;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::*;
use crate::clock::ManualClock;
use crate::mcp::body::{EventStream, ResponseBody};
use crate::{AccessToken, Claims, ClientError, Condition, ResolveError, Resolver, TokenError};

/// The wall clock at the start of a test.
const START: SystemTime = SystemTime::UNIX_EPOCH;

/// The responses of an authorization server and of a cache in front of it.
#[derive(Debug, Clone, Default)]
struct Answers {
    server: Arc<Mutex<Answer>>,
    cache: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<usize>>,
    look_ups: Arc<Mutex<usize>>,
    /// What the authorization server has answered last.
    latest: Arc<Mutex<Option<Claims>>>,
}

#[derive(Debug, Clone, Default)]
enum Answer {
    #[default]
    None,
    Claims(&'static str),
    /// Of a cache: the claims that were resolved last, and no copy that was read from JSON again.
    Latest,
    /// Stale claims with the scopes that may be used. Only the cache, of this feature, makes them.
    #[cfg(feature = "introspection")]
    Stale(&'static str, &'static str),
    Inactive,
    Outage,
}

impl Answer {
    fn resolved(&self) -> Option<Result<Claims, ResolveError>> {
        match self {
            Self::None | Self::Latest => None,
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
            Some(resolved) => {
                *self.latest.lock().unwrap() = resolved.clone().ok();
                resolved
            }
            None => std::future::pending().await,
        }
    }
    fn cached(&self, _: &AccessToken) -> Option<Result<Claims, ResolveError>> {
        *self.look_ups.lock().unwrap() += 1;
        match &*self.cache.lock().unwrap() {
            Answer::Latest => self.latest.lock().unwrap().clone().map(Ok),
            answer => answer.resolved(),
        }
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

    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

const ALICE: &str =
    r#"{"active":true,"sub":"alice","scope":"read write","aud":"https://a.example/"}"#;

struct Open {
    answers: Answers,
    clock: ManualClock,
    events: mpsc::UnboundedSender<Bytes>,
    stream: ResponseBody<Events>,
}

impl Open {
    async fn with(claims: &'static str, scopes: &[&'static str]) -> Self {
        let (answers, clock) = (Answers::default(), ManualClock::at(START));
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
        let conditions = scopes.iter().copied().map(Condition::Scope);
        let requirements = conditions.filter_map(StreamRequirement::of).collect();
        let guard = StreamGuard::new(&server, &StreamTimer::default(), caller, requirements);
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

    /// In the cache.
    fn look_ups(&self) -> usize {
        *self.answers.look_ups.lock().unwrap()
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
