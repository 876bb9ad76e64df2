use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

struct App {
    server: ResourceServer,
}

impl App {
    #[requires_auth(form = &request, server = self.server)]
    async fn read(
        &self,
        auth: AuthInfo,
        request: http::Request<()>,
    ) -> Result<String, Rejection> {
        Ok(format!("{auth:?} reads {} of {:?}", request.uri(), self.server))
    }
}

async fn call(app: App, request: http::Request<()>) -> Result<String, Rejection> {
    app.read(request).await
}

fn main() {
    let _ = call;
}
