//! Several issuers.

use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{
    Introspection, JwtVerifier, ResourceServer, ResourceServerBuilder, SetupError, TrustedIssuer,
};

use super::{assert_invalid, read};
use crate::assert_ran;
use crate::service::{RESOURCE, Service};

async fn jwt_server() -> AuthorizationServer {
    let server = AuthorizationServer::builder().token_format(TokenFormat::Jwt).start();
    server.await.unwrap()
}

fn verifier(server: &AuthorizationServer) -> JwtVerifier {
    JwtVerifier::from_issuer(server.issuer()).build().unwrap()
}

fn introspection(server: &AuthorizationServer) -> Introspection {
    Introspection::from_issuer(server.issuer()).build().unwrap()
}

fn token(server: &AuthorizationServer, audience: &str) -> String {
    server.mint().subject("alice").audience(audience).scopes("read").issue()
}

#[tokio::test]
async fn a_token_is_resolved_for_its_own_issuer() {
    // R-F11
    let (one, two) = (jwt_server().await, jwt_server().await);
    let (opaque, unknown) = (AuthorizationServer::start().await.unwrap(), jwt_server().await);
    let builder = ResourceServer::builder(RESOURCE)
        .trusted_issuer(TrustedIssuer::new(one.issuer(), verifier(&one)))
        .trusted_issuer(
            TrustedIssuer::new(two.issuer(), verifier(&two)).accepted_audiences(["two"]),
        )
        .trusted_issuer(TrustedIssuer::new(opaque.issuer(), introspection(&opaque)));
    let server = builder.build().unwrap();
    assert_eq!(
        server.metadata().authorization_servers,
        [one.issuer(), two.issuer(), opaque.issuer()]
    );
    let issuers = [one.issuer(), two.issuer(), opaque.issuer()].map(str::to_owned);
    let builder = ResourceServer::builder(RESOURCE)
        .trusted_issuer(TrustedIssuer::new(&issuers[0], verifier(&one)))
        .trusted_issuer(TrustedIssuer::new(&issuers[1], verifier(&two)).accepted_audiences(["two"]))
        .trusted_issuer(TrustedIssuer::new(&issuers[2], introspection(&opaque)));
    let service = Service::from_builder(unknown, builder).await;

    for server in [&one, &two, &opaque] {
        assert_ran(&read(&service, &token(server, RESOURCE)).await, "alice may");
    }
    assert_eq!(opaque.introspections(), 1);
    // An audience of one issuer is none of another.
    assert_ran(&read(&service, &token(&two, "two")).await, "alice may");
    assert_invalid(&read(&service, &token(&one, "two")).await);
    assert_invalid(&read(&service, &token(&opaque, "two")).await);

    // A token of one issuer that names another one.
    let mut claims = super::claims(&service);
    claims["iss"] = issuers[0].as_str().into();
    let jwk = two.public_jwk();
    let header = serde_json::json!({ "alg": jwk["alg"], "kid": jwk["kid"], "typ": "at+jwt" });
    assert_invalid(&read(&service, &two.sign_jwt(header, claims.to_string())).await);

    // An unknown issuer causes no request to anybody.
    let introspections = opaque.introspections();
    let foreign = token(&service.authorization_server, RESOURCE);
    assert_invalid(&read(&service, &foreign).await);
    assert_eq!(service.authorization_server.key_set_requests(), 0);
    assert_eq!(opaque.introspections(), introspections);
}

#[tokio::test]
async fn a_prefix_distinguishes_opaque_tokens() {
    // R-F11
    let (one, two) =
        (AuthorizationServer::start().await.unwrap(), AuthorizationServer::start().await.unwrap());
    let builder = ResourceServer::builder(RESOURCE)
        .trusted_issuer(TrustedIssuer::new(one.issuer(), introspection(&one)))
        .trusted_issuer(TrustedIssuer::new(two.issuer(), introspection(&two)).token_prefix("two_"));
    let service = Service::from_builder(AuthorizationServer::start().await.unwrap(), builder).await;
    let mint = two.mint().subject("alice").audience(RESOURCE).scopes("read");
    assert_ran(&read(&service, &mint.token("two_secret").issue()).await, "alice may");
    assert_eq!((one.introspections(), two.introspections()), (0, 1));
    assert_ran(&read(&service, &token(&one, RESOURCE)).await, "alice may");
    assert_eq!((one.introspections(), two.introspections()), (1, 1));
    assert_invalid(&read(&service, &token(&two, RESOURCE)).await);
    assert_eq!((one.introspections(), two.introspections()), (2, 1));
}

#[tokio::test]
async fn the_longest_prefix_of_a_token_decides() {
    // R-F11: in whichever order the issuers are added.
    let (one, two) =
        (AuthorizationServer::start().await.unwrap(), AuthorizationServer::start().await.unwrap());
    let trusted = |server: &AuthorizationServer, prefix: &str| {
        TrustedIssuer::new(server.issuer(), introspection(server)).token_prefix(prefix)
    };
    let builder = || ResourceServer::builder(RESOURCE);
    for (introspections, builder) in [
        builder().trusted_issuer(trusted(&one, "a_")).trusted_issuer(trusted(&two, "a_b_")),
        builder().trusted_issuer(trusted(&two, "a_b_")).trusted_issuer(trusted(&one, "a_")),
    ]
    .into_iter()
    .enumerate()
    {
        let unused = AuthorizationServer::start().await.unwrap();
        let service = Service::from_builder(unused, builder).await;
        let mint = two.mint().subject("alice").audience(RESOURCE).scopes("read");
        let token = mint.token(format!("a_b_{introspections}")).issue();
        assert_ran(&read(&service, &token).await, "alice may");
        assert_eq!((one.introspections(), two.introspections()), (0, introspections + 1));
    }
}

#[tokio::test]
async fn a_single_issuer_without_opaque_tokens_resolves_none() {
    // R-F11
    let one = AuthorizationServer::start().await.unwrap();
    let builder = ResourceServer::builder(RESOURCE).trusted_issuer(
        TrustedIssuer::new(one.issuer(), introspection(&one)).without_opaque_tokens(),
    );
    let service = Service::from_builder(one, builder).await;
    let mint = || service.authorization_server.mint().subject("alice").audience(RESOURCE);
    assert_invalid(&read(&service, &mint().scopes("read").issue()).await);
    assert_eq!((service.introspection_requests(), service.runs()), (0, 0));
    let jwt = mint().scopes("read").token_format(TokenFormat::Jwt).issue();
    assert_ran(&read(&service, &jwt).await, "alice may");
}

#[tokio::test]
async fn issuers_that_cannot_be_distinguished_are_rejected() {
    // R-F11
    let build = |issuers: Vec<TrustedIssuer>| {
        let builder = ResourceServer::builder(RESOURCE);
        issuers.into_iter().fold(builder, ResourceServerBuilder::trusted_issuer).build()
    };
    let opaque = |issuer: &str| {
        TrustedIssuer::new(issuer, Introspection::from_issuer(issuer).build().unwrap())
    };
    let (one, two) = ("https://one.example", "https://two.example");
    for issuers in [
        vec![opaque(one), opaque(two)],
        vec![opaque(one), opaque(one).without_opaque_tokens()],
        vec![opaque(one).token_prefix("a"), opaque(two).token_prefix("a")],
    ] {
        let error = build(issuers).unwrap_err();
        assert!(matches!(error, SetupError::Contradiction { .. }), "{error}");
    }
    assert!(matches!(build(vec![opaque(one).token_prefix("")]), Err(SetupError::Invalid { .. })));
    build(vec![opaque(one), opaque(two).without_opaque_tokens()]).unwrap();
    build(vec![opaque(one), opaque(two).token_prefix("a")]).unwrap();
    let mixed = ResourceServer::builder(RESOURCE).issuer(one).trusted_issuer(opaque(two)).build();
    assert!(matches!(mixed, Err(SetupError::Contradiction { .. })));
}
