//! The consent page and the decision that it posts.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::testing::authorization_request::PendingRequest;
use crate::testing::grant::Grant;
use crate::testing::html::{self, escape};
use crate::testing::origin::is_from_another_origin;
use crate::testing::params::Params;
use crate::testing::random::random_value;
use crate::testing::settings::User;
use crate::testing::state::State;
use crate::testing::store::Code;

/// The number of pending requests at which the server discards all of them, to bound its memory.
const MAX_PENDING: usize = 1000;

/// How long an authorization code is valid.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// Responds with the consent page. Its form has a random id, which is valid for one decision. Other sites
/// cannot read it, so they cannot post a decision for the user (cross-site request forgery).
pub(crate) fn show_page(state: &State, pending: PendingRequest) -> Response {
    let id = random_value();
    let html = render(state, &id, &pending);
    let response = html::page("Allow access?", &html, Some(&pending.response.redirect_uri));
    let now = state.now();
    let mut store = state.store();
    store.pending.retain(|_, pending| pending.expires > now);
    if store.pending.len() >= MAX_PENDING {
        store.pending.clear();
    }
    store.pending.insert(id, pending);
    response
}

pub(crate) async fn decide(
    extract::State(state): extract::State<Arc<State>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let expired = || {
        html::problem(
            StatusCode::BAD_REQUEST,
            "This question was already answered, or has expired. Start again in the application.",
        )
    };
    if is_from_another_origin(&headers) {
        return html::problem(StatusCode::FORBIDDEN, "This answer came from another site.");
    }
    let params = Params::parse(&body);
    let decision = params.one("decision");
    let user = state.settings.users.iter().find(|user| {
        let chosen = params.one("user");
        chosen.is_some_and(|chosen| chosen == user.subject)
    });
    let now = state.now();
    let pending = {
        let mut store = state.store();
        let taken = params.one("request").and_then(|id| store.pending.remove(id));
        match taken.filter(|pending| pending.expires > now) {
            Some(pending) => pending,
            None => return expired(),
        }
    };
    match (decision, user) {
        (Some("allow"), Some(user)) => {
            let mut scopes = pending.request.scopes.clone();
            scopes.retain(|scope| params.all("scope").any(|checked| checked == scope));
            allow(&state, pending, user, scopes)
        }
        (Some("deny"), _) => pending.response.error("access_denied", "the user said no"),
        _ => html::problem(StatusCode::BAD_REQUEST, "The answer is incomplete."),
    }
}

/// Issues the authorization code.
pub(crate) fn allow(
    state: &State,
    pending: PendingRequest,
    user: &User,
    scopes: Vec<String>,
) -> Response {
    let PendingRequest { request, redirect_uri, response, .. } = pending;
    let (code, now) = (random_value(), state.now());
    let mut store = state.store();
    let login = request.login.login(store.sessions.get(&user.subject), now);
    store.sessions.insert(user.subject.clone(), login.clone());
    let record = Code {
        grant: Grant {
            client_id: request.client_id,
            user: Some(user.clone()),
            actor: None,
            login: Some(login),
            scopes,
            resources: request.resources,
            authorization_details: request.authorization_details,
            refreshable: request.refreshable,
            family: random_value(),
        },
        redirect_uri,
        challenge: request.challenge,
        dpop_jkt: request.dpop_jkt,
        expires: now + CODE_LIFETIME,
        used: false,
    };
    store.codes.insert(code.clone(), record);
    drop(store);
    response.code(&code)
}

fn render(state: &State, id: &str, pending: &PendingRequest) -> String {
    let name = escape(&pending.client_name);
    let client_id = escape(&pending.request.client_id);
    let redirect = escape(&pending.redirect_uri);
    let action = escape(&format!("{}/consent", state.settings.path));
    let resources = match pending.request.resources.as_slice() {
        [] => "<p>It named no resource: the token will have no audience.</p>".to_owned(),
        resources => list("The token will be for", resources),
    };
    let details = match pending.request.authorization_details.as_slice() {
        [] => String::new(),
        details => {
            let details: Vec<_> = details.iter().map(ToString::to_string).collect();
            list("The token will permit", &details)
        }
    };
    let mut users = String::new();
    for (position, user) in state.settings.users.iter().enumerate() {
        let checked = if position == 0 { " checked" } else { "" };
        let _ = writeln!(
            users,
            "<label><input type=\"radio\" name=\"user\" value=\"{}\" required{checked}> {}</label>",
            escape(&user.subject),
            escape(&user.username),
        );
    }
    let mut scopes = String::new();
    for scope in &pending.request.scopes {
        let scope = escape(scope);
        let _ = writeln!(
            scopes,
            "<label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked> \
             <code>{scope}</code></label>"
        );
    }
    if scopes.is_empty() {
        scopes.push_str("<p>None: the token will only say who you are.</p>\n");
    }
    format!(
        "<h1>Allow <bdi>{name}</bdi> access?</h1>\n\
         <p>This is a demonstration. It asks for no password; choose who you want to be.</p>\n\
         <dl>\n<dt>Application</dt><dd><code>{client_id}</code></dd>\n\
         <dt>You will be sent back to</dt><dd><code>{redirect}</code></dd>\n</dl>\n\
         {resources}\n{details}\n\
         <form method=\"post\" action=\"{action}\">\n\
         <input type=\"hidden\" name=\"request\" value=\"{id}\">\n\
         <fieldset>\n<legend>Continue as</legend>\n{users}</fieldset>\n\
         <fieldset>\n<legend>Scopes</legend>\n{scopes}</fieldset>\n\
         <p class=\"buttons\">\n\
         <button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\" class=\"plain\" formnovalidate>Deny</button>\n\
         </p>\n</form>"
    )
}

fn list(title: &str, items: &[String]) -> String {
    let mut html = format!("<p>{title}</p>\n<ul>\n");
    for item in items {
        let _ = writeln!(html, "<li><code>{}</code></li>", escape(item));
    }
    html + "</ul>"
}
