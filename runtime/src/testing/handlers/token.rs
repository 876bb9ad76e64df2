//! The token endpoint (RFC 6749 §3.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::token_exchange::exchange_token;
use crate::testing::access_token;
use crate::testing::authorization_details::requested_details;
use crate::testing::claims::{audience, numeric_date};
use crate::testing::clients::authentication::authenticate;
use crate::testing::clients::client::{GrantType, OAuthClient};
use crate::testing::dpop_proofs::KeyProof;
use crate::testing::grant::{Grant, requested_resources, requested_scopes};
use crate::testing::oauth_error::{DPOP_NONCE, OAuthError, no_store};
use crate::testing::params::Params;
use crate::testing::pkce::s256;
use crate::testing::random::random_value;
use crate::testing::state::State;
use crate::testing::store::{IntrospectionResponse, RefreshToken, TokenRecord};

pub(crate) async fn token(
    extract::State(state): extract::State<Arc<State>>,
    request: Parts,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let params = Params::form(&request.headers, &body)?;
    let name = params
        .one("grant_type")
        .ok_or_else(|| OAuthError::invalid_request("the grant_type parameter is missing"))?;
    let client = authenticate(&state, &request.headers, &params)?;
    let grant_type = GrantType::parse(name).ok_or_else(|| {
        OAuthError::new("unsupported_grant_type", "the grant type is not supported")
    })?;
    if !client.may(grant_type) {
        return Err(OAuthError::new(
            "unauthorized_client",
            "the client did not register for this grant type",
        ));
    }
    // Before the grant: a client repeats a request for which it needs a nonce, with the same code.
    let proof = KeyProof::of(&state, &client, &request).await?;
    let response = match grant_type {
        GrantType::TokenExchange => exchange_token(&state, &client, &proof, &params)?,
        GrantType::AuthorizationCode => exchange_code(&state, &client, &proof, &params)?,
        GrantType::RefreshToken => refresh(&state, &client, &proof, &params)?,
        GrantType::ClientCredentials => client_credentials(&state, &client, &proof, &params)?,
    };
    let mut response = no_store(response);
    if let Some(nonce) = proof.next_nonce {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    Ok(response)
}

/// RFC 6749 §4.1.3, with PKCE (RFC 7636 §4.6). The first request of the client with its code uses the
/// code up, even if it fails. A second one revokes the tokens of the first (RFC 6749 §4.1.2).
fn exchange_code(
    state: &State,
    client: &OAuthClient,
    proof: &KeyProof,
    params: &Params,
) -> Result<Value, OAuthError> {
    let missing = || OAuthError::invalid_request("code or code_verifier is missing");
    let presented = params.one("code").ok_or_else(missing)?;
    let verifier = params.one("code_verifier").ok_or_else(missing)?;
    let wrong = || OAuthError::invalid_grant("the code is unknown, expired or used, or not yours");

    let now = state.now();
    let grant = {
        let mut store = state.store();
        let code = store.codes.get_mut(presented).ok_or_else(wrong)?;
        if code.grant.client_id != client.id {
            return Err(wrong());
        }
        if code.used {
            let family = code.grant.family.clone();
            store.revoke_family(&family);
            return Err(wrong());
        }
        code.used = true;
        if code.expires <= now {
            return Err(wrong());
        }
        // RFC 6749 §4.1.3 requires the parameter, OAuth 2.1 §10.1 omits it.
        let is_same = |uri: &str| uri == code.redirect_uri;
        if !params.one("redirect_uri").is_none_or(is_same) {
            return Err(OAuthError::invalid_grant(
                "the redirect_uri is not that of the authorization request",
            ));
        }
        if s256(verifier) != code.challenge {
            return Err(OAuthError::invalid_grant(
                "the code_verifier does not belong to the code_challenge",
            ));
        }
        proof.require_key(code.dpop_jkt.as_deref())?;
        code.grant.clone()
    };
    let narrowed = grant.narrowed(params)?;
    let refresh = grant.refreshable.then(|| refresh_token(client, grant, proof));
    Ok(issue(state, &narrowed, proof, refresh))
}

/// RFC 6749 §6, with rotation: a refresh token is valid once, and its replay revokes all tokens of the
/// grant (RFC 9700 §4.14.2).
fn refresh(
    state: &State,
    client: &OAuthClient,
    proof: &KeyProof,
    params: &Params,
) -> Result<Value, OAuthError> {
    let presented = params
        .one("refresh_token")
        .ok_or_else(|| OAuthError::invalid_request("the refresh_token parameter is missing"))?;
    let wrong = || OAuthError::invalid_grant("the refresh token is unknown or used, or not yours");

    let (grant, narrowed) = {
        let mut store = state.store();
        let refresh = store.refresh_tokens.get_mut(presented).ok_or_else(wrong)?;
        if refresh.grant.client_id != client.id {
            return Err(wrong());
        }
        if refresh.used {
            let family = refresh.grant.family.clone();
            store.revoke_family(&family);
            return Err(wrong());
        }
        proof.require_key(refresh.bound_to.as_deref())?;
        let narrowed = refresh.grant.narrowed(params)?;
        refresh.used = true;
        (refresh.grant.clone(), narrowed)
    };
    Ok(issue(state, &narrowed, proof, Some(refresh_token(client, grant, proof))))
}

/// RFC 6749 §4.4.
fn client_credentials(
    state: &State,
    client: &OAuthClient,
    proof: &KeyProof,
    params: &Params,
) -> Result<Value, OAuthError> {
    let grant = Grant {
        client_id: client.id.clone(),
        user: None,
        actor: None,
        login: None,
        scopes: requested_scopes(&state.settings, params)?,
        resources: requested_resources(&state.settings, params)?,
        authorization_details: requested_details(&state.settings, params)?,
        refreshable: false,
        family: random_value(),
    };
    Ok(issue(state, &grant, proof, None))
}

/// The refresh token of a public client is bound to its key. A confidential client authenticates instead (RFC 9449 §5).
fn refresh_token(client: &OAuthClient, grant: Grant, proof: &KeyProof) -> RefreshToken {
    let bound_to = proof.thumbprint.clone().filter(|_| !client.is_confidential());
    RefreshToken { grant, bound_to, used: false }
}

/// Issues an access token for this grant, bound to the key of the proof if there is one, and a refresh token. Returns the
/// token response (RFC 6749 §5.1).
pub(super) fn issue(
    state: &State,
    grant: &Grant,
    proof: &KeyProof,
    refresh: Option<RefreshToken>,
) -> Value {
    let token_type = if proof.thumbprint.is_some() { "DPoP" } else { "Bearer" };
    let now = state.now();
    let lifetime = state.settings.token_lifetime;
    let expires = now + lifetime;
    let scope = grant.scopes.join(" ");
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("active", true.into());
    put("scope", scope.clone().into());
    put("client_id", grant.client_id.clone().into());
    put("token_type", token_type.into());
    put("exp", numeric_date(expires).into());
    put("iat", numeric_date(now).into());
    put("iss", state.issuer.clone().into());
    if let Some(user) = &grant.user {
        put("sub", user.subject.clone().into());
        put("username", user.username.clone().into());
    }
    if let Some(actor) = &grant.actor {
        put("act", actor.clone());
    }
    if let Some(audience) = audience(&grant.resources) {
        put("aud", audience);
    }
    if let Some(login) = &grant.login {
        put("auth_time", numeric_date(login.time).into());
        if let Some(acr) = &login.acr {
            put("acr", acr.clone().into());
        }
    }
    let details = Some(&grant.authorization_details).filter(|details| !details.is_empty());
    if let Some(details) = details {
        put("authorization_details", details.clone().into());
    }
    if let Some(thumbprint) = &proof.thumbprint {
        put("cnf", json!({ "jkt": thumbprint }));
    }
    let format = state.settings.token_format;
    access_token::complete_claims(format, &mut claims);
    let token = access_token::make(state, format, &Map::new(), &claims);
    let mut response = json!({
        "access_token": token,
        "token_type": token_type,
        "expires_in": lifetime.as_secs(),
        "scope": scope,
    });
    if let (Some(details), Some(response)) = (details, response.as_object_mut()) {
        response.insert("authorization_details".to_owned(), details.clone().into());
    }
    let mut store = state.store();
    let number = store.next_number();
    store.tokens.insert(
        token,
        TokenRecord {
            number,
            response: IntrospectionResponse::Claims(claims),
            expires: Some(expires),
            revoked: false,
            client_id: Some(grant.client_id.clone()),
            family: Some(grant.family.clone()),
        },
    );
    if let Some(refresh) = refresh {
        let token = random_value();
        if let Some(response) = response.as_object_mut() {
            response.insert("refresh_token".to_owned(), token.clone().into());
        }
        store.refresh_tokens.insert(token, refresh);
    }
    response
}
