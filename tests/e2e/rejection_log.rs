//! R-B9: the log lines about a rejection that are shown with the default filter. The caller does not see
//! what they say.

use std::time::{Duration, SystemTime};

use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Fault, ManualClock, TokenFormat};
use requires_auth::{
    AccessToken, AudienceCheck, Claims, Introspection, IntrospectionBuilder, ResolveError,
    Resolver, ResourceServer, ResourceServerBuilder,
};
use serde_json::{Value, json};

use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_server_error, head};

/// The year 2001.
const NOW: u64 = 1_000_000_000;

/// The lines at WARN and above, without their time and level.
pub fn warned(log: &LogCapture) -> Vec<String> {
    let lines = log.lines();
    let pieces = lines.iter().filter_map(|line| line.split_once(" requires_auth: "));
    let warnings = pieces.filter(|(head, _)| head.ends_with("WARN") || head.ends_with("ERROR"));
    warnings.map(|(_, text)| text.to_owned()).collect()
}

/// A service whose time stands still, and what it logs about a token with this answer.
async fn warnings_about(
    response: &str,
    settings: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder,
) -> Vec<String> {
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    let server = ResourceServer::builder(RESOURCE)
        .authorization_servers([authorization_server.issuer()])
        .resolver(client.unwrap())
        .clock(ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)));
    let service = Service::from_builder(authorization_server, settings(server)).await;
    let token = service.token_with_response(response);
    let rejected = Request::get("/read").bearer(&token).send(service.address).await;
    // The caller reads nothing of it.
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
    let warnings = warned(&log);
    for line in &warnings {
        assert!(!line.contains(&token), "{line}");
    }
    warnings
}

fn response(members: Value) -> String {
    let mut response = json!({"active": true, "aud": RESOURCE, "scope": "read"});
    let Value::Object(members) = members else { panic!("{members}") };
    for (name, value) in members {
        match value {
            Value::Null => response.as_object_mut().unwrap().remove(&name),
            value => response.as_object_mut().unwrap().insert(name, value),
        };
    }
    response.to_string()
}

#[track_caller]
fn assert_one(warnings: &[String], after_needs: &str) {
    let head = r#"request rejected status=401 reason="invalid_token" function="read" needs=read "#;
    assert_eq!(warnings, [format!("{head}{after_needs}")]);
}

const AUDIENCES: &str = "setting=the resource identifier (`resource`, REQUIRES_AUTH_RESOURCE) and \
    further audiences (`accepted_audiences`, REQUIRES_AUTH_ACCEPTED_AUDIENCES)";

#[tokio::test]
async fn a_wrong_audience_is_one_line_with_both_values_and_the_setting() {
    // R-B9
    let cause = "cause=the token is not meant for this resource expected=`aud` with exactly";
    let warnings =
        warnings_about(&response(json!({"aud": "https://other.example"})), |it| it).await;
    let found = r#""https://api.example/v1" found=`aud`: "https://other.example""#;
    assert_one(&warnings, &format!("{cause} {found} {AUDIENCES}"));

    let aud = json!({"aud": ["account", "https://api.example/v1/"]});
    let warnings = warnings_about(&response(aud), |it| it.accepted_audiences(["journal"])).await;
    assert_one(
        &warnings,
        &format!(
            "{cause} \"journal\", \"https://api.example/v1\" found=`aud`: \
             \"https://api.example/v1/\", \"account\", which differs by the slash at its end \
             {AUDIENCES}"
        ),
    );

    for aud in [Value::Null, json!([])] {
        let warnings = warnings_about(&response(json!({"aud": aud})), |it| it).await;
        assert_one(
            &warnings,
            &format!(
                "{cause} \"https://api.example/v1\" found=no `aud`; many authorization servers set \
                 it only if the client requests the token with the parameter `resource` (RFC 8707) \
                 setting=`audience_check` (REQUIRES_AUTH_AUDIENCE_CHECK), which is `required`; \
                 `if-present` accepts any token without `aud`, also one that was issued for another \
                 service, and `accepted_clients` (REQUIRES_AUTH_ACCEPTED_CLIENTS) those of certain \
                 clients"
            ),
        );
    }
    let lenient = |it: ResourceServerBuilder| it.audience_check(AudienceCheck::IfPresent);
    let warnings = warnings_about(&response(json!({"aud": "journal"})), lenient).await;
    assert_one(
        &warnings,
        &format!("{cause} \"https://api.example/v1\" found=`aud`: \"journal\" {AUDIENCES}"),
    );
}

#[tokio::test]
async fn another_issuer_is_one_line_with_both_values() {
    // R-B9
    let settings = |it: ResourceServerBuilder| it.issuer("https://as.example");
    let cause = "cause=the token is from another issuer expected=`iss`: \"https://as.example\"";
    for (issuer, found) in [
        ("https://evil.example", r#""https://evil.example""#),
        ("https://as.example/", r#""https://as.example/", which differs by the slash at its end"#),
    ] {
        let warnings = warnings_about(&response(json!({"iss": issuer})), settings).await;
        assert_one(
            &warnings,
            &format!("{cause} found=`iss`: {found} setting=`issuer` (REQUIRES_AUTH_ISSUER)"),
        );
    }
}

#[tokio::test]
async fn a_wrong_time_is_one_line_with_the_claim_the_clock_and_the_leeway() {
    // R-B9
    let setting = "setting=`leeway` (`leeway_s`, REQUIRES_AUTH_LEEWAY_S)";
    let warnings = warnings_about(&response(json!({"exp": NOW - 90})), |it| it).await;
    assert_one(
        &warnings,
        &format!(
            "cause=the token has expired expected=`exp` later than now, 1000000000, with a leeway \
             of 0 s found=`exp`: 999999910, 90 s ago {setting}"
        ),
    );
    let lenient = |it: ResourceServerBuilder| it.leeway(Duration::from_secs(30));
    let warnings = warnings_about(&response(json!({"nbf": NOW + 90})), lenient).await;
    assert_one(
        &warnings,
        &format!(
            "cause=the token is not valid yet expected=`nbf` not later than now, 1000000000, with a \
             leeway of 30 s found=`nbf`: 1000000090, 90 s from now {setting}"
        ),
    );
}

#[tokio::test]
async fn another_kind_of_token_is_one_line_with_what_names_it() {
    // R-B9
    for (members, found) in [
        (json!({"token_type": "refresh_token"}), r#"`token_type`: "refresh_token""#),
        (
            json!({"token_type": "Bearer", "token_use": "id"}),
            r#"`token_type`: "Bearer", `token_use`: "id""#,
        ),
    ] {
        let warnings = warnings_about(&response(members), |it| it).await;
        let cause = "cause=the token is not an access token expected=a bearer access token found=";
        assert_one(&warnings, &format!("{cause}{found} setting=none"));
    }
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for (members, found) in [
        (json!({"cnf": {"jkt": jkt}}), r#"`cnf` with "jkt""#),
        (json!({"token_type": "DPoP"}), "no `cnf`"),
    ] {
        let warnings = warnings_about(&response(members), |it| it).await;
        let cause = "cause=the token is bound to a key, and the request has no DPoP proof for it expected=the scheme \
                     `DPoP`, and a proof with the key of the token found=";
        assert_one(&warnings, &format!("{cause}{found} setting=`dpop` (REQUIRES_AUTH_DPOP)"));
    }
}

#[tokio::test]
async fn an_inactive_token_names_the_client_that_introspects() {
    // R-B9, and RFC 7662 §2.2: "inactive" may mean that this client may not ask.
    let log = LogCapture::default();
    let _guard = log.start();
    let client = |client: IntrospectionBuilder| client.client_secret_basic("my \"api\"", "s3cret");
    let server = AuthorizationServer::builder().client("my \"api\"", "s3cret").start().await;
    let service = Service::with_authorization_server(server.unwrap(), client, |it| it).await;
    let rejected = Request::get("/read").bearer("unknown").send(service.address).await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
    assert_one(
        &warned(&log),
        r#"cause=the token is not active expected=`active`: true found=`active`: false, as for a token that is expired, revoked or unknown, and for one that this client may not introspect (RFC 7662 section 2.2) setting=`client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID) introspecting_client="my \"api\"""#,
    );
}

#[tokio::test]
async fn an_inactive_token_that_is_a_jwt_names_the_likely_reason() {
    // R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    let server = AuthorizationServer::builder()
        .client("journal", "s3cret")
        .token_format(TokenFormat::Jwt)
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let service = Service::with_authorization_server(
        server,
        |client| client.client_secret_basic("journal", "s3cret"),
        |server| server.clock(clock.clone()),
    )
    .await;
    let jwt = "expected=`active`: true found=`active`: false for a JWT that, unverified, is of this issuer, \
               expires in 3600 s and has";
    let not_named = "; some authorization servers, such as Keycloak, respond like that if `aud` does not \
                     contain the introspecting client, \"journal\" setting=`aud` of the token, to which the \
                     authorization server can add the client id (in Keycloak, by an audience mapper), or \
                     `client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID) \
                     introspecting_client=\"journal\"";
    let revoked = "; the token may be revoked, its session may have ended, or its signature may be wrong \
                   setting=`client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID) \
                   introspecting_client=\"journal\"";
    let any = "expected=`active`: true found=`active`: false, as for a token that is expired, revoked or \
               unknown, and for one that this client may not introspect (RFC 7662 section 2.2) \
               setting=`client_authentication` (`client_id`, REQUIRES_AUTH_CLIENT_ID) \
               introspecting_client=\"journal\"";
    let mint = || service.authorization_server.mint().subject("alice");
    let many = (0..20).fold(mint(), |mint, number| mint.audience(number.to_string()));
    for (token, expected) in [
        (mint().audience(RESOURCE), format!("{jwt} `aud`: \"{RESOURCE}\"{not_named}")),
        (mint(), format!("{jwt} no `aud`{not_named}")),
        (
            mint().audience("a\nb").audience("journal"),
            format!("{jwt} `aud`: \"a\\nb\", \"journal\"{revoked}"),
        ),
        (
            many,
            format!(
                "{jwt} `aud`: \"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\" and 12 more{not_named}"
            ),
        ),
        (mint().audience(RESOURCE).expired(), any.to_owned()),
        (mint().audience(RESOURCE).claim("iss", "https://other.example"), any.to_owned()),
        (mint().audience(RESOURCE).token_format(TokenFormat::Opaque), any.to_owned()),
    ] {
        let token = token.issue();
        service.authorization_server.revoke(&token);
        // The limit of lines is that of one minute.
        clock.advance(Duration::from_secs(61));
        clock.set(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
        let rejected = Request::get("/read").bearer(&token).send(service.address).await;
        assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
        let warnings = warned(&log);
        let line = warnings.last().unwrap();
        assert!(line.ends_with(&format!("cause=the token is not active {expected}")), "{line}");
        assert!(!line.contains(&token), "{line}");
    }
}

/// What is logged about a token whose introspection ends in this answer.
async fn logged(fault: Option<Fault>, response: &str, status: u16) -> String {
    let log = LogCapture::default();
    let _guard = log.start();
    let client = |client: IntrospectionBuilder| client.client_secret_basic("journal", "s3cret");
    let service = Service::with(client, |it| it).await;
    let token = service.token_with_response(response);
    if let Some(fault) = fault {
        service.authorization_server.fault(fault);
    }
    let rejected = Request::get("/read").bearer(&token).send(service.address).await;
    match status {
        401 => assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read"),
        503 => assert_server_error(&rejected, 503, body::UNAVAILABLE, Some("5")),
        status => assert_server_error(&rejected, status, body::SERVER_ERROR, None),
    }
    let warnings = warned(&log);
    let [line] = warnings.as_slice() else { panic!("{warnings:?}") };
    line.clone()
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named_with_the_setting() {
    // R-B9, R-D6: `null` does not pass as an absent audience.
    let line = logged(None, r#"{"active":true,"aud":null,"scope":"read"}"#, 503).await;
    assert!(
        line.ends_with(
            "cause=the authorization server's response cannot be used detail=the member `aud` \
             is null, expected a string or an array of strings setting=none: the authorization \
             server has to leave `aud` out or name an audience; many do if the client requests the \
             token with the parameter `resource` (RFC 8707)"
        ),
        "{line}"
    );
    let scope = format!(r#"{{"active":true,"aud":"{RESOURCE}","scope":["canary"]}}"#);
    let line = logged(None, &scope, 503).await;
    assert!(
        line.ends_with(
            "detail=the member `scope` is an array of strings, expected a string setting=`scope_claims` (REQUIRES_AUTH_SCOPE_CLAIMS): `scope` is a \
             string, `scope[]` an array of strings, `/scope` either; another `name` is either, `name{}` \
             the member names of an object"
        ),
        "{line}"
    );
    assert!(!line.contains("canary"), "{line}");
}

#[tokio::test]
async fn an_inactive_response_with_another_status_names_the_client_authentication() {
    // R-B9, R-D1: with a client configured, 401 is about its credentials.
    let fault = Fault::status(401).with_body("application/json", r#"{"active":false}"#);
    let line = logged(Some(fault), r#"{"active":true}"#, 500).await;
    for piece in [
        "credentials: status 401, `active`: false expected=status 200, also for a token that is not \
         active found=status 401 with `active`: false setting=the same answer to every token: \
         `client_authentication` (`client_id`",
        "reads no credentials, so leave them out",
        r#"introspecting_client="journal""#,
    ] {
        assert!(line.contains(piece), "{piece}: {line}");
    }
}

#[tokio::test]
async fn an_unsupported_token_and_a_rate_limit_name_the_authorization_server() {
    // R-B9
    let fault =
        Fault::status(400).with_body("application/json", r#"{"error":"unsupported_token_type"}"#);
    let line = logged(Some(fault), r#"{"active":true}"#, 401).await;
    assert!(
        line.contains("unsupported_token_type setting=none: the authorization server"),
        "{line}"
    );
    let line = logged(Some(Fault::status(429)), r#"{"active":true}"#, 503).await;
    assert!(line.contains("status 429 setting=the limits of the authorization server;"), "{line}");
}

#[tokio::test]
async fn rejected_credentials_name_the_client_and_the_settings() {
    // R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let client = |client: IntrospectionBuilder| client.client_secret_basic("journal", "s3cret");
    let service = Service::with(client, |it| it).await;
    service.authorization_server.fault(Fault::status(401));
    let rejected = Request::get("/read").bearer("unknown").send(service.address).await;
    assert_server_error(&rejected, 500, body::SERVER_ERROR, None);
    let warnings = warned(&log);
    let [line] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(line.contains("REQUIRES_AUTH_CLIENT_SECRET"), "{line}");
    assert!(
        line.contains(r#"introspecting_client="journal""#) && !line.contains("s3cret"),
        "{line}"
    );
}

#[tokio::test]
async fn values_of_a_token_are_escaped_and_bounded() {
    // R-B9
    let many: Vec<String> =
        (0..1000).map(|number| format!("aud\n{number}\u{1b}[31m\u{202e}")).collect();
    let long = "\u{10ffff}".repeat(10_000);
    for members in [
        json!({"aud": many}),
        json!({"aud": long}),
        json!({"iss": format!("{long}\r\nforged line")}),
        json!({"token_type": "refresh_token", "token_use": long}),
        json!({"cnf": {(long.as_str()): 1, "a\nb": 2}}),
    ] {
        let settings = |it: ResourceServerBuilder| it.issuer("https://as.example");
        let warnings = warnings_about(&response(members), settings).await;
        let [line] = warnings.as_slice() else { panic!("one line: {warnings:?}") };
        assert!(line.len() < 4000, "{}", line.len());
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
    }
}

#[tokio::test]
async fn a_token_that_is_too_long_names_the_setting() {
    // R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let service = Service::with(|client| client, |it| it.max_token_length(10)).await;
    let rejected = Request::get("/read").bearer("12345678901").send(service.address).await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
    assert_one(
        &warned(&log),
        "cause=the token is longer than allowed expected=at most 10 bytes setting=`max_token_length` \
         (REQUIRES_AUTH_MAX_TOKEN_LENGTH)",
    );
}

#[tokio::test]
async fn a_rejection_that_the_caller_alone_causes_is_no_warning() {
    let log = LogCapture::default();
    let _guard = log.start();
    let service = Service::start().await;
    Request::get("/read").send(service.address).await;
    Request::get("/read").header("authorization", "Bearer {}").send(service.address).await;
    Request::get("/read").bearer("a").bearer("b").send(service.address).await;
    Request::get("/read-write").bearer(&service.token("read")).send(service.address).await;
    assert_eq!((log.lines().len(), warned(&log).len()), (4, 0), "{:?}", log.lines());
}

#[tokio::test]
async fn repeated_lines_are_limited_by_kind_and_counted() {
    // R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let clock = ManualClock::new();
    let shared = clock.clone();
    let settings = |client: IntrospectionBuilder| client.without_retry().without_circuit_breaker();
    let service = Service::with(settings, |server| server.clock(shared)).await;
    service.authorization_server.fault(Fault::status(500));
    for number in 0..300 {
        let token = format!("garbage.{number}");
        Request::get("/read").bearer(&token).send(service.address).await;
    }
    let warnings = warned(&log);
    assert_eq!((log.lines().len(), warnings.len()), (300, 5), "DEBUG has them all: {warnings:?}");
    let notice = "limited=further lines of this kind are at DEBUG for 60 s";
    assert!(warnings[4].ends_with(notice) && !warnings[3].contains("limited="), "{warnings:?}");

    // Another kind is not hidden, not even of the same server.
    service.authorization_server.clear_faults();
    let elsewhere = service.authorization_server.mint().audience("https://other.example").issue();
    Request::get("/read").bearer(&elsewhere).send(service.address).await;
    assert!(warned(&log)[5].contains("https://other.example"), "{:?}", warned(&log));

    clock.advance(Duration::from_secs(60));
    Request::get("/read").bearer(&elsewhere).send(service.address).await;
    let warnings = warned(&log);
    assert_eq!(
        warnings[6],
        r#"further log lines suppressed kind="invalid response: status 5xx" suppressed=295"#
    );
    assert!(warnings[7].contains("https://other.example") && warnings.len() == 8, "{warnings:?}");
}

#[tokio::test]
async fn the_count_of_suppressed_lines_is_logged_when_the_server_is_dropped() {
    // R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = requires_auth::Introspection::builder(authorization_server.introspection_url());
    let server = requires_auth::ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.build().unwrap())
        .build()
        .unwrap();
    for _ in 0..7 {
        server
            .authorize(&mut head("unknown"), requires_auth::Condition::Scope("read"))
            .await
            .unwrap_err();
    }
    drop(server);
    let warnings = warned(&log);
    assert_eq!(warnings[5..], [r#"further log lines suppressed kind="inactive" suppressed=2"#]);
}

/// Claims without `iss`, of a resolver that may get them from anybody.
struct WithoutIssuer;

impl Resolver for WithoutIssuer {
    async fn resolve(&self, _: &AccessToken) -> Result<Claims, ResolveError> {
        Claims::from_introspection(response(json!({})).as_bytes())
    }

    fn cache_namespace(&self) -> String {
        "without issuer".to_owned()
    }
}

#[tokio::test]
async fn claims_without_an_issuer_need_a_resolver_that_vouches_for_it() {
    // R-D7, R-B9
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let service = Service::with_resolver(authorization_server, WithoutIssuer).await;
    let issuer = service.authorization_server.issuer();
    let rejected = Request::get("/read").bearer("opaque").send(service.address).await;
    assert_challenged(&rejected, 401, body::INVALID_TOKEN, "read");
    let cause = "cause=the token is from another issuer";
    assert_one(
        &warned(&log),
        &format!(
            "{cause} expected=`iss`: \"{issuer}\" found=no `iss` setting=`issuer` \
             (REQUIRES_AUTH_ISSUER), and `Resolver::vouches_for_issuer`, which is `false`"
        ),
    );
}
