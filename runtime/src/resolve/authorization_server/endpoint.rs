//! One endpoint and its HTTP client.

use std::sync::{PoisonError, RwLock};

use reqwest::{Client, RequestBuilder};
use url::Url;

use super::connection::Connection;
use super::tls::Tls;
use crate::telemetry::{Chain, OneLine};
use crate::{SetupError, UnavailableError};

/// An endpoint with the HTTP client for its host.
pub(in crate::resolve) struct Endpoint {
    pub(in crate::resolve) url: Url,
    connection: Connection,
    client: RwLock<(Tls, Client)>,
}

impl Endpoint {
    pub(in crate::resolve) fn new(url: Url, connection: &Connection) -> Result<Self, SetupError> {
        let tls = connection.tls.current();
        let client = connection.client(&url, &tls)?;
        Ok(Self { url, connection: connection.clone(), client: RwLock::new((tls, client)) })
    }

    #[cfg(feature = "jwt")]
    pub(in crate::resolve) async fn get(&self) -> Result<RequestBuilder, UnavailableError> {
        Ok(self.client().await?.get(self.url.clone()))
    }

    pub(in crate::resolve) async fn post(&self) -> Result<RequestBuilder, UnavailableError> {
        Ok(self.client().await?.post(self.url.clone()))
    }

    /// The client, made again after a file of the TLS settings has changed. A new one opens new connections.
    async fn client(&self) -> Result<Client, UnavailableError> {
        let tls = self.connection.tls.get().await;
        if let (current, client) = &*self.client.read().unwrap_or_else(PoisonError::into_inner)
            && current.is_same(&tls)
        {
            return Ok(client.clone());
        }
        let client = self.connection.client(&self.url, &tls).map_err(|error| {
            let cause = tracing::field::display(OneLine(Chain(&error)));
            tracing::error!(target: "requires_auth", cause, "the HTTP client could not be made again");
            UnavailableError::new("the HTTP client for the authorization server could not be made")
                .with_source(error)
        })?;
        let mut current = self.client.write().unwrap_or_else(PoisonError::into_inner);
        *current = (tls, client.clone());
        Ok(client)
    }
}
