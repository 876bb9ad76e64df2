// R-K1: patterns, `mut`, attributes and `#[cfg]` on arguments; macros in the body; a macro around it.
#![deny(unused_mut, unused_variables)]

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth]
async fn mutable(mut auth: AuthInfo, State(mut server): State<ResourceServer>) {
    auth = auth.clone();
    server = server.clone();
    drop((auth, server));
}

#[requires_auth]
async fn ignored(_: AuthInfo, Path((_, id)): Path<(String, u64)>) -> String {
    id.to_string()
}

#[requires_auth]
async fn by_reference(ref auth: AuthInfo) -> String {
    format!("{auth:?}")
}

#[requires_auth(optional)]
async fn bound(caller @ (Some(_) | None): Option<AuthInfo>) -> String {
    match caller {
        Some(auth) => format!("{auth:?}"),
        None => String::from("nobody"),
    }
}

#[requires_auth]
async fn with_attributes(
    #[allow(unused_variables)] auth: AuthInfo,
    #[allow(unused_variables)] Json(body): Json<u64>,
) {
}

#[requires_auth(scopes = "read")]
async fn compiled_in(#[cfg(all())] auth: AuthInfo, #[cfg(any())] missing: Missing) -> String {
    format!("{auth:?}")
}

#[requires_auth(scopes = "read")]
async fn compiled_out(#[cfg(any())] auth: AuthInfo, body: String) -> String {
    body
}

#[requires_auth]
#[allow(clippy::unused_async)]
#[must_use]
#[inline]
#[cfg(all())]
async fn macros_in_the_body(auth: AuthInfo) -> String {
    assert!(matches!(auth.subject(), Some(_) | None));
    let text = format!("{auth:?}, {}", stringify!(a b c));
    if text.is_empty() { unreachable!() } else { text }
}

macro_rules! handler {
    ($name:ident, $caller:ident: $type:ty, $scope:literal, $body:block) => {
        #[requires_auth(scopes = $scope)]
        async fn $name($caller: $type) -> String $body
    };
}

handler!(from_a_macro, auth: AuthInfo, "read", { format!("{auth:?}") });

macro_rules! guarded {
    ($($function:item)*) => {$(
        #[requires_auth(scopes = "write")]
        $function
    )*};
}

guarded! {
    async fn captured_whole(auth: AuthInfo) -> String {
        format!("{auth:?}")
    }
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/mutable", get(mutable))
        .route("/ignored/{name}/{id}", get(ignored))
        .route("/by-reference", get(by_reference))
        .route("/bound", get(bound))
        .route("/with-attributes", post(with_attributes))
        .route("/compiled-in", get(compiled_in))
        .route("/compiled-out", post(compiled_out))
        .route("/macros-in-the-body", get(macros_in_the_body))
        .route("/from-a-macro", get(from_a_macro))
        .route("/captured-whole", get(captured_whole));
    // Compiled out or not, the guard is the first argument.
    let _ = |auth: AuthInfo| compiled_out(auth.try_into().unwrap(), String::new());
}
