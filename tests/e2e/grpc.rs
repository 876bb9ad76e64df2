//! R-B11, R-K14: a gRPC service on tonic. One method is guarded by the attribute, the other authorizes by itself.

use std::net::SocketAddr;
use std::pin::Pin;

use fixtures::raw_http::DPOP_CHALLENGE;
use fixtures::rejection_body as body;
use requires_auth::testing::{AuthorizationServer, Fault};
use requires_auth::{AuthInfo, Condition, Introspection, Rejection, ResourceServer, requires_auth};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::service::{METADATA, RESOURCE};

const READING: Condition = Condition::Scope("read");

/// Reports its caller in place of the health of a service.
struct Service(ResourceServer);

impl Service {
    async fn authorize<T>(&self, request: &Request<T>) -> Result<ServingStatus, Rejection> {
        let auth = self.0.authorize(request, READING).await?;
        assert_eq!(auth.subject(), Some("alice"));
        Ok(ServingStatus::Serving)
    }
}

#[tonic::async_trait]
impl Health for Service {
    #[requires_auth(scopes = "read", from = &request, server = self.0)]
    async fn check(
        &self,
        auth: AuthInfo,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        assert_eq!(auth.subject(), Some("alice"));
        assert_eq!(request.get_ref().service, "journal");
        let status = ServingStatus::Serving.into();
        Ok(Response::new(HealthCheckResponse { status }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let status = self.authorize(&request).await?.into();
        let response = Ok(HealthCheckResponse { status });
        Ok(Response::new(Box::pin(tokio_stream::once(response))))
    }
}

async fn serve(server: ResourceServer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Server::builder().add_service(HealthServer::new(Service(server)));
    tokio::spawn(service.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

fn request(credentials: &[String]) -> Request<HealthCheckRequest> {
    let mut request = Request::new(HealthCheckRequest { service: "journal".to_owned() });
    for value in credentials {
        request.metadata_mut().append("authorization", value.parse().unwrap());
    }
    request
}

/// The code, the message and the metadata that a guard sets.
fn parts(status: &Status) -> (Code, &str, Vec<(&str, &str)>) {
    let names = ["www-authenticate", "retry-after", "grpc-retry-pushback-ms"];
    let metadata = names.into_iter().flat_map(|name| {
        let values = status.metadata().get_all(name).into_iter();
        values.map(move |value| (name, value.to_str().unwrap()))
    });
    (status.code(), status.message(), metadata.collect())
}

#[tokio::test]
async fn a_rejection_is_a_status_with_the_challenge_in_its_metadata() {
    // R-B11, R-K14
    let authorization_server = AuthorizationServer::start().await.unwrap();
    let client = Introspection::builder(authorization_server.introspection_url()).without_retry();
    let server = ResourceServer::builder(RESOURCE)
        .issuer(authorization_server.issuer())
        .resolver(client.build().unwrap());
    let address = serve(server.build().unwrap()).await;
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut client = HealthClient::new(channel.connect().await.unwrap());
    let bearer = |scopes: &str| {
        let mint = authorization_server.mint().subject("alice").audience(RESOURCE);
        format!("Bearer {}", mint.scopes(scopes).issue())
    };

    let called = client.check(request(&[bearer("read")])).await.unwrap();
    assert_eq!(called.into_inner().status(), ServingStatus::Serving);
    let watched = client.watch(request(&[bearer("read")])).await.unwrap();
    let first = watched.into_inner().message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);

    let (good, unknown) = (bearer("read"), "Bearer unknown".to_owned());
    for (credentials, code, body, error, scope) in [
        (vec![], Code::Unauthenticated, body::UNAUTHORIZED, "", "read"),
        (vec![unknown], Code::Unauthenticated, body::INVALID_TOKEN, "invalid_token", "read"),
        (
            vec![bearer("write")],
            Code::PermissionDenied,
            body::INSUFFICIENT_SCOPE,
            "insufficient_scope",
            "read",
        ),
        (
            vec![good.clone(), good.clone()],
            Code::InvalidArgument,
            body::INVALID_REQUEST,
            "invalid_request",
            "read",
        ),
    ] {
        let description: serde_json::Value = serde_json::from_str(body).unwrap();
        let description = description["error_description"].as_str().unwrap();
        let error = match error {
            "" => String::new(),
            error => format!("error=\"{error}\", error_description=\"{description}\", "),
        };
        let challenge = format!("Bearer {error}scope=\"{scope}\", {METADATA}");
        let dpop = format!("{DPOP_CHALLENGE}, {METADATA}");
        let mut metadata = vec![("www-authenticate", &*challenge)];
        if code == Code::Unauthenticated {
            metadata.push(("www-authenticate", &*dpop));
        }
        let expected = (code, description, metadata);
        let checked = client.check(request(&credentials)).await.unwrap_err();
        assert_eq!(parts(&checked), expected);
        let watched = client.watch(request(&credentials)).await.unwrap_err();
        assert_eq!(parts(&watched), expected);
    }

    authorization_server.fault(Fault::status(503));
    let unavailable = client.check(request(&[bearer("read")])).await.unwrap_err();
    let metadata = vec![("retry-after", "5"), ("grpc-retry-pushback-ms", "5000")];
    let message = "The access token cannot be checked at the moment";
    assert_eq!(parts(&unavailable), (Code::Unavailable, message, metadata));
}
