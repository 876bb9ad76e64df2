use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
mod handlers {
    #[public]
    pub struct Entry;

    pub async fn list() {}
}

fn main() {
    let _ = (handlers::list, handlers::Entry);
}
