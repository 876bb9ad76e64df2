//! `Requirement`: code without the attribute requires more of a token than scopes, of a whole router or of one request.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::routing::get;
use fixtures::http_server::serve;
use fixtures::raw_http::{DPOP_CHALLENGE, Request, Response};
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, DpopKey, Mint};
use requires_auth::{
    AuthorizationDetail, Condition, DetailType, Introspection, Rejection, Requirement,
    ResourceServer, TokenRequirement,
};
use serde::Deserialize;
use serde_json::json;

use crate::service::{METADATA, RESOURCE};
use crate::{assert_challenged, assert_ran, assert_rejection_headers, assert_server_error};

#[derive(Deserialize, AuthorizationDetail)]
#[authorization_detail("payment_initiation")]
struct Payment {
    #[expect(dead_code, reason = "only read")]
    recipient: String,
}

const PAY: Condition = Condition::Scope("pay");
const BOUND: TokenRequirement = TokenRequirement::NONE.sender_constrained();
const RECENT: TokenRequirement =
    TokenRequirement::NONE.acr_values(&["phr", "phrh"]).max_age(Duration::from_millis(300_999));
const TYPES: &[DetailType] = &[DetailType::of::<Payment>()];
const PAYMENT: TokenRequirement = TokenRequirement::NONE.authorization_details(TYPES);
const UNQUOTABLE: TokenRequirement = TokenRequirement::NONE.acr_values(&["phr", "a\"b"]);

const LOGIN: Requirement = Requirement::new(PAY, &RECENT);

const ORIGIN: &str = "https://api.example";

async fn by_hand(
    State(server): State<ResourceServer>,
    request: HttpRequest,
) -> Result<String, Rejection> {
    let (mut head, _) = request.into_parts();
    server.authorize(&mut head, LOGIN).await?;
    Ok("ran".to_owned())
}

struct Service {
    address: SocketAddr,
    authorization_server: AuthorizationServer,
}

impl Service {
    async fn start() -> Self {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let client = Introspection::builder(authorization_server.introspection_url()).build();
        let server = ResourceServer::builder(RESOURCE)
            .issuer(authorization_server.issuer())
            .resolver(client.unwrap())
            .build()
            .unwrap();
        let behind = |path: &str, requirements: &[Requirement]| {
            let layer = requirements.iter().fold(server.layer(), |layer, it| layer.require(*it));
            Router::new().route(path, get(|| async { "ran" })).route_layer(layer)
        };
        let app = Router::new()
            .route("/by-hand", get(by_hand))
            .merge(behind("/bound", &[Requirement::new(PAY, &BOUND)]))
            .merge(behind("/login", &[LOGIN]))
            .merge(behind("/several", &[PAY.into(), (&RECENT).into(), (&PAYMENT).into()]))
            .merge(behind("/payment", &[(&PAYMENT).into()]))
            .merge(behind("/unquotable", &[(&UNQUOTABLE).into()]))
            .with_state(server);
        Self { address: serve(app).await, authorization_server }
    }

    fn mint(&self, scopes: &str) -> Mint<'_> {
        self.authorization_server.mint().subject("alice").audience(RESOURCE).scopes(scopes)
    }

    /// With a login that suffices, and a payment.
    fn strong(&self, scopes: &str) -> Mint<'_> {
        let payment = json!([{ "type": "payment_initiation", "recipient": "bob" }]);
        let mint = self.mint(scopes).acr("phrh").auth_time(seconds_ago(5));
        mint.claim("authorization_details", payment)
    }

    async fn get(&self, path: &str, token: Mint<'_>) -> Response {
        Request::get(path).bearer(&token.issue()).send(self.address).await
    }
}

fn seconds_ago(seconds: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_login_is_required_of_a_router_and_of_a_request() {
    // R-H3
    let service = Service::start().await;
    let login = "scope=\"pay\", acr_values=\"phr phrh\", max_age=\"300\"";
    for path in ["/login", "/by-hand", "/several"] {
        assert_ran(&service.get(path, service.strong("pay")).await, "ran");
        let strong = || service.strong("pay");
        for weak in [service.mint("pay"), strong().acr("pwd"), strong().auth_time(seconds_ago(400))]
        {
            let response = service.get(path, weak).await;
            let challenge = format!(
                "Bearer error=\"insufficient_user_authentication\", error_description=\"This operation needs a \
                 stronger or more recent login of the user\", {login}, {METADATA}"
            );
            let expected = "{\"error\":\"insufficient_user_authentication\",\"error_description\":\"This operation \
                            needs a stronger or more recent login of the user\"}";
            assert_eq!((response.status, response.body.as_str()), (401, expected), "{path}");
            let alternative = format!("{DPOP_CHALLENGE}, {METADATA}");
            assert_eq!(response.all("www-authenticate"), [challenge, alternative], "{path}");
            assert_rejection_headers(&response);
        }
        let response = service.get(path, service.strong("other")).await;
        assert_challenged(&response, 403, body::INSUFFICIENT_SCOPE, "pay");
        // A client without a token gets all with one authorization request.
        let response = Request::get(path).send(service.address).await;
        let challenge = format!("Bearer {login}, {METADATA}");
        assert_eq!((response.status, response.body.as_str()), (401, body::UNAUTHORIZED), "{path}");
        assert_eq!(response.challenge(), Some(challenge.as_str()), "{path}");
        assert_rejection_headers(&response);
    }
}

#[tokio::test]
async fn a_bound_token_is_required_of_a_router() {
    // R-H4
    let service = Service::start().await;
    let response = service.get("/bound", service.mint("pay")).await;
    let error = "error=\"invalid_token\", error_description=\"The access token is malformed, expired, revoked or not \
                 meant for this resource\"";
    let challenge = format!("{DPOP_CHALLENGE}, {error}, scope=\"pay\", {METADATA}");
    assert_eq!((response.status, response.body.as_str()), (401, body::INVALID_TOKEN));
    assert_eq!(response.all("www-authenticate"), [challenge]);
    assert_rejection_headers(&response);

    let key = DpopKey::generate();
    let token = service.mint("pay").bound_to(&key).issue();
    let proof = key.proof("GET", format!("{ORIGIN}/bound")).access_token(&token).sign();
    let request = Request::get("/bound").header("authorization", format!("DPoP {token}"));
    assert_ran(&request.header("dpop", proof).send(service.address).await, "ran");
}

#[tokio::test]
async fn authorization_details_are_required_of_a_router() {
    // R-H7
    let service = Service::start().await;
    let expected = "{\"error\":\"insufficient_authorization_details\",\"error_description\":\"The access token does \
                    not carry the authorization details that this operation needs\"}";
    for (path, token) in [
        ("/payment", service.mint("pay")),
        ("/payment", service.mint("pay").claim("authorization_details", json!([{ "type": "x" }]))),
        ("/several", service.strong("pay").claim("authorization_details", json!([]))),
    ] {
        let response = service.get(path, token).await;
        assert_eq!((response.status, response.body.as_str()), (403, expected), "{path}");
        assert_eq!(response.challenge(), None);
        assert_rejection_headers(&response);
    }
    assert_ran(&service.get("/payment", service.strong("")).await, "ran");
}

#[tokio::test]
async fn a_class_that_a_challenge_cannot_contain_is_a_mistake_of_the_application() {
    // R-H3, R-B2
    let service = Service::start().await;
    let response = Request::get("/unquotable").send(service.address).await;
    let challenge = format!("Bearer {METADATA}");
    assert_eq!((response.status, response.challenge()), (401, Some(challenge.as_str())));
    assert_ran(&service.get("/unquotable", service.mint("").acr("phr")).await, "ran");
    let response = service.get("/unquotable", service.mint("")).await;
    assert_server_error(&response, 500, body::SERVER_ERROR, None);
}
