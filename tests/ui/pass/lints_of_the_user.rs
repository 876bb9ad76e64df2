// R-K4: what the attribute writes trips no lint of the user's, whatever the argument is called.
#![deny(warnings)]
#![deny(
    let_underscore_drop,
    non_ascii_idents,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    unreachable_pub,
    unused,
    unused_qualifications
)]
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router, debug_handler};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

// The field of the guard has the same name.
#[requires_auth(scopes = any("admin", all("entries:read", "a-scope-of-more-than-16-bytes")))]
async fn of_the_same_name(caller: AuthInfo) -> String {
    format!("{caller:?}")
}

#[requires_auth(optional)]
async fn optional(caller: Option<AuthInfo>) -> String {
    format!("{caller:?}")
}

#[debug_handler(state = ResourceServer)]
#[requires_auth(scopes = "read")]
async fn middle(
    State(server): State<ResourceServer>,
    auth: AuthInfo,
    Json(body): Json<u64>,
) -> String {
    format!("{auth:?} {server:?} {body}")
}

#[debug_handler(state = ResourceServer)]
#[requires_auth(scopes = "read")]
async fn last(Path(id): Path<u64>, auth: AuthInfo) -> String {
    format!("{auth:?} {id}")
}

mod pages {
    use requires_auth::requires_auth;

    // Only the program's own `main` cannot be guarded.
    #[requires_auth]
    pub(crate) async fn main() {}
}

fn main() {
    let router = Router::new()
        .route("/of-the-same-name", get(of_the_same_name))
        .route("/optional", get(optional))
        .route("/middle", post(middle))
        .route("/last/{id}", get(last))
        .route("/", get(pages::main));
    drop::<Router<ResourceServer>>(router);
}
