//! The metadata of an issuer (RFC 8414 §3, OpenID Connect Discovery 1.0 §4).

#[cfg(any(test, requires_auth_fuzz))]
pub(in crate::resolve) mod fuzz;

use http::StatusCode;
use http::header::ACCEPT;
use reqwest::Client;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::connection::Connection;
use super::defaults::{MAX_RESPONSE_LENGTH, REQUEST_TIMEOUT};
use super::http_client;
use super::metadata_member::MetadataMember;
use crate::json_object::Object;
use crate::{DiscoveryError, SetupError};

/// Only as much of a differing issuer is kept in the error.
const MAX_ISSUER_LENGTH: usize = 1000;

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    introspection_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    mtls_endpoint_aliases: Option<Object<Aliases>>,
}

/// The endpoints for mutual TLS (RFC 8705 §5).
#[derive(Default, Deserialize)]
struct Aliases {
    introspection_endpoint: Option<String>,
    token_endpoint: Option<String>,
}

impl Metadata {
    /// The endpoint for a client with or without a certificate. Without an alias, the one is that of the other
    /// (RFC 8705 §5).
    fn endpoint(self, member: MetadataMember, has_certificate: bool) -> Option<String> {
        let aliases = self.mtls_endpoint_aliases.filter(|_| has_certificate);
        let Object(aliases) = aliases.unwrap_or_default();
        match member {
            MetadataMember::IntrospectionEndpoint => {
                aliases.introspection_endpoint.or(self.introspection_endpoint)
            }
            MetadataMember::TokenEndpoint => aliases.token_endpoint.or(self.token_endpoint),
            MetadataMember::JwksUri => self.jwks_uri,
        }
    }
}

/// Returns the endpoint that the metadata of this issuer names in a member. The second document is read if
/// there is no first one, or if the first one lacks the member. Reading one document takes at most 5 s.
pub(in crate::resolve) async fn endpoint(
    connection: &Connection,
    issuer: &str,
    url: &Url,
    member: MetadataMember,
) -> Result<Url, SetupError> {
    let client = connection.client(url, &connection.tls.get().await)?;
    Ok(find_endpoint(&client, connection, issuer, url, member).await?)
}

async fn find_endpoint(
    client: &Client,
    connection: &Connection,
    issuer: &str,
    url: &Url,
    member: MetadataMember,
) -> Result<Url, DiscoveryError> {
    let [first, second] = locations(url);
    let missing = |document| {
        let (member, setting) = (member.name(), member.setting());
        DiscoveryError::MissingMember { document, member, setting }
    };
    let in_document = |metadata: Metadata, location: &Url| {
        let document = without_query(location);
        check_issuer(&metadata, issuer, &document)?;
        let Some(endpoint) = metadata.endpoint(member, connection.has_client_certificate()) else {
            return Ok(None);
        };
        let member = member.name();
        connection
            .parse_url(&endpoint)
            .map(Some)
            .map_err(|problem| DiscoveryError::UnusableEndpoint { document, member, problem })
    };
    match read(client, &first).await? {
        Ok(metadata) => {
            if let Some(endpoint) = in_document(metadata, &first)? {
                return Ok(endpoint);
            }
            match read(client, &second).await {
                Ok(Ok(metadata)) => {
                    in_document(metadata, &second)?.ok_or_else(|| missing(without_query(&first)))
                }
                Ok(Err(_)) => Err(missing(without_query(&first))),
                Err(error) => Err(error),
            }
        }
        Err(status) => match read(client, &second).await? {
            Ok(metadata) => {
                in_document(metadata, &second)?.ok_or_else(|| missing(without_query(&second)))
            }
            Err(other) => {
                let places = [(without_query(&first), status), (without_query(&second), other)];
                Err(DiscoveryError::NotFound { places, setting: member.setting() })
            }
        },
    }
}

/// The document must be that of exactly this issuer (RFC 8414 §3.3).
fn check_issuer(metadata: &Metadata, issuer: &str, document: &str) -> Result<(), DiscoveryError> {
    if metadata.issuer == issuer {
        return Ok(());
    }
    let found = metadata.issuer.chars().take(MAX_ISSUER_LENGTH).collect();
    let (document, configured) = (document.to_owned(), issuer.to_owned());
    Err(DiscoveryError::IssuerMismatch { document, found, configured })
}

/// The location that is read first, for an error message.
pub(in crate::resolve) fn first_location(issuer: &Url) -> String {
    let [first, _] = locations(issuer);
    without_query(&first)
}

/// RFC 8414 inserts the well-known part before the path of the issuer, OpenID Connect appends it.
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

/// A URL for an error message. A query may contain a secret.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// Reads the document at one location. Returns the status if it is 4xx.
async fn read(client: &Client, url: &Url) -> Result<Result<Metadata, u16>, DiscoveryError> {
    let document = || without_query(url);
    let read = async {
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
        let metadata: Object<Metadata> = serde_json::from_slice(&body).map_err(|error| {
            DiscoveryError::NotMetadata { document: document(), source: Box::new(error) }
        })?;
        Ok(Ok(metadata.0))
    };
    let outcome = timeout(REQUEST_TIMEOUT, read).await;
    outcome.unwrap_or_else(|_| Err(DiscoveryError::TimedOut { document: document() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_is_inserted_by_rfc_8414_and_appended_by_openid_connect() {
        // R-C8
        let urls = |issuer: &str| locations(&issuer.parse().unwrap()).map(String::from);
        assert_eq!(
            urls("https://as.example/realms/one/"),
            [
                "https://as.example/.well-known/oauth-authorization-server/realms/one",
                "https://as.example/realms/one/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            urls("https://as.example"),
            [
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ]
        );
    }
}
