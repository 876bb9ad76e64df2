//! Client authentication at the endpoints that clients call directly (RFC 6749 §2.3).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[cfg(feature = "jwt")]
use super::assertion;
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
        Some(client) if credentials.match_client(state, &client) => Ok(client),
        None if matches!(credentials.proof, Proof::None)
            && is_document_url(&credentials.id, &state.settings) =>
        {
            Ok(OAuthClient::public(credentials.id))
        }
        _ => Err(OAuthError::invalid_client("the client is unknown or its credentials are wrong")),
    }
}

/// The client id of a request, and what proves it.
pub(crate) struct ClientCredentials {
    id: String,
    proof: Proof,
}

enum Proof {
    None,
    Secret(String),
    #[cfg(feature = "jwt")]
    Assertion(String),
}

impl ClientCredentials {
    /// Parses `client_secret_basic`, `client_secret_post`, a client assertion or, for a public client,
    /// `client_id`.
    pub(crate) fn parse(headers: &HeaderMap, params: &Params) -> Result<Self, OAuthError> {
        let id_param = params.one("client_id");
        let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
        #[cfg(feature = "jwt")]
        if let Some(assertion) = params.one("client_assertion") {
            let alone = authorization.next().is_none() && params.one("client_secret").is_none();
            if !alone || params.one("client_assertion_type") != Some(assertion::TYPE) {
                return Err(OAuthError::invalid_request(
                    "client_assertion is used with another method, or without its type",
                ));
            }
            let id =
                assertion::client_id(assertion).filter(|id| id_param.is_none_or(|it| it == id));
            let id = id.ok_or_else(|| {
                OAuthError::invalid_client(
                    "the client assertion is malformed or names another client",
                )
            })?;
            return Ok(Self { id, proof: Proof::Assertion(assertion.to_owned()) });
        }
        let Some(value) = authorization.next() else {
            return match id_param {
                Some(id) => {
                    let secret = params.one("client_secret").map(str::to_owned);
                    Ok(Self { id: id.to_owned(), proof: secret.map_or(Proof::None, Proof::Secret) })
                }
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

    /// Whether they are those of the client; a public client has nothing that proves it. An assertion matches once.
    #[cfg_attr(not(feature = "jwt"), expect(unused_variables, reason = "for assertions"))]
    pub(crate) fn match_client(&self, state: &State, client: &OAuthClient) -> bool {
        let is_proven = || match &self.proof {
            Proof::None => !client.is_confidential(),
            Proof::Secret(secret) => client.secret.as_ref() == Some(secret),
            #[cfg(feature = "jwt")]
            Proof::Assertion(assertion) => assertion::verify(state, client, assertion),
        };
        self.id == client.id && is_proven()
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
    Some(ClientCredentials { id: form_decode(id)?, proof: Proof::Secret(form_decode(secret)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let encoded = STANDARD.encode("a%3Ab+c:p%25%26+%C3%A9");
        let credentials = parse_basic(&format!("bAsIc {encoded}")).unwrap();
        assert_eq!(credentials.id, "a:b c");
        let Proof::Secret(secret) = &credentials.proof else { panic!("a secret") };
        assert_eq!(secret, "p%& \u{e9}");
        assert!(parse_basic("Bearer abc").is_none());
        assert!(parse_basic(&format!("Basic {}", STANDARD.encode("id:100%"))).is_none());
        assert!(parse_basic(&format!("Basic {}", STANDARD.encode("nocolon"))).is_none());
    }
}
