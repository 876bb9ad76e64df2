//! An HTTP client without redirects and cookies, and requests that the tests share.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use requires_auth::testing::{AuthorizationServer, OAuthClient};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const REDIRECT: &str = "http://127.0.0.1/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The query of the redirect.
    pub(crate) fn redirected(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.text);
        let location = Url::parse(self.header("location").unwrap()).unwrap();
        location.query_pairs().into_owned().collect()
    }

    pub(crate) fn error(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(self.header("cache-control"), Some("no-store"));
        (self.status, error)
    }
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) fn post(url: &str, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
    http()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(pairs))
}

pub(crate) async fn form(url: &str, pairs: &[(&str, &str)]) -> Response {
    Response::of(post(url, pairs)).await
}

pub(crate) async fn get(url: &str) -> Response {
    Response::of(http().get(url)).await
}

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// A server with the public client `cli`.
pub(crate) async fn server() -> AuthorizationServer {
    AuthorizationServer::builder()
        .register(OAuthClient::public("cli").name("The <CLI>").redirect_uri(REDIRECT))
        .scopes_supported(["entries:read", "entries:write"])
        .start()
        .await
        .unwrap()
}

/// A valid authorization request of `cli`, with some parameters replaced, added, or, where the value
/// is empty, left out.
pub(crate) fn request(server: &AuthorizationServer, changes: &[(&str, &str)]) -> String {
    let challenge = challenge(VERIFIER);
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "cli"),
        ("redirect_uri", "http://127.0.0.1:49152/callback"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("scope", "entries:read entries:write"),
        ("resource", "https://journal.example/mcp"),
        ("state", "a b&c"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    format!("{}?{}", server.authorization_url(), encoded(&pairs))
}

/// A token request for a code of `cli`, with some parameters changed.
pub(crate) async fn exchange(
    server: &AuthorizationServer,
    code: &str,
    changes: &[(&str, &str)],
) -> Response {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "cli"),
        ("redirect_uri", "http://127.0.0.1:49152/callback"),
        ("code_verifier", VERIFIER),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    form(server.token_url(), &pairs).await
}

/// A code for `cli`.
pub(crate) async fn code(server: &AuthorizationServer) -> String {
    let response = get(&request(server, &[])).await;
    response.redirected()["code"].clone()
}

pub(crate) async fn introspect(server: &AuthorizationServer, token: &str) -> Value {
    form(server.introspection_url(), &[("token", token)]).await.json()
}

pub(crate) fn text<'a>(document: &'a Value, member: &str) -> &'a str {
    document[member].as_str().unwrap()
}

/// The id of the request on the consent page.
pub(crate) fn hidden_id(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"request\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
