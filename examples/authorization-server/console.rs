//! The running server, and what the page changes about it.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use requires_auth::testing::{
    self, AuthorizationServer, Endpoint, IssuedToken, TokenFormat, TokenStatus,
};
use serde_json::{Value, json};

use crate::faults::{self, NamedEndpoint, NamedFault};
use crate::mint::{Minted, NewToken};
use crate::settings::{Consent, Format, Settings};

/// The newest tokens that the page lists.
const MAX_LISTED: usize = 100;

pub(crate) struct Console {
    server: AuthorizationServer,
    settings: Settings,
    condition: Mutex<Condition>,
}

/// What the page has changed.
#[derive(Default)]
struct Condition {
    stopped: bool,
    /// At most one for each endpoint.
    faults: Vec<(&'static NamedEndpoint, &'static NamedFault)>,
}

impl Console {
    pub(crate) async fn start(settings: Settings) -> Result<Self, Box<dyn Error>> {
        let server = AuthorizationServer::builder()
            .listen((Ipv4Addr::LOCALHOST, settings.port))
            .client(&settings.client_id, &settings.client_secret)
            .scopes_supported(settings.scopes.split_whitespace())
            .token_format(settings.format.into())
            .consent(match settings.consent {
                Consent::Ask => testing::Consent::Ask,
                Consent::Auto => testing::Consent::Auto,
            })
            .start()
            .await
            .map_err(|error| {
                let port = settings.port;
                format!("cannot start on port {port}: {error}; choose another one with --port")
            })?;
        Ok(Self { server, settings, condition: Mutex::default() })
    }

    pub(crate) fn issuer(&self) -> &str {
        self.server.issuer()
    }

    /// What the program prints, with the address of the page.
    pub(crate) fn introduction(&self, page: SocketAddr) -> String {
        format!(
            "\
introspection endpoint: {introspection}
client of the application: {client}

Paste this into the terminal of your application:
{environment}

Mint tokens, revoke them and switch faults on in a browser: http://{page}/

Ctrl-C ends the server.
",
            introspection = self.server.introspection_url(),
            client = self.settings.client_id,
            environment = self.environment(),
        )
    }

    /// The settings of `ResourceServer::from_env`, as commands of a shell.
    fn environment(&self) -> String {
        let Settings { resource, client_id, client_secret, .. } = &self.settings;
        [
            ("REQUIRES_AUTH_RESOURCE", &**resource),
            ("REQUIRES_AUTH_ISSUER", self.server.issuer()),
            ("REQUIRES_AUTH_CLIENT_ID", client_id),
            ("REQUIRES_AUTH_CLIENT_SECRET", client_secret),
            // Without a cache, a revoked token is rejected at once.
            ("REQUIRES_AUTH_CACHE_TTL_S", "0"),
        ]
        .map(|(name, value)| format!("export {name}={}", quoted(value)))
        .join("\n")
    }

    /// What does not change while the program runs.
    pub(crate) fn description(&self) -> Value {
        let Settings { resource, url, scopes, client_id, format, .. } = &self.settings;
        json!({
            "issuer": self.server.issuer(),
            "metadata": self.server.metadata_url(),
            "introspection_endpoint": self.server.introspection_url(),
            "jwks_uri": self.server.jwks_uri(),
            "client_id": client_id,
            "environment": self.environment(),
            "resource": resource,
            "url": url,
            "scopes": scopes,
            "format": if *format == Format::Jwt { "jwt" } else { "opaque" },
            "endpoints": faults::ENDPOINTS.map(|one| json!({ "name": one.name, "text": one.text })),
            "faults": faults::FAULTS
                .iter()
                .map(|one| json!({
                    "name": one.name,
                    "text": one.text,
                    "group": one.group,
                    "introspection_only": one.introspection_only,
                }))
                .collect::<Vec<_>>(),
        })
    }

    /// What changes.
    pub(crate) fn state(&self) -> Value {
        let (stopped, faults) = {
            let condition = self.condition();
            let faults: Vec<Value> = condition
                .faults
                .iter()
                .map(|(endpoint, fault)| json!({ "endpoint": endpoint.name, "fault": fault.name }))
                .collect();
            (condition.stopped, faults)
        };
        let tokens = self.server.issued_tokens();
        let listed: Vec<Value> = tokens.iter().rev().take(MAX_LISTED).map(describe).collect();
        json!({
            "running": !stopped,
            "faults": faults,
            "requests": {
                "introspection": self.server.introspections(),
                "metadata": self.server.metadata_requests(),
                "key_set": self.server.key_set_requests(),
                "token": self.server.requests(Endpoint::Token).len(),
            },
            "issued": tokens.len(),
            "tokens": listed,
        })
    }

    pub(crate) fn mint(&self, new: NewToken) -> Result<String, String> {
        let Minted { token, revoke } = new.mint(&self.server, &self.settings.resource)?;
        if revoke {
            self.server.revoke(&token);
        }
        Ok(token)
    }

    /// Whether the server has issued it.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.server.revoke(token)
    }

    /// Switches a fault on in place of another one at this endpoint, or switches that off.
    pub(crate) fn set_fault(
        &self,
        endpoint: &'static NamedEndpoint,
        fault: Option<&'static NamedFault>,
    ) {
        let mut condition = self.condition();
        condition.faults.retain(|(other, _)| other.name != endpoint.name);
        condition.faults.extend(fault.map(|fault| (endpoint, fault)));
        self.server.clear_faults();
        for (endpoint, fault) in &condition.faults {
            self.server.fault((fault.make)().at(endpoint.endpoint));
        }
    }

    pub(crate) async fn set_running(&self, running: bool) -> io::Result<()> {
        if running {
            self.server.restart().await?;
        } else {
            self.server.stop().await?;
        }
        self.condition().stopped = !running;
        Ok(())
    }

    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Format> for TokenFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Opaque => Self::Opaque,
            Format::Jwt => Self::Jwt,
        }
    }
}

fn describe(issued: &IssuedToken) -> Value {
    let claim = |name| issued.claim(name).cloned().unwrap_or_default();
    json!({
        "token": issued.token(),
        "subject": claim("sub"),
        "client_id": claim("client_id"),
        "scopes": claim("scope"),
        "audience": claim("aud"),
        "expires": claim("exp"),
        // An opaque token of the server has no dots.
        "format": if issued.token().contains('.') { "jwt" } else { "opaque" },
        "status": match issued.status() {
            TokenStatus::Active => "active",
            TokenStatus::Expired => "expired",
            TokenStatus::Revoked => "revoked",
            _ => "unknown",
        },
    })
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
