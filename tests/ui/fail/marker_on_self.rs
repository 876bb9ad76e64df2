use requires_auth::requires_auth;

struct Tools;

impl Tools {
    #[requires_auth]
    async fn handler(#[auth] self) {}
}

fn main() {}
