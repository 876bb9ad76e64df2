use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(from = &request, server = server, from = request.headers())]
async fn read(
    auth: AuthInfo,
    server: &ResourceServer,
    request: http::Request<()>,
) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {} at {server:?}", request.uri()))
}

async fn call(server: ResourceServer, request: http::Request<()>) -> Result<String, Rejection> {
    read(&server, request).await
}

fn main() {
    let _ = call;
}
