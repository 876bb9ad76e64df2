use requires_auth::requires_auth;

#[requires_auth(scopes = "read")]
mod handlers {
    pub fn helper() {}

    pub async fn load(id: &u64) -> u64 {
        *id
    }
}

fn main() {
    handlers::helper();
}
