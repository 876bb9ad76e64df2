use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
mod handlers {
    use requires_auth::requires_auth;

    #[public]
    #[requires_auth(scopes = "write")]
    pub async fn list() {}
}

fn main() {
    let _ = handlers::list;
}
