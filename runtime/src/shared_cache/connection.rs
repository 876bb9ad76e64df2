//! A connection to the store: one server, or a cluster of them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, FromRedisValue, Pipeline,
    RedisConnectionInfo, RedisError, RedisResult, pipe,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinHandle, JoinSet};

use super::bounded_reader::BoundedReader;

/// The address of the store.
#[derive(Clone)]
pub(super) enum Address {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
}

/// A connection that is shared by its clones. It is closed when the last of them is dropped.
#[derive(Clone)]
pub(super) enum Connection {
    Single { connection: MultiplexedConnection, _driver: Option<Arc<Driver>> },
    Cluster(ClusterConnection),
}

/// How long it may take to connect.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

impl Address {
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Single(client) => connect_single(client).await,
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

/// Without TLS, the replies are limited by a [`BoundedReader`]. The client library takes no stream for TLS.
async fn connect_single(client: &Client) -> RedisResult<Connection> {
    // Each command has a timeout of its own.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(None);
    let info = client.get_connection_info();
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = connect_tcp(host, *port).await?;
            connect_bounded(info.redis_settings(), stream, config).await
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await?;
            connect_bounded(info.redis_settings(), stream, config).await
        }
        _ => {
            let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            Ok(Connection::Single { connection, _driver: None })
        }
    }
}

/// Connects to all addresses of a host at once, and uses the first connection that succeeds.
async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    for address in lookup_host((host, port)).await? {
        attempts.spawn(TcpStream::connect(address));
    }
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last_error = error,
            Err(_) => {}
        }
    }
    Err(last_error)
}

async fn connect_bounded<S>(
    settings: &RedisConnectionInfo,
    stream: S,
    config: AsyncConnectionConfig,
) -> RedisResult<Connection>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = BoundedReader::new(stream);
    let (connection, driver) =
        MultiplexedConnection::new_with_config(settings, stream, config).await?;
    let driver = Arc::new(Driver(tokio::spawn(driver)));
    Ok(Connection::Single { connection, _driver: Some(driver) })
}

/// The task that drives a connection. It is aborted when this is dropped.
pub(super) struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    /// Sends commands about keys with the same hash tag, and waits for all replies.
    pub(super) async fn query<T: FromRedisValue>(&mut self, commands: &Pipeline) -> RedisResult<T> {
        match self {
            Self::Single { connection, .. } => commands.query_async(connection).await,
            Self::Cluster(connection) => commands.query_async(connection).await,
        }
    }

    /// Sends several groups of commands at once, and waits for all replies. The keys of one group have the
    /// same hash tag.
    pub(super) async fn query_each(
        &mut self,
        groups: impl Iterator<Item = Pipeline>,
    ) -> RedisResult<()> {
        match self {
            Self::Single { connection, .. } => {
                let mut all = pipe();
                for group in groups {
                    for command in group.cmd_iter() {
                        all.add_command(command.clone()).ignore();
                    }
                }
                all.query_async(connection).await
            }
            Self::Cluster(connection) => {
                let mut replies = JoinSet::new();
                for group in groups {
                    let mut connection = connection.clone();
                    replies.spawn(async move { group.query_async::<()>(&mut connection).await });
                }
                while let Some(reply) = replies.join_next().await {
                    reply.map_err(|_| runtime_stopped())??;
                }
                Ok(())
            }
        }
    }
}

fn runtime_stopped() -> RedisError {
    (ErrorKind::Io, "the runtime is shutting down").into()
}
