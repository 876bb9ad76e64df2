//! The layer of an MCP server in front of a service with a response that the target chooses.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use requires_auth::mcp::{Mcp, McpService};
use requires_auth::{AccessToken, Claims, ResolveError, Resolver, ResourceServer};
use rmcp::ServerHandler;
use tower_layer::Layer;
use tower_service::Service;

use crate::runtime::block_on;
use crate::server::RESOURCE;

pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The subject of a token is its text, unless that begins with `x`.
struct ByName;

impl Resolver for ByName {
    async fn resolve(&self, token: &AccessToken) -> Result<Claims, ResolveError> {
        let subject = match token.expose() {
            text if text.starts_with('x') => String::new(),
            text => format!(r#","sub":"{text}""#),
        };
        let response = format!(r#"{{"active":true,"aud":"{RESOURCE}"{subject}}}"#);
        Claims::from_introspection(response.as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "by name".to_owned()
    }
}

struct Handler;

impl ServerHandler for Handler {}

/// What the service behind the layer responds with.
#[derive(Default)]
pub struct Script {
    pub session: Option<HeaderValue>,
    /// The body of an event stream.
    pub events: Vec<Bytes>,
}

#[derive(Clone, Default)]
struct Scripted {
    script: Arc<Mutex<Script>>,
    received: Arc<Mutex<Option<HeaderMap>>>,
}

/// A body of these chunks.
struct Chunks(std::vec::IntoIter<Bytes>);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|chunk| Ok(Frame::data(chunk))))
    }
}

impl<B> Service<Request<B>> for Scripted {
    type Response = Response<Chunks>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        *self.received.lock().unwrap() = Some(request.headers().clone());
        let Script { session, events } = std::mem::take(&mut *self.script.lock().unwrap());
        let mut response = Response::new(Chunks(events.into_iter()));
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("text/event-stream"));
        if let Some(session) = session {
            headers.insert(SESSION_ID, session);
        }
        ready(Ok(response))
    }
}

static LAYER: LazyLock<(McpService<Scripted>, Scripted)> = LazyLock::new(|| {
    let server = ResourceServer::builder(RESOURCE)
        .authorization_servers(["https://auth.example"])
        .resolver(ByName)
        .build()
        .unwrap();
    let mcp = Mcp::builder(&server, || Ok(Handler)).session_key([7; 32]).build().unwrap();
    let scripted = Scripted::default();
    (mcp.layer().layer(scripted.clone()), scripted)
});

/// An answer of the layer.
pub struct Answer {
    pub status: u16,
    pub session: Option<HeaderValue>,
    pub body: Vec<u8>,
    /// The headers that the service behind the layer got; `None` if it was not called.
    pub received: Option<HeaderMap>,
}

/// Sends a `GET` with this token and these headers.
pub fn get(token: &str, headers: &[(HeaderName, &HeaderValue)], script: Script) -> Answer {
    let (service, scripted) = &*LAYER;
    *scripted.script.lock().unwrap() = script;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::GET;
    let authorization = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    request.headers_mut().insert(AUTHORIZATION, authorization);
    for (name, value) in headers {
        request.headers_mut().append(name, (*value).clone());
    }
    let mut service = service.clone();
    block_on(async {
        let response = service.call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let received = scripted.received.lock().unwrap().take();
        Answer {
            status: head.status.as_u16(),
            session: head.headers.get(SESSION_ID).cloned(),
            body,
            received,
        }
    })
}
