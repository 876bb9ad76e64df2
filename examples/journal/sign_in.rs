//! Demo mode: the authorization code flow (RFC 6749 §4.1) with PKCE (RFC 7636) for a browser. A link opens the
//! consent page of the authorization server, which redirects to a page that shows a token.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::testing::{AuthorizationServer, OAuthClient};
use reqwest::Url;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The client id, also in the tokens of the demo.
pub const CLIENT_ID: &str = "demo";

const CALLBACK: &str = "/demo/callback";

/// The parameters of the flow, which are the same for every sign-in.
#[derive(Clone)]
pub struct SignIn {
    /// The URL of the journal in a browser.
    journal: String,
    link: String,
    token_url: String,
    issuer: String,
    state: String,
    verifier: String,
}

/// The client. Its codes can also be redirected to another program on this machine.
pub fn client(journal: SocketAddr) -> OAuthClient {
    OAuthClient::public(CLIENT_ID)
        .name("Demo of the journal")
        .redirect_uri(format!("{}{CALLBACK}", browser_url(journal)))
        // The page at `/`, by both of its names.
        .redirect_uri(format!("{}/", browser_url(journal)))
        .redirect_uri("http://localhost/")
        .redirect_uri("http://127.0.0.1/callback")
        .redirect_uri("http://localhost/callback")
}

/// The URL of the journal in a browser on this machine.
pub fn browser_url(journal: SocketAddr) -> String {
    let ip = match journal.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, journal.port()))
}

impl SignIn {
    pub fn new(
        server: &AuthorizationServer,
        journal: SocketAddr,
        resource: &str,
        scopes: &str,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let random = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let (state, verifier, journal) = (random(), random(), browser_url(journal));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let link = Url::parse_with_params(
            server.authorization_url(),
            [
                ("response_type", "code"),
                ("client_id", CLIENT_ID),
                ("redirect_uri", &format!("{journal}{CALLBACK}")),
                ("resource", resource),
                ("scope", scopes),
                ("state", &state),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )?;
        Ok(Self {
            journal,
            link: link.into(),
            token_url: server.token_url().to_owned(),
            issuer: server.issuer().to_owned(),
            state,
            verifier,
        })
    }

    /// The authorization request, for a browser.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The page at the end.
    pub fn routes(&self) -> Router {
        Router::new().route(CALLBACK, get(callback)).with_state(Arc::new(self.clone()))
    }

    /// Exchanges the code for a token (RFC 6749 §4.1.3).
    async fn exchange(&self, code: &str) -> Result<Token, String> {
        let redirect = format!("{}{CALLBACK}", self.journal);
        let form = Url::parse_with_params(
            &self.token_url,
            [
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &redirect),
                ("client_id", CLIENT_ID),
                ("code_verifier", &self.verifier),
            ],
        );
        let form = form.map_err(|error| error.to_string())?;
        let client = reqwest::Client::builder().no_proxy().build();
        let response = client
            .map_err(|error| error.to_string())?
            .post(&self.token_url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned())
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let (status, body) = (response.status(), response.text().await);
        let body = body.map_err(|error| error.to_string())?;
        serde_json::from_str(&body)
            .map_err(|_| format!("the token endpoint answered {status}: {body}"))
    }
}

/// A response of the authorization endpoint (RFC 6749 §4.1.2, RFC 9207).
#[derive(Default)]
struct AuthorizationResponse {
    code: Option<String>,
    error: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

impl AuthorizationResponse {
    fn read(query: &str) -> Option<Self> {
        let url = Url::parse(&format!("http://callback/?{query}")).ok()?;
        let mut response = Self::default();
        for (name, value) in url.query_pairs() {
            match &*name {
                "code" => response.code = Some(value.into()),
                "error" => response.error = Some(value.into()),
                "state" => response.state = Some(value.into()),
                "iss" => response.iss = Some(value.into()),
                _ => {}
            }
        }
        Some(response)
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    scope: String,
}

async fn callback(State(sign_in): State<Arc<SignIn>>, RawQuery(query): RawQuery) -> Response {
    let response = AuthorizationResponse::read(&query.unwrap_or_default()).unwrap_or_default();
    let ours = response.state.as_ref() == Some(&sign_in.state)
        && response.iss.as_ref() == Some(&sign_in.issuer);
    let code = match (ours, response.code, response.error) {
        (true, Some(code), None) => code,
        (true, None, Some(error)) => {
            return page(StatusCode::OK, "Not signed in", &format!("<p>{}</p>", escape(&error)));
        }
        _ => {
            let text = "<p>This is not the answer to a sign-in that this journal began.</p>";
            return page(StatusCode::BAD_REQUEST, "Not signed in", text);
        }
    };
    let Token { access_token, scope } = match sign_in.exchange(&code).await {
        Ok(token) => token,
        Err(error) => {
            let text = format!("<p>{}</p>", escape(&error));
            return page(StatusCode::BAD_GATEWAY, "Not signed in", &text);
        }
    };
    let command =
        format!("curl -i {}/entries -H 'Authorization: Bearer {access_token}'", sign_in.journal);
    let text = format!(
        "<p>Scopes: <code>{}</code></p>\n<p>Access token:</p>\n<pre id=\"token\">{}</pre>\n\
         <p>Paste this into a terminal:</p>\n<pre>{}</pre>",
        escape(&scope),
        escape(&access_token),
        escape(&command),
    );
    page(StatusCode::OK, "Signed in", &text)
}

/// A page around HTML that is already escaped.
fn page(status: StatusCode, title: &str, html: &str) -> Response {
    let document = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n{html}\n</body>\n</html>\n"
    );
    let headers: [(HeaderName, &str); 4] = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(document)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
