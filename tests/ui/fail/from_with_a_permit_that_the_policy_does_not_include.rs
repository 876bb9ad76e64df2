use requires_auth::{Permit, Rejection, ResourceServer, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("read")]
    Read,
    #[scope("write", implies = [Read])]
    Write,
}

#[requires_auth(
    scopes = "read",
    vocabulary = JournalScope,
    when = request.uri().query().is_none(),
    from = request,
    server = server
)]
async fn write(
    permit: &Permit<scopes::Write>,
    server: &ResourceServer,
    request: &http::Request<()>,
) -> Result<String, Rejection> {
    Ok(format!("{permit:?} {}", request.uri()))
}

async fn call(server: ResourceServer, request: http::Request<()>) -> Result<String, Rejection> {
    write(&server, &request).await
}

fn main() {
    let _ = call;
}
