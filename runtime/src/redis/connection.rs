//! A connection to the store: one server, or a cluster of them.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisResult};

/// Where the store is.
#[derive(Clone)]
pub(super) enum Address {
    Single(Box<Client>),
    Cluster(Box<ClusterClient>),
}

/// For many owners at the same time; it ends with the last of them.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// How long connecting may take.
pub(super) const CONNECTING: Duration = Duration::from_secs(2);

impl Address {
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        match self {
            Self::Single(client) => {
                // Each question has its own deadline.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECTING))
                    .set_response_timeout(None);
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                connection.await.map(Connection::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

impl Connection {
    /// Sends commands about keys that are kept together, and waits for all answers.
    pub(super) async fn ask<T: FromRedisValue>(&mut self, commands: &Pipeline) -> RedisResult<T> {
        match self {
            Self::Single(connection) => commands.query_async(connection).await,
            Self::Cluster(connection) => commands.query_async(connection).await,
        }
    }
}
