use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
mod handlers {
    #[cfg_attr(debug_assertions, public)]
    pub async fn list() {}
}

fn main() {
    let _ = handlers::list;
}
