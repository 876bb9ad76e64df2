//! Finding the introspection endpoint from the issuer (RFC 8414 §3, OpenID Connect Discovery §4).

use http::StatusCode;
use http::header::ACCEPT;
use reqwest::Client;
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::builder::{CONNECT_TIMEOUT, DEADLINE, LONGEST_ANSWER};
use super::{Introspection, IntrospectionBuilder, http_client};
use crate::SetupError;
use crate::secure_url::{self, Http};

impl Introspection {
    /// Reads the introspection endpoint from the metadata of an issuer: first
    /// `/.well-known/oauth-authorization-server`, then, where that is not found,
    /// `/.well-known/openid-configuration`.
    ///
    /// The issuer is `https`, or `http` on this machine. One read takes 5 s at the most.
    ///
    /// # Errors
    /// [`SetupError`] if no metadata can be read, if it is not that of exactly this issuer, or if
    /// it names no introspection endpoint.
    pub async fn discover(issuer: &str) -> Result<IntrospectionBuilder, SetupError> {
        Self::discover_over(issuer, Http::LoopbackOnly).await
    }

    /// The same, with plain `http` to where `http` says.
    pub(crate) async fn discover_over(
        issuer: &str,
        http: Http,
    ) -> Result<IntrospectionBuilder, SetupError> {
        let url = secure_url::parse(issuer, http).map_err(SetupError::url("issuer"))?;
        let client = http_client::client(&url, http, CONNECT_TIMEOUT)?;
        let mut found = None;
        for location in locations(&url) {
            found = read(&client, location).await?;
            if found.is_some() {
                break;
            }
        }
        let metadata = found.ok_or_else(|| failed("the issuer has none at either place"))?;
        if metadata.issuer != issuer {
            return Err(failed("it is that of another issuer"));
        }
        let endpoint = metadata
            .introspection_endpoint
            .ok_or_else(|| failed("it names no `introspection_endpoint`"))?;
        Ok(Self::builder(endpoint))
    }
}

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

/// `None` if there is nothing at this place.
async fn read(client: &Client, url: Url) -> Result<Option<Metadata>, SetupError> {
    let exchange = async {
        let request = client.get(url).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| {
            SetupError::Discovery("it cannot be reached", Some(Box::new(error.without_url())))
        })?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => return Ok(None),
            _ => return Err(failed("its status is not 200")),
        }
        let body = http_client::bounded_body(response, LONGEST_ANSWER).await.map_err(|error| {
            SetupError::Discovery("its answer cannot be read", Some(Box::new(error)))
        })?;
        serde_json::from_slice(&body).map(Some).map_err(|error| {
            SetupError::Discovery("it is not the JSON that it should be", Some(Box::new(error)))
        })
    };
    timeout(DEADLINE, exchange).await.unwrap_or_else(|_| Err(failed("it did not answer in time")))
}

fn failed(why: &'static str) -> SetupError {
    SetupError::Discovery(why, None)
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
