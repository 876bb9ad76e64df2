// R-K5
use requires_auth::requires_auth;

trait Service {}

struct Journal;

#[requires_auth(scopes = "entries:read")]
impl Service for Journal {}

fn main() {}
