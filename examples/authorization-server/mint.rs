//! A token as the page describes it.

use std::time::Duration;

use requires_auth::testing::{AuthorizationServer, TokenFormat};
use serde::Deserialize;

/// The longest lifetime, a year in seconds.
const MAX_LIFETIME: u64 = 366 * 24 * 60 * 60;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Default: none, as in a token that a client got for itself.
    #[serde(default)]
    subject: String,
    /// Default: that of the `testing` server.
    #[serde(default)]
    client_id: String,
    /// Separated by spaces. Default: none.
    #[serde(default)]
    scopes: String,
    /// Separated by spaces. Default: the resource identifier of the application. An empty text: none.
    audience: Option<String>,
    /// In seconds. Default: an hour.
    lifetime_s: Option<u64>,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Opaque,
    Jwt,
}

/// What an introspection response says about it.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Active,
    Expired,
    Revoked,
}

pub(crate) struct Minted {
    pub(crate) token: String,
    /// Whether it is to be revoked at once.
    pub(crate) revoke: bool,
}

impl NewToken {
    /// Mints it, by default for `resource`. The error is a sentence for the user of the page.
    pub(crate) fn mint(
        self,
        server: &AuthorizationServer,
        resource: &str,
    ) -> Result<Minted, String> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in self.scopes.split_whitespace() {
            if !is_scope(scope) {
                return Err(format!(
                    "“{scope}” is no scope: RFC 6749 permits visible ASCII without \" and \\."
                ));
            }
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let mut mint = server.mint().token_format(match self.format {
            Format::Opaque => TokenFormat::Opaque,
            Format::Jwt => TokenFormat::Jwt,
        });
        if !scopes.is_empty() {
            mint = mint.scopes(scopes.join(" "));
        }
        if !self.subject.is_empty() {
            mint = mint.subject(self.subject);
        }
        if !self.client_id.is_empty() {
            mint = mint.client_id(self.client_id);
        }
        for audience in self.audience.as_deref().unwrap_or(resource).split_whitespace() {
            mint = mint.audience(audience);
        }
        match self.lifetime_s {
            None => {}
            Some(seconds @ 1..=MAX_LIFETIME) => {
                mint = mint.expires_in(Duration::from_secs(seconds));
            }
            Some(_) => return Err(format!("The lifetime is 1 to {MAX_LIFETIME} seconds.")),
        }
        if self.status == Status::Expired {
            mint = mint.expired();
        }
        Ok(Minted { token: mint.issue(), revoke: self.status == Status::Revoked })
    }
}

/// RFC 6749 §3.3
fn is_scope(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
