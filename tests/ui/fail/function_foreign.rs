use requires_auth::requires_auth;

#[requires_auth]
extern "C" fn handler() {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
