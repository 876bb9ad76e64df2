//! R-B9: what the operator reads about a rejected JWT.

use fixtures::log_capture::LogCapture;
use requires_auth::{JwtVerifier, ResourceServer, TrustedIssuer};
use serde_json::{Value, json};

use super::{assert_invalid, claims, header, read, service};
use crate::rejection_log::warned;
use crate::service::{RESOURCE, Service};

/// The lines about a token with one changed member of its header or of its claims.
async fn lines_about(part: &str, member: &str, value: Value) -> (Service, String) {
    let log = LogCapture::default();
    let _guard = log.start();
    let service = service().await;
    let (mut header, mut claims) = (header(&service), claims(&service));
    let changed = if part == "header" { &mut header } else { &mut claims };
    changed[member] = value;
    changed.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let token = service.authorization_server.sign_jwt(header, claims.to_string());
    assert_invalid(&read(&service, &token).await);
    let lines = warned(&log).join("\n");
    assert!(!lines.contains(&token), "{lines}");
    (service, lines)
}

#[tokio::test]
async fn the_line_about_another_issuer_has_both_and_the_setting() {
    let (service, lines) = lines_about("claims", "iss", "https://evil.example".into()).await;
    let issuer = service.authorization_server.issuer();
    let expected = format!(
        "cause=the token is from another issuer expected=`iss`: \"{issuer}\" \
         found=`iss`: \"https://evil.example\" setting=`issuer` (REQUIRES_AUTH_ISSUER)"
    );
    assert!(lines.contains(&expected), "{lines}");
}

#[tokio::test]
async fn the_line_about_an_unknown_issuer_has_all_trusted_ones() {
    let log = LogCapture::default();
    let _guard = log.start();
    let unknown = service().await;
    let trusted = |issuer: &str| {
        TrustedIssuer::new(issuer, JwtVerifier::from_issuer(issuer).build().unwrap())
    };
    let builder = ResourceServer::builder(RESOURCE)
        .trusted_issuer(trusted("https://one.example"))
        .trusted_issuer(trusted("https://two.example"));
    let token = unknown.token("read");
    let issuer = unknown.authorization_server.issuer().to_owned();
    let service = Service::from_builder(unknown.authorization_server, builder).await;
    for (token, found) in [
        (token.as_str(), format!("`iss`: \"{issuer}\"")),
        ("opaque", "no JWT with an `iss`, and no issuer of opaque tokens".to_owned()),
    ] {
        assert_invalid(&read(&service, token).await);
        let expected = format!(
            "expected=`iss`: \"https://one.example\", \"https://two.example\" found={found}"
        );
        let lines = warned(&log).join("\n");
        assert!(lines.contains(&expected), "{lines}");
    }
}

#[tokio::test]
async fn the_line_about_a_deviation_has_both_values_and_the_setting() {
    // R-B9
    let algorithms = "expected=`alg`: \"RS256\", \"PS256\", \"ES256\", \"EdDSA\" found=`alg`:";
    let setting = "setting=`algorithms` (REQUIRES_AUTH_ALGORITHMS)";
    let generic = "setting=`accept_generic_type` (REQUIRES_AUTH_ACCEPT_GENERIC_TYPE)";
    let optional = "setting=`optional_claims` (REQUIRES_AUTH_OPTIONAL_CLAIMS)";
    let typ = "expected=`typ`: \"at+jwt\" found=";
    for (part, member, value, cause, mismatch) in [
        ("header", "typ", json!("JWT"), "the type", format!("{typ}`typ`: \"JWT\" {generic}")),
        ("header", "typ", Value::Null, "the type", format!("{typ}no `typ` {generic}")),
        ("header", "typ", json!("a\n"), "the type", format!("{typ}`typ`: \"a\\n\" setting=none")),
        (
            "header",
            "alg",
            json!("ES512"),
            "the algorithm",
            format!("{algorithms} \"ES512\" {setting}"),
        ),
        (
            "header",
            "kid",
            json!("x"),
            "no key of the issuer",
            "found=`kid`: \"x\" and `alg`: \"ES256\" setting=`jwks_uri`".to_owned(),
        ),
        (
            "claims",
            "jti",
            Value::Null,
            "the JWT has no `jti`",
            format!(
                "expected=`jti` (RFC 9068 section 2.2) found=the claims \"aud\", \"client_id\", \
                 \"exp\", \"iat\", \"iss\", \"scope\", \"sub\" {optional}"
            ),
        ),
        (
            "claims",
            "exp",
            Value::Null,
            "the JWT has no `exp`",
            "setting=none: the authorization server has to set `exp`".to_owned(),
        ),
        (
            "claims",
            "at_hash",
            json!("x"),
            "not an access token",
            "found=the claims of another kind".to_owned(),
        ),
        ("claims", "typ", json!("ID"), "not an access token", "found=`typ`: \"ID\"".to_owned()),
    ] {
        let (_, lines) = lines_about(part, member, value).await;
        assert!(lines.contains(cause) && lines.contains(&mismatch), "{mismatch}: {lines}");
    }
}
