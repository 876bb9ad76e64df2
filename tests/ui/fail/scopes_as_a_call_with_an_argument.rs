use axum::extract::Path;
use requires_auth::{Condition, Rejection, requires_auth};

fn scopes_of(id: &u64) -> Condition {
    if *id > 3 { "read".into() } else { Condition::NONE }
}

#[requires_auth(scopes = scopes_of(id))]
async fn handler(Path(id): Path<u64>) -> Result<(), Rejection> {
    println!("{id}");
    Ok(())
}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
