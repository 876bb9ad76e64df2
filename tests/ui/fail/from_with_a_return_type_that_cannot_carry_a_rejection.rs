use requires_auth::{AuthInfo, ResourceServer, requires_auth};

#[requires_auth(from = request, server = server)]
async fn read(
    auth: AuthInfo,
    server: &ResourceServer,
    request: &http::Request<()>,
) -> String {
    format!("{auth:?} reads {}", request.uri())
}

async fn call(server: ResourceServer, request: http::Request<()>) -> String {
    read(&server, &request).await
}

fn main() {
    let _ = call;
}
