//! The settings of the connections to an authorization server, which several builders have.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use url::Url;

use super::client_certificate::{ClientCertificateSettings, ClientCertificateSource};
use super::defaults::{CONNECT_TIMEOUT, REQUEST_TIMEOUT};
use super::http_client;
use super::tls::{Tls, TlsSettings};
use super::trust_anchors::TrustAnchors;
use crate::loaded::{Loaded, Source};
use crate::resource_server::SingleValue;
use crate::secure_url::{self, Http, UrlError};
use crate::tls_backend;
use crate::{Clock, SettingName, SetupError, SystemClock};

const CONNECT_TIMEOUT_NAME: SettingName =
    SettingName::with_key("connect_timeout", "connect_timeout_ms");
const REQUEST_TIMEOUT_NAME: SettingName =
    SettingName::with_key("request_timeout", "request_timeout_ms");
const TRUST_ANCHORS: SettingName = SettingName::with_key("trust_anchors", "trust_anchors_file");
const CLOCK: SettingName = SettingName::of_builder("clock");

/// The settings as a builder collects them.
pub(crate) struct ConnectionSettings {
    pub(crate) http: Http,
    pub(crate) connect_timeout: SingleValue<Duration>,
    pub(crate) request_timeout: SingleValue<Duration>,
    pub(crate) trust_anchors: SingleValue<Source<Vec<u8>>>,
    pub(crate) client_certificate: ClientCertificateSource,
    pub(crate) clock: SingleValue<Arc<dyn Clock>>,
}

/// The checked settings.
#[derive(Clone)]
pub(crate) struct Connection {
    http: Http,
    connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) tls: TlsSettings,
    pub(crate) clock: Arc<dyn Clock>,
}

impl ConnectionSettings {
    pub(crate) const UNSET: Self = Self {
        http: Http::LoopbackOnly,
        connect_timeout: SingleValue::UNSET,
        request_timeout: SingleValue::UNSET,
        trust_anchors: SingleValue::UNSET,
        client_certificate: SingleValue::UNSET,
        clock: SingleValue::UNSET,
    };

    pub(crate) fn check(self) -> Result<Connection, SetupError> {
        let clock = self.clock.get(CLOCK)?.unwrap_or_else(|| Arc::new(SystemClock));
        let trust_anchors = self.trust_anchors.get(TRUST_ANCHORS)?;
        let trust_anchors = trust_anchors
            .map(|source| Loaded::load(TRUST_ANCHORS, source, TrustAnchors::parse(), &clock))
            .transpose()?;
        let client_certificate = ClientCertificateSettings::load(self.client_certificate, &clock)?;
        Ok(Connection {
            http: self.http,
            connect_timeout: timeout(CONNECT_TIMEOUT_NAME, self.connect_timeout, CONNECT_TIMEOUT)?,
            request_timeout: timeout(REQUEST_TIMEOUT_NAME, self.request_timeout, REQUEST_TIMEOUT)?,
            tls: TlsSettings { trust_anchors, client_certificate },
            clock,
        })
    }
}

fn timeout(
    setting: SettingName,
    value: SingleValue<Duration>,
    default: Duration,
) -> Result<Duration, SetupError> {
    let timeout = value.get(setting)?.unwrap_or(default);
    if timeout.is_zero() {
        return Err(SetupError::invalid(setting, "more than 0", format!("{timeout:?}")));
    }
    Ok(timeout)
}

impl Connection {
    /// Parses a URL that requests may be sent to.
    pub(crate) fn parse_url(&self, url: &str) -> Result<Url, UrlError> {
        let url = secure_url::parse(url, self.http)?;
        tls_backend::check_scheme(url.scheme())?;
        Ok(url)
    }

    /// Whether this server presents a certificate.
    pub(crate) fn has_client_certificate(&self) -> bool {
        self.tls.client_certificate.is_some()
    }

    /// An HTTP client for the host of a URL.
    pub(crate) fn client(&self, url: &Url, tls: &Tls) -> Result<Client, SetupError> {
        http_client::client(url, self.http, self.connect_timeout, tls)
    }
}
