//! HTTP/1.1 by hand, so that tests can send what no client library would and see every byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far more than any answer takes; a test that runs into it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub fn new(method: &str, path: &str) -> Self {
        Self::new_to("test", method, path)
    }

    pub fn new_to(host: &str, method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        Self { head: head.into_bytes(), body: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// A body with the length that belongs to it.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let request = self.header("content-type", content_type);
        let mut request = request.header("content-length", body.len().to_string());
        request.body = body;
        request
    }

    pub fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    /// Sends it on a connection of its own and reads the whole answer.
    pub async fn send(self, address: SocketAddr) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(address).await.expect("the server listens");
            stream.write_all(&self.bytes()).await.expect("the request is taken");
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.expect("the answer arrives");
            Answer::parse(&bytes)
        };
        timeout(PATIENCE, exchange).await.expect("an answer comes")
    }

    pub fn bytes(&self) -> Vec<u8> {
        [&self.head, &b"\r\n"[..], &self.body].concat()
    }
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("an answer in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer with a head");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header line"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status: status.expect("a status").parse().expect("a status in digits"),
            headers,
            body: body.to_owned(),
        }
    }

    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(own, _)| own == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// The one value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() <= 1, "{name} is there {} times", values.len());
        values.first().copied()
    }

    /// Everything that was sent, for tests of what must not be in it.
    pub fn text(&self) -> String {
        format!("{:?}\n{}", self.headers, self.body)
    }
}
