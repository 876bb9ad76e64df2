use requires_auth::{AuthInfo, requires_auth};

mod scopes {
    pub const READ: &str = "read";
}

#[requires_auth(scopes = scopes::READ)]
async fn handler(_auth: AuthInfo) {}

fn main() {
    let _: axum::Router<requires_auth::ResourceServer> =
        axum::Router::new().route("/", axum::routing::get(handler));
}
