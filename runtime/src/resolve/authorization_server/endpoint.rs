//! One endpoint and its HTTP client.

use reqwest::Client;
use url::Url;

use super::connection::Connection;
use crate::SetupError;

/// An endpoint with the HTTP client for its host.
pub(in crate::resolve) struct Endpoint {
    pub(in crate::resolve) client: Client,
    pub(in crate::resolve) url: Url,
}

impl Endpoint {
    pub(in crate::resolve) fn new(url: Url, connection: &Connection) -> Result<Self, SetupError> {
        let client = connection.client(&url)?;
        Ok(Self { client, url })
    }
}
