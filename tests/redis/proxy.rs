//! A network between an instance and the store that can be cut, or hold answers up.

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
    /// Questions get through, answers do not.
    Held,
    Cut,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        Self::with_latency(port, Duration::ZERO).await
    }

    /// Each answer takes so much longer.
    pub async fn with_latency(port: u16, latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = watch::Sender::new(State::Whole);
        let watched = state.subscribe();
        tokio::spawn(async move {
            while let Ok((inside, _)) = listener.accept().await {
                tokio::spawn(carry(inside, port, latency, watched.clone()));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Breaks all connections, and lets no new one through.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Keeps answers until they are [released](Self::release).
    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    pub fn release(&self) {
        self.state.send_replace(State::Whole);
    }

    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn carry(inside: TcpStream, port: u16, latency: Duration, mut state: watch::Receiver<State>) {
    if *state.borrow_and_update() == State::Cut {
        return;
    }
    let Ok(outside) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((mut questions, to_inside), (answers, mut to_outside)) =
        (inside.into_split(), outside.into_split());
    tokio::select! {
        _ = copy(&mut questions, &mut to_outside) => {}
        _ = carry_answers(answers, to_inside, latency, state.clone()) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

/// Ends with one of the connections.
async fn carry_answers(
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
