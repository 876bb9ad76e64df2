use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(from = request, server = server)]
fn read(
    auth: AuthInfo,
    server: &ResourceServer,
    request: &http::Request<()>,
) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {} at {server:?}", request.uri()))
}

fn call(server: ResourceServer, request: http::Request<()>) -> Result<String, Rejection> {
    read(&server, &request)
}

fn main() {
    let _ = call;
}
