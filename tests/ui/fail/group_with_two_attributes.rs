use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
#[requires_auth(scopes = "write")]
mod handlers {
    pub async fn list() {}
}

fn main() {
    let _ = handlers::list;
}
