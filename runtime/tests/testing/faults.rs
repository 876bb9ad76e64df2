//! What each fault sends.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use requires_auth::testing::{ActiveAs, AuthorizationServer, Endpoint, Fault};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::*;

/// How long a test waits to show that nothing more arrives.
const QUIET: Duration = Duration::from_millis(300);

async fn raw(server: &AuthorizationServer, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let body = format!("token={token}");
    let request = format!(
        "POST /introspect HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        server.address(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn faulty(fault: Fault) -> (AuthorizationServer, TcpStream) {
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().subject("alice").issue();
    server.fault(fault);
    let stream = raw(&server, &token).await;
    (server, stream)
}

/// The bytes up to the end of the connection, and the result at its end.
async fn everything(mut stream: TcpStream) -> (Vec<u8>, std::io::Result<usize>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (bytes, end)
}

async fn text_of(fault: Fault) -> String {
    let (_server, stream) = faulty(fault).await;
    let (bytes, end) = everything(stream).await;
    end.unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn delay() {
    let begun = Instant::now();
    let text = text_of(Fault::delay(Duration::from_millis(120))).await;
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert!(text.contains(r#""active":true"#));
}

#[tokio::test]
async fn hang() {
    let (server, mut stream) = faulty(Fault::hang()).await;
    let read = timeout(QUIET, stream.read(&mut [0; 1])).await;
    assert!(read.is_err(), "no byte arrives, and the connection stays open");
    assert_eq!(server.introspections(), 1);
}

#[tokio::test]
async fn drip() {
    let (_server, mut stream) = faulty(Fault::drip(Duration::from_millis(10))).await;
    let mut bytes = Vec::new();
    let whole = timeout(QUIET, stream.read_to_end(&mut bytes)).await;
    assert!(whole.is_err(), "the body has no end");
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("\r\n1\r\n{\r\n1\r\n \r\n"));
}

#[tokio::test]
async fn status_redirect_and_bodies() {
    let text = text_of(Fault::status(503).header("retry-after", "7")).await;
    assert!(text.starts_with("HTTP/1.1 503 "));
    assert!(text.contains("\r\nretry-after: 7\r\n"));
    let text = text_of(Fault::redirect("https://elsewhere.example/")).await;
    assert!(text.starts_with("HTTP/1.1 302 "));
    assert!(text.contains("\r\nlocation: https://elsewhere.example/\r\n"));
    let text = text_of(Fault::html()).await;
    assert!(text.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"));
    let text = text_of(Fault::body("application/json", "{\"active\":tru")).await;
    assert!(text.ends_with("\r\n\r\n{\"active\":tru"));
    let text = text_of(Fault::status(401).with_body("text/plain", "no")).await;
    assert!(text.starts_with("HTTP/1.1 401 ") && text.ends_with("\r\n\r\nno"));
    let text = text_of(Fault::json(json!(["active"]))).await;
    assert!(text.ends_with("\r\n\r\n[\"active\"]"));
}

#[tokio::test]
async fn huge_and_endless_bodies() {
    let text = text_of(Fault::huge_body(1 << 20)).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: 1048576"));
    assert_eq!(body.len(), 1 << 20);
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(document["active"], true);

    let (_server, mut stream) = faulty(Fault::endless_body()).await;
    let mut part = vec![0; 8 << 20];
    stream.read_exact(&mut part).await.unwrap();
}

#[tokio::test]
async fn gzip_bomb() {
    let (_server, stream) = faulty(Fault::gzip_bomb(1 << 20)).await;
    let (bytes, end) = everything(stream).await;
    end.unwrap();
    assert!(bytes.len() < 8_000, "{}", bytes.len());
    let start = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&bytes[..start]);
    assert!(head.contains("\r\ncontent-encoding: gzip\r\n"));
    assert!(bytes[start..].starts_with(&[0x1f, 0x8b, 8]));
}

#[tokio::test]
async fn close_and_reset() {
    let (_server, stream) = faulty(Fault::close()).await;
    let (bytes, end) = everything(stream).await;
    assert_eq!((bytes.len(), end.unwrap()), (0, 0));

    let (_server, stream) = faulty(Fault::reset()).await;
    let (bytes, end) = everything(stream).await;
    assert_eq!(bytes.len(), 0);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn truncated() {
    let text = text_of(Fault::truncated()).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), length / 2);
    assert!(body.starts_with('{'));
}

#[tokio::test]
async fn active_as_another_value() {
    for (how, expected) in [
        (ActiveAs::Text, Some(json!("true"))),
        (ActiveAs::Number, Some(json!(1))),
        (ActiveAs::Null, Some(json!(null))),
        (ActiveAs::Absent, None),
    ] {
        let text = text_of(Fault::active(how)).await;
        let body = text.split_once("\r\n\r\n").unwrap().1;
        let document: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(document.get("active"), expected.as_ref(), "{how:?}");
        assert_eq!(document["sub"], "alice");
    }
    let text = text_of(Fault::active(ActiveAs::Repeated)).await;
    assert!(text.contains(r#"{"active":false,"#) && text.contains(r#""active":true"#));
}

#[tokio::test]
async fn a_fault_applies_to_one_endpoint_until_it_is_used_up_or_cleared() {
    let server = AuthorizationServer::start().await.unwrap();
    let token = server.mint().issue();
    server.fault_times(2, Fault::status(502));
    server.fault(Fault::json(json!({"issuer": "https://other.example"})).at(Endpoint::Metadata));
    let send = || Response::of(post(server.introspection_url(), &[("token", &token)]));
    assert_eq!(send().await.status, 502);
    assert_eq!(send().await.status, 502);
    assert_eq!(send().await.status, 200);
    let document = get(server.metadata_url()).await.json();
    assert_eq!(document, json!({"issuer": "https://other.example"}));
    server.clear_faults();
    let document = get(server.metadata_url()).await.json();
    assert_eq!(document["issuer"], server.issuer());
    assert_eq!(server.introspections(), 3);
    assert_eq!(server.metadata_requests(), 2);
    assert_eq!(server.requests(Endpoint::Metadata).len(), 2);
}
