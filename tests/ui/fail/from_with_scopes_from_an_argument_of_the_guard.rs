use requires_auth::{AuthInfo, Condition, Rejection, ResourceServer, requires_auth};

fn scopes_of(_auth: &AuthInfo) -> Condition {
    Condition::Scope("write")
}

#[requires_auth(scopes_from = scopes_of(auth), from = request, server = server)]
async fn read(
    auth: AuthInfo,
    server: &ResourceServer,
    request: &http::Request<()>,
) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {}", request.uri()))
}

async fn call(server: ResourceServer, request: http::Request<()>) -> Result<String, Rejection> {
    read(&server, &request).await
}

fn main() {
    let _ = call;
}
