//! R-G1: signed introspection responses (RFC 9701).

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, TokenFormat};
use requires_auth::{
    Introspection, IntrospectionBuilder, ResourceServer, ResourceServerConfig, SetupError,
    SignedResponse, SigningAlgorithm,
};
use serde_json::{Value, json};

use crate::rejection_log::warned;
use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran, assert_server_error};

const CLIENT: &str = "journal";
const SECRET: &str = "the client's secret";
const MEDIA_TYPE: &str = "application/token-introspection+jwt";

async fn server() -> AuthorizationServer {
    AuthorizationServer::builder().client(CLIENT, SECRET).start().await.unwrap()
}

fn client(server: &AuthorizationServer) -> IntrospectionBuilder {
    Introspection::from_issuer(server.issuer())
        .client_secret_basic(CLIENT, SECRET)
        .signed_response(SignedResponse::Required)
}

async fn read(service: &Service, token: &str) -> Response {
    Request::get("/read").bearer(token).send(service.address).await
}

#[tokio::test]
async fn a_signed_response_is_requested_and_read() {
    // R-G1
    for algorithm in [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Ps256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
    ] {
        let server = server().await;
        server.rotate_key_to(algorithm).unwrap();
        let resolver = client(&server).build().unwrap();
        let service = Service::with_resolver(server, resolver).await;
        assert_ran(&read(&service, &service.token("read")).await, "alice may");
        let request = service.authorization_server.last_introspection().unwrap();
        assert_eq!(request.header("accept"), Some(MEDIA_TYPE), "{algorithm}");

        let response = read(&service, &service.token("write")).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "read");
        assert_challenged(&read(&service, "unknown").await, 401, body::INVALID_TOKEN, "read");
        // The object within follows section D.
        for object in ["{}", r#"{"active":"true"}"#, r#"{"active":true,"active":false}"#, "[]"] {
            let token = service.token_with_response(object);
            assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
        }
        for object in [r#"{"active":true,"aud":"https://other.example","scope":"read"}"#] {
            let token = service.token_with_response(object);
            assert_challenged(&read(&service, &token).await, 401, body::INVALID_TOKEN, "read");
        }
        assert_eq!(service.authorization_server.key_set_requests(), 1, "{algorithm}");
    }
}

#[tokio::test]
async fn the_keys_are_those_of_the_issuer_and_rotate() {
    // R-G1
    let server = server().await;
    let resolver = client(&server).build().unwrap();
    resolver.discover_at_start().await.unwrap();
    assert_eq!(server.key_set_requests(), 1);
    let service = Service::with_resolver(server, resolver).await;
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    service.authorization_server.replace_key().unwrap();
    assert_ran(&read(&service, &service.token("read")).await, "alice may");
    assert_eq!(service.authorization_server.key_set_requests(), 2);
}

#[tokio::test]
async fn a_plain_response_is_unusable_and_the_log_names_the_setting() {
    // R-G1, R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let server = AuthorizationServer::start().await.unwrap();
    // Without client authentication, the server responds with plain JSON.
    let resolver = Introspection::from_issuer(server.issuer())
        .signed_response(SignedResponse::Required)
        .signed_response_audience(CLIENT)
        .build();
    let service = Service::with_resolver(server, resolver.unwrap()).await;
    for token in [service.token("read"), "unknown".to_owned()] {
        assert_server_error(&read(&service, &token).await, 503, body::UNAVAILABLE, Some("5"));
    }
    assert_eq!(service.runs(), 0);
    let line = &warned(&log)[0];
    for part in [
        "the response is not signed",
        "expected=the media type `application/token-introspection+jwt`",
        "setting=`signed_response` (REQUIRES_AUTH_SIGNED_RESPONSE)",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

/// An introspection endpoint that responds as a test says, with the keys of an authorization server.
struct Endpoint {
    service: Service,
    response: Arc<Mutex<(String, String)>>,
}

impl Endpoint {
    async fn start() -> Self {
        let server = server().await;
        let response = Arc::new(Mutex::new((String::new(), String::new())));
        let own = Arc::clone(&response);
        let respond = move || async move {
            let (media_type, body) = own.lock().unwrap().clone();
            ([(CONTENT_TYPE, media_type)], body)
        };
        let address = serve(Router::new().route("/", post(respond))).await;
        let resolver = Introspection::builder(format!("http://{address}/"))
            .client_secret_basic(CLIENT, SECRET)
            .signed_response(SignedResponse::Required)
            .issuer(server.issuer())
            .without_circuit_breaker()
            .build()
            .unwrap();
        Self { service: Service::with_resolver(server, resolver).await, response }
    }

    async fn respond(&self, media_type: &str, body: impl Into<String>) -> Response {
        *self.response.lock().unwrap() = (media_type.to_owned(), body.into());
        read(&self.service, "token").await
    }

    fn header(&self) -> Value {
        let jwk = self.service.authorization_server.public_jwk();
        json!({ "alg": jwk["alg"], "kid": jwk["kid"], "typ": "token-introspection+jwt" })
    }

    fn payload(&self) -> Value {
        json!({
            "iss": self.service.authorization_server.issuer(),
            "aud": CLIENT,
            "iat": now(),
            "token_introspection": {
                "active": true, "aud": RESOURCE, "scope": "read", "sub": "alice",
            },
        })
    }

    fn sign(&self, header: Value, payload: &Value) -> String {
        self.service.authorization_server.sign_jwt(header, payload.to_string())
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn each_part_of_a_signed_response_is_checked() {
    // R-G1
    let endpoint = Endpoint::start().await;
    let (header, payload) = (endpoint.header(), endpoint.payload());
    let good = endpoint.sign(header.clone(), &payload);
    for media_type in [MEDIA_TYPE, "Application/Token-Introspection+JWT; charset=utf-8"] {
        assert_ran(&endpoint.respond(media_type, &good).await, "alice may");
    }
    for media_type in ["application/json", "application/jwt", "text/plain", ""] {
        let response = endpoint.respond(media_type, &good).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    }

    let mut bad = vec![
        String::new(),
        payload["token_introspection"].to_string(),
        format!("{good}\n"),
        good.rsplit_once('.').unwrap().0.to_owned() + ".",
        good.replace('.', ".."),
        // The signature of another token.
        {
            let other = endpoint.sign(header.clone(), &json!({}));
            let (input, _) = good.rsplit_once('.').unwrap();
            format!("{input}.{}", other.rsplit_once('.').unwrap().1)
        },
        // Another server's signature.
        server().await.sign_jwt(header.clone(), payload.to_string()),
    ];
    for (parameter, value) in [
        ("typ", json!("at+jwt")),
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("kid", json!("other")),
        ("crit", json!(["b64"])),
    ] {
        let mut header = header.clone();
        header[parameter] = value;
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        bad.push(endpoint.sign(header, &payload));
    }
    for (member, value) in [
        ("iss", Value::Null),
        ("iss", json!("https://other.example")),
        ("iss", json!([payload["iss"]])),
        ("aud", Value::Null),
        ("aud", json!("another client")),
        ("aud", json!([])),
        ("aud", json!([CLIENT, 1])),
        ("iat", Value::Null),
        ("iat", json!(now() - 400)),
        ("iat", json!(now() + 400)),
        ("iat", json!(now().to_string())),
        ("token_introspection", Value::Null),
        ("token_introspection", json!(payload["token_introspection"].to_string())),
        ("token_introspection", json!([payload["token_introspection"]])),
    ] {
        let mut payload = payload.clone();
        payload[member] = value;
        payload.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        bad.push(endpoint.sign(header.clone(), &payload));
    }
    let repeated = payload.to_string().replacen('{', r#"{"aud":"another client","#, 1);
    bad.push(endpoint.service.authorization_server.sign_jwt(header.clone(), repeated));
    let mut accepted = Vec::new();
    for (index, body) in bad.into_iter().enumerate() {
        let response = endpoint.respond(MEDIA_TYPE, &body).await;
        if response.status == 200 {
            accepted.push((index, body));
            continue;
        }
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    }
    assert_eq!(accepted, []);

    let mut several = payload.clone();
    several["aud"] = json!(["another client", CLIENT]);
    several["iat"] = json!(now() - 200);
    let several = endpoint.sign(header, &several);
    assert_ran(&endpoint.respond(MEDIA_TYPE, several).await, "alice may");
}

#[tokio::test]
async fn an_access_token_is_no_response() {
    // R-G1
    let endpoint = Endpoint::start().await;
    let server = &endpoint.service.authorization_server;
    // A token whose claims the caller has chosen.
    let token = server.mint().token_format(TokenFormat::Jwt).audience(CLIENT);
    let token =
        token.claim("token_introspection", endpoint.payload()["token_introspection"].clone());
    let response = endpoint.respond(MEDIA_TYPE, token.issue()).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
}

#[tokio::test]
async fn a_signed_response_that_was_not_requested_is_unusable() {
    // R-G1
    let server = server().await;
    let address = serve(Router::new().route(
        "/",
        post(|| async { ([(CONTENT_TYPE, MEDIA_TYPE)], r#"{"active":true,"scope":"read"}"#) }),
    ))
    .await;
    let resolver = Introspection::builder(format!("http://{address}/")).build().unwrap();
    let service = Service::with_resolver(server, resolver).await;
    assert_server_error(&read(&service, "token").await, 503, body::UNAVAILABLE, Some("5"));
    assert_eq!(service.runs(), 0);
}

#[tokio::test]
async fn the_configuration_requires_signed_responses() {
    // R-G1, R-C13
    let server = server().await;
    let config = |members: Value| {
        let mut all = json!({
            "resource": RESOURCE,
            "issuer": server.issuer(),
            "client_id": CLIENT,
            "client_secret": SECRET,
            "signed_response": "required",
        });
        let members = members.as_object().cloned().unwrap_or_default();
        all.as_object_mut().unwrap().extend(members);
        serde_json::from_value::<ResourceServerConfig>(all).unwrap().build()
    };
    let with_url =
        json!({ "introspection_url": server.introspection_url(), "jwks_uri": server.jwks_uri() });
    let mut built: Vec<ResourceServer> = Vec::new();
    for members in [json!({}), with_url, json!({ "algorithms": ["RS256", "ES256"] })] {
        built.push(config(members).await.unwrap());
    }
    let message = |result: Result<ResourceServer, SetupError>| match result {
        Ok(_) => panic!("the settings are accepted"),
        Err(error) => error.to_string(),
    };
    let no_issuer = json!({ "issuer": null, "introspection_url": server.introspection_url() });
    for (members, expected) in [
        (
            no_issuer,
            "the setting `signed_response` (REQUIRES_AUTH_SIGNED_RESPONSE) is set without `issuer` \
             (REQUIRES_AUTH_ISSUER): `iss` of a signed response names it",
        ),
        (
            json!({ "client_id": null, "client_secret": null }),
            "the setting `signed_response` (REQUIRES_AUTH_SIGNED_RESPONSE) is set without \
             `signed_response_audience` (REQUIRES_AUTH_SIGNED_RESPONSE_AUDIENCE): `aud` of a signed \
             response names this client, and no client id is set",
        ),
        (
            json!({ "signed_response": "not-requested", "signed_response_audience": "journal" }),
            "the setting `signed_response_audience` (REQUIRES_AUTH_SIGNED_RESPONSE_AUDIENCE) is set \
             without `signed_response` (REQUIRES_AUTH_SIGNED_RESPONSE): only signed introspection \
             responses are verified with it",
        ),
    ] {
        assert_eq!(message(config(members).await), expected);
    }
    for server_of_config in built {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let service = Service::with_server(authorization_server, server_of_config).await;
        let token = server.mint().subject("alice").audience(RESOURCE).scopes("read").issue();
        assert_ran(&read(&service, &token).await, "alice may");
        let request = server.last_introspection().unwrap();
        assert_eq!(request.header("accept"), Some(MEDIA_TYPE));
    }
}
