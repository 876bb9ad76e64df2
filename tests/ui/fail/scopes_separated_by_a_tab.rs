// R-J2
use requires_auth::requires_auth;

#[requires_auth(scopes = "read\twrite")]
async fn handler() {}

fn main() {}
