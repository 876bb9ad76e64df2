//! JWT access tokens, the key set, and the rotation of keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::SigningAlgorithm::{self, EdDsa, Es256, Es384, Ps256, Rs256};
use requires_auth::testing::{AuthorizationServer, Endpoint, Fault, OAuthClient, TokenFormat};
use requires_auth::{Claims, JwtError, JwtVerifier, ResolveError, Resolver as _, TokenError};
use serde_json::{Map, Value, json};

use crate::support::{REDIRECT, Response, code, exchange, form, get, http, post, text};

const RESOURCE: &str = "https://journal.example/mcp";

async fn jwt_server(algorithm: SigningAlgorithm) -> AuthorizationServer {
    AuthorizationServer::builder()
        .register(OAuthClient::public("cli").redirect_uri(REDIRECT))
        .client("service", "s3cret")
        .introspection_bearer("introspector")
        .token_format(TokenFormat::Jwt)
        .signing_algorithm(algorithm)
        .start()
        .await
        .unwrap()
}

/// The header and the claims of a JWT.
fn parts(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (json(parts[0]), json(parts[1]))
}

async fn introspect(server: &AuthorizationServer, token: &str) -> Value {
    let request = post(server.introspection_url(), &[("token", token)]).bearer_auth("introspector");
    Response::of(request).await.json()
}

async fn verify(server: &AuthorizationServer, token: &str) -> Result<Claims, ResolveError> {
    let verifier = JwtVerifier::from_issuer(server.issuer()).build().unwrap();
    verifier.resolve(&token.parse().unwrap()).await
}

async fn verification_error(server: &AuthorizationServer, token: &str) -> JwtError {
    match verify(server, token).await.unwrap_err() {
        ResolveError::InvalidToken(TokenError::Jwt(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The key ids of the key set, the current one first.
async fn key_ids(server: &AuthorizationServer) -> Vec<Value> {
    let key_set = get(server.jwks_uri()).await.json();
    key_set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}

#[tokio::test]
async fn a_token_of_each_algorithm_verifies_with_the_key_set() {
    for algorithm in [Rs256, Ps256, Es256, EdDsa] {
        let server = jwt_server(algorithm).await;
        let token = server.mint().audience(RESOURCE).issue();
        let (header, claims) = parts(&token);
        let kid = &server.public_jwk()["kid"];
        let expected = json!({ "typ": "at+jwt", "alg": algorithm.as_str(), "kid": kid });
        assert_eq!(header, expected);
        let verified = verify(&server, &token).await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(verified.as_json()).unwrap(), claims);
        assert_eq!(server.key_set_requests(), 1);
    }
}

#[tokio::test]
async fn a_minted_jwt_has_the_claims_of_its_introspection_response() {
    let server = jwt_server(Es256).await;
    let token = server
        .mint()
        .subject("alice")
        .client_id("cli")
        .scopes("entries:read")
        .audience(RESOURCE)
        .claim("groups", json!(["x"]))
        .issue();
    let (_, claims) = parts(&token);
    let (iat, jti) = (claims["iat"].as_u64().unwrap(), claims["jti"].as_str().unwrap());
    assert_eq!(jti.len(), 43);
    let mut expected = json!({
        "iss": server.issuer(), "sub": "alice", "client_id": "cli", "scope": "entries:read",
        "aud": RESOURCE, "groups": ["x"], "iat": iat, "exp": iat + 3600, "jti": jti,
    });
    assert_eq!(claims, expected);
    expected["active"] = true.into();
    expected["token_type"] = "Bearer".into();
    assert_eq!(introspect(&server, &token).await, expected);

    assert!(server.revoke(&token));
    assert_eq!(introspect(&server, &token).await, json!({ "active": false }));
    assert!(verify(&server, &token).await.is_ok(), "a JWT is valid until it expires");
    assert!(server.delete(&token));

    let expired = server.mint().expired().issue();
    let exp = parts(&expired).1["exp"].as_u64().unwrap();
    assert!(exp < parts(&expired).1["iat"].as_u64().unwrap());
    assert_eq!(introspect(&server, &expired).await, json!({ "active": false }));
}

#[tokio::test]
async fn a_mint_chooses_the_format_the_header_and_the_claims() {
    let server = AuthorizationServer::start().await.unwrap();
    assert_eq!(server.mint().issue().len(), 43, "the default is an opaque token");
    let jwt = || server.mint().token_format(TokenFormat::Jwt);
    let claims = parts(&jwt().issue()).1;
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["client_id", "exp", "iat", "iss", "jti", "sub"]);
    assert_eq!(claims["sub"], "test-client");
    let odd = jwt()
        .header_parameter("typ", "JWT")
        .header_parameter("kid", Value::Null)
        .header_parameter("x5t", "AA")
        .claim("jti", 7)
        .without_claim("sub")
        .without_claim("iat")
        .never_expires()
        .issue();
    let (header, claims) = parts(&odd);
    assert_eq!(header, json!({ "typ": "JWT", "alg": "ES256", "x5t": "AA" }));
    let expected = json!({ "iss": server.issuer(), "client_id": "test-client", "jti": 7 });
    assert_eq!(claims, expected);

    assert_eq!(jwt().token("chosen").issue(), "chosen");
    let verbatim = jwt().answer_with(json!({ "active": "yes" })).issue();
    let response = form(server.introspection_url(), &[("token", &verbatim)]).await;
    assert_eq!(response.json(), json!({ "active": "yes" }));
    let opaque = jwt().token_format(TokenFormat::Opaque).header_parameter("typ", "JWT").issue();
    assert_eq!(opaque.len(), 43);
}

#[tokio::test]
async fn every_grant_issues_jwts_which_are_introspected_and_revoked() {
    let server = jwt_server(EdDsa).await;
    let tokens = exchange(&server, &code(&server).await, &[]).await.json();
    let token = text(&tokens, "access_token");
    let (header, claims) = parts(token);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    let (iat, jti) = (claims["iat"].as_u64().unwrap(), claims["jti"].as_str().unwrap());
    let auth_time = claims["auth_time"].as_u64().unwrap();
    assert!(auth_time <= iat, "the user logged in before");
    let mut expected = json!({
        "iss": server.issuer(), "sub": "alice", "username": "alice", "client_id": "cli",
        "scope": "entries:read entries:write", "aud": RESOURCE,
        "iat": iat, "exp": iat + 3600, "jti": jti, "auth_time": auth_time,
    });
    assert_eq!(claims, expected);
    assert!(verify(&server, token).await.is_ok());
    expected["active"] = true.into();
    expected["token_type"] = "Bearer".into();
    assert_eq!(introspect(&server, token).await, expected);

    let refresh_token = text(&tokens, "refresh_token");
    assert!(!refresh_token.contains('.'), "refresh tokens are opaque");
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", "cli"),
        ("scope", "entries:read"),
    ];
    let refreshed = form(server.token_url(), &pairs).await.json();
    let refreshed = parts(text(&refreshed, "access_token")).1;
    assert_eq!((&refreshed["sub"], &refreshed["scope"]), (&json!("alice"), &json!("entries:read")));
    assert_ne!(refreshed["jti"], claims["jti"]);

    let pairs = [("grant_type", "client_credentials"), ("resource", RESOURCE)];
    let request = post(server.token_url(), &pairs).basic_auth("service", Some("s3cret"));
    let machine = Response::of(request).await.json();
    let machine = parts(text(&machine, "access_token")).1;
    assert_eq!((&machine["sub"], &machine["client_id"]), (&json!("service"), &json!("service")));

    let revoked = form(server.revocation_url(), &[("token", token), ("client_id", "cli")]).await;
    assert_eq!((revoked.status, &*revoked.text), (200, ""));
    assert_eq!(introspect(&server, token).await, json!({ "active": false }));
}

#[tokio::test]
async fn the_key_set_has_the_public_keys() {
    for (algorithm, public) in [
        (Rs256, ["alg", "e", "kid", "kty", "n", "use"].as_slice()),
        (Es384, &["alg", "crv", "kid", "kty", "use", "x", "y"]),
        (EdDsa, &["alg", "crv", "kid", "kty", "use", "x"]),
    ] {
        let server = jwt_server(algorithm).await;
        let request = http().get(server.jwks_uri()).header("origin", "https://a.example");
        let response = Response::of(request).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some("application/jwk-set+json"));
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
        let jwk = server.public_jwk();
        assert_eq!(response.json(), json!({ "keys": [jwk] }));
        assert_eq!((&jwk["alg"], &jwk["use"]), (&json!(algorithm.as_str()), &json!("sig")));
        let mut names: Vec<&String> = jwk.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, public);
        let pem = server.public_key_pem();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    }
    let server = AuthorizationServer::builder().path("/tenants/blue").start().await.unwrap();
    assert_eq!(server.jwks_uri(), format!("{}/jwks", server.issuer()));
    assert_eq!(get(server.jwks_uri()).await.json(), json!({ "keys": [server.public_jwk()] }));
    assert_eq!(server.requests(Endpoint::KeySet)[0].path(), "/tenants/blue/jwks");
    assert_eq!(Response::of(post(server.jwks_uri(), &[])).await.status, 405);
}

#[tokio::test]
async fn a_rotated_key_is_published_until_it_is_withdrawn() {
    let server = jwt_server(Es256).await;
    let first = server.mint().issue();
    let first_key = server.public_jwk();
    server.rotate_key().unwrap();
    let second = server.mint().issue();
    let second_key = server.public_jwk();
    assert_ne!(first_key["x"], second_key["x"]);
    assert_eq!(parts(&second).0["kid"], second_key["kid"]);
    assert_eq!(key_ids(&server).await, [second_key["kid"].clone(), first_key["kid"].clone()]);
    assert!(verify(&server, &first).await.is_ok() && verify(&server, &second).await.is_ok());

    server.rotate_key_to(EdDsa).unwrap();
    let third = server.mint().issue();
    assert_eq!(parts(&third).0["alg"], "EdDSA");
    assert_eq!(key_ids(&server).await.len(), 3);
    for token in [&first, &second, &third] {
        assert!(verify(&server, token).await.is_ok());
    }

    server.withdraw_old_keys();
    assert_eq!(key_ids(&server).await, [server.public_jwk()["kid"].clone()]);
    for token in [&first, &second] {
        assert_eq!(verification_error(&server, token).await, JwtError::UnknownKey);
        assert_eq!(introspect(&server, token).await["active"], true);
    }
    assert!(verify(&server, &third).await.is_ok());

    server.rotate_key().unwrap();
    server.replace_key().unwrap();
    let fourth = server.mint().issue();
    assert_eq!(key_ids(&server).await, [server.public_jwk()["kid"].clone()]);
    assert_eq!(verification_error(&server, &third).await, JwtError::UnknownKey);
    assert!(verify(&server, &fourth).await.is_ok());
}

#[tokio::test]
async fn a_test_sets_any_key_set() {
    let server = jwt_server(Es256).await;
    let token = server.mint().issue();
    for body in ["", "{}", "not JSON", r#"{"keys":[],"keys":[]}"#] {
        server.set_key_set(body);
        let response = get(server.jwks_uri()).await;
        assert_eq!((response.status, &*response.text), (200, body));
        assert_eq!(response.header("content-type"), Some("application/jwk-set+json"));
    }
    server.set_key_set(r#"{"keys":[]}"#);
    assert!(matches!(verify(&server, &token).await, Err(ResolveError::Unavailable(_))));
    let broken = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "kid": "broken" });
    server.set_key_set(json!({ "keys": [broken, server.public_jwk()] }).to_string());
    assert!(verify(&server, &token).await.is_ok());
    server.set_key_set(vec![b' '; 1_000_000]);
    assert_eq!(get(server.jwks_uri()).await.text.len(), 1_000_000);

    server.rotate_key().unwrap();
    assert_eq!(get(server.jwks_uri()).await.text.len(), 1_000_000);
    server.reset_key_set();
    assert_eq!(key_ids(&server).await.len(), 2);
    assert!(verify(&server, &token).await.is_ok());
}

#[tokio::test]
async fn faults_apply_to_the_key_set() {
    let server = jwt_server(Es256).await;
    let token = server.mint().issue();
    server.fault(Fault::status(503).header("retry-after", "7").at(Endpoint::KeySet));
    server.fault_once(Fault::body("text/plain", "garbage").at(Endpoint::KeySet));
    assert_eq!(get(server.jwks_uri()).await.text, "garbage");
    let response = get(server.jwks_uri()).await;
    assert_eq!((response.status, response.header("retry-after")), (503, Some("7")));
    assert!(matches!(verify(&server, &token).await, Err(ResolveError::Unavailable(_))));
    assert_eq!(introspect(&server, &token).await["active"], true);
    assert_eq!(server.key_set_requests(), 3);
    assert_eq!(server.requests(Endpoint::KeySet).len(), 3);
    assert_eq!(server.introspections(), 1);

    server.clear_faults();
    server.stop().await.unwrap();
    assert!(matches!(verify(&server, &token).await, Err(ResolveError::Unavailable(_))));
    server.restart().await.unwrap();
    assert!(verify(&server, &token).await.is_ok(), "a restart keeps the key");
    assert_eq!(server.key_set_requests(), 4);
}

#[tokio::test]
async fn a_signed_jwt_has_exactly_the_header_and_the_payload_of_the_test() {
    let server = jwt_server(Es256).await;
    let jwk = server.public_jwk();
    let header = json!({ "alg": "none", "jwk": jwk });
    let token = server.sign_jwt(header.clone(), b"\xff not JSON");
    let sent: Vec<&str> = token.split('.').collect();
    assert_eq!(sent[0], URL_SAFE_NO_PAD.encode(header.to_string()));
    assert_eq!(sent[1], URL_SAFE_NO_PAD.encode(b"\xff not JSON"));
    assert_eq!(introspect(&server, &token).await, json!({ "active": false }));

    let good = server.mint().issue();
    let (header, claims) = parts(&good);
    let token = server.sign_jwt(header.clone(), claims.to_string());
    assert!(verify(&server, &token).await.is_ok(), "it is signed with the current key");
    let Value::Object(mut other) = header else { panic!("no object") };
    other.insert("typ".to_owned(), "JWT".into());
    let token = server.sign_jwt(other.into(), claims.to_string());
    assert_eq!(verification_error(&server, &token).await, JwtError::Type);
    let empty = server.sign_jwt(Map::new().into(), "");
    assert_eq!(verification_error(&server, &empty).await, JwtError::Header);
}

#[tokio::test]
async fn a_test_signs_what_is_no_jws() {
    for algorithm in [Rs256, Ps256, Es256, EdDsa] {
        let server = jwt_server(algorithm).await;
        let claims = parts(&server.mint().issue()).1;
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        let kid = &server.public_jwk()["kid"];
        let sign = |header: &str| {
            let message = format!("{header}.{payload}");
            let signature = URL_SAFE_NO_PAD.encode(server.sign_bytes(&message));
            format!("{message}.{signature}")
        };
        let header = format!(r#"{{"typ":"at+jwt", "alg":"{algorithm}", "kid":{kid}}}"#);
        let token = sign(&URL_SAFE_NO_PAD.encode(&header));
        assert!(verify(&server, &token).await.is_ok(), "{algorithm}");

        let twice = header.replace('{', r#"{"alg":"none","#);
        let token = sign(&URL_SAFE_NO_PAD.encode(twice));
        assert_eq!(verification_error(&server, &token).await, JwtError::Header);
        // A length with a remainder of one byte: the last character has four bits that must be zero.
        let spaces = " ".repeat((4 - header.len() % 3) % 3);
        let mut trailing_bits = URL_SAFE_NO_PAD.encode(format!("{header}{spaces}"));
        assert!(verify(&server, &sign(&trailing_bits)).await.is_ok());
        let last = trailing_bits.pop().and_then(|last| u8::try_from(last).ok()).unwrap();
        trailing_bits.push(char::from(last + 1));
        let token = sign(&trailing_bits);
        assert_eq!(verification_error(&server, &token).await, JwtError::Encoding);
    }
}

#[tokio::test]
async fn each_server_has_its_own_keys() {
    let (one, two) = (jwt_server(Rs256).await, jwt_server(Rs256).await);
    let (header, claims) = parts(&one.mint().issue());
    let forged = two.sign_jwt(header, claims.to_string());
    assert_ne!(one.public_jwk()["n"], two.public_jwk()["n"]);
    assert_eq!(verification_error(&one, &forged).await, JwtError::Signature);
}
