//! A stream behind the layer.

use ::rmcp::ServerHandler;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use super::*;
use crate::mcp::Mcp;

/// A service that responds with one event stream.
#[derive(Clone)]
struct StreamService(Arc<Mutex<Option<Events>>>);

impl<B: Send + 'static> Service<Request<B>> for StreamService {
    type Response = Response<Events>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Response<Events>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(self.0.lock().unwrap().take().unwrap());
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("text/event-stream"));
        headers.insert("content-length", HeaderValue::from_static("9"));
        std::future::ready(Ok(response))
    }
}

struct Handler;

impl ServerHandler for Handler {}

#[tokio::test(start_paused = true)]
async fn a_stream_over_http_is_bound_to_the_scopes_of_its_operation() {
    // R-I15
    let poor = r#"{"active":true,"sub":"alice","scope":"read","aud":"https://a.example/"}"#;
    for (name, expected) in [("a:1", Next::End), ("b:1", Next::Event)] {
        let answers = Answers::default();
        *answers.server.lock().unwrap() = Answer::Claims(ALICE);
        let server = ResourceServer::builder("https://a.example/")
            .authorization_servers(["https://as.example"])
            .resolver(answers.clone())
            .build()
            .unwrap();
        let mcp = Mcp::builder(&server, || Ok(Handler))
            .resource("a:{id}", Condition::Scope("write"))
            .resource("b:{id}", Condition::Scope("read"))
            .build()
            .unwrap();
        let (events, received) = mpsc::unbounded_channel();
        let mut service =
            mcp.layer().layer(StreamService(Arc::new(Mutex::new(Some(Events(received))))));
        let request = Request::post("/")
            .header("authorization", "Bearer t")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "resources/read")
            .header("mcp-name", name)
            .body(Full::<Bytes>::default())
            .unwrap();
        let response = service.call(request).await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        assert!(!response.headers().contains_key("content-length"), "the stream may end early");
        let stream = response.into_body();
        let clock = ManualClock::at(START);
        let mut open = Open { answers, clock, events, stream };
        open.send();
        assert_eq!(open.now().await, Next::Event, "{name}");
        open.cache(Answer::Claims(poor));
        open.send();
        assert_eq!(open.now().await, expected, "{name}");
    }
}
