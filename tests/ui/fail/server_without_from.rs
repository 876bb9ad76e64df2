use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(server = server)]
async fn read(auth: AuthInfo, server: &ResourceServer) -> Result<String, Rejection> {
    Ok(format!("{auth:?} at {server:?}"))
}

async fn call(server: ResourceServer) -> Result<String, Rejection> {
    read(&server).await
}

fn main() {
    let _ = call;
}
