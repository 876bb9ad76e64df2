//! One endpoint and its HTTP client.

use std::sync::{PoisonError, RwLock};

use reqwest::{Client, RequestBuilder};
use url::Url;

use super::connection::Connection;
use super::tls::Tls;
use crate::SetupError;
use crate::telemetry::{Chain, OneLine};

/// An endpoint with the HTTP client for its host.
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    connection: Connection,
    current: RwLock<Current>,
}

struct Current {
    /// What the client was last made of, or could not be made of.
    tls: Tls,
    client: Client,
}

impl Endpoint {
    pub(crate) fn new(url: Url, connection: &Connection) -> Result<Self, SetupError> {
        let tls = connection.tls.current();
        let client = connection.client(&url, &tls)?;
        let current = RwLock::new(Current { tls, client });
        Ok(Self { url, connection: connection.clone(), current })
    }

    #[cfg(feature = "jwt")]
    pub(crate) async fn get(&self) -> RequestBuilder {
        self.client().await.get(self.url.clone())
    }

    pub(crate) async fn post(&self) -> RequestBuilder {
        self.client().await.post(self.url.clone())
    }

    /// The client, made again after a file of the TLS settings has changed. A new one opens new connections. If
    /// none can be made, such as between the replacement of a certificate and that of its key, the last one stays
    /// in use.
    async fn client(&self) -> Client {
        let tls = self.connection.tls.get().await;
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if current.tls.is_same(&tls) {
                return current.client.clone();
            }
        }
        let made = self.connection.client(&self.url, &tls);
        if let Err(error) = &made {
            let cause = tracing::field::display(OneLine(Chain(error)));
            tracing::error!(
                target: "requires_auth", cause,
                "no HTTP client can be made of the files: the last one stays in use"
            );
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.tls = tls;
        if let Ok(client) = made {
            current.client = client;
        }
        current.client.clone()
    }
}
