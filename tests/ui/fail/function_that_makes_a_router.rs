// R-K9
use axum::Router;
use requires_auth::requires_auth;

#[requires_auth(scopes = "admin")]
fn admin() -> Router {
    Router::new()
}

fn main() {
    let _: Router = Router::new().nest("/admin", admin());
}
