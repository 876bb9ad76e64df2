//! The layer with bodies that arrive slowly or never.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use ::rmcp::ServerHandler;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use tower_layer::Layer;

use super::*;
use crate::mcp::Mcp;
use crate::{AccessToken, Claims, ResolveError, Resolver, ResourceServer};

struct Handler;

impl ServerHandler for Handler {}

struct AnyToken;

impl Resolver for AnyToken {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Claims::from_introspection(br#"{"active":true,"sub":"a","aud":"https://a.example/"}"#)
    }
    fn cache_namespace(&self) -> String {
        String::new()
    }
}

/// Reads the whole body, with a pause before each frame, and answers 500 if that fails, as the SDK does.
#[derive(Clone, Default)]
struct ReadBody {
    pause: Duration,
}

impl<B> Service<Request<B>> for ReadBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let pause = self.pause;
        Box::pin(async move {
            let mut response = Response::new(Full::default());
            let mut body = std::pin::pin!(request.into_body());
            loop {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                match body.frame().await {
                    Some(Ok(_)) => {}
                    Some(Err(_)) => {
                        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                        return Ok(response);
                    }
                    None => return Ok(response),
                }
            }
        })
    }
}

/// A body that sends one byte after each interval.
struct Slow {
    bytes: usize,
    interval: Duration,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let interval = self.interval;
        if !interval.is_zero() {
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(interval)));
            std::task::ready!(timer.as_mut().poll(context));
            self.timer = None;
        }
        let Some(left) = self.bytes.checked_sub(1) else { return Poll::Ready(None) };
        self.bytes = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b" ")))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_arrives_too_late_is_rejected() {
    // R-I3, R-I13: the timeout applies whether the layer or the service reads the body.
    let server = ResourceServer::builder("https://a.example/")
        .authorization_servers(["https://as.example"])
        .resolver(AnyToken)
        .build()
        .unwrap();
    let second = Duration::from_secs(1);
    for (timeout, bytes, interval, expected) in [
        (None, 28, second, 200),
        (None, 31, second, 408),
        // One timeout applies to the whole body, not to each frame.
        (None, 2, 20 * second, 408),
        (None, 1, 3600 * second, 408),
        (None, 3_000_000, second / 1000, 408),
        (Some(40 * second), 31, second, 200),
        (Some(second / 2), 1, second, 408),
        (Some(Duration::MAX), 3600, second, 200),
    ] {
        for modern in [false, true] {
            let mut builder = Mcp::builder(&server, || Ok(Handler));
            if let Some(timeout) = timeout {
                builder = builder.body_timeout(timeout);
            }
            let mut service = builder.build().unwrap().layer().layer(ReadBody::default());
            let mut request = Request::post("/").header(AUTHORIZATION, "Bearer t");
            if modern {
                request = request.header("mcp-protocol-version", "2026-07-28");
                request = request.header("mcp-method", "tools/list");
            }
            let request = request.body(Slow { bytes, interval, timer: None }).unwrap();
            let started = tokio::time::Instant::now();
            let response = service.call(request).await.unwrap();
            let case = format!("{timeout:?} {bytes} {interval:?} {modern}");
            assert_eq!(response.status(), expected, "{case}");
            if expected == 408 {
                let most = timeout.unwrap_or(30 * second) + Duration::from_millis(5);
                assert_timed_out(response, started.elapsed(), most, &case).await;
            }
        }
    }
}

async fn assert_timed_out(
    response: Response<ResponseBody<Full<Bytes>>>,
    elapsed: Duration,
    most: Duration,
    case: &str,
) {
    assert_eq!(response.status(), 408, "{case}");
    assert!(elapsed <= most, "{case} {elapsed:?}");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        body,
        r#"{"error":{"code":-32600,"message":"the body did not arrive in time"},"id":null,"jsonrpc":"2.0"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_reads_late_does_not_extend_the_deadline_of_the_body() {
    // R-I13: a body that is never pending, and one whose first read comes late.
    let server = ResourceServer::builder("https://a.example/")
        .authorization_servers(["https://as.example"])
        .resolver(AnyToken)
        .build()
        .unwrap();
    let mcp = Mcp::builder(&server, || Ok(Handler)).build().unwrap();
    let second = Duration::from_secs(1);
    for (bytes, interval, pause, expected) in [
        (25, Duration::ZERO, second, 200),
        (100, Duration::ZERO, second, 408),
        (1, 3600 * second, 20 * second, 408),
    ] {
        let mut service = mcp.layer().layer(ReadBody { pause });
        let request = Request::post("/")
            .header(AUTHORIZATION, "Bearer t")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/list")
            .body(Slow { bytes, interval, timer: None })
            .unwrap();
        let started = tokio::time::Instant::now();
        let response = service.call(request).await.unwrap();
        let case = format!("{bytes} {interval:?} {pause:?}");
        assert_eq!(response.status(), expected, "{case}");
        if expected == 408 {
            let most = 30 * second + Duration::from_millis(5);
            assert_timed_out(response, started.elapsed(), most, &case).await;
        }
    }
}
