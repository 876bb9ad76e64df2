//! The metadata document (RFC 8414). The OpenID discovery document is the same.

use std::sync::Arc;

use axum::{Json, extract};
use serde_json::{Value, json};

use crate::testing::clients::client::GrantType;
use crate::testing::state::State;

pub(crate) async fn metadata(extract::State(state): extract::State<Arc<State>>) -> Json<Value> {
    let settings = &state.settings;
    let mut introspection_methods = Vec::new();
    if settings.clients.iter().any(|one| one.secret.is_some()) {
        introspection_methods.extend(["client_secret_basic", "client_secret_post"]);
        #[cfg(feature = "jwt")]
        introspection_methods.push("client_secret_jwt");
    }
    #[cfg(feature = "jwt")]
    if settings.clients.iter().any(|one| one.public_jwk.is_some()) {
        introspection_methods.push("private_key_jwt");
    }
    if !settings.introspection_bearers.is_empty() {
        introspection_methods.push("Bearer");
    }
    if introspection_methods.is_empty() {
        introspection_methods.push("none");
    }
    let client_methods = ["none", "client_secret_basic", "client_secret_post"];
    let mut document = json!({
        "issuer": state.issuer,
        "authorization_endpoint": state.url("/authorize"),
        "token_endpoint": state.url("/token"),
        "introspection_endpoint": state.url("/introspect"),
        "revocation_endpoint": state.url("/revoke"),
        "registration_endpoint": state.url("/register"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": client_methods,
        "revocation_endpoint_auth_methods_supported": client_methods,
        "introspection_endpoint_auth_methods_supported": introspection_methods,
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    });
    if let Some(document) = document.as_object_mut() {
        #[cfg(feature = "jwt")]
        {
            document.insert("jwks_uri".to_owned(), state.url("/jwks").into());
            let algorithms = [state.keys.algorithm().as_str()];
            let member = "introspection_signing_alg_values_supported";
            document.insert(member.to_owned(), json!(algorithms));
        }
        #[cfg(feature = "dpop")]
        if let Some(dpop) = &state.dpop {
            let algorithms: Vec<_> = dpop.algorithms.iter().map(|it| it.as_str()).collect();
            document.insert("dpop_signing_alg_values_supported".to_owned(), algorithms.into());
        }
        for (member, values) in [
            ("scopes_supported", &settings.scopes_supported),
            ("acr_values_supported", &settings.acr_values_supported),
            (
                "authorization_details_types_supported",
                &settings.authorization_details_types_supported,
            ),
        ] {
            if !values.is_empty() {
                document.insert(member.to_owned(), values.clone().into());
            }
        }
    }
    Json(document)
}
