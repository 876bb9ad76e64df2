//! A server on a thread of its own, and clients that keep their connections.

use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// Serves from now on, on one thread.
pub fn serve(app: Router) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    listener.set_nonblocking(true).expect("a socket that does not block");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            // An answer in several pieces does not wait for the client to acknowledge the first.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, app).await.expect("serving does not end");
        });
    });
    address
}

/// The answer to one request, on a connection of its own.
pub fn answer_to(address: SocketAddr, request: &str) -> String {
    runtime().block_on(async {
        let mut connection = Connection::open(address, request.to_owned(), String::new()).await;
        connection.exchange().await;
        String::from_utf8_lossy(&connection.buffer).into_owned()
    })
}

/// Connections on each of which the same request is sent again and again.
pub struct Clients {
    runtime: Runtime,
    connections: Vec<Connection>,
}

impl Clients {
    /// With a request for each connection; `answer` is what every answer has to contain.
    pub fn new(
        address: SocketAddr,
        connections: u32,
        request: impl Fn() -> String,
        answer: &str,
    ) -> Self {
        let runtime = runtime();
        let connections = (0..connections).map(|_| {
            let request = request();
            runtime.block_on(Connection::open(address, request, answer.to_owned()))
        });
        Self { connections: connections.collect(), runtime }
    }

    /// Sends another request from now on, over the same connections.
    #[allow(dead_code, reason = "not every benchmark has two requests that may share connections")]
    pub fn say(&mut self, request: &str) {
        for connection in &mut self.connections {
            request.clone_into(&mut connection.request);
        }
    }

    /// So many requests, spread over the connections.
    pub fn ask(&mut self, calls: u32) {
        let each = calls as usize / self.connections.len();
        let asking: Vec<_> = self
            .connections
            .drain(..)
            .map(|mut connection| {
                self.runtime.spawn(async move {
                    for _ in 0..each {
                        connection.ask().await;
                    }
                    connection
                })
            })
            .collect();
        self.connections = self.runtime.block_on(async {
            let mut connections = Vec::new();
            for connection in asking {
                connections.push(connection.await.expect("every answer is the right one"));
            }
            connections
        });
    }
}

/// What stands in a request for the id of its message.
pub const FIRST_ID: &str = "1000000000";

struct Connection {
    id: Option<usize>,
    asked: u32,
    stream: TcpStream,
    request: String,
    answer: String,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, request: String, answer: String) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self { id: None, asked: 0, stream, request, answer, buffer: Vec::new() }
    }

    async fn ask(&mut self) {
        self.exchange().await;
        let text = String::from_utf8_lossy(&self.buffer);
        let right = text.starts_with("HTTP/1.1 200 ") && text.contains(&self.answer);
        assert!(right, "{}\n{text}", self.request);
    }

    async fn exchange(&mut self) {
        self.count();
        self.stream.write_all(self.request.as_bytes()).await.expect("the request is taken");
        self.buffer.clear();
        while !self.is_complete() {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the answer arrives");
            assert_ne!(read, 0, "the connection is kept");
        }
    }

    /// Gives a message its own id: the next number, of the same length.
    fn count(&mut self) {
        if let Some(place) = self.request.find(FIRST_ID).or(self.id) {
            self.id = Some(place);
            self.asked += 1;
            let id = (FIRST_ID.parse::<u32>().expect("a number") + self.asked).to_string();
            self.request.replace_range(place..place + id.len(), &id);
        }
    }

    /// Whether the whole answer is there, by its length or by its last chunk.
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
