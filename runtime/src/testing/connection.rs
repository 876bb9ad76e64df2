//! Connections that a fault or the end of the server closes.

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

/// Accepts connections that end when the server stops, also in the middle of a request.
pub(super) struct Listener {
    pub(super) tcp: TcpListener,
    /// Its sender is dropped when the server stops.
    pub(super) running: watch::Receiver<()>,
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = ConnectionHandle;

    async fn accept(&mut self) -> (Connection, ConnectionHandle) {
        let stream = loop {
            match self.tcp.accept().await {
                Ok((stream, _)) => break stream,
                // Most likely the process has no free file descriptor; retry until it has.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        // A dripping body must be sent byte by byte.
        let _ = stream.set_nodelay(true);
        let handle = ConnectionHandle(Arc::new(AtomicU8::new(OPEN)));
        let mut running = self.running.clone();
        let connection = Connection {
            stream,
            handle: handle.clone(),
            stopped: Box::pin(async move { while running.changed().await.is_ok() {} }),
        };
        (connection, handle)
    }

    fn local_addr(&self) -> io::Result<ConnectionHandle> {
        Ok(ConnectionHandle(Arc::new(AtomicU8::new(OPEN))))
    }
}

/// Closes the connection of a request.
#[derive(Debug, Clone)]
pub(super) struct ConnectionHandle(Arc<AtomicU8>);

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

impl ConnectionHandle {
    /// Closes the connection. Nothing more is written to it.
    pub(super) fn close(&self) {
        self.0.store(CLOSED, Ordering::Release);
    }

    /// Closes the connection with a TCP reset.
    pub(super) fn reset(&self) {
        self.0.store(RESET, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Listener>> for ConnectionHandle {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A TCP stream that fails once the server has stopped or its [`ConnectionHandle`] has closed it.
pub(super) struct Connection {
    stream: TcpStream,
    handle: ConnectionHandle,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Connection {
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.stopped.as_mut().poll(cx).is_ready() {
            // hyper polls again after an error, and a completed future must not be polled.
            self.stopped = Box::pin(std::future::ready(()));
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match self.handle.0.load(Ordering::Acquire) {
            OPEN => Ok(()),
            state => {
                if state == RESET {
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
        self.poll_closed(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_closed(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_closed(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_closed(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Binds a socket without listening: connections are refused, and no other process can use the port.
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
    // A restart must not wait until the old connections leave TIME_WAIT. On Windows the option would
    // allow another process to bind the same port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
