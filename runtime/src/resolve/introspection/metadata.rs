//! Finding the introspection endpoint from the issuer (RFC 8414 §3, OpenID Connect Discovery §4).

use http::StatusCode;
use http::header::ACCEPT;
use reqwest::Client;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::builder::{CONNECT_TIMEOUT, MAX_RESPONSE_LENGTH, REQUEST_TIMEOUT};
use super::{Introspection, IntrospectionBuilder, http_client};
use crate::secure_url::{self, Http};
use crate::{DiscoveryError, SetupError};

impl Introspection {
    /// Reads the introspection endpoint from the metadata of an issuer, now: first
    /// `/.well-known/oauth-authorization-server`, then, where that is not found,
    /// `/.well-known/openid-configuration`. [`from_issuer`](Self::from_issuer) reads it when it is
    /// first needed, and does not fail while the authorization server is down.
    ///
    /// The issuer is `https`, or `http` on this machine. One read takes 5 s at the most.
    ///
    /// # Errors
    /// [`SetupError::Discovery`] if no metadata can be read, if it is not that of exactly this
    /// issuer, or if it names no introspection endpoint; [`SetupError::Url`] for the issuer.
    pub async fn discover(issuer: &str) -> Result<IntrospectionBuilder, SetupError> {
        let http = Http::LoopbackOnly;
        let url = secure_url::parse(issuer, http).map_err(SetupError::url(ISSUER))?;
        let client = http_client::client(&url, http, CONNECT_TIMEOUT)?;
        let endpoint = endpoint(&client, issuer, &url, http).await?;
        Ok(Self::builder(endpoint))
    }
}

pub(super) const ISSUER: &str = "setting `issuer` (REQUIRES_AUTH_ISSUER)";

/// The endpoint that the metadata of this issuer names. One read takes 5 s at the most.
pub(super) async fn endpoint(
    client: &Client,
    issuer: &str,
    url: &Url,
    http: Http,
) -> Result<Url, DiscoveryError> {
    let [first, second] = locations(url);
    let (location, metadata) = match read(client, &first).await? {
        Ok(metadata) => (first, metadata),
        Err(status) => match read(client, &second).await? {
            Ok(metadata) => (second, metadata),
            Err(other) => {
                let places = [(shown(&first), status), (shown(&second), other)];
                return Err(DiscoveryError::NotFound { places });
            }
        },
    };
    let document = shown(&location);
    if metadata.issuer != issuer {
        // Bounded, since the error is kept.
        let found = metadata.issuer.chars().take(MAX_ISSUER_LENGTH).collect();
        let configured = issuer.to_owned();
        return Err(DiscoveryError::IssuerMismatch { document, found, configured });
    }
    let Some(endpoint) = metadata.introspection_endpoint else {
        return Err(DiscoveryError::NoIntrospectionEndpoint { document });
    };
    secure_url::parse(&endpoint, http)
        .map_err(|problem| DiscoveryError::UnusableEndpoint { document, problem })
}

/// How much is kept of the issuer that a document names instead of the configured one.
const MAX_ISSUER_LENGTH: usize = 1000;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    introspection_endpoint: Option<String>,
}

/// RFC 8414 puts the well-known part before the issuer's path, OpenID Connect behind it.
fn locations(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    [
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ]
    .map(|path| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.set_query(None);
        url
    })
}

/// Where the metadata is looked for first, as messages show it.
pub(super) fn first_place(issuer: &Url) -> String {
    let [first, _] = locations(issuer);
    shown(&first)
}

/// A URL as messages show it: without a query, which may hold a secret.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// The document; the status if there is none at this place.
async fn read(client: &Client, url: &Url) -> Result<Result<Metadata, u16>, DiscoveryError> {
    let document = || shown(url);
    let exchange = async {
        let request = client.get(url.clone()).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| DiscoveryError::Unreachable {
            document: document(),
            source: Box::new(error.without_url()),
        })?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => return Ok(Err(status.as_u16())),
            status => {
                let status = status.as_u16();
                return Err(DiscoveryError::Status { document: document(), status });
            }
        }
        let body =
            http_client::bounded_body(response, MAX_RESPONSE_LENGTH).await.map_err(|error| {
                DiscoveryError::Unreadable { document: document(), source: Box::new(error) }
            })?;
        serde_json::from_slice(&body).map(Ok).map_err(|error| DiscoveryError::NotMetadata {
            document: document(),
            source: Box::new(error),
        })
    };
    let in_time = timeout(REQUEST_TIMEOUT, exchange).await;
    in_time.unwrap_or_else(|_| Err(DiscoveryError::TimedOut { document: document() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_goes_where_each_standard_has_it() {
        // R-C8
        let places = |issuer: &str| locations(&issuer.parse().unwrap()).map(String::from);
        assert_eq!(
            places("https://as.example/realms/one/"),
            [
                "https://as.example/.well-known/oauth-authorization-server/realms/one",
                "https://as.example/realms/one/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            places("https://as.example"),
            [
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ]
        );
    }
}
