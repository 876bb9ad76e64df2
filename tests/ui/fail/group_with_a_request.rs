use requires_auth::requires_auth;

#[requires_auth(scopes = "read", from = request, server = server)]
mod handlers {
    pub async fn list() {}
}

fn main() {
    let _ = handlers::list;
}
