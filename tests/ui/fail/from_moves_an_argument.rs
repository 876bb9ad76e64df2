use http::request::Parts;
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(from = parts, server = server)]
async fn read(
    auth: AuthInfo,
    server: &ResourceServer,
    parts: &mut Parts,
) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {}", parts.uri))
}

async fn call(server: ResourceServer, mut parts: Parts) -> Result<String, Rejection> {
    read(&server, &mut parts).await
}

fn main() {
    let _ = call;
}
