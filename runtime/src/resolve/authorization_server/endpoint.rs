//! One endpoint and its HTTP client.

use std::time::Duration;

use reqwest::Client;
use url::Url;

use super::http_client;
use crate::SetupError;
use crate::secure_url::Http;

/// The introspection endpoint with the HTTP client for its host.
pub(in crate::resolve) struct Endpoint {
    pub(in crate::resolve) client: Client,
    pub(in crate::resolve) url: Url,
}

impl Endpoint {
    pub(in crate::resolve) fn new(
        url: Url,
        http: Http,
        connect_timeout: Duration,
    ) -> Result<Self, SetupError> {
        let client = http_client::client(&url, http, connect_timeout)?;
        Ok(Self { client, url })
    }
}
