//! R-M: the token of a caller is exchanged for one that another API accepts (RFC 8693).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::get;
use fixtures::http_server::HttpServer;
use fixtures::log_capture::LogCapture;
use fixtures::prometheus::{recorder, render};
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use fixtures::test_file::TestFile;
use fixtures::tls_server::{CertificateAuthority, TlsServer, forward_to};
use requires_auth::testing::{
    AuthorizationServer, Endpoint, Fault, ManualClock, OAuthClient, RecordedRequest,
};
use requires_auth::token_exchange::{TokenExchange, TokenExchangeBuilder};
use requires_auth::{
    ApiKeys, AuthInfo, ClientAssertion, ClientAuthentication, ErrorResponse, Introspection,
    Rejection, Resolver, ResourceServer, ResourceServerBuilder, Secret, SecretSource, SetupError,
    TokenSource, TrustedIssuer, UnavailableError, requires_auth,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::service::RESOURCE;
use crate::{assert_challenged, assert_denied, assert_ran, assert_server_error};

/// The API that the service calls.
const ORDERS: &str = "https://orders.example/v1";
const SECRET: &str = "s3cret";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

#[derive(Clone, FromRef)]
struct App {
    server: ResourceServer,
    exchange: TokenExchange,
    orders: SocketAddr,
}

/// Responds with what the other API responds to the exchanged token.
#[requires_auth(scopes = "read")]
async fn next(auth: AuthInfo, State(app): State<App>) -> Result<String, Rejection> {
    let token = app.exchange.exchange_or_reject(&auth).await?;
    assert!(token.authorization().is_sensitive());
    assert_eq!(token.authorization(), format!("Bearer {}", token.expose()));
    let response = Request::get("/").bearer(token.expose()).send(app.orders).await;
    assert_eq!(response.status, 200, "{}", response.body);
    Ok(response.body)
}

/// Responds with the error of the exchange.
#[requires_auth]
async fn error(auth: AuthInfo, State(app): State<App>) -> String {
    match app.exchange.exchange(&auth).await {
        Ok(token) => format!("{token:?}"),
        Err(error) => format!("{error:?}: {error}"),
    }
}

/// The other API.
#[requires_auth(scopes = "orders:read")]
async fn orders(auth: AuthInfo) -> String {
    let actor = auth.actor().and_then(|actor| actor.subject()).unwrap_or("nobody");
    let (subject, client) = (auth.subject().unwrap(), auth.client_id().unwrap());
    format!("the orders of {subject}, by {client}, {actor} acting")
}

struct Service {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
    clock: ManualClock,
    exchange: TokenExchange,
    _servers: [HttpServer; 2],
}

fn basic(secret: impl Into<SecretSource>) -> ClientAuthentication {
    ClientAuthentication::Basic { id: "shop".to_owned(), secret: secret.into() }
}

fn resolver(server: &AuthorizationServer, clock: &ManualClock) -> impl Resolver + use<> {
    let introspection = Introspection::builder(server.introspection_url());
    let introspection = introspection.client_secret_basic("shop", SECRET).clock(clock.clone());
    introspection.build().unwrap()
}

impl Service {
    async fn start(with: impl FnOnce(TokenExchangeBuilder) -> TokenExchangeBuilder) -> Self {
        Self::with_client(basic(SECRET), with).await
    }

    async fn with_client(
        client: ClientAuthentication,
        with: impl FnOnce(TokenExchangeBuilder) -> TokenExchangeBuilder,
    ) -> Self {
        let clock = ManualClock::new();
        let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
        let server = server.start().await.unwrap();
        Self::with_servers(server, clock, client, with, |server| server).await
    }

    async fn with_servers(
        authorization_server: AuthorizationServer,
        clock: ManualClock,
        client: ClientAuthentication,
        with: impl FnOnce(TokenExchangeBuilder) -> TokenExchangeBuilder,
        own: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder,
    ) -> Self {
        let exchange =
            TokenExchange::from_issuer(authorization_server.issuer(), client).clock(clock.clone());
        let exchange = with(exchange.resource(ORDERS).scopes("orders:read")).build().unwrap();
        let builder = |resource: &str| {
            ResourceServer::builder(resource)
                .clock(clock.clone())
                .issuer(authorization_server.issuer())
                .resolver(resolver(&authorization_server, &clock))
        };
        let other = builder(ORDERS).build().unwrap();
        let other = Router::new().route("/", get(orders)).with_state(other);
        let other = HttpServer::start(other).await;
        let server = own(builder(RESOURCE)).build().unwrap();
        let app = App { server, exchange: exchange.clone(), orders: other.address() };
        let router = Router::new().route("/next", get(next)).route("/error", get(error));
        let own = HttpServer::start(router.with_state(app)).await;
        Self {
            address: own.address(),
            authorization_server,
            clock,
            exchange,
            _servers: [own, other],
        }
    }

    /// A token that does not expire with the clock of the test.
    fn token(&self, subject: &str) -> String {
        let mint = self.authorization_server.mint().subject(subject).audience(RESOURCE);
        mint.scopes("read").never_expires().issue()
    }

    async fn get(&self, path: &'static str, token: &str) -> Response {
        Request::get(path).bearer(token).send(self.address).await
    }

    fn exchanges(&self) -> Vec<RecordedRequest> {
        self.authorization_server.requests(Endpoint::Token)
    }

    fn fault(&self, fault: Fault) {
        self.authorization_server.clear_faults();
        self.authorization_server.fault(fault.at(Endpoint::Token));
    }
}

fn token_response(members: &Value) -> Fault {
    let mut response = json!({
        "access_token": "t0ken",
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 60,
    });
    response.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    response.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Fault::json(response)
}

fn oauth_error(status: u16, code: &str) -> Fault {
    let body = json!({ "error": code, "error_description": "s3cret" }).to_string();
    Fault::status(status).with_body("application/json", body)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

const ALICE: &str = "the orders of alice, by shop, nobody acting";

#[tokio::test]
async fn the_other_api_accepts_the_exchanged_token() {
    // R-M1
    let service = Service::start(|exchange| exchange).await;
    let token = service.token("alice");
    assert_ran(&service.get("/next", &token).await, ALICE);
    let requests = service.exchanges();
    let expected = [
        pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        pair("subject_token", &token),
        pair("subject_token_type", ACCESS_TOKEN),
        pair("requested_token_type", ACCESS_TOKEN),
        pair("resource", ORDERS),
        pair("scope", "orders:read"),
    ];
    assert_eq!(requests[0].form(), expected);
    assert_eq!(requests[0].header("authorization"), Some("Basic c2hvcDpzM2NyZXQ="));
    let media_type = requests[0].header("content-type");
    assert_eq!(media_type, Some("application/x-www-form-urlencoded"));
    assert_eq!(requests[0].header("accept"), Some("application/json"));
    let issued = service.authorization_server.issued_tokens();
    assert_eq!(issued.last().unwrap().claim("aud"), Some(&json!(ORDERS)));
}

struct OwnToken(String);

impl TokenSource for OwnToken {
    async fn token(&self) -> Result<Secret, UnavailableError> {
        Ok(Secret::from(self.0.as_str()))
    }
}

/// A source that is limited for a longer time than an authorization server could name.
#[derive(Clone, Default)]
struct LimitedToken(Arc<AtomicUsize>);

impl TokenSource for LimitedToken {
    async fn token(&self) -> Result<Secret, UnavailableError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let limited = UnavailableError::new("the requests are limited");
        let limited = limited.with_error_response(ErrorResponse::new(429));
        Err(limited.with_retry_after(Duration::from_secs(3600)))
    }
}

#[tokio::test]
async fn no_caller_waits_for_more_than_a_minute_for_the_actor_token() {
    // R-M4
    let source = LimitedToken::default();
    let actor = |exchange: TokenExchangeBuilder| exchange.actor_token(source.clone());
    let service = Service::start(actor).await;
    let token = service.token("alice");
    for (seconds, expected) in [(0, 1), (59, 1), (1, 2)] {
        service.clock.advance(Duration::from_secs(seconds));
        assert_eq!(service.get("/next", &token).await.status, 503);
        assert_eq!(source.0.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn an_actor_token_names_the_actor() {
    // R-M1
    let clock = ManualClock::new();
    let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let server = server.start().await.unwrap();
    let own = server.mint().subject("shop-service").never_expires().issue();
    let with = |exchange: TokenExchangeBuilder| {
        exchange.audience("orders").actor_token(OwnToken(own.clone()))
    };
    let service = Service::with_servers(server, clock, basic(SECRET), with, |server| server).await;
    let response = service.get("/next", &service.token("alice")).await;
    assert_ran(&response, "the orders of alice, by shop, shop-service acting");
    let form = service.exchanges()[0].form();
    let expected = [
        pair("audience", "orders"),
        pair("scope", "orders:read"),
        pair("actor_token", &own),
        pair("actor_token_type", ACCESS_TOKEN),
    ];
    assert_eq!(form[5..], expected);
}

#[tokio::test]
async fn the_client_authenticates_as_for_introspection() {
    // R-M1, R-C14
    let post = ClientAuthentication::Post { id: "shop".to_owned(), secret: SECRET.into() };
    let service = Service::with_client(post, |exchange| exchange).await;
    assert_ran(&service.get("/next", &service.token("alice")).await, ALICE);
    let form = service.exchanges()[0].form();
    assert_eq!(form[6..], [pair("client_id", "shop"), pair("client_secret", SECRET)]);

    let secret = "a secret of at least 32 bytes for HS256";
    let clock = ManualClock::new();
    let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let server = server.register(OAuthClient::confidential("shop2", secret)).start().await;
    let client =
        ClientAuthentication::Assertion(ClientAssertion::client_secret_jwt("shop2", secret));
    let service =
        Service::with_servers(server.unwrap(), clock, client, |exchange| exchange, |it| it).await;
    let response = service.get("/next", &service.token("alice")).await;
    assert_ran(&response, "the orders of alice, by shop2, nobody acting");
    assert!(service.exchanges()[0].param("client_assertion").is_some());
}

#[tokio::test]
async fn a_client_certificate_is_presented_to_the_token_endpoint() {
    // R-M1, R-C14
    let clock = ManualClock::new();
    let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let server = server.start().await.unwrap();
    let authority = CertificateAuthority::new();
    let (certificate, key) = authority.client("shop");
    let tls = TlsServer::bind().await;
    let url = tls.url("/token");
    let router = forward_to(server.address());
    let mut connections = tls.serve(router, authority.server_that_requires_a_certificate());
    // The `testing` server has no such client: it sees the id, and rejects the request.
    let client = ClientAuthentication::TlsClient { id: "shop".to_owned() };
    let with = |exchange: TokenExchangeBuilder| {
        let exchange = exchange.token_url(url).trust_anchors(authority.pem());
        exchange.client_certificate(certificate.as_str(), key)
    };
    let service = Service::with_servers(server, clock, client, with, |it| it).await;
    let response = service.get("/next", &service.token("alice")).await;
    assert_server_error(&response, 500, body::SERVER_ERROR, None);
    assert!(connections.recv().await.unwrap().is_some(), "a certificate");
    assert_eq!(service.exchanges()[0].form()[6..], [pair("client_id", "shop")]);
}

#[tokio::test]
async fn a_replaced_secret_is_used_at_once() {
    // R-M1, R-C11
    let file = TestFile::new("a wrong s3cret");
    let client = basic(SecretSource::file(file.path()));
    let service = Service::with_client(client, |exchange| exchange).await;
    let token = service.token("alice");
    assert_server_error(&service.get("/next", &token).await, 500, body::SERVER_ERROR, None);
    file.write(SECRET);
    service.clock.advance(Duration::from_secs(1));
    assert_ran(&service.get("/next", &token).await, ALICE);
    assert_eq!(service.exchanges().len(), 3, "the last one was sent once more");

    // The response of Keycloak to a wrong secret.
    let rejected = oauth_error(401, "unauthorized_client").at(Endpoint::Token);
    service.authorization_server.fault_once(rejected);
    file.write("s3cret\n\n");
    service.clock.advance(Duration::from_secs(1));
    let response = service.get("/next", &service.token("alice")).await;
    assert_server_error(&response, 500, body::SERVER_ERROR, None);
    assert_eq!(service.exchanges().len(), 5, "it was sent once more, with the other secret");
}

#[tokio::test]
async fn a_response_that_is_no_answer_to_the_request_is_not_used() {
    // R-M2
    let log = LogCapture::default();
    let _guard = log.start();
    let service = Service::start(|exchange| exchange).await;
    let token = service.token("alice");
    let (no_token, other_type, own_token) = (
        "InvalidResponse(NotATokenResponse): the response of the token endpoint cannot be used",
        "InvalidResponse(IssuedTokenType): the response of the token endpoint cannot be used",
        "InvalidResponse(SubjectToken): the response of the token endpoint cannot be used",
    );
    let too_long = "InvalidResponse(TooLong): the response of the token endpoint cannot be used";
    for (fault, expected) in [
        (token_response(&json!({ "token_type": "DPoP" })), no_token),
        (token_response(&json!({ "token_type": "N_A" })), no_token),
        (token_response(&json!({ "token_type": null })), no_token),
        (token_response(&json!({ "access_token": null })), no_token),
        (token_response(&json!({ "access_token": "" })), no_token),
        (token_response(&json!({ "access_token": "two words" })), no_token),
        (token_response(&json!({ "access_token": ["t0ken"] })), no_token),
        (token_response(&json!({ "expires_in": "60" })), no_token),
        (token_response(&json!({ "expires_in": -1 })), no_token),
        (token_response(&json!({ "scope": "orders:read \"" })), no_token),
        (token_response(&json!({ "scope": ["orders:read"] })), no_token),
        (token_response(&json!({ "issued_token_type": null })), no_token),
        (
            token_response(&json!({
                "issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"
            })),
            other_type,
        ),
        (token_response(&json!({ "access_token": token })), own_token),
        (Fault::html(), no_token),
        (Fault::body("application/json", r#"["t0ken"]"#), no_token),
        (Fault::huge_body(100_000), too_long),
    ] {
        service.fault(fault);
        assert_ran(&service.get("/error", &token).await, expected);
        let response = service.get("/next", &token).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
    }
    service.fault(token_response(&json!({ "scope": "orders:write" })));
    assert_denied(&service.get("/next", &token).await);
    let expected = "MissingScope: the issued token lacks a scope that was requested";
    assert_ran(&service.get("/error", &token).await, expected);
    service.fault(Fault::redirect(service.authorization_server.introspection_url()));
    let response = service.get("/error", &service.token("alice")).await;
    let expected =
        "InvalidResponse(Status(302)): the response of the token endpoint cannot be used";
    assert_ran(&response, expected);
    let lines = log.lines();
    let secrets = ["t0ken", "two words", &token];
    assert!(!lines.iter().any(|line| secrets.iter().any(|it| line.contains(it))), "{lines:#?}");

    // These are.
    for members in [
        json!({ "token_type": "bEARER" }),
        json!({ "scope": "orders:write orders:read" }),
        json!({ "expires_in": null }),
    ] {
        service.fault(token_response(&members));
        let response = service.get("/error", &service.token("alice")).await;
        assert!(response.body.starts_with("ExchangedToken { expires_at: "), "{}", response.body);
        assert!(!response.body.contains("t0ken"), "{}", response.body);
    }
}

#[tokio::test]
async fn the_response_to_the_caller_depends_on_the_error() {
    // R-M3
    let service = Service::start(|exchange| exchange).await;
    for code in ["invalid_grant", "invalid_token", "expired_token"] {
        service.fault(oauth_error(400, code));
        let response = service.get("/next", &service.token("alice")).await;
        assert_challenged(&response, 401, body::INVALID_TOKEN, "read");
    }
    for (status, code) in [
        (400, "invalid_request"),
        (400, "invalid_target"),
        (400, "invalid_scope"),
        (400, "access_denied"),
        (403, "access_denied"),
        (403, "insufficient_scope"),
        (400, "unsupported_token_type"),
    ] {
        service.fault(oauth_error(status, code));
        assert_denied(&service.get("/next", &service.token("alice")).await);
    }
    for (status, code) in [
        (401, "invalid_client"),
        (400, "invalid_client"),
        (400, "unauthorized_client"),
        (401, "unauthorized_client"),
        (400, "unsupported_grant_type"),
        (401, "none"),
        (403, "none"),
    ] {
        service.fault(oauth_error(status, code));
        let response = service.get("/next", &service.token("alice")).await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
    }
    for (fault, retry_after) in [
        (oauth_error(400, "none"), "5"),
        (oauth_error(404, "none"), "5"),
        (oauth_error(500, "server_error"), "5"),
        (oauth_error(500, "invalid_grant"), "5"),
        (oauth_error(503, "invalid_grant"), "5"),
        (Fault::status(429).header("retry-after", "7"), "7"),
        (Fault::status(503).header("retry-after", "9000"), "60"),
        (Fault::reset(), "5"),
        (Fault::close(), "5"),
    ] {
        service.fault(fault);
        let response = service.get("/next", &service.token("alice")).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some(retry_after));
    }
}

#[tokio::test]
async fn a_denial_is_logged_and_counted_with_its_cause() {
    // R-M3, R-C3
    let log = LogCapture::default();
    let _guard = log.start();
    let (recorder, handle) = recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let service = Service::start(|exchange| exchange).await;
    let token = service.token("alice");
    service.fault(oauth_error(400, "invalid_target"));
    assert_denied(&service.get("/next", &token).await);
    let lines = log.lines();
    let expected = "WARN requires_auth: request rejected status=403 reason=\"access_denied\" \
                    function=\"next\" needs=read cause=the authorization server denies the token \
                    exchange: status 400, invalid_target";
    assert!(lines.iter().any(|line| line.contains(expected)), "{lines:#?}");
    assert!(
        !lines.iter().any(|line| line.contains("s3cret") || line.contains(&token)),
        "{lines:#?}"
    );
    let metrics = render(&handle);
    let line = "requires_auth_token_exchanges_total{outcome=\"denied\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn an_outage_gets_a_503_within_the_timeout() {
    // R-M3
    let service = Service::start(|exchange| {
        exchange.request_timeout(Duration::from_secs(1)).max_in_flight(1)
    })
    .await;
    service.fault(Fault::hang());
    let (one, other) = (service.token("alice"), service.token("bob"));
    let (one, other) = tokio::join!(service.get("/next", &one), service.get("/next", &other));
    // One of them waits for the timeout, the other finds no slot.
    let mut delays = [&one, &other].map(|response| response.header("retry-after").unwrap());
    delays.sort_unstable();
    assert_eq!(delays, ["1", "5"]);
    for response in [&one, &other] {
        assert_server_error(response, 503, body::UNAVAILABLE, response.header("retry-after"));
    }
    assert_eq!(service.exchanges().len(), 1);
}

#[tokio::test]
async fn without_a_connection_exchanges_fail_at_once_until_the_delay_has_passed() {
    // R-M3
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", closed.local_addr().unwrap());
    drop(closed);
    let service = Service::start(|exchange| exchange.token_url(url)).await;
    let unreachable = "the authorization server cannot be reached";
    for _ in 0..2 {
        let response = service.get("/error", &service.token("alice")).await;
        assert!(response.body.ends_with(unreachable), "{}", response.body);
        let response = service.get("/next", &service.token("alice")).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("1"));
    }
    let debug = service.get("/error", &service.token("alice")).await.body;
    assert!(debug.contains("retry_after: Some("), "{debug}");
}

#[tokio::test]
async fn exchanges_that_fail_at_the_same_time_start_the_delay_once() {
    // R-M3
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", closed.local_addr().unwrap());
    drop(closed);
    let service = Service::start(|exchange| exchange.token_url(url)).await;
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let (address, token) = (service.address, service.token("alice"));
        requests.spawn(async move { Request::get("/next").bearer(&token).send(address).await });
    }
    for response in requests.join_all().await {
        assert_server_error(&response, 503, body::UNAVAILABLE, Some("1"));
    }
    let response = service.get("/next", &service.token("alice")).await;
    assert_server_error(&response, 503, body::UNAVAILABLE, Some("1"));
}

#[tokio::test]
async fn an_error_about_one_of_two_tokens_signs_nobody_out() {
    // R-M3: it may be about the token of this server.
    let actor = |exchange: TokenExchangeBuilder| exchange.actor_token(OwnToken("own".to_owned()));
    let service = Service::start(actor).await;
    for code in ["invalid_grant", "invalid_token", "expired_token"] {
        service.fault(oauth_error(400, code));
        let response = service.get("/next", &service.token("alice")).await;
        assert_server_error(&response, 500, body::SERVER_ERROR, None);
    }
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_it_or_that_of_the_caller_expires() {
    // R-M4
    let service = Service::start(|exchange| exchange).await;
    let token = service.token("alice");
    let exchanges_after = async |seconds| {
        service.clock.advance(Duration::from_secs(seconds));
        assert_ran(&service.get("/next", &token).await, ALICE);
        service.exchanges().len()
    };
    assert_eq!(exchanges_after(0).await, 1);
    assert_eq!(exchanges_after(3569).await, 1);
    assert_eq!(exchanges_after(1).await, 2, "30 s before the end of its hour");

    // Another caller has a token of their own.
    let response = service.get("/next", &service.token("bob")).await;
    assert_ran(&response, "the orders of bob, by shop, nobody acting");
    assert_eq!(service.exchanges().len(), 3);

    // The token of this caller expires before the exchanged one.
    let mint = service.authorization_server.mint().subject("alice").audience(RESOURCE);
    let short = mint.scopes("read").expires_in(Duration::from_secs(100)).issue();
    for (seconds, expected) in [(0, 4), (99, 4)] {
        service.clock.advance(Duration::from_secs(seconds));
        assert_ran(&service.get("/next", &short).await, ALICE);
        assert_eq!(service.exchanges().len(), expected);
    }
    service.clock.advance(Duration::from_secs(1));
    let response = service.get("/next", &short).await;
    assert_challenged(&response, 401, body::INVALID_TOKEN, "read");

    // Without `expires_in`, 48 of 60 s.
    service.fault(token_response(&json!({ "expires_in": null })));
    let token = service.token("alice");
    for (seconds, expected) in [(0, 5), (47, 5), (1, 6)] {
        service.clock.advance(Duration::from_secs(seconds));
        let response = service.get("/error", &token).await;
        assert!(response.body.starts_with("ExchangedToken"), "{}", response.body);
        assert_eq!(service.exchanges().len(), expected);
    }
}

#[tokio::test]
async fn concurrent_calls_send_one_request() {
    // R-M4
    let service = Service::start(|exchange| exchange).await;
    let (token, address) = (service.token("alice"), service.address);
    service.fault(Fault::delay(Duration::from_millis(200)));
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let request = Request::get("/next").bearer(&token);
        tasks.spawn(async move { request.send(address).await });
    }
    for response in tasks.join_all().await {
        assert_ran(&response, ALICE);
    }
    assert_eq!(service.exchanges().len(), 1);
}

#[tokio::test]
async fn a_denial_and_a_retry_after_are_repeated_without_a_request() {
    // R-M4
    let too_few_scopes = token_response(&json!({ "scope": "orders:write" }));
    for denial in [too_few_scopes, oauth_error(400, "invalid_target")] {
        let service = Service::start(|exchange| exchange).await;
        let token = service.token("alice");
        service.fault(denial);
        for (seconds, expected) in [(0, 1), (4, 1), (1, 2)] {
            service.clock.advance(Duration::from_secs(seconds));
            assert_denied(&service.get("/next", &token).await);
            assert_eq!(service.exchanges().len(), expected);
        }
    }
    let service = Service::start(|exchange| exchange).await;
    let token = service.token("alice");
    service.fault(Fault::status(429).header("retry-after", "7"));
    for (seconds, retry_after, expected) in [(0, "7", 1), (3, "4", 1), (4, "7", 2)] {
        service.clock.advance(Duration::from_secs(seconds));
        let response = service.get("/next", &token).await;
        assert_server_error(&response, 503, body::UNAVAILABLE, Some(retry_after));
        assert_eq!(service.exchanges().len(), expected);
    }
    // Another caller is not affected.
    service.authorization_server.clear_faults();
    assert_ran(&service.get("/next", &service.token("alice")).await, ALICE);
    service.clock.advance(Duration::from_secs(7));
    assert_ran(&service.get("/next", &token).await, ALICE);
}

#[tokio::test]
async fn a_token_is_sent_to_its_issuer_alone() {
    // R-M5
    let key = "jrn_0123456789abcdef0123456789abcdef";
    let hash = "5b87420577df2e2cdffb49cc228ba8c6bb4e53e657b60fa67eb49b4e101941a2";
    let keys = json!({ "keys": [{ "id": "monitoring", "sha256": hash, "scopes": ["read"] }] });
    let file = TestFile::new(&keys.to_string());
    let clock = ManualClock::new();
    let partner = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let partner = partner.start().await.unwrap();
    let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let server = server.start().await.unwrap();
    let own = ResourceServer::builder(RESOURCE)
        .clock(clock.clone())
        .trusted_issuer(TrustedIssuer::new(server.issuer(), resolver(&server, &clock)))
        .trusted_issuer(
            TrustedIssuer::new(partner.issuer(), resolver(&partner, &clock))
                .token_prefix("partner_"),
        )
        .api_keys("jrn_", ApiKeys::from_file(file.path()).unwrap());
    let service =
        Service::with_servers(server, clock, basic(SECRET), |exchange| exchange, |_| own).await;
    let foreign = partner.mint().token("partner_1").subject("alice").audience(RESOURCE);
    let foreign = foreign.scopes("read").never_expires().issue();
    let expected =
        "OtherIssuer: the token of the caller is not one of the issuer that exchanges tokens";
    for token in [foreign.as_str(), key] {
        assert_denied(&service.get("/next", token).await);
        assert_ran(&service.get("/error", token).await, expected);
    }
    assert_eq!(service.exchanges().len(), 0);
    assert_ran(&service.get("/next", &service.token("alice")).await, ALICE);
}

#[tokio::test]
async fn without_a_configured_issuer_that_of_the_claims_decides() {
    // R-M5
    let clock = ManualClock::new();
    let server = AuthorizationServer::builder().client("shop", SECRET).clock(clock.clone());
    let server = server.start().await.unwrap();
    let own = ResourceServer::builder(RESOURCE)
        .clock(clock.clone())
        .authorization_servers([server.issuer()])
        .resolver(resolver(&server, &clock));
    let token = |issuer: Option<&str>| {
        let mut claims =
            json!({ "active": true, "sub": "alice", "aud": RESOURCE, "scope": "read" });
        if let Some(issuer) = issuer {
            claims["iss"] = issuer.into();
        }
        server.mint().answer_with_bytes(claims.to_string()).issue()
    };
    let others = [token(Some("https://other.example")), token(None)];
    let service =
        Service::with_servers(server, clock, basic(SECRET), |exchange| exchange, |_| own).await;
    for other in others {
        assert_denied(&service.get("/next", &other).await);
    }
    assert_eq!(service.exchanges().len(), 0);
    assert_ran(&service.get("/next", &service.token("alice")).await, ALICE);
}

#[tokio::test]
async fn the_settings_are_checked_when_the_client_is_built() {
    // R-M1, R-C13
    let builder = || TokenExchange::from_issuer("https://auth.example", basic(SECRET));
    let target = || builder().resource(ORDERS);
    let error = |builder: TokenExchangeBuilder| builder.build().unwrap_err().to_string();
    for (builder, expected) in [
        (builder(), "a setting is missing: set `resource` or `audience`"),
        (
            builder().resource("orders"),
            "the setting `resource` cannot be used: it is not an absolute URL",
        ),
        (
            builder().resource("https://orders.example#a"),
            "the setting `resource` cannot be used: it has a fragment (`#…`)",
        ),
        (
            target().scopes("orders:read \"a\""),
            "the setting `scopes` must be scopes in the grammar of RFC 6749 §3.3: found \"a\"",
        ),
        (
            target().token_url("http://auth.example/token"),
            "the setting `token_url` cannot be used: plain http is accepted for loopback hosts only; use https",
        ),
        (
            TokenExchange::from_issuer("http://auth.example", basic(SECRET)).audience("orders"),
            "the setting `from_issuer` cannot be used: plain http is accepted for loopback hosts only; use https",
        ),
        (
            TokenExchange::from_issuer("https://auth.example", ClientAuthentication::None)
                .audience("orders"),
            "the setting `from_issuer` must be called with the credentials of a client: found none",
        ),
        (
            target().max_in_flight(0),
            "the setting `max_in_flight` must be at least 1 and at most `usize::MAX >> 3`: found 0",
        ),
        (target().max_bytes(0), "the setting `max_bytes` must be at least 1: found 0"),
        (
            target().resource("https://other.example"),
            "the setting `resource` has two values: set it once",
        ),
        (
            target().requested_token_type("access_token"),
            "the setting `requested_token_type` cannot be used: it is not an absolute URL",
        ),
    ] {
        assert_eq!(error(builder), expected);
    }
    let built = target().scopes("orders:read").build().unwrap();
    let debug = "TokenExchange { issuer: \"https://auth.example\", client_id: \"shop\", resource: \
                 Some(\"https://orders.example/v1\"), audience: None, scopes: {\"orders:read\"}, .. }";
    assert_eq!(format!("{built:?}"), debug);
    assert!(!format!("{:?}", target()).contains(SECRET));
}

#[tokio::test]
async fn the_token_endpoint_is_discovered_when_the_server_starts() {
    // R-M1, R-C12
    let service = Service::start(|exchange| exchange).await;
    service.exchange.discover_at_start().await.unwrap();
    assert_eq!(service.authorization_server.requests(Endpoint::Metadata).len(), 1);
    let issuer = format!("{}/other", service.authorization_server.issuer());
    let exchange = TokenExchange::from_issuer(issuer, basic(SECRET)).audience("orders").build();
    let error = exchange.unwrap().discover_at_start().await.unwrap_err();
    assert!(matches!(error, SetupError::Discovery(_)), "{error}");
}
