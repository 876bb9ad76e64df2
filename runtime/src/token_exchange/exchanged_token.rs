//! The token that the authorization server has issued.

use std::fmt;
use std::time::SystemTime;

use http::HeaderValue;

use crate::{AccessToken, ScopeSet};

/// An access token for the next API, which acts for the caller whose token was exchanged.
///
/// It is a secret: `Debug` redacts it, and only [`expose`](Self::expose) and [`authorization`](Self::authorization) return
/// its text. Cheap to clone. Do not keep it longer than the request: [`TokenExchange`](super::TokenExchange) caches it.
#[derive(Clone)]
pub struct ExchangedToken {
    header: HeaderValue,
    expires_at: Option<SystemTime>,
    scopes: ScopeSet,
}

const SCHEME: &str = "Bearer ";

impl ExchangedToken {
    pub(super) fn new(
        token: &AccessToken,
        expires_at: Option<SystemTime>,
        scopes: ScopeSet,
    ) -> Option<Self> {
        let mut header = HeaderValue::try_from(format!("{SCHEME}{}", token.expose())).ok()?;
        header.set_sensitive(true);
        Some(Self { header, expires_at, scopes })
    }

    /// The value of the header `Authorization` for the next API (RFC 6750 §2.1), marked as
    /// [sensitive](HeaderValue::is_sensitive).
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The text of the token: do not put it into logs, responses or keys.
    #[must_use]
    pub fn expose(&self) -> &str {
        // Cannot fail: both parts are ASCII.
        let header = self.header.to_str().unwrap_or_default();
        header.strip_prefix(SCHEME).unwrap_or_default()
    }

    /// When the token stops being valid, by the `expires_in` of the response; `None` if it has none.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The scopes of the token: those of the response, or the requested ones if it has none (RFC 8693 §2.2.1).
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    pub(super) fn size(&self) -> usize {
        self.header.len() + self.scopes.as_str().len()
    }
}

impl fmt::Debug for ExchangedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangedToken")
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
