use requires_auth::requires_auth;

#[requires_auth]
async fn handler(#[auth] _auth: String) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
