//! R-C14: `private_key_jwt` and `client_secret_jwt` (RFC 7523 §2.2).

use std::time::{Duration, SystemTime};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use requires_auth::testing::{AuthorizationServer, ManualClock, OAuthClient, RecordedRequest};
use requires_auth::{
    ClientAssertion, Introspection, ResourceServer, ResourceServerConfig, SecretSource,
    SigningAlgorithm,
};
use serde_json::{Value, json};

use crate::service::{RESOURCE, Service};
use crate::{assert_ran, assert_server_error};

const SECRET: &str = "a client s3cret with 32 bytes, or more";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A private key in PEM, and its public key as a JWK.
struct TestKey {
    pem: String,
    public: Value,
}

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
}

fn p256() -> TestKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let public = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) });
    TestKey { pem: pem(pair.to_pkcs8v1().unwrap().as_ref()), public }
}

fn ed25519() -> TestKey {
    let pair = Ed25519KeyPair::generate().unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) });
    TestKey { pem: pem(pkcs8.as_ref()), public }
}

fn rsa() -> TestKey {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // An `RSAPublicKey` (RFC 8017 §A.1.1): the heads of the sequence and of the modulus, with its sign, the modulus,
    // and the exponent.
    let n = &pair.public_key().as_ref()[9..265];
    let public = json!({ "kty": "RSA", "n": encode(n), "e": "AQAB" });
    TestKey { pem: pem(pkcs8.as_ref()), public }
}

/// A service whose client is registered with this public key.
async fn service(public: &Value, assertion: ClientAssertion, clock: &ManualClock) -> Service {
    let client = OAuthClient::private_key_jwt("journal", public.clone());
    let server = AuthorizationServer::builder().register(client).clock(clock.clone());
    let server = server.start().await.unwrap();
    let introspection = Introspection::from_issuer(server.issuer())
        .client_assertion(assertion)
        .clock(clock.clone())
        .build()
        .unwrap();
    let server_builder = ResourceServer::builder(RESOURCE)
        .issuer(server.issuer())
        .clock(clock.clone())
        .resolver(introspection);
    Service::from_builder(server, server_builder).await
}

/// The header and the payload of the assertion in a request.
fn assertion(request: &RecordedRequest) -> (Value, Value) {
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.param("client_id").as_deref(), Some("journal"));
    assert_eq!(
        request.param("client_assertion_type").as_deref(),
        Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    );
    assert_eq!(request.param("client_secret"), None);
    let assertion = request.param("client_assertion").unwrap();
    let mut parts = assertion.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (json(), json())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn each_request_has_an_assertion_of_its_own() {
    // R-C14
    use SigningAlgorithm::{Es256, Ps256};
    let (ec, ed, rsa) = (p256(), ed25519(), rsa());
    for (key, algorithm, expected) in [
        (&ec, None, "ES256"),
        (&ec, Some(Es256), "ES256"),
        (&ed, None, "EdDSA"),
        (&rsa, None, "RS256"),
        (&rsa, Some(Ps256), "PS256"),
    ] {
        let clock = ManualClock::new();
        let mut client = ClientAssertion::private_key_jwt("journal", key.pem.as_str());
        if let Some(algorithm) = algorithm {
            client = client.algorithm(algorithm);
        }
        let service = service(&key.public, client, &clock).await;
        let token = service.token("read");
        let mut ids = Vec::new();
        for _ in 0..2 {
            let response = Request::get("/read").bearer(&token).send(service.address).await;
            assert_ran(&response, "alice may");
            let request = service.authorization_server.last_introspection().unwrap();
            let (header, mut payload) = assertion(&request);
            assert_eq!(header, json!({ "alg": expected, "typ": "JWT" }));
            let id = payload.as_object_mut().unwrap().remove("jti").unwrap();
            ids.push(id.as_str().unwrap().to_owned());
            let now = seconds(requires_auth::Clock::now(&clock));
            let expected = json!({
                "iss": "journal",
                "sub": "journal",
                "aud": service.authorization_server.issuer(),
                "iat": now,
                "exp": now + 60,
            });
            assert_eq!(payload, expected);
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(ids[0].len(), 22, "128 random bits");
        assert_ne!(ids[0], ids[1]);
    }
}

#[tokio::test]
async fn the_key_can_be_a_jwk_and_its_id_and_the_audience_can_be_set() {
    // R-C14
    // RFC 8037 appendix A.1.
    let public = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "one",
    });
    let mut private = public.clone();
    private["d"] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".into();
    let private = private.to_string();
    let named = ClientAssertion::private_key_jwt("journal", private.as_str());
    for (client, id) in [(named.clone(), "one"), (named.key_id("two"), "two")] {
        let clock = ManualClock::new();
        let mut public = public.clone();
        public["kid"] = id.into();
        let service = service(&public, client.audience("the audience"), &clock).await;
        let response =
            Request::get("/read").bearer(&service.token("read")).send(service.address).await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
        let request = service.authorization_server.last_introspection().unwrap();
        let (header, payload) = assertion(&request);
        assert_eq!(header, json!({ "alg": "EdDSA", "typ": "JWT", "kid": id }));
        assert_eq!(payload["aud"], "the audience");
    }
}

#[tokio::test]
async fn a_client_secret_makes_a_message_authentication_code() {
    // R-C14
    let server = AuthorizationServer::builder().client("journal", SECRET).start().await.unwrap();
    let introspection = Introspection::builder(server.introspection_url())
        .client_assertion(
            ClientAssertion::client_secret_jwt("journal", SECRET).audience(server.issuer()),
        )
        .build()
        .unwrap();
    let service = Service::with_resolver(server, introspection).await;
    let response = Request::get("/read").bearer(&service.token("read")).send(service.address).await;
    assert_ran(&response, "alice may");
    let request = service.authorization_server.last_introspection().unwrap();
    let (header, payload) = assertion(&request);
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT" }));
    assert_eq!(payload["aud"], service.authorization_server.issuer());
    assert!(!format!("{:?}", request.form()).contains("s3cret"));
}

#[tokio::test]
async fn another_key_is_rejected_and_replaced_while_the_server_runs() {
    // R-C14, R-C11
    let (key, other) = (p256(), ed25519());
    let file = TestFile::new(&other.pem);
    let clock = ManualClock::new();
    let client = ClientAssertion::private_key_jwt("journal", SecretSource::file(file.path()));
    let service = service(&key.public, client, &clock).await;
    let token = service.token("read");
    let send = || Request::get("/read").bearer(&token).send(service.address);
    assert_server_error(&send().await, 500, body::SERVER_ERROR, None);
    assert_eq!(service.introspection_requests(), 1);

    file.write(&key.pem);
    clock.advance(Duration::from_secs(1));
    assert_ran(&send().await, "alice may");
    assert_eq!(service.introspection_requests(), 3);
}

#[tokio::test]
async fn the_settings_of_an_assertion_are_checked_at_start() {
    // R-C14, R-C11, R-C13
    let key = TestFile::new(&p256().pem);
    let (no_key, short) = (TestFile::new("no s3cret"), TestFile::new("a short s3cret\n"));
    let build = |settings: Value| {
        let mut config = json!({
            "resource": RESOURCE,
            "introspection_url": "https://auth.example/introspect",
            "issuer": "https://auth.example",
            "client_id": "journal",
        });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let config: ResourceServerConfig = serde_json::from_value(config).unwrap();
        async move { config.build().await.map(drop).map_err(|error| format!("{error:?}")) }
    };
    for settings in [
        json!({ "client_private_key_file": key.path(), "client_key_id": "one" }),
        json!({
            "client_private_key_file": key.path(),
            "client_authentication": "private_key_jwt",
            "client_assertion_algorithm": "ES256",
        }),
        json!({
            "client_private_key_file": key.path(),
            "client_assertion_audience": "a",
            "issuer": null,
        }),
        json!({ "client_secret": SECRET, "client_authentication": "client_secret_jwt" }),
    ] {
        assert_eq!(build(settings.clone()).await, Ok(()), "{settings}");
    }
    let name = "the content of the setting `private_key_jwt` (`client_private_key_file`, \
                REQUIRES_AUTH_CLIENT_PRIVATE_KEY_FILE) cannot be used: ";
    let contradiction = "the settings `client_id` (REQUIRES_AUTH_CLIENT_ID) and `client_private_key_file` \
                         (REQUIRES_AUTH_CLIENT_PRIVATE_KEY_FILE) and `client_secret` \
                         (REQUIRES_AUTH_CLIENT_SECRET) and `bearer_token` (REQUIRES_AUTH_BEARER_TOKEN) and \
                         `client_authentication` (REQUIRES_AUTH_CLIENT_AUTHENTICATION) cannot be used \
                         together as they are set: set `client_id` and `client_private_key_file` for \
                         `private_key_jwt`, or `client_id` and `client_secret` for `client_secret_jwt`";
    for (settings, message) in [
        (
            json!({ "client_private_key_file": no_key.path() }),
            format!(
                "{name}expected a PEM text with an unencrypted PKCS#8 key (`BEGIN PRIVATE KEY`)"
            ),
        ),
        (
            json!({ "client_private_key_file": key.path(), "client_assertion_algorithm": "RS256" }),
            format!("{name}expected an unencrypted PKCS#8 key for RS256"),
        ),
        (
            json!({
                "client_authentication": "client_secret_jwt",
                "client_secret_file": short.path(),
            }),
            "the content of the setting `client_secret_jwt` (`client_secret_file`, \
             REQUIRES_AUTH_CLIENT_SECRET_FILE) cannot be used: expected at least 32 bytes, which HS256 \
             requires"
                .to_owned(),
        ),
        (
            json!({ "client_private_key_file": key.path(), "issuer": null }),
            "the setting `private_key_jwt` (`client_private_key_file`, \
             REQUIRES_AUTH_CLIENT_PRIVATE_KEY_FILE) is set without `audience` \
             (`client_assertion_audience`, REQUIRES_AUTH_CLIENT_ASSERTION_AUDIENCE): `aud` of the JWT \
             names the issuer, and no issuer is set"
                .to_owned(),
        ),
        (
            json!({ "client_private_key_file": key.path(), "client_secret": "s3cret" }),
            contradiction.to_owned(),
        ),
        (json!({ "client_authentication": "private_key_jwt" }), contradiction.to_owned()),
        (
            json!({ "client_secret": SECRET, "client_key_id": "one" }),
            "the setting `client_key_id` (REQUIRES_AUTH_CLIENT_KEY_ID) is set without \
             `client_authentication` (REQUIRES_AUTH_CLIENT_AUTHENTICATION): only `private_key_jwt` and \
             `client_secret_jwt` use it"
                .to_owned(),
        ),
        (
            json!({
                "client_secret": SECRET,
                "client_authentication": "client_secret_jwt",
                "client_assertion_algorithm": "ES256",
            }),
            "the settings `client_secret_jwt` (`client_secret_file`, REQUIRES_AUTH_CLIENT_SECRET_FILE) \
             and `algorithm` (`client_assertion_algorithm`, REQUIRES_AUTH_CLIENT_ASSERTION_ALGORITHM) \
             cannot be used together as they are set: a client secret is used with HS256"
                .to_owned(),
        ),
    ] {
        assert_eq!(build(settings).await.unwrap_err(), message);
    }
}
