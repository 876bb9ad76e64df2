//! A server on its own thread, and connections that send requests continuously.

use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Serves the router on one thread until the process ends.
pub fn serve(app: Router) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    listener.set_nonblocking(true).expect("a socket that does not block");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            // Otherwise a response in several segments waits for the acknowledgement of the first.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, app).await.expect("serving does not end");
        });
    });
    address
}

/// Sends one request on its own connection, and returns the response.
pub fn send_once(address: SocketAddr, request: &str) -> String {
    runtime().block_on(async {
        let mut connection = Connection::open(address, request.to_owned(), String::new()).await;
        connection.send_and_receive().await;
        String::from_utf8_lossy(&connection.buffer).into_owned()
    })
}

/// Persistent connections, each of which sends the same request repeatedly.
pub struct Connections {
    runtime: Runtime,
    connections: Vec<Connection>,
}

impl Connections {
    /// Opens the connections, with a request for each. Every response must contain `expected`.
    pub fn new(
        address: SocketAddr,
        connections: u32,
        request: impl Fn() -> String,
        expected: &str,
    ) -> Self {
        let runtime = runtime();
        let connections = (0..connections).map(|_| {
            let request = request();
            runtime.block_on(Connection::open(address, request, expected.to_owned()))
        });
        Self { connections: connections.collect(), runtime }
    }

    /// Sets the request of all connections.
    pub fn set_request(&mut self, request: &str) {
        for connection in &mut self.connections {
            request.clone_into(&mut connection.request);
        }
    }

    /// Sends `calls` requests, distributed over the connections.
    pub fn send(&mut self, calls: u32) {
        let each = calls as usize / self.connections.len();
        let tasks: Vec<_> = self
            .connections
            .drain(..)
            .map(|mut connection| {
                self.runtime.spawn(async move {
                    for _ in 0..each {
                        connection.send_checked().await;
                    }
                    connection
                })
            })
            .collect();
        self.connections = self.runtime.block_on(async {
            let mut connections = Vec::new();
            for connection in tasks {
                connections.push(connection.await.expect("every response is as expected"));
            }
            connections
        });
    }
}

/// The place of the JSON-RPC id in a request.
pub const FIRST_MESSAGE_ID: &str = "1000000000";

struct Connection {
    id: Option<usize>,
    sent: u32,
    stream: TcpStream,
    request: String,
    expected: String,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, request: String, expected: String) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self { id: None, sent: 0, stream, request, expected, buffer: Vec::new() }
    }

    async fn send_checked(&mut self) {
        self.send_and_receive().await;
        let text = String::from_utf8_lossy(&self.buffer);
        let correct = text.starts_with("HTTP/1.1 200 ") && text.contains(&self.expected);
        assert!(correct, "{}\n{text}", self.request);
    }

    async fn send_and_receive(&mut self) {
        self.set_next_id();
        self.stream
            .write_all(self.request.as_bytes())
            .await
            .expect("the connection accepts the request");
        self.buffer.clear();
        while !self.is_complete() {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the response is read");
            assert_ne!(read, 0, "the connection is kept");
        }
    }

    /// Replaces the id of the message with the next number, which has the same length.
    fn set_next_id(&mut self) {
        if let Some(index) = self.request.find(FIRST_MESSAGE_ID).or(self.id) {
            self.id = Some(index);
            self.sent += 1;
            let id = (FIRST_MESSAGE_ID.parse::<u32>().expect("a number") + self.sent).to_string();
            self.request.replace_range(index..index + id.len(), &id);
        }
    }

    /// Whether the whole response has been read, by its `content-length` or its last chunk.
    fn is_complete(&self) -> bool {
        let Some(end) = find(&self.buffer, b"\r\n\r\n") else { return false };
        let (head, body) = self.buffer.split_at(end + 4);
        match find(head, b"content-length: ") {
            Some(start) => {
                let digits = head[start + 16..].iter().take_while(|byte| byte.is_ascii_digit());
                let length =
                    digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
                body.len() >= length
            }
            None => body.ends_with(b"0\r\n\r\n"),
        }
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|window| window == sought)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
