//! R-A: how the token is read from a request.

use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::service::Service;
use crate::{assert_challenged, assert_ran};

#[tokio::test]
async fn a_bearer_token_is_read_in_any_spelling_of_the_scheme() {
    // R-A1
    let service = Service::start().await;
    let token = service.token("read");
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR    "] {
        let request = Request::get("/read").header("Authorization", format!("{scheme}{token}"));
        assert_ran(&request.send(service.address).await, "alice may");
    }
    assert_eq!(service.runs(), 4);
}

#[tokio::test]
async fn without_a_bearer_token_the_challenge_names_no_error() {
    // R-A2
    let service = Service::start().await;
    let plain = Request::get("/read");
    let mut requests = vec![plain.clone()];
    for value in ["", "Basic dXNlcjpwYXNz", "Negotiate YII=", "Whatever x", "token"] {
        requests.push(plain.clone().header("authorization", value));
    }
    for request in requests {
        let response = request.send(service.address).await;
        assert_challenged(&response, 401, body::UNAUTHORIZED, "read");
    }
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0));
}

#[tokio::test]
async fn a_malformed_token_is_rejected_before_any_introspection_request() {
    // R-A3
    let service = Service::start().await;
    let longest = "t".repeat(8 * 1024);
    for value in
        ["Bearer", "Bearer ", "Bearer a b", "Bearer {}", "Bearer =", &format!("Bearer {longest}t")]
    {
        let response =
            Request::get("/read").header("authorization", value).send(service.address).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0));
    let response = Request::get("/read").bearer(&longest).send(service.address).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    assert_eq!(service.introspection_requests(), 1, "a token of 8 KiB is asked for");
}

#[tokio::test]
async fn several_credentials_are_a_malformed_request() {
    // R-A4
    let service = Service::start().await;
    let good = format!("Bearer {}", service.token("read"));
    for values in [
        vec![good.as_str(), "Bearer bad"],
        vec!["Bearer bad", good.as_str()],
        vec![good.as_str(), good.as_str()],
        vec!["Basic dXNlcjpwYXNz", good.as_str()],
        vec![good.as_str(), ""],
        vec![&format!("{good}, Bearer bad")],
        vec![&format!("Bearer bad, {good}")],
        vec![&format!("Basic dXNlcjpwYXNz, {good}")],
    ] {
        let request = values
            .iter()
            .fold(Request::get("/read"), |request, value| request.header("authorization", value));
        let response = request.send(service.address).await;
        assert_challenged(&response, 400, body::INVALID_REQUEST, "read");
    }
    assert_eq!(
        (service.runs(), service.introspection_requests()),
        (0, 0),
        "no token of it is used"
    );
}

#[tokio::test]
async fn a_token_in_the_query_or_a_form_is_ignored() {
    // R-A5
    let service = Service::start().await;
    let token = service.token("read write");
    let query = Request::get(&format!("/read?access_token={token}"));
    let form = Request::post("/write")
        .body("application/x-www-form-urlencoded", format!("access_token={token}"));
    assert_challenged(&query.send(service.address).await, 401, body::UNAUTHORIZED, "read");
    assert_challenged(&form.send(service.address).await, 401, body::UNAUTHORIZED, "write");
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0));
}

#[tokio::test]
async fn invalid_header_bytes_are_rejected_and_never_repeated() {
    // R-A6
    let service = Service::start().await;
    for value in [
        &b"Bearer canary\x00x"[..],
        b"Bearer canary\x07x",
        b"Bearer canary\x7fx",
        b"Bearer canary\tx",
        b"Bearer canary\xc3\xa4",
        b"Bearer canary\xff\xfe",
        b"B\xe9arer canary",
        b"\x01",
    ] {
        let response =
            Request::get("/read").header("authorization", value).send(service.address).await;
        assert!([400, 401].contains(&response.status), "{value:?}: {response:?}");
        assert!(!response.text().contains("canary"), "{response:?}");
    }
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0));
}

#[tokio::test]
async fn other_headers_do_not_identify_the_caller() {
    // R-A7
    let service = Service::start().await;
    let good = format!("Bearer {}", service.token("read"));
    for name in [
        "Proxy-Authorization",
        "X-Authorization",
        "X-Forwarded-Authorization",
        "X-Access-Token",
        "X-User",
        "X-Forwarded-User",
        "X-Remote-User",
        "Cookie",
    ] {
        let response = Request::get("/read").header(name, &good).send(service.address).await;
        assert_challenged(&response, 401, body::UNAUTHORIZED, "read");
    }
    assert_eq!((service.runs(), service.introspection_requests()), (0, 0));
}

#[tokio::test]
async fn a_request_is_rejected_before_its_body_is_read() {
    // R-A8
    let service = Service::start().await;
    let reader = service.token("read");
    // A body that is never sent: a server that waits for it never responds.
    let promising = |request: Request| {
        request.header("content-type", "application/json").header("content-length", "1000000")
    };
    let refusals = [
        (promising(Request::post("/write")), 401, body::UNAUTHORIZED),
        (promising(Request::post("/write").bearer("bad")), 401, body::INVALID_TOKEN),
        (promising(Request::post("/write").bearer(&reader)), 403, body::INSUFFICIENT_SCOPE),
        // Bodies that the handler's own extractor would reject with another status.
        (Request::post("/write").json("{malformed"), 401, body::UNAUTHORIZED),
        (Request::post("/write").bearer(&reader).json("{malformed"), 403, body::INSUFFICIENT_SCOPE),
        (
            Request::post("/write").bearer(&reader).body("image/png", "x"),
            403,
            body::INSUFFICIENT_SCOPE,
        ),
    ];
    for (request, status, body) in refusals {
        let response = request.send(service.address).await;
        assert_challenged(&response, status, body, "write");
    }
    assert_eq!(service.runs(), 0);

    let writer = service.token("write");
    let malformed =
        Request::post("/write").bearer(&writer).json("{malformed").send(service.address);
    assert_eq!(malformed.await.status, 400, "an authorized caller hears of the body");
    let fine = Request::post("/write").bearer(&writer).json("{}").send(service.address).await;
    assert_ran(&fine, "alice may");
}

#[tokio::test]
async fn no_decision_carries_over_to_the_next_request_of_a_connection() {
    // R-A9
    let service = Service::start().await;
    let token = service.token("read");
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let keep =
        |authorization: &str| format!("GET /read HTTP/1.1\r\nhost: test\r\n{authorization}\r\n");
    let good = keep(&format!("authorization: Bearer {token}\r\n"));
    for (request, expected) in [
        (good.clone(), "HTTP/1.1 200 OK\r\n"),
        (keep(""), "HTTP/1.1 401 Unauthorized\r\n"),
        (good.clone(), "HTTP/1.1 200 OK\r\n"),
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(read_response(&mut stream).await.starts_with(expected), "{expected}");
    }
    service.authorization_server.revoke(&token);
    stream.write_all(good.as_bytes()).await.unwrap();
    assert!(
        read_response(&mut stream).await.starts_with("HTTP/1.1 401 "),
        "asked again every time"
    );
    assert_eq!(service.introspection_requests(), 3);
}

/// Reads one response of a connection that stays open: the head, and a body of its `content-length`.
async fn read_response(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.expect("a length").parse::<usize>().unwrap() {
                return text.into_owned();
            }
        }
        bytes.push(stream.read_u8().await.expect("the rest of the answer"));
    }
}
