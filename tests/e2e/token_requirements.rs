//! Functions that require more of a token than scopes: a binding to its holder, a login, authorization details.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::extract::Path;
use axum::routing::{Router, get};
use fixtures::http_server::HttpServer;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::{Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Caller, DpopKey, Fault, ManualClock, Mint};
use requires_auth::{
    AuthInfo, AuthorizationDetail, AuthorizationDetails, Cached, ClientCertificateSource, Clock,
    Dpop, Introspection, ProxyHeader, Reason, Rejection, Resolver, ResourceServer,
    ResourceServerBuilder, requires_auth,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::service::{METADATA, RESOURCE};
use crate::{assert_challenged, assert_denied, assert_ran, assert_rejection_headers};

const HOUR: u64 = 3600;

#[derive(Debug, Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {
    recipient: String,
    amount: u64,
}

#[derive(Debug, Clone, Deserialize, AuthorizationDetail)]
#[authorization_detail("account_information")]
struct Account {
    iban: String,
}

/// The same `type`, with other members.
#[derive(Debug, Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Abroad {
    bic: String,
}

#[derive(Debug, AuthorizationDetail)]
#[authorization_detail("panic")]
struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("a mistake of the application")
    }
}

#[requires_auth(scopes = "pay", sender_constrained)]
async fn bound(auth: AuthInfo) -> String {
    format!("{:?} holds the token: {}", auth.subject(), auth.is_sender_constrained())
}

#[requires_auth(scopes = "pay", acr_values = "phr phrh")]
async fn strong(auth: AuthInfo) -> String {
    format!("{:?} logged in with {:?}", auth.subject(), auth.acr())
}

#[requires_auth(max_age = 300)]
async fn recent() -> &'static str {
    "recent"
}

#[requires_auth(scopes = "pay", acr_values = ["phr"], max_age = HOUR, when = id < 9)]
async fn both(Path(id): Path<u64>) -> Result<String, Rejection> {
    Ok(format!("both {id}"))
}

#[requires_auth(optional, acr_values = "phr")]
async fn optional(auth: Option<AuthInfo>) -> String {
    format!("{:?}", auth.and_then(|auth| auth.subject().map(str::to_owned)))
}

#[requires_auth(
    scopes = "pay",
    authorization_details = Payment,
    when = granted.iter().any(|it| it.recipient == recipient && amount <= it.amount),
)]
async fn pay(
    granted: AuthorizationDetails<Payment>,
    Path((recipient, amount)): Path<(String, u64)>,
    auth: AuthInfo,
) -> Result<String, Rejection> {
    Ok(format!("{:?} pays {amount} to {recipient} by {} details", auth.subject(), granted.len()))
}

#[requires_auth(authorization_details = [Payment, Account])]
async fn overview(
    payments: AuthorizationDetails<Payment>,
    mut accounts: AuthorizationDetails<Account>,
) -> String {
    accounts = accounts.clone();
    let accounts: Vec<String> = accounts.into_iter().map(|account| account.iban).collect();
    format!("{} payments from {}", payments.len(), accounts.join(" "))
}

/// The argument is of another type than the one that the attribute names.
#[requires_auth(authorization_details = Payment)]
async fn abroad(granted: AuthorizationDetails<Abroad>) -> String {
    let bics: Vec<&str> = granted.iter().map(|detail| detail.bic.as_str()).collect();
    format!("to {}", bics.join(" "))
}

#[requires_auth(authorization_details = Panics)]
async fn panics() -> &'static str {
    "ran"
}

#[requires_auth(scopes = "pay")]
async fn in_function(auth: AuthInfo, Path(amount): Path<u64>) -> Result<String, Rejection> {
    if amount > 100 {
        auth.require_user_authentication(&["phr"], Some(Duration::from_secs(300)))?;
    }
    if amount > 1_000 {
        let payments = auth.require_authorization_details::<Payment>()?;
        return Ok(format!("{amount} by {}", payments.len()));
    }
    Ok(format!("{amount}"))
}

/// A service whose clock stands still, and its authorization server.
struct Service {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
    clock: ManualClock,
    _server: HttpServer,
}

impl Service {
    async fn start() -> Self {
        Self::with(|server| server).await
    }

    async fn with(settings: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder) -> Self {
        Self::with_resolver(|client| client, settings).await
    }

    async fn with_resolver<R: Resolver>(
        resolver: impl FnOnce(Introspection) -> R,
        settings: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder,
    ) -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url());
        let client = resolver(client.without_retry().build().unwrap());
        // Claims have whole seconds.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(now));
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client)
            .authorization_details::<Account>()
            .authorization_details::<Payment>()
            .authorization_details::<Account>()
            .clock(clock.clone());
        let server = settings(server).build().unwrap();
        let routes = Router::new()
            .route("/bound", get(bound))
            .route("/strong", get(strong))
            .route("/recent", get(recent))
            .route("/both/{id}", get(both))
            .route("/optional", get(optional))
            .route("/pay/{recipient}/{amount}", get(pay))
            .route("/overview", get(overview))
            .route("/abroad", get(abroad))
            .route("/panics", get(panics))
            .route("/in_function/{amount}", get(in_function))
            .merge(server.metadata_routes())
            .with_state(server);
        let running = HttpServer::start(routes).await;
        Self { address: running.address(), authorization_server, clock, _server: running }
    }

    fn mint(&self, scopes: &str) -> Mint<'_> {
        self.authorization_server.mint().subject("alice").audience(RESOURCE).scopes(scopes)
    }

    async fn get(&self, path: &str, token: Mint<'_>) -> Response {
        Request::get(path).bearer(&token.issue()).send(self.address).await
    }

    fn ago(&self, seconds: u64) -> SystemTime {
        self.clock.now() - Duration::from_secs(seconds)
    }
}

/// The 401 of a login that does not suffice. `parameters` come after the description.
#[track_caller]
fn assert_login_challenged(response: &Response, parameters: &str) {
    let challenge = format!(
        "Bearer error=\"insufficient_user_authentication\", error_description=\"This operation needs a stronger or more \
         recent login of the user\", {parameters}, {METADATA}"
    );
    assert_eq!(response.challenge(), Some(challenge.as_str()));
    assert_eq!(
        (response.status, response.body.as_str()),
        (
            401,
            r#"{"error":"insufficient_user_authentication","error_description":"This operation needs a stronger or more recent login of the user"}"#
        )
    );
    assert_eq!(response.header("retry-after"), None);
    assert_rejection_headers(response);
}

const NO_DETAILS: &str = r#"{"error":"insufficient_authorization_details","error_description":"The access token does not carry the authorization details that this operation needs"}"#;

/// The 403 of missing authorization details, which has no challenge.
#[track_caller]
fn assert_details_missing(response: &Response) {
    assert_eq!((response.status, response.body.as_str()), (403, NO_DETAILS));
    assert_eq!(response.challenge(), None);
    assert_rejection_headers(response);
}

#[tokio::test]
async fn a_login_has_one_of_the_classes() {
    // R-H3
    let service = Service::start().await;
    for acr in ["phr", "phrh"] {
        let response = service.get("/strong", service.mint("pay").acr(acr)).await;
        assert_ran(&response, &format!("Some(\"alice\") logged in with Some({acr:?})"));
    }
    let needed = "scope=\"pay\", acr_values=\"phr phrh\"";
    let mint = || service.mint("pay");
    for token in [
        mint(),
        mint().acr("pwd"),
        mint().acr("PHR"),
        mint().acr("phr phrh"),
        mint().acr(""),
        mint().claim("acr", json!(["phr"])),
        mint().claim("acr", json!(null)),
        mint().claim("acr", json!(1)),
    ] {
        assert_login_challenged(&service.get("/strong", token).await, needed);
    }
    // The login comes first: its challenge names the scopes too, so that a client gets both at once.
    assert_login_challenged(&service.get("/strong", service.mint("other")).await, needed);
    let response = service.get("/strong", service.mint("other").acr("phr")).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "pay");
    // So does the challenge for a request without a token.
    let response = Request::get("/strong").send(service.address).await;
    let challenge = format!("Bearer {needed}, {METADATA}");
    assert_eq!((response.status, response.challenge()), (401, Some(challenge.as_str())));
}

#[tokio::test]
async fn a_login_is_at_most_max_age_ago() {
    // R-H3
    let service = Service::start().await;
    let at = |seconds| service.mint("").auth_time(service.ago(seconds));
    for token in [at(0), at(300)] {
        assert_ran(&service.get("/recent", token).await, "recent");
    }
    let future = service.clock.now() + Duration::from_secs(1);
    let mint = || service.mint("");
    for token in [
        at(301),
        mint(),
        mint().auth_time(future),
        mint().claim("auth_time", json!("1700000000")),
        mint().claim("auth_time", json!(null)),
        mint().claim("auth_time", json!(-1)),
        mint().claim("auth_time", json!(1e300)),
    ] {
        assert_login_challenged(&service.get("/recent", token).await, "max_age=\"300\"");
    }
    // Nothing is cached about it: the same token is rejected when the time has passed.
    let token = at(299).issue();
    let call = || Request::get("/recent").bearer(&token).send(service.address);
    assert_ran(&call().await, "recent");
    service.clock.advance(Duration::from_secs(1));
    assert_ran(&call().await, "recent");
    service.clock.advance(Duration::from_secs(1));
    assert_login_challenged(&call().await, "max_age=\"300\"");
}

#[tokio::test]
async fn the_leeway_is_added_to_max_age() {
    // R-H3
    let service = Service::with(|server| server.leeway(Duration::from_secs(10))).await;
    let future = |seconds| service.clock.now() + Duration::from_secs(seconds);
    for (auth_time, is_accepted) in [
        (service.ago(310), true),
        (service.ago(311), false),
        (future(10), true),
        (future(11), false),
    ] {
        let response = service.get("/recent", service.mint("").auth_time(auth_time)).await;
        assert_eq!(response.status == 200, is_accepted, "{auth_time:?}");
    }
}

#[tokio::test]
async fn a_login_is_combined_with_scopes_and_a_condition() {
    // R-H3
    let service = Service::start().await;
    let token = |scopes| service.mint(scopes).acr("phr").auth_time(service.ago(3600));
    assert_ran(&service.get("/both/8", token("pay")).await, "both 8");
    assert_denied(&service.get("/both/9", token("pay")).await);
    let response = service.get("/both/8", token("")).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "pay");
    let needed = "scope=\"pay\", acr_values=\"phr\", max_age=\"3600\"";
    for token in [token("pay").acr("pwd"), token("pay").auth_time(service.ago(3601))] {
        assert_login_challenged(&service.get("/both/8", token).await, needed);
    }
    // With `optional`, a token that is there must meet it.
    let response = Request::get("/optional").send(service.address).await;
    assert_ran(&response, "None");
    assert_ran(&service.get("/optional", service.mint("").acr("phr")).await, "Some(\"alice\")");
    let response = service.get("/optional", service.mint("")).await;
    assert_login_challenged(&response, "acr_values=\"phr\"");
}

#[tokio::test]
async fn authorization_details_are_those_of_the_type() {
    // R-H7
    let service = Service::start().await;
    let detail = json!({ "type": "payment_initiation", "recipient": "bob", "amount": 50 });
    let with =
        |scopes, details: Value| service.mint(scopes).claim("authorization_details", details);
    let response = service.get("/pay/bob/50", with("pay", json!([detail]))).await;
    assert_ran(&response, "Some(\"alice\") pays 50 to bob by 1 details");
    let changed = |name: &str, value: Value| {
        let mut detail = detail.clone();
        detail[name] = value;
        detail
    };
    // Details of other types, and elements of another form, are beside it.
    let others =
        json!([1, { "type": 1 }, { "amount": 1 }, changed("type", json!("other")), detail]);
    assert_ran(
        &service.get("/pay/bob/1", with("pay", others)).await,
        "Some(\"alice\") pays 1 to bob by 1 details",
    );
    for path in ["/pay/bob/51", "/pay/eve/50"] {
        assert_denied(&service.get(path, with("pay", json!([detail]))).await);
    }
    for details in [
        json!([]),
        json!(null),
        json!({}),
        // A list is what the RFC defines.
        detail.clone(),
        json!("payment_initiation"),
        json!([detail.to_string()]),
        json!([changed("type", json!("Payment_initiation"))]),
        json!([changed("type", json!(["payment_initiation"]))]),
        json!([changed("amount", json!("50"))]),
        json!([changed("amount", json!(-50))]),
        json!([{ "type": "payment_initiation" }]),
        // For another resource server.
        json!([changed("locations", json!(["https://other.example/v1"]))]),
        json!([changed("locations", json!(["http://api.example/v1"]))]),
        json!([changed("locations", json!(["https://api.example:444/v1"]))]),
        json!([changed("locations", json!(["https://api.example.evil/v1"]))]),
        json!([changed("locations", json!(["https://api.example@evil.example/"]))]),
        json!([changed("locations", json!([]))]),
        json!([changed("locations", json!(null))]),
        json!([changed("locations", json!(RESOURCE))]),
        json!([changed("locations", json!([RESOURCE, 1]))]),
    ] {
        assert_details_missing(&service.get("/pay/bob/50", with("pay", details)).await);
    }
    for location in [RESOURCE, "https://api.example/payments", "https://API.example:443/"] {
        let detail = changed("locations", json!(["https://other.example/", location]));
        let response = service.get("/pay/bob/50", with("pay", json!([detail]))).await;
        assert_ran(&response, "Some(\"alice\") pays 50 to bob by 1 details");
    }
    // Neither stands in for the other.
    let response = service.get("/pay/bob/50", with("payment_initiation", json!([detail]))).await;
    assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "pay");
    assert_details_missing(
        &service.get("/pay/bob/50", service.mint("pay payment_initiation")).await,
    );
}

#[tokio::test]
async fn each_of_several_types_is_required() {
    // R-H7
    let service = Service::start().await;
    let payment = json!({ "type": "payment_initiation", "recipient": "bob", "amount": 50 });
    let account = json!({ "type": "account_information", "iban": "DE02" });
    let with = |details: Value| service.mint("").claim("authorization_details", details);
    let all = with(json!([account, payment, account]));
    assert_ran(&service.get("/overview", all).await, "1 payments from DE02 DE02");
    for some in [json!([payment]), json!([account, account])] {
        assert_details_missing(&service.get("/overview", with(some)).await);
    }
}

#[tokio::test]
async fn an_argument_has_details_also_if_another_type_has_its_name() {
    // R-H7
    let service = Service::start().await;
    let payment = json!({ "type": "payment_initiation", "recipient": "bob", "amount": 50 });
    let abroad = json!({ "type": "payment_initiation", "bic": "AAAABEBB" });
    let with = |details: Value| service.mint("").claim("authorization_details", details);
    assert_ran(&service.get("/abroad", with(json!([abroad, payment]))).await, "to AAAABEBB");
    for some in [json!([payment]), json!([abroad])] {
        assert_details_missing(&service.get("/abroad", with(some)).await);
    }
}

#[tokio::test]
async fn details_that_cannot_be_parsed_without_a_panic_do_not_count() {
    // R-H7, R-L4
    let service = Service::start().await;
    let token = service.mint("").claim("authorization_details", json!([{ "type": "panic" }]));
    assert_details_missing(&service.get("/panics", token).await);
}

#[tokio::test]
async fn stale_details_are_used_only_where_all_stale_claims_may_be_used() {
    // R-E1, R-H7
    let detail = json!([{ "type": "payment_initiation", "recipient": "bob", "amount": 50 }]);
    for (stale_scopes, is_used) in [(None, true), (Some(["pay"]), false)] {
        let cached = |client| {
            let cached = Cached::builder(client)
                .ttl(Duration::ZERO)
                .stale_if_error(Duration::from_secs(600));
            match stale_scopes {
                None => cached.build().unwrap(),
                Some(scopes) => cached.stale_scopes(scopes).build().unwrap(),
            }
        };
        let service = Service::with_resolver(cached, |server| server).await;
        let mint = service.mint("pay").acr("phr").auth_time(service.ago(0));
        let token = mint.claim("authorization_details", detail.clone()).issue();
        let call = |path| Request::get(path).bearer(&token).send(service.address);
        let paid = r#"Some("alice") pays 50 to bob by 1 details"#;
        assert_ran(&call("/pay/bob/50").await, paid);
        service.authorization_server.fault(Fault::status(500));
        let (pays, requires) = (call("/pay/bob/50").await, call("/in_function/1001").await);
        if is_used {
            assert_ran(&pays, paid);
            assert_ran(&requires, "1001 by 1");
        } else {
            for response in [pays, requires] {
                crate::assert_server_error(&response, 503, body::UNAVAILABLE, Some("5"));
            }
            // The login does not change, and the scope may be used.
            assert_ran(&call("/in_function/101").await, "101");
        }
    }
}

#[tokio::test]
async fn the_challenge_for_details_is_that_of_the_draft_where_it_is_chosen() {
    // R-H7
    let service = Service::with(|server| server.rar_challenge_draft(true)).await;
    let response = service.get("/pay/bob/50", service.mint("pay")).await;
    let challenge = format!(
        "Bearer error=\"insufficient_authorization_details\", error_description=\"The access token does not carry the \
         authorization details that this operation needs\", {METADATA}"
    );
    assert_eq!(response.challenge(), Some(challenge.as_str()));
    assert_eq!((response.status, response.body.as_str()), (403, NO_DETAILS));
    assert_rejection_headers(&response);
}

#[tokio::test]
async fn the_metadata_lists_the_types_of_authorization_details() {
    // R-H7
    let service = Service::start().await;
    let path = "/.well-known/oauth-protected-resource/v1";
    let response = Request::get(path).send(service.address).await;
    let metadata: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(
        metadata["authorization_details_types_supported"],
        json!(["account_information", "payment_initiation"])
    );
}

#[tokio::test]
async fn a_function_requires_a_bound_token() {
    // R-H4
    let service = Service::start().await;
    let key = DpopKey::generate();
    let token = service.mint("pay").bound_to(&key).issue();
    let call = |token: &str, key: &DpopKey| {
        let proof = key.proof("GET", "https://api.example/bound").access_token(token);
        let proof = proof.issued_at(service.clock.now()).sign();
        Request::get("/bound")
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", proof)
            .send(service.address)
    };
    assert_ran(&call(&token, &key).await, "Some(\"alice\") holds the token: true");
    // A bearer token is rejected, with the challenge of the scheme that is needed, and of no other.
    let response = service.get("/bound", service.mint("pay")).await;
    let challenges = response.all("www-authenticate");
    let [challenge] = challenges.as_slice() else { panic!("{challenges:?}") };
    assert!(
        challenge.starts_with("DPoP algs=\"") && challenge.contains("error=\"invalid_token\""),
        "{challenge}"
    );
    assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
    let response = Request::get("/bound").send(service.address).await;
    let challenges = response.all("www-authenticate");
    let [challenge] = challenges.as_slice() else { panic!("{challenges:?}") };
    assert!(challenge.starts_with("DPoP algs=\"") && challenge.contains("scope=\"pay\""));
    // Other functions of the same server accept both.
    assert_ran(&service.get("/in_function/1", service.mint("pay")).await, "1");
}

#[tokio::test]
async fn a_server_that_accepts_no_bound_tokens_cannot_meet_such_a_function() {
    // R-H4
    let service = Service::with(|server| server.dpop(Dpop::off())).await;
    let response = service.get("/bound", service.mint("pay")).await;
    crate::assert_server_error(&response, 500, body::SERVER_ERROR, None);
}

#[tokio::test]
async fn a_token_may_be_bound_to_a_certificate() {
    // R-H2, R-H4
    let source = || ClientCertificateSource::proxy(ProxyHeader::Nginx, ["127.0.0.1"]);
    let without_dpop = |server: ResourceServerBuilder| {
        server.dpop(Dpop::off()).client_certificate_source(source())
    };
    let service = Service::with(without_dpop).await;
    let response = service.get("/bound", service.mint("pay")).await;
    let [bearer] = response.all("www-authenticate")[..] else { panic!("{response:?}") };
    assert!(bearer.starts_with("Bearer error=\"invalid_token\""), "{bearer}");
    assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
    // Where both are accepted, a client may get a token of either kind.
    let service = Service::with(|server| server.client_certificate_source(source())).await;
    let response = service.get("/bound", service.mint("pay")).await;
    let [dpop, bearer] = response.all("www-authenticate")[..] else { panic!("{response:?}") };
    assert!(dpop.starts_with("DPoP algs=\"") && dpop.contains("error=\"invalid_token\""), "{dpop}");
    assert_eq!(bearer, format!("Bearer {METADATA}"));
}

#[tokio::test]
async fn the_log_says_what_a_token_lacks() {
    // R-B9, R-H3, R-H7
    let service = Service::start().await;
    let line = async |path: &str, token: Mint<'_>| {
        let log = LogCapture::default();
        let _guard = log.start();
        service.get(path, token).await;
        let lines = log.lines();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        let (head, text) = line.split_once(" requires_auth: ").unwrap();
        format!(
            "{} {}",
            head.rsplit(' ').next().unwrap(),
            text.strip_prefix("request rejected ").unwrap()
        )
    };
    let mint = || service.mint("pay");
    let now = service.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let alone = "setting=none: the attribute of the function decides";
    let login = "status=401 reason=\"insufficient_user_authentication\" function";
    // Only an absent claim may be the fault of the authorization server.
    assert_eq!(
        line("/strong", mint()).await,
        format!(
            "WARN {login}=\"strong\" needs=pay cause=the token does not say how the user logged in: it has no `acr` \
             expected=`acr` \"phr\", \"phrh\" found=no `acr`; the authorization server has to write it into access tokens {alone}"
        )
    );
    assert_eq!(
        line("/strong", mint().acr("a\n")).await,
        format!(
            "DEBUG {login}=\"strong\" needs=pay cause=the user logged in with another `acr` \
             expected=`acr` \"phr\", \"phrh\" found=\"a\\n\" {alone}"
        )
    );
    let leeway = "setting=`leeway` (`leeway_s`, REQUIRES_AUTH_LEEWAY_S)";
    assert_eq!(
        line("/recent", mint()).await,
        format!(
            "WARN {login}=\"recent\" needs= cause=the token does not say when the user logged in: it has no `auth_time` \
             expected=`auth_time` at most 300 s before {now}, with a leeway of 0 s found=no `auth_time`; the authorization \
             server has to write it into access tokens {alone}"
        )
    );
    assert_eq!(
        line("/recent", mint().auth_time(service.ago(301))).await,
        format!(
            "DEBUG {login}=\"recent\" needs= cause=the user logged in too long ago expected=`auth_time` at most 300 s \
             before {now}, with a leeway of 0 s found={} {leeway}",
            now - 301
        )
    );
    let details =
        json!([{ "type": "other\n" }, { "type": "payment_initiation", "amount": "secret" }]);
    assert_eq!(
        line("/pay/bob/1", mint().claim("authorization_details", details)).await,
        format!(
            "DEBUG status=403 reason=\"insufficient_authorization_details\" function=\"pay\" needs=pay \
             expected=`authorization_details` with the `type` \"payment_initiation\" found=none for this server with the \
             members of the type; the token has the types \"other\\n\", \"payment_initiation\" {alone}"
        )
    );
    let binding = "expected=`cnf` with `jkt` or `x5t#S256` found=no `cnf`";
    assert_eq!(
        line("/bound", mint()).await,
        format!(
            "WARN status=401 reason=\"invalid_token\" function=\"bound\" needs=pay cause=the token is not bound to its \
             holder, which the function requires {binding} {alone}"
        )
    );
}

#[tokio::test]
async fn a_function_requires_more_depending_on_its_arguments() {
    // R-H3, R-H7
    let service = Service::start().await;
    let payment = json!([{ "type": "payment_initiation", "recipient": "bob", "amount": 50 }]);
    let strong = || service.mint("pay").acr("phr").auth_time(service.ago(10));
    assert_ran(&service.get("/in_function/100", service.mint("pay")).await, "100");
    assert_ran(&service.get("/in_function/101", strong()).await, "101");
    let needed = "scope=\"pay\", acr_values=\"phr\", max_age=\"300\"";
    assert_login_challenged(&service.get("/in_function/101", service.mint("pay")).await, needed);
    assert_details_missing(&service.get("/in_function/1001", strong()).await);
    let with_payment = strong().claim("authorization_details", payment);
    assert_ran(&service.get("/in_function/1001", with_payment).await, "1001 by 1");
}

#[test]
fn a_login_that_cannot_be_challenged_is_a_mistake_of_the_application() {
    // R-H3
    let caller = Caller::new("alice", "").acr("phr").auth_info();
    for acr_values in [&[][..], &[""], &["a b"], &["a\"b"], &["phr", "ä"]] {
        let rejection = caller.require_user_authentication(acr_values, None).unwrap_err();
        assert_eq!(rejection.reason(), Reason::Misconfigured, "{acr_values:?}");
    }
    assert!(caller.require_user_authentication(&["x", "phr"], None).is_ok());
}

#[tokio::test]
async fn a_caller_for_a_unit_test_meets_the_requirements() {
    // R-H3, R-H7
    let detail = json!([{ "type": "payment_initiation", "recipient": "bob", "amount": 50 }]);
    let caller = Caller::new("alice", "pay").claim("authorization_details", detail).auth_info();
    let path = || Path(("bob".to_owned(), 50));
    let answer = pay(caller.try_into().unwrap(), path()).await.unwrap();
    assert_eq!(answer, "Some(\"alice\") pays 50 to bob by 1 details");
    // A caller without details does not become the argument of the function.
    let other = Caller::new("alice", "pay").auth_info();
    let rejected = async || pay(other.try_into()?, path()).await;
    assert_eq!(rejected().await.unwrap_err().reason(), Reason::InsufficientAuthorizationDetails);
    let bound_to = DpopKey::generate();
    let holder = Caller::new("alice", "pay").bound_to(&bound_to).auth_info();
    assert_eq!(bound(holder.try_into().unwrap()).await, "Some(\"alice\") holds the token: true");
}
