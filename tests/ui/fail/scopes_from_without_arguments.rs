// R-K15
use requires_auth::{Condition, Rejection, requires_auth};

fn scopes_of(id: &u64) -> Condition {
    if *id > 9 { "many".into() } else { Condition::NONE }
}

#[requires_auth(scopes_from = scopes_of)]
async fn handler() -> Result<String, Rejection> {
    Ok(format!("{:?}", scopes_of(&3)))
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
