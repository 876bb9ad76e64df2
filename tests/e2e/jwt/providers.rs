//! The tokens of well-known authorization servers, and the providers that accept them.

use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{JwtVerifier, Provider, ResourceServer, ResourceServerConfig};
use serde_json::{Value, json};

use super::{assert_invalid, read};
use crate::assert_ran;
use crate::service::{RESOURCE, Service};

/// A form of token: the members of its header and its claims besides `iss`, `iat` and `exp`.
struct Form {
    provider: &'static str,
    header: Value,
    claims: Value,
    /// The claims of an ID token of the same sign-in, for the resource as its audience.
    id_token: Value,
    /// The client that the claims name.
    client: &'static str,
    settings: Value,
}

/// As in the documentation of each provider, which that of `Provider` names.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn forms() -> Vec<Form> {
    let typed = || json!({ "typ": "JWT" });
    let untyped = || json!({});
    vec![
        Form {
            provider: "keycloak",
            header: typed(),
            claims: json!({
                "sub": "alice", "aud": [RESOURCE, "account"], "azp": "app", "jti": "1", "typ": "Bearer",
                "acr": "1", "sid": "s", "scope": "openid read", "allowed-origins": ["*"],
                "realm_access": { "roles": ["admin", "offline_access"] },
                "resource_access": { "account": { "roles": ["manage-account"] } },
                "preferred_username": "alice",
            }),
            id_token: json!({
                "sub": "alice", "aud": RESOURCE, "azp": "app", "jti": "2", "typ": "ID", "scope": "read",
            }),
            client: "app",
            settings: json!({ "mode": "jwt" }),
        },
        Form {
            provider: "auth0",
            header: typed(),
            claims: json!({
                "sub": "alice", "aud": [RESOURCE, "https://x.eu.auth0.com/userinfo"], "azp": "app",
                "scope": "openid read", "permissions": ["admin"],
            }),
            id_token: json!({ "sub": "alice", "aud": RESOURCE, "nonce": "n", "scope": "read" }),
            client: "app",
            settings: json!({}),
        },
        Form {
            provider: "auth0",
            header: json!({ "typ": "at+jwt" }),
            claims: json!({
                "sub": "alice", "aud": RESOURCE, "client_id": "app", "jti": "1", "scope": "read",
            }),
            id_token: json!({ "sub": "alice", "aud": RESOURCE, "nonce": "n" }),
            client: "app",
            settings: json!({}),
        },
        Form {
            provider: "entra",
            header: json!({ "typ": "JWT", "x5t": "x" }),
            claims: json!({
                "sub": "alice", "aud": "00000000-app", "azp": "app", "azpacr": "1", "scp": "read other",
                "oid": "o", "tid": "t", "uti": "u", "ver": "2.0", "roles": ["admin"], "nbf": 1,
            }),
            id_token: json!({
                "sub": "alice", "aud": "00000000-app", "oid": "o", "tid": "t", "uti": "u", "ver": "2.0",
                "nonce": "n", "scp": "read",
            }),
            client: "app",
            settings: json!({ "accepted_audiences": ["00000000-app"] }),
        },
        Form {
            provider: "entra",
            header: typed(),
            claims: json!({
                "sub": "alice", "aud": "api://00000000-app", "appid": "app", "appidacr": "1",
                "scp": "read", "ver": "1.0",
            }),
            id_token: json!({ "sub": "alice", "aud": "api://00000000-app", "ver": "1.0", "scp": "read" }),
            client: "app",
            settings: json!({ "accepted_audiences": ["api://00000000-app"] }),
        },
        Form {
            provider: "okta",
            header: untyped(),
            claims: json!({
                "ver": 1, "jti": "AT.1", "sub": "alice", "aud": RESOURCE, "cid": "app", "uid": "u",
                "scp": ["openid", "read"], "groups": ["admin"],
            }),
            id_token: json!({
                "ver": 1, "jti": "ID.1", "sub": "alice", "aud": RESOURCE, "at_hash": "h", "scp": ["read"],
            }),
            client: "app",
            settings: json!({ "mode": "jwt" }),
        },
        Form {
            provider: "zitadel",
            header: typed(),
            claims: json!({
                "sub": "alice", "aud": ["app", "1234"], "client_id": "app", "jti": "1", "nbf": 1,
                // An action of the installation adds this claim.
                "scope": ["openid", "read"],
                "urn:zitadel:iam:org:project:roles": { "admin": { "1": "acme.example" } },
            }),
            id_token: json!({
                "sub": "alice", "aud": ["app", "1234"], "azp": "app", "client_id": "app", "at_hash": "h",
                "scope": ["read"],
            }),
            client: "app",
            settings: json!({ "mode": "jwt", "accepted_audiences": ["1234"] }),
        },
        Form {
            provider: "cognito",
            header: untyped(),
            claims: json!({
                "sub": "alice", "cognito:groups": ["admin"], "client_id": "app", "token_use": "access",
                "scope": "openid read", "auth_time": 1, "username": "alice", "version": 2,
            }),
            id_token: json!({
                "sub": "alice", "aud": RESOURCE, "client_id": "app", "token_use": "id", "scope": "read",
            }),
            client: "app",
            settings: json!({ "accepted_clients": ["app"] }),
        },
        Form {
            provider: "hydra",
            header: typed(),
            claims: json!({
                "sub": "alice", "aud": [RESOURCE], "client_id": "app", "ext": {}, "jti": "1",
                "nbf": 1, "scp": ["read", "offline"],
            }),
            id_token: json!({
                "sub": "alice", "aud": [RESOURCE], "jti": "2", "at_hash": "h", "sid": "s", "scp": ["read"],
            }),
            client: "app",
            settings: json!({ "mode": "jwt" }),
        },
    ]
}

fn merged(mut members: Value, others: &Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        members[name] = value.clone();
    }
    members
}

/// A token with these members of its header and these claims.
fn sign(server: &AuthorizationServer, header: &Value, claims: &Value) -> String {
    let jwk = server.public_jwk();
    let header = merged(json!({ "alg": jwk["alg"], "kid": jwk["kid"] }), header);
    let common = json!({ "iss": server.issuer(), "iat": 1, "exp": 4_102_444_800_u64 });
    server.sign_jwt(header, merged(common, claims).to_string())
}

async fn service_of(settings: &Value) -> Service {
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    let server = server.await.unwrap();
    let config = json!({ "resource": RESOURCE, "issuer": server.issuer() });
    let config: ResourceServerConfig = serde_json::from_value(merged(config, settings)).unwrap();
    let built = config.build().await.unwrap();
    Service::with_server(server, built).await
}

#[tokio::test]
async fn the_tokens_of_each_provider_are_accepted_with_it_alone() {
    // R-F12
    for form in forms() {
        let name = form.provider;
        let provider = merged(json!({ "provider": name }), &form.settings);
        let service = service_of(&provider).await;
        let token = |claims: &Value| sign(&service.authorization_server, &form.header, claims);
        let response = read(&service, &token(&form.claims)).await;
        assert_ran(&response, "alice may");
        assert_eq!(service.introspection_requests(), 0, "{name}");

        // What the provider does not relax.
        assert_invalid(&read(&service, &token(&form.id_token)).await);
        let foreign = json!({ "aud": "https://other.example", "client_id": "app" });
        assert_invalid(&read(&service, &token(&merged(form.claims.clone(), &foreign))).await);
        for claim in ["sub", "exp", "iat"] {
            let mut claims = form.claims.clone();
            claims[claim] = Value::Null;
            assert_invalid(&read(&service, &token(&claims)).await);
        }
        let header = merged(form.header.clone(), &json!({ "typ": "dpop+jwt" }));
        let other = sign(&service.authorization_server, &header, &form.claims);
        assert_invalid(&read(&service, &other).await);

        // Without the provider.
        if form.header["typ"] != "at+jwt" {
            let strict = service_of(&merged(json!({ "mode": "jwt" }), &form.settings)).await;
            let token = sign(&strict.authorization_server, &form.header, &form.claims);
            assert_invalid(&read(&strict, &token).await);
        }
    }
}

#[tokio::test]
async fn roles_are_scopes_with_no_provider() {
    // R-F12, R-D4
    for form in forms() {
        let settings = merged(json!({ "provider": form.provider }), &form.settings);
        let service = service_of(&settings).await;
        let mut claims = form.claims.clone();
        let members = claims.as_object_mut().unwrap();
        members.remove("scope");
        members.remove("scp");
        let roles: Value = serde_json::from_str(
            &form.claims.to_string().replace("\"admin\"", "\"read\"").replace("openid read", ""),
        )
        .unwrap();
        for (name, value) in roles.as_object().unwrap() {
            if !["scope", "scp"].contains(&&**name) {
                members.insert(name.clone(), value.clone());
            }
        }
        let token = sign(&service.authorization_server, &form.header, &claims);
        let response = read(&service, &token).await;
        assert_eq!(response.status, 403, "{}: {response:?}", form.provider);
    }
}

#[tokio::test]
async fn a_jwt_of_zitadel_has_the_scopes_that_an_action_adds_or_roles() {
    // R-F12
    let form = forms().into_iter().find(|form| form.provider == "zitadel").unwrap();
    let roles = json!({ "urn:zitadel:iam:org:project:roles": { "read": { "1": "acme.example" } } });
    let as_scopes = json!({ "scope_claims": ["urn:zitadel:iam:org:project:roles{}"] });
    for (settings, claims, status) in [
        (json!({}), json!({}), 403),
        (json!({}), json!({ "scope": ["openid", "read"] }), 200),
        (json!({}), json!({ "scope": "openid read" }), 200),
        (json!({}), roles.clone(), 403),
        (as_scopes, roles, 200),
    ] {
        let provider = merged(json!({ "provider": "zitadel" }), &form.settings);
        let service = service_of(&merged(provider, &settings)).await;
        let mut token = form.claims.clone();
        token.as_object_mut().unwrap().remove("scope");
        let token = merged(token, &claims);
        let token = sign(&service.authorization_server, &form.header, &token);
        let response = read(&service, &token).await;
        assert_eq!(response.status, status, "{settings} {claims}: {response:?}");
        match status {
            200 => assert_ran(&response, "alice may"),
            _ => assert!(response.body.contains("insufficient_scope"), "{response:?}"),
        }
    }
}

#[tokio::test]
async fn explicit_settings_have_precedence_over_the_provider() {
    // R-F12
    let form = &forms()[1];
    assert_eq!(form.provider, "auth0");
    for (settings, accepted) in [
        (json!({ "scope_claims": ["permissions[]"] }), false),
        (json!({ "scope_claims": ["scope", "permissions[]"] }), true),
        (json!({ "optional_claims": [] }), false),
        (json!({ "client_id_claims": ["client_id"] }), false),
        (json!({ "client_id_claims": ["client_id", "azp"] }), true),
        (json!({ "accept_generic_type": false }), false),
        (json!({ "accept_generic_type": true }), true),
        (json!({ "mode": "introspection" }), false),
    ] {
        let service = service_of(&merged(json!({ "provider": "auth0" }), &settings)).await;
        let token = sign(&service.authorization_server, &form.header, &form.claims);
        let response = read(&service, &token).await;
        assert_eq!(response.status == 200, accepted, "{settings}: {response:?}");
    }
}

#[tokio::test]
async fn the_client_is_read_from_the_claim_of_the_provider() {
    // R-F12
    for form in forms() {
        let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
        let server = server.await.unwrap();
        let provider: Provider = serde_json::from_value(form.provider.into()).unwrap();
        let verifier =
            JwtVerifier::from_issuer(server.issuer()).provider(provider).build().unwrap();
        let list = |name: &str| -> Vec<String> {
            serde_json::from_value(form.settings.get(name).cloned().unwrap_or(json!([]))).unwrap()
        };
        let resource_server = ResourceServer::builder(RESOURCE)
            .issuer(server.issuer())
            .resolver(verifier)
            .accepted_audiences(list("accepted_audiences"))
            .accepted_clients(list("accepted_clients"))
            .build()
            .unwrap();
        let mut head = crate::head(&sign(&server, &form.header, &form.claims));
        let condition = requires_auth::Condition::Scope("read");
        let caller = resource_server.authorize(&mut head, condition).await.unwrap();
        assert_eq!(caller.client_id(), Some(form.client), "{}", form.provider);

        let mut wrong = form.claims.clone();
        for claim in ["client_id", "azp", "appid", "cid"] {
            if wrong.get(claim).is_some() {
                wrong[claim] = json!(["app"]);
            }
        }
        let mut head = crate::head(&sign(&server, &form.header, &wrong));
        let rejection = resource_server.authorize(&mut head, condition).await.unwrap_err();
        assert_eq!(rejection.status(), 401, "{}", form.provider);
    }
}

#[tokio::test]
async fn an_accepted_client_needs_a_token_without_an_audience() {
    // R-D6, R-F12
    let form = forms().into_iter().find(|form| form.provider == "cognito").unwrap();
    for (settings, claims, accepted) in [
        (json!({}), json!({}), false),
        (json!({ "accepted_clients": ["other"] }), json!({}), false),
        (json!({ "accepted_clients": ["app"] }), json!({}), true),
        (json!({ "accepted_clients": ["app"] }), json!({ "client_id": "other" }), false),
        (json!({}), json!({ "aud": RESOURCE }), true),
        (json!({ "accepted_clients": ["app"] }), json!({ "token_use": "id" }), false),
        (json!({ "accepted_clients": ["app"] }), json!({ "token_use": "refresh" }), false),
    ] {
        let service = service_of(&merged(json!({ "provider": "cognito" }), &settings)).await;
        let claims = merged(form.claims.clone(), &claims);
        let response =
            read(&service, &sign(&service.authorization_server, &form.header, &claims)).await;
        assert_eq!(response.status == 200, accepted, "{settings} {claims}: {response:?}");
    }
    let config = json!({
        "resource": RESOURCE, "issuer": "http://127.0.0.1:1", "provider": "cognito",
        "accepted_clients": ["app"], "audience_check": "if-present",
    });
    let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
    let error = config.build().await.unwrap_err().to_string();
    assert!(error.contains("`accepted_clients`") && error.contains("`audience_check`"), "{error}");
}
