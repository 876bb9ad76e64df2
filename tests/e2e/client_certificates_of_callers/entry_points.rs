//! R-H4: a token that is bound to a certificate is of use with the certificate only, at every entry point.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fixtures::http_server::serve;
use fixtures::log_capture::LogCapture;
use fixtures::raw_http::Request;
use fixtures::rejection_body as body;
use requires_auth::mcp::StdioError;
use requires_auth::testing::{AuthorizationServer, Caller, DpopKey, TokenFormat};
use requires_auth::{
    AuthInfo, Cached, ClientCertificate, ClientCertificateSource, Condition, Introspection,
    JwtVerifier, PeerAddress, ProxyHeader, Reason, Rejection, RequestHead, ResourceServer,
    ResourceServerBuilder, requires_auth,
};
use serde_json::json;

use super::{DER, OTHER_DER, token};
use crate::mcp::test_server::{MODES, RunningServer, TestServer, guarded, text};
use crate::service::{RESOURCE, Service};
use crate::{assert_challenged, assert_ran, head};

fn field(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

fn builder(authorization_server: &AuthorizationServer) -> ResourceServerBuilder {
    let client = Introspection::builder(authorization_server.introspection_url()).build();
    ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(Cached::new(client.unwrap()))
}

/// Behind a proxy on this machine.
fn behind_a_proxy(authorization_server: &AuthorizationServer) -> ResourceServer {
    let source = ClientCertificateSource::proxy(ProxyHeader::ClientCert, ["127.0.0.1"]);
    builder(authorization_server).client_certificate_source(source).build().unwrap()
}

#[requires_auth(scopes = "read")]
async fn attribute(auth: AuthInfo) -> String {
    format!("{} may", auth.subject().unwrap())
}

#[requires_auth(scopes = "read", optional)]
async fn optional(auth: Option<AuthInfo>) -> String {
    format!("{} may", auth.unwrap().subject().unwrap())
}

async fn extractor(auth: AuthInfo) -> String {
    format!("{} may", auth.subject().unwrap())
}

async fn by_hand(
    State(server): State<ResourceServer>,
    request: HttpRequest,
) -> Result<String, Rejection> {
    let (mut parts, _) = request.into_parts();
    let auth = server.authorize(&mut parts, Condition::Scope("read")).await?;
    Ok(format!("{} may", auth.subject().unwrap()))
}

async fn unguarded() -> &'static str {
    "alice may"
}

#[tokio::test]
async fn every_entry_point_of_http_compares_the_certificate() {
    // R-H2, R-H4
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = behind_a_proxy(&authorization_server);
    let layered = Router::new()
        .route("/layer", get(unguarded))
        .route("/layer-and-attribute", get(attribute))
        .layer(server.layer());
    let router = Router::new()
        .route("/attribute", get(attribute))
        .route("/optional", get(optional))
        .route("/extractor", get(extractor))
        .route("/by-hand", get(by_hand))
        .merge(layered)
        .with_state(server);
    let address = serve(router).await;
    let (ours, theirs) = (field(DER), field(OTHER_DER));
    for path in
        ["/attribute", "/optional", "/extractor", "/by-hand", "/layer", "/layer-and-attribute"]
    {
        let token = token(&authorization_server);
        let send = |certificate: Option<&String>| {
            let request = Request::get(path).bearer(&token);
            let request = match certificate {
                Some(field) => request.header("client-cert", field),
                None => request,
            };
            request.send(address)
        };
        // Before the claims are cached, and after.
        for _ in 0..2 {
            for certificate in [None, Some(&theirs)] {
                let response = send(certificate).await;
                assert_eq!(
                    (response.status, &*response.body),
                    (401, body::INVALID_TOKEN),
                    "{path}"
                );
                let challenge = response.challenge().unwrap();
                assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            }
            assert_ran(&send(Some(&ours)).await, "alice may");
        }
    }
}

#[tokio::test]
async fn every_request_to_an_mcp_server_needs_the_certificate() {
    // R-H2, R-H4: a session does not replace it.
    for mode in MODES {
        let authorization_server = AuthorizationServer::start().await.unwrap();
        let server = behind_a_proxy(&authorization_server);
        let server =
            RunningServer::with_resource_server(authorization_server, &server, mode, |it| it).await;
        let token = token(&server.authorization_server);
        let send = |request: Request, der: &[u8]| {
            request.bearer(&token).header("client-cert", field(der)).send(server.address)
        };
        let mut session = None;
        if mode.has_sessions() {
            let response = send(server.initialize(), DER).await;
            session = Some(response.header("mcp-session-id").expect("a session").to_owned());
            let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            let request = server.head().json(&initialized.to_string());
            let request = request.header("mcp-session-id", session.as_ref().unwrap());
            assert_eq!(send(request, DER).await.status, 202);
        }
        let call = || {
            let call =
                server.request("tools/call", json!({ "name": "any_token", "arguments": {} }));
            match &session {
                Some(id) => call.header("mcp-session-id", id),
                None => call,
            }
        };
        assert_eq!(text(&send(call(), DER).await), "alice may", "{mode:?}");
        let without = call().bearer(&token).send(server.address).await;
        for response in [send(call(), OTHER_DER).await, without] {
            assert_eq!(response.status, 401, "{mode:?} {response:?}");
            let challenge = response.challenge().unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{mode:?} {challenge}");
        }
        assert_eq!(server.runs(), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn a_bound_token_is_of_no_use_on_stdio() {
    // R-H4
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let connection = builder(&authorization_server).build().unwrap();
    for server in [connection, behind_a_proxy(&authorization_server)] {
        let mcp = guarded(&server, TestServer::default()).build().unwrap();
        let rejected = mcp.with_token(token(&authorization_server)).await.unwrap_err();
        let StdioError::Rejected(rejection) = rejected else { panic!("{rejected:?}") };
        assert_eq!(rejection.reason(), Reason::InvalidToken);
    }
}

#[tokio::test]
async fn a_guard_that_knows_only_the_headers_believes_none() {
    // R-H2: the address of the peer is not known.
    let log = LogCapture::default();
    let _guard = log.start();
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = behind_a_proxy(&authorization_server);
    let mut parts = head(&token(&authorization_server));
    parts.headers.insert("client-cert", field(DER).parse().unwrap());
    let rejected = server.authorize(&parts.headers, Condition::NONE).await.unwrap_err();
    assert_eq!((rejected.status().as_u16(), rejected.reason()), (401, Reason::InvalidToken));
    // R-B9
    let line = log.lines().into_iter().find(|line| line.contains("request rejected")).unwrap();
    for part in [
        "WARN",
        "came from is not known",
        "into_make_service_with_connect_info",
        "found=no address",
        "REQUIRES_AUTH_CLIENT_CERTIFICATE_PROXIES",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // With the address it is accepted.
    parts.extensions.insert(PeerAddress::from(IpAddr::from([127, 0, 0, 1])));
    assert!(server.authorize(&parts, Condition::NONE).await.is_ok());
    let elsewhere: SocketAddr = "192.0.2.1:1".parse().unwrap();
    parts.extensions.insert(PeerAddress::from(elsewhere));
    let rejected = server.authorize(&parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken);
}

#[tokio::test]
async fn without_a_setting_the_certificate_of_the_connection_counts() {
    // R-H2, R-I1
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = builder(&authorization_server).build().unwrap();
    assert_eq!(server.metadata().tls_client_certificate_bound_access_tokens, None);
    let mut parts = head(&token(&authorization_server));
    parts.headers.insert("client-cert", field(DER).parse().unwrap());
    parts.extensions.insert(PeerAddress::from(IpAddr::from([127, 0, 0, 1])));
    let rejected = server.authorize(&parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken, "no header is read");
    parts.extensions.insert(ClientCertificate::from_der(OTHER_DER));
    let rejected = server.authorize(&parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken);
    parts.extensions.insert(ClientCertificate::from_der(DER));
    assert!(server.authorize(&parts, Condition::NONE).await.is_ok());
    // Behind a proxy, that of the connection is the proxy's own.
    let behind = behind_a_proxy(&authorization_server);
    parts.headers.clear();
    parts.headers.extend(head(&token(&authorization_server)).headers);
    let rejected = behind.authorize(&parts, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken);
}

#[tokio::test]
async fn a_request_of_tonic_has_the_certificate_in_its_extensions() {
    // R-H2, R-H4
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = builder(&authorization_server).build().unwrap();
    let mut request = tonic::Request::new(());
    let bearer = format!("Bearer {}", token(&authorization_server));
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    let rejected = server.authorize(&request, Condition::NONE).await.unwrap_err();
    assert_eq!(rejected.reason(), Reason::InvalidToken);
    request.extensions_mut().insert(ClientCertificate::from_der(OTHER_DER));
    assert!(server.authorize(&request, Condition::NONE).await.is_err());
    request.extensions_mut().insert(ClientCertificate::from_der(DER));
    assert!(server.authorize(&request, Condition::NONE).await.is_ok());
}

#[tokio::test]
async fn a_jwt_can_be_bound_to_a_certificate() {
    // R-H2, R-F5
    let authorization_server =
        AuthorizationServer::builder().token_format(TokenFormat::Jwt).start().await.unwrap();
    let verifier = JwtVerifier::from_issuer(authorization_server.issuer()).build().unwrap();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(verifier)
        .client_certificate_source(ClientCertificateSource::proxy(
            ProxyHeader::ClientCert,
            ["127.0.0.1"],
        ))
        .build()
        .unwrap();
    let service = Service::with_server(authorization_server, server).await;
    let token = token(&service.authorization_server);
    let send = |der: &[u8]| {
        let request = Request::get("/read").bearer(&token).header("client-cert", field(der));
        request.send(service.address)
    };
    assert_ran(&send(DER).await, "alice may");
    assert_challenged(&send(OTHER_DER).await, 401, body::INVALID_TOKEN, "read");
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_and_a_certificate_needs_both() {
    // R-H1, R-H2, R-H4
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let server = builder(&authorization_server).build().unwrap();
    let key = DpopKey::generate();
    let thumbprint = ClientCertificate::from_der(DER).thumbprint();
    let cnf = json!({ "jkt": key.thumbprint(), "x5t#S256": thumbprint });
    let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
    let token = mint.claim("cnf", cnf).issue();
    for (with_proof, der, expected) in [
        (true, Some(DER), None),
        (true, Some(OTHER_DER), Some(Reason::InvalidToken)),
        (true, None, Some(Reason::InvalidToken)),
        (false, Some(DER), Some(Reason::InvalidToken)),
    ] {
        let mut request = http::Request::get("/read");
        if with_proof {
            let proof = key.proof("GET", "https://api.example/read").access_token(&token).sign();
            request =
                request.header("authorization", format!("DPoP {token}")).header("dpop", proof);
        } else {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(der) = der {
            request = request.extension(ClientCertificate::from_der(der));
        }
        let request = request.body(()).unwrap();
        let outcome = server.authorize(RequestHead::from(&request), Condition::NONE).await;
        assert_eq!(outcome.err().map(|it| it.reason()), expected, "{with_proof} {der:?}");
    }
}

#[test]
fn a_caller_of_a_test_can_be_bound_to_a_certificate() {
    // R-H4
    #[requires_auth(scopes = "read")]
    fn read(auth: AuthInfo) -> Option<String> {
        auth.subject().map(str::to_owned)
    }
    let alice = Caller::new("alice", "read").bound_to_certificate(DER).auth_info();
    assert_eq!(read(alice.try_into().unwrap()).as_deref(), Some("alice"));
}
