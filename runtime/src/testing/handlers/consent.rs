//! The question to the user, and the answer.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::authorize::{Asked, Reply};
use crate::testing::host::is_from_another_origin;
use crate::testing::html::{self, escape};
use crate::testing::params::Params;
use crate::testing::pkce::unguessable;
use crate::testing::state::{State, User};

/// A valid authorization request that waits for the user.
pub(crate) struct Pending {
    pub(crate) client_name: String,
    pub(crate) redirect_uri: String,
    pub(crate) reply: Reply,
    pub(crate) asked: Asked,
    pub(crate) expires: SystemTime,
}

impl Pending {
    pub(crate) fn allow(self, state: &State, user: &User, scopes: Vec<String>) -> Response {
        let code = self.asked.code(state, user, scopes, self.redirect_uri);
        self.reply.code(&code)
    }
}

/// More open questions than any human will answer; past it the server starts afresh.
const MOST_PENDING: usize = 1000;

/// Shows the consent page. Its random id is good for one answer, and no other site can read it:
/// that is what keeps other sites from answering in the user's name.
pub(crate) fn ask(state: &State, pending: Pending) -> Response {
    let id = unguessable();
    let html = render(state, &id, &pending);
    let response = html::page("Allow access?", &html, Some(&pending.reply.target));
    let now = state.now();
    let mut store = state.store();
    store.pending.retain(|_, pending| pending.expires > now);
    if store.pending.len() >= MOST_PENDING {
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
    let too_late = || {
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
            None => return too_late(),
        }
    };
    match (decision, user) {
        (Some("allow"), Some(user)) => {
            let mut scopes = pending.asked.scopes.clone();
            scopes.retain(|scope| params.all("scope").any(|checked| checked == scope));
            pending.allow(&state, user, scopes)
        }
        (Some("deny"), _) => pending.reply.error("access_denied", "the user said no"),
        _ => html::problem(StatusCode::BAD_REQUEST, "The answer is incomplete."),
    }
}

fn render(state: &State, id: &str, pending: &Pending) -> String {
    let name = escape(&pending.client_name);
    let client_id = escape(&pending.asked.client_id);
    let redirect = escape(&pending.redirect_uri);
    let action = escape(&format!("{}/consent", state.settings.path));
    let resources = match pending.asked.resources.as_slice() {
        [] => "<p>It named no resource: the token will have no audience.</p>".to_owned(),
        resources => list("The token will be for", resources),
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
    for scope in &pending.asked.scopes {
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
         {resources}\n\
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
