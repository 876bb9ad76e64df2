// R-K6: `crate = …` for a renamed or re-exported crate.
extern crate requires_auth as renamed;

mod prelude {
    pub mod web {
        pub use ::requires_auth as auth;
    }
}

use renamed::{AuthInfo, ResourceServer};

#[renamed::requires_auth(crate = renamed, scopes = "read")]
async fn renamed_here(_auth: AuthInfo) {}

#[renamed::requires_auth(crate = crate::prelude::web::auth, scopes = any("read", "write"))]
async fn re_exported(_auth: AuthInfo) {}

#[renamed::requires_auth(crate = ::requires_auth, optional)]
async fn global(_auth: Option<AuthInfo>) {}

fn main() {
    let _: axum::Router<ResourceServer> = axum::Router::new()
        .route("/renamed-here", axum::routing::get(renamed_here))
        .route("/re-exported", axum::routing::get(re_exported))
        .route("/global", axum::routing::get(global));
}
