//! A handler of actix-web that requires a scope.
//!
//! actix-web has the types of version 0.2 of the crate `http`, so the request is converted.
//!
//! ```sh
//! REQUIRES_AUTH_RESOURCE=http://127.0.0.1:3000 \
//! REQUIRES_AUTH_INTROSPECTION_URL=https://auth.example/oauth2/introspect \
//! REQUIRES_AUTH_CLIENT_ID=hello REQUIRES_AUTH_CLIENT_SECRET=… cargo run --example actix-web
//! curl -i http://127.0.0.1:3000/ -H "Authorization: Bearer $TOKEN"
//! ```

use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError, web};
use requires_auth::{AuthInfo, Rejection, ResourceServer, requires_auth};

#[requires_auth(scopes = "hello:read", from = &head(&request), server = server)]
async fn hello(
    request: HttpRequest,
    server: web::Data<ResourceServer>,
    auth: AuthInfo,
) -> Result<String, Rejected> {
    Ok(format!("Hello, {}!\n", auth.subject().unwrap_or("machine")))
}

fn head(request: &HttpRequest) -> axum::http::Request<()> {
    let mut head = axum::http::Request::new(());
    *head.method_mut() = request.method().as_str().parse().unwrap_or_default();
    *head.uri_mut() = request.uri().to_string().parse().unwrap_or_default();
    for (name, value) in request.headers() {
        if let (Ok(name), Ok(value)) = (name.as_str().parse(), value.as_bytes().try_into()) {
            let _: bool = head.headers_mut().append::<axum::http::HeaderName>(name, value);
        }
    }
    head
}

/// A rejection as an error of actix-web.
#[derive(Debug)]
struct Rejected(Rejection);

impl From<Rejection> for Rejected {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl ResponseError for Rejected {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status().as_u16()).unwrap_or_default()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.0.headers() {
            response.append_header((name.as_str(), value.as_bytes()));
        }
        response.content_type("application/json").body(self.0.body())
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = web::Data::new(ResourceServer::from_env().await?);
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let app = move || App::new().app_data(server.clone()).route("/", web::get().to(hello));
    let server = HttpServer::new(app).workers(2).bind(listen)?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    Ok(server.run().await?)
}
