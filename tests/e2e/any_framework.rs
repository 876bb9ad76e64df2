//! R-K14: functions that no extractor guards. The attribute names the request and the resource server.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::response::{IntoResponse, Response};
use fixtures::http_server::serve;
use fixtures::raw_http::{self, Request};
use fixtures::rejection_body as body;
use http::HeaderMap;
use http::request::Parts;
use requires_auth::{AuthInfo, Condition, Permit, Rejection, ResourceServer, Scope, requires_auth};

use crate::service::RESOURCE;
use crate::single_resolution::CountingResolver;
use crate::{assert_challenged, assert_denied, assert_ran};

type Caller = AuthInfo;

/// A service that no framework gives its arguments to.
#[derive(Clone)]
struct Journal {
    server: ResourceServer,
    runs: Arc<AtomicUsize>,
}

trait Reads {
    async fn read(&self, parts: &mut Parts) -> Result<String, Rejection>;
}

impl Reads for Journal {
    #[requires_auth(scopes = "read", from = &mut *parts, server = self.server)]
    async fn read(&self, auth: AuthInfo, parts: &mut Parts) -> Result<String, Rejection> {
        Ok(self.ran(&format!("{:?} reads {}", auth.subject(), parts.uri.path())))
    }
}

#[async_trait::async_trait]
trait Writes {
    async fn write<T: Send>(&mut self, request: http::Request<T>) -> Result<String, Rejection>;
    async fn write_many(self: Arc<Self>, batch: Batch) -> Result<String, Rejection>;
}

/// What its method takes apart.
struct Batch {
    parts: Parts,
    entries: (usize, Vec<String>),
}

#[async_trait::async_trait]
impl Writes for Journal {
    /// The body of the request cannot be shared with other threads.
    #[requires_auth(
        scopes = "write",
        scopes_from = Self::scopes_of(self, request),
        when = auth.has_scope("more"),
        from = &request,
        server = &self.server
    )]
    async fn write<T: Send>(
        &mut self,
        permit: &Permit<scopes::Write>,
        request: http::Request<T>,
        _: AuthInfo,
    ) -> Result<String, Rejection> {
        Ok(self.ran(&format!("{} with {permit:?}", request.uri().path())))
    }

    #[requires_auth(
        scopes = "write",
        scopes_from = scopes_of_entries(entries),
        when = limit >= entries.len() && self.runs.load(Ordering::SeqCst) == 0,
        from = &parts,
        server = self.server
    )]
    async fn write_many(
        self: Arc<Self>,
        Batch { parts, entries: (limit, mut entries) }: Batch,
        _: AuthInfo,
        _: &Permit<scopes::Write>,
    ) -> Result<String, Rejection> {
        entries.push(parts.uri.path().to_owned());
        Ok(self.ran(&entries.join(" ")))
    }
}

fn scopes_of_entries(entries: &[String]) -> Condition {
    if entries.iter().any(|entry| entry == "shared") { "more".into() } else { Condition::NONE }
}

impl Journal {
    fn ran(&self, text: &str) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        text.to_owned()
    }

    /// The first run takes more.
    fn scopes_of<T>(&self, request: &http::Request<T>) -> Condition {
        let is_first = self.runs.load(Ordering::SeqCst) == 0;
        if is_first && request.uri().query().is_some() { "all".into() } else { Condition::NONE }
    }

    #[requires_auth(scopes = "more", from = &mut *parts, server = self.server)]
    async fn read_more(&self, parts: &mut Parts) -> Result<String, Rejection> {
        Ok(self.ran(parts.uri.path()))
    }

    #[requires_auth(from = headers, server = Self::clone(&self).server)]
    async fn who(self: Arc<Self>, headers: &HeaderMap, #[auth] caller: Caller) -> Response {
        self.ran(headers["host"].to_str().unwrap());
        caller.subject().unwrap_or("nobody").to_owned().into_response()
    }

    #[requires_auth(scopes = "read", optional, from = &head(headers), server = self.server)]
    async fn greet<'a>(
        &'a self,
        auth: Option<AuthInfo>,
        headers: &'a HeaderMap,
    ) -> Result<impl AsRef<str> + 'a, Rejection> {
        Ok(self.ran(auth.as_ref().and_then(AuthInfo::subject).unwrap_or("anonymous")))
    }

    #[requires_auth(scopes = "read", from = &request, server = self.server)]
    fn call(
        &self,
        request: HttpRequest,
        auth: AuthInfo,
    ) -> Pin<Box<dyn Future<Output = Result<String, Rejection>> + Send + '_>> {
        Box::pin(
            async move { Ok(self.ran(&format!("{:?} calls {}", auth.subject(), request.uri()))) },
        )
    }
}

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("read")]
    Read,
    #[scope("write", implies = [Read])]
    Write,
}

impl Journal {
    /// With each argument of the attribute that decides.
    #[requires_auth(
        scopes = "write",
        vocabulary = JournalScope,
        scopes_from = scopes_of(request),
        when = !request.uri().path().contains("closed"),
        from = &request,
        server = self.server
    )]
    async fn change(
        &self,
        permit: &Permit<scopes::Read>,
        request: HttpRequest,
        auth: AuthInfo,
    ) -> Result<String, Rejection> {
        Ok(self.ran(&format!("{:?} changes {} with {permit:?}", auth.subject(), request.uri())))
    }
}

fn scopes_of(request: &HttpRequest) -> Condition {
    let scope = if request.uri().query().is_some() { "more" } else { "write" };
    Condition::Scope(scope)
}

/// A framework with its own types: the head is made for each call.
fn head(headers: &HeaderMap) -> Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.headers = headers.clone();
    parts
}

/// Dispatches by the path, as a service without a router does.
async fn dispatch(State(mut journal): State<Journal>, request: HttpRequest) -> Response {
    let path = request.uri().path().to_owned();
    let answer = match path.as_str() {
        "/write" => journal.write(request).await,
        "/call" => journal.call(request).await,
        "/read" => journal.read(&mut request.into_parts().0).await,
        "/many" => {
            let (parts, _) = request.into_parts();
            let entries = parts.uri.query().unwrap_or_default().split('&').map(str::to_owned);
            let entries = (2, entries.collect());
            Arc::new(journal).write_many(Batch { parts, entries }).await
        }
        "/change" | "/change/closed" => journal.change(request).await,
        "/twice" => {
            let (mut parts, _) = request.into_parts();
            match journal.read(&mut parts).await {
                Ok(_) => journal.read_more(&mut parts).await,
                rejected => rejected,
            }
        }
        "/who" => return Arc::new(journal).who(request.headers()).await,
        _ => match journal.greet(request.headers()).await {
            Ok(text) => Ok(text.as_ref().to_owned()),
            Err(rejection) => Err(rejection),
        },
    };
    answer.into_response()
}

struct Running {
    address: SocketAddr,
    runs: Arc<AtomicUsize>,
    introspection_requests: CountingResolver,
}

impl Running {
    async fn start(layer: impl FnOnce(&ResourceServer, Router) -> Router) -> Self {
        let introspection_requests = CountingResolver::default();
        let server = resource_server(&introspection_requests);
        let runs = Arc::<AtomicUsize>::default();
        let journal = Journal { server: server.clone(), runs: runs.clone() };
        let router = Router::new().fallback(dispatch).with_state(journal);
        let address = serve(layer(&server, router)).await;
        Self { address, runs, introspection_requests }
    }

    async fn get(&self, path: &str, token: &str) -> raw_http::Response {
        Request::get(path).bearer(token).send(self.address).await
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    fn introspection_requests(&self) -> usize {
        self.introspection_requests.0.load(Ordering::SeqCst)
    }
}

/// Without a cache, so that each introspection request counts.
fn resource_server(resolver: &CountingResolver) -> ResourceServer {
    let builder = ResourceServer::builder(RESOURCE).issuer("https://auth.example");
    builder.resolver(resolver.clone()).build().unwrap()
}

#[tokio::test]
async fn the_function_runs_only_for_a_caller_that_its_policy_accepts() {
    // R-K14
    let running = Running::start(|_, router| router).await;
    for (path, scope) in [("/read", "read"), ("/write", "write"), ("/call", "read"), ("/who", "")] {
        let missing = Request::get(path).send(running.address).await;
        assert_challenged(&missing, 401, body::UNAUTHORIZED, scope);
        let inactive = running.get(path, "inactive").await;
        assert_challenged(&inactive, 401, body::INVALID_TOKEN, scope);
    }
    for (path, scope) in [("/read", "read"), ("/write", "write"), ("/call", "read")] {
        let other = running.get(path, "other").await;
        assert_challenged(&other, 403, body::INSUFFICIENT_SCOPE, scope);
    }
    assert_denied(&running.get("/write", "write").await);
    let other = running.get("/greet", "other").await;
    assert_challenged(&other, 403, body::INSUFFICIENT_SCOPE, "read");
    assert_eq!(running.runs(), 0);

    assert_ran(&running.get("/read", "read").await, "Some(\"alice\") reads /read");
    assert_ran(&running.get("/write", "write.more").await, r#"/write with Permit("write")"#);
    assert_ran(&running.get("/call", "read").await, "Some(\"alice\") calls /call");
    assert_ran(&running.get("/who", "other").await, "alice");
    assert_ran(&running.get("/greet", "read").await, "alice");
    assert_ran(&Request::get("/greet").send(running.address).await, "anonymous");
    assert_eq!(running.runs(), 6);
}

#[tokio::test]
async fn the_scopes_of_the_arguments_can_depend_on_self() {
    // R-K15
    let running = Running::start(|_, router| router).await;
    let argument = running.get("/write?all", "write.more").await;
    assert_challenged(&argument, 403, body::INSUFFICIENT_SCOPE, "write all");
    assert_eq!(running.runs(), 0);
    for token in ["write.more.all", "write.more"] {
        assert_ran(&running.get("/write?all", token).await, r#"/write with Permit("write")"#);
    }
}

#[tokio::test]
async fn what_decides_sees_the_variables_of_a_pattern_below_async_trait() {
    // R-K14, R-K13, R-K15
    let running = Running::start(|_, router| router).await;
    let missing = Request::get("/many?a").send(running.address).await;
    assert_challenged(&missing, 401, body::UNAUTHORIZED, "write");
    let declared = running.get("/many?a", "more").await;
    assert_challenged(&declared, 403, body::INSUFFICIENT_SCOPE, "write");
    let argument = running.get("/many?a&shared", "write").await;
    assert_challenged(&argument, 403, body::INSUFFICIENT_SCOPE, "write more");
    assert_denied(&running.get("/many?a&b&c", "write").await);
    assert_eq!(running.runs(), 0);
    assert_ran(&running.get("/many?a&shared", "write.more").await, "a shared /many");
    assert_denied(&running.get("/many?a", "write").await);
    assert_eq!(running.runs(), 1);
}

#[tokio::test]
async fn the_guards_of_one_request_resolve_its_token_once() {
    // R-K14, R-K8
    let running = Running::start(|_, router| router).await;
    assert_ran(&running.get("/twice", "read.more").await, "/twice");
    assert_eq!(running.introspection_requests(), 1, "the second guard used the result again");
    let insufficient = running.get("/twice", "read").await;
    assert_challenged(&insufficient, 403, body::INSUFFICIENT_SCOPE, "read more");
    assert_eq!((running.introspection_requests(), running.runs()), (2, 3));

    let behind_a_layer = Running::start(|server, router| router.layer(server.layer())).await;
    for (path, text) in [("/call", "Some(\"alice\") calls /call"), ("/twice", "/twice")] {
        assert_ran(&behind_a_layer.get(path, "read.more").await, text);
    }
    assert_eq!(behind_a_layer.introspection_requests(), 2, "one for each request");
}

#[tokio::test]
async fn the_caller_of_another_resource_server_is_resolved_again() {
    // R-K14, R-I18
    let foreign = CountingResolver::default();
    let layer = resource_server(&foreign).layer();
    let running = Running::start(|_, router| router.layer(layer)).await;
    for path in ["/call", "/read"] {
        assert_eq!(running.get(path, "read").await.status, 200);
    }
    assert_eq!(foreign.0.load(Ordering::SeqCst), 2);
    assert_eq!(running.introspection_requests(), 2, "nothing of the other server was used");
}

#[tokio::test]
async fn each_argument_that_decides_does_so_for_the_request_too() {
    // R-K14, R-K13, R-K15, R-K21, R-J10
    let running = Running::start(|_, router| router).await;
    let missing = Request::get("/change").send(running.address).await;
    assert_challenged(&missing, 401, body::UNAUTHORIZED, "write");
    let declared = running.get("/change", "read").await;
    assert_challenged(&declared, 403, body::INSUFFICIENT_SCOPE, "write");
    let argument = running.get("/change?all", "write").await;
    assert_challenged(&argument, 403, body::INSUFFICIENT_SCOPE, "write more");
    assert_denied(&running.get("/change/closed", "write").await);
    assert_eq!(running.runs(), 0);

    let ran = running.get("/change", "write").await;
    assert_ran(&ran, r#"Some("alice") changes /change with Permit("read")"#);
    let ran = running.get("/change?all", "write.more").await;
    assert_ran(&ran, r#"Some("alice") changes /change?all with Permit("read")"#);
}
