//! Connections that can be cut: by a fault before anything is answered, and when the server stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Accepts connections that end with the server, whatever they are doing.
pub(super) struct Listener {
    pub(super) tcp: TcpListener,
    /// Its sender is dropped when the server stops.
    pub(super) running: watch::Receiver<()>,
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = Wire;

    async fn accept(&mut self) -> (Connection, Wire) {
        let stream = loop {
            match self.tcp.accept().await {
                Ok((stream, _)) => break stream,
                // Out of file descriptors, most likely: the next moment may be better.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        // A drip-fed body must reach the client byte by byte.
        let _ = stream.set_nodelay(true);
        let wire = Wire(Arc::new(AtomicU8::new(WHOLE)));
        let mut running = self.running.clone();
        let connection = Connection {
            stream,
            wire: wire.clone(),
            stopped: Box::pin(async move { while running.changed().await.is_ok() {} }),
        };
        (connection, wire)
    }

    fn local_addr(&self) -> io::Result<Wire> {
        Ok(Wire(Arc::new(AtomicU8::new(WHOLE))))
    }
}

/// A handler's hold on the connection that its request came in on.
#[derive(Debug, Clone)]
pub(super) struct Wire(Arc<AtomicU8>);

const WHOLE: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

impl Wire {
    /// From here on no byte is written: the connection ends where the answer would have begun.
    pub(super) fn close(&self) {
        self.0.store(CLOSED, Ordering::Release);
    }

    /// The same, with a TCP reset instead of an orderly end.
    pub(super) fn reset(&self) {
        self.0.store(RESET, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Listener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A TCP stream that fails once the server has stopped or its [`Wire`] was cut.
pub(super) struct Connection {
    stream: TcpStream,
    wire: Wire,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Connection {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.stopped.as_mut().poll(cx).is_ready() {
            // hyper flushes after an error as well, and a future that has ended cannot be asked.
            self.stopped = Box::pin(std::future::ready(()));
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match self.wire.0.load(Ordering::Acquire) {
            WHOLE => Ok(()),
            how => {
                if how == RESET {
                    let _ = self.stream.set_zero_linger();
                }
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Binds without listening: until `listen`, connections are refused and nobody else gets the port.
pub(super) fn reserve(address: SocketAddr) -> io::Result<tokio::net::TcpSocket> {
    if !address.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the authorization server for tests listens on loopback addresses only",
        ));
    }
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    // A restart must not wait for the old connections to leave TIME_WAIT. On Windows the option
    // would let another process take the port over.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
