//! Client authentication at the endpoints that clients call directly (RFC 6749 §2.3).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::OAuthClient;
use super::metadata_document::is_document_url;
use crate::testing::oauth_error::OAuthError;
use crate::testing::params::{Params, form_decode};
use crate::testing::state::State;

/// Returns the client that sent a request.
///
/// A client-id metadata document makes a public client: the code or refresh token in its request, which
/// was issued to this id, is checked by the handler.
pub(crate) fn authenticate(
    state: &State,
    headers: &HeaderMap,
    params: &Params,
) -> Result<OAuthClient, OAuthError> {
    let credentials = ClientCredentials::parse(headers, params)?;
    match state.client(&credentials.id) {
        Some(client) if credentials.match_client(&client) => Ok(client),
        None if credentials.secret.is_none()
            && is_document_url(&credentials.id, &state.settings) =>
        {
            Ok(OAuthClient::public(credentials.id))
        }
        _ => Err(OAuthError::invalid_client("the client is unknown or its credentials are wrong")),
    }
}

/// The client id of a request, and the secret if there is one.
pub(crate) struct ClientCredentials {
    id: String,
    secret: Option<String>,
}

impl ClientCredentials {
    /// Parses `client_secret_basic`, `client_secret_post` or, for a public client, `client_id`.
    pub(crate) fn parse(headers: &HeaderMap, params: &Params) -> Result<Self, OAuthError> {
        let id_param = params.one("client_id");
        let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = authorization.next() else {
            return match id_param {
                Some(id) => Ok(Self {
                    id: id.to_owned(),
                    secret: params.one("client_secret").map(str::to_owned),
                }),
                None => Err(OAuthError::invalid_client("no client is named")),
            };
        };
        if authorization.next().is_some() || params.one("client_secret").is_some() {
            return Err(OAuthError::invalid_request(
                "more than one client authentication method is used",
            ));
        }
        let credentials =
            value.to_str().ok().and_then(parse_basic).ok_or_else(|| {
                OAuthError::invalid_client("the Authorization header is malformed")
            })?;
        if id_param.is_some_and(|id| id != credentials.id) {
            return Err(OAuthError::invalid_request("two different clients are named"));
        }
        Ok(credentials)
    }

    pub(crate) fn into_id(self) -> String {
        self.id
    }

    /// Whether id and secret are those of the client; a public client has no secret.
    pub(crate) fn match_client(&self, client: &OAuthClient) -> bool {
        self.id == client.id && self.secret == client.secret
    }
}

/// Parses `Basic base64(form(id) ":" form(secret))` (RFC 6749 §2.3.1).
fn parse_basic(value: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_start_matches(' ')).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some(ClientCredentials { id: form_decode(id)?, secret: Some(form_decode(secret)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let encoded = STANDARD.encode("a%3Ab+c:p%25%26+%C3%A9");
        let credentials = parse_basic(&format!("bAsIc {encoded}")).unwrap();
        assert_eq!(credentials.id, "a:b c");
        assert_eq!(credentials.secret.as_deref(), Some("p%& \u{e9}"));
        assert!(parse_basic("Bearer abc").is_none());
        assert!(parse_basic(&format!("Basic {}", STANDARD.encode("id:100%"))).is_none());
        assert!(parse_basic(&format!("Basic {}", STANDARD.encode("nocolon"))).is_none());
    }
}
