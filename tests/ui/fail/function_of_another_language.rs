use requires_auth::requires_auth;

unsafe extern "C" {
    #[requires_auth]
    fn handler(entry: u64);
}

fn main() {}
