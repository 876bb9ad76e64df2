#![allow(unused_parens)]
// R-K1: the caller first, in the middle, last, absent, marked, by a path, in parentheses.
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

type Numbers = Query<Vec<(String, u64)>>;

#[requires_auth]
async fn first(_auth: AuthInfo, _path: Path<u64>, Json(_body): Json<u64>) {}

#[requires_auth]
async fn middle(_path: Path<u64>, _auth: AuthInfo, _body: String) {}

#[requires_auth]
async fn last(_path: Path<u64>, _body: String, _auth: AuthInfo) {}

#[requires_auth]
async fn absent(_query: Numbers, _body: String) {}

#[requires_auth]
async fn alone() {}

#[requires_auth]
async fn by_path(_auth: requires_auth::AuthInfo) {}

#[requires_auth]
async fn by_global_path(_auth: ::requires_auth::AuthInfo) {}

#[requires_auth]
async fn in_parentheses(_auth: (AuthInfo)) {}

type Caller = AuthInfo;

#[requires_auth]
async fn alias(_state: State<ResourceServer>, #[auth] _caller: Caller) {}

type MaybeCaller = Option<AuthInfo>;

#[requires_auth(optional)]
async fn optional_alias(#[auth] _caller: MaybeCaller) {}

#[requires_auth(optional)]
async fn optional_by_path(_caller: std::option::Option<requires_auth::AuthInfo>) {}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/first/{n}", post(first))
        .route("/middle/{n}", post(middle))
        .route("/last/{n}", post(last))
        .route("/absent", post(absent))
        .route("/alone", get(alone))
        .route("/by-path", get(by_path))
        .route("/by-global-path", get(by_global_path))
        .route("/in-parentheses", get(in_parentheses))
        .route("/alias", get(alias))
        .route("/optional-alias", get(optional_alias))
        .route("/optional-by-path", get(optional_by_path));
}
