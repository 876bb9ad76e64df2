use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(scopes = "read", from = &request)]
async fn read(auth: AuthInfo, request: http::Request<()>) -> Result<String, Rejection> {
    Ok(format!("{auth:?} reads {}", request.uri()))
}

async fn call(_: ResourceServer, request: http::Request<()>) -> Result<String, Rejection> {
    read(request).await
}

fn main() {
    let _ = call;
}
