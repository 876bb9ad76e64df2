//! A proxy between an instance and the store that can drop connections and delay replies.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Commands are forwarded, replies are not.
    Held,
    Cut,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        Self::with_latency(port, Duration::ZERO).await
    }

    /// A proxy that delays each reply by `latency`.
    pub async fn with_latency(port: u16, latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = watch::Sender::new(State::Whole);
        let watched = state.subscribe();
        tokio::spawn(async move {
            while let Ok((inside, _)) = listener.accept().await {
                tokio::spawn(forward(inside, port, latency, watched.clone()));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Closes all connections, and accepts no new one.
    pub fn disconnect(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Holds replies back until [`release`](Self::release) is called.
    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    pub fn release(&self) {
        self.state.send_replace(State::Whole);
    }

    pub fn reconnect(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn forward(
    inside: TcpStream,
    port: u16,
    latency: Duration,
    mut state: watch::Receiver<State>,
) {
    if *state.borrow_and_update() == State::Cut {
        return;
    }
    let Ok(outside) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((mut questions, to_inside), (responses, mut to_outside)) =
        (inside.into_split(), outside.into_split());
    tokio::select! {
        _ = copy(&mut questions, &mut to_outside) => {}
        _ = forward_replies(responses, to_inside, latency, state.clone()) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

/// Ends with one of the connections.
async fn forward_replies(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    latency: Duration,
    mut state: watch::Receiver<State>,
) -> Option<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        state.wait_for(|state| *state != State::Held).await.ok()?;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        to.write_all(&buffer[..length]).await.ok()?;
    }
}
