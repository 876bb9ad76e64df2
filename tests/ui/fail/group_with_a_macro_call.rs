use requires_auth::requires_auth;

macro_rules! handlers {
    ($($name:ident)*) => { $(pub async fn $name() {})* };
}

#[requires_auth(scopes = "read")]
mod group {
    pub async fn list() {}

    handlers!(show create);
}

fn main() {
    let _ = (group::list, group::show, group::create);
}
