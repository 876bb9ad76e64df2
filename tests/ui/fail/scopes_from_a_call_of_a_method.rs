// R-K15
use http::HeaderMap;
use http::request::Parts;
use requires_auth::{Condition, Rejection, ResourceServer, requires_auth};

struct Journal {
    server: ResourceServer,
    private: bool,
}

impl Journal {
    fn scopes_of(&self, parts: &Parts) -> Condition {
        if self.private || parts.headers == HeaderMap::new() { "private".into() } else { Condition::NONE }
    }

    #[requires_auth(scopes_from = self.scopes_of(parts), from = &parts, server = self.server)]
    async fn get(&self, parts: Parts) -> Result<String, Rejection> {
        Ok(parts.uri.to_string())
    }
}

fn main() {
    let _ = Journal::get;
}
