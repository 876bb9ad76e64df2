// R-K14, R-K2, R-K4: `from` and `server`, in each kind of function and beside other attributes.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Request, Response};
use requires_auth::{AuthInfo, Condition, Rejection, RequestHead, ResourceServer, requires_auth};

/// Names that the statement must not use.
mod names {
    #![allow(dead_code, non_camel_case_types)]
    pub struct Ok;
    pub struct Err;
    pub struct Result;
    pub struct Authorized;
    pub struct authorize;
    pub struct guard;
    pub struct rejection;
}

#[requires_auth(from = guard, server = rejection)]
pub async fn with_these_names(
    #[auth] authorize: AuthInfo,
    guard: &HeaderMap,
    rejection: ResourceServer,
) -> std::result::Result<String, Rejection> {
    #[allow(unused_imports)]
    use names::{Authorized, Err, Ok, Result};
    std::result::Result::Ok(format!("{authorize:?} {guard:?} {rejection:?}"))
}

/// A request of a framework.
pub struct OwnRequest {
    parts: Parts,
    /// A request that threads cannot share.
    _body: Cell<u8>,
}

impl<'a> From<&'a OwnRequest> for RequestHead<'a> {
    fn from(request: &'a OwnRequest) -> Self {
        (&request.parts).into()
    }
}

#[derive(Clone, Debug)]
pub struct Journal {
    server: Arc<ResourceServer>,
}

pub trait Reads {
    fn read(
        &mut self,
        request: OwnRequest,
    ) -> impl Future<Output = Result<String, Rejection>> + Send;
}

impl Reads for Journal {
    #[requires_auth(scopes = "read", from = &request, server = self.server)]
    async fn read(&mut self, request: OwnRequest, auth: AuthInfo) -> Result<String, Rejection> {
        Ok(format!("{auth:?} reads {}", request.parts.uri))
    }
}

#[async_trait::async_trait]
pub trait Writes<A: Send>: Send {
    async fn write<'a>(&'a self, request: Request<A>) -> Response<String>;
    async fn consume(self, parts: &mut Parts, text: String) -> Result<A, Response<String>>
    where
        Self: Sized;
    async fn count(self: Arc<Self>, pair: (Parts, u8)) -> Result<u8, Rejection>;
    async fn destructured(self: Arc<Self>, pair: (Parts, u8), _: u8) -> Result<u8, Rejection>;
    async fn with_fields(&self, parts: &Parts, pair: (u8, u8)) -> Result<u8, Rejection>;
}

fn scopes_of(number: &u8) -> Condition {
    if *number > 9 { "write".into() } else { Condition::NONE }
}

impl Journal {
    fn limit(&self) -> u8 {
        9
    }
}

#[async_trait::async_trait]
impl<A: From<String> + Send + 'static> Writes<A> for Journal {
    #[requires_auth(scopes = "write", optional, from = &request, server = &self.server)]
    async fn write<'a>(&'a self, request: Request<A>, auth: Option<AuthInfo>) -> Response<String> {
        let _ = request.into_body();
        Response::new(format!("{:?} {:?}", auth, self.server))
    }

    #[requires_auth(from = &mut *parts, server = self.server, when = !text.is_empty())]
    #[tracing::instrument(skip_all)]
    async fn consume(
        self,
        parts: &mut Parts,
        text: String,
        _: AuthInfo,
    ) -> Result<A, Response<String>> {
        Ok(format!("{text} {}", parts.uri).into())
    }

    #[tracing::instrument(skip_all)]
    #[requires_auth(from = &pair.0, server = self.server)]
    async fn count(
        self: Arc<Self>,
        pair: (Parts, u8),
        auth: AuthInfo,
    ) -> Result<u8, Rejection> {
        drop((auth, self));
        Ok(pair.1)
    }

    #[tracing::instrument(skip_all)]
    #[requires_auth(
        scopes_from = scopes_of(number),
        when = auth.has_scope("read") || *number < self.limit(),
        from = &parts,
        server = self.server
    )]
    async fn destructured(
        self: Arc<Self>,
        (parts, ref mut number): (Parts, u8),
        _: u8,
        auth: AuthInfo,
    ) -> Result<u8, Rejection> {
        *number += 1;
        drop((auth, self, parts));
        Ok(*number)
    }

    #[tracing::instrument]
    #[requires_auth(from = parts, server = self.server)]
    async fn with_fields(&self, parts: &Parts, (a, b): (u8, u8)) -> Result<u8, Rejection> {
        Ok(a + b)
    }
}

#[tonic::async_trait]
pub trait Grpc {
    async fn call(&self, request: tonic::Request<u8>) -> Result<tonic::Response<u8>, tonic::Status>;
}

#[tonic::async_trait]
impl Grpc for Journal {
    #[requires_auth(scopes = any("read", "write"), from = &request, server = self.server)]
    async fn call(
        &self,
        request: tonic::Request<u8>,
        auth: AuthInfo,
    ) -> Result<tonic::Response<u8>, tonic::Status> {
        auth.require("more")?;
        Ok(tonic::Response::new(request.into_inner()))
    }
}

#[tracing::instrument(skip_all)]
#[requires_auth(from = &head, server = server.as_ref())]
pub async fn below_instrument<S>(
    server: S,
    head: Parts,
    auth: AuthInfo,
) -> Result<impl Send, Rejection>
where
    S: AsRef<ResourceServer>,
{
    use std::fmt::Write as _;
    let mut text = String::new();
    write!(text, "{auth:?} {:?}", head.uri).ok();
    Ok(text)
}

#[requires_auth(from = head, server = server)]
pub fn by_hand<'a>(
    head: &'a Parts,
    server: &'a ResourceServer,
    mut auth: AuthInfo,
) -> Pin<Box<dyn Future<Output = Result<String, Rejection>> + 'a>> {
    Box::pin(async move {
        auth = auth.clone();
        Ok(format!("{auth:?}"))
    })
}

#[requires_auth(from = head, server = server)]
pub fn opaque(
    head: &Parts,
    server: &ResourceServer,
) -> impl Future<Output = Result<String, Rejection>> {
    async move { Ok(format!("{head:?} {server:?}")) }
}

macro_rules! guarded {
    ($name:ident, $from:expr, $body:block) => {
        #[requires_auth(from = $from, server = server)]
        pub async fn $name(server: &ResourceServer, _: AuthInfo) -> Result<String, Rejection> $body
    };
}

guarded!(generated, &HeaderMap::new(), { Ok(String::new()) });

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Frameworks spawn futures.
pub fn spawned<'a>(
    journal: &'a mut Journal,
    request: OwnRequest,
    head: &'a Parts,
    server: &'a ResourceServer,
) -> impl Send + 'a {
    let other = journal.clone();
    (
        is_send(journal.read(request)),
        is_send(with_these_names(&head.headers, server.clone())),
        is_send(opaque(head, server)),
        is_send(async move { other.call(tonic::Request::new(1)).await }),
    )
}

fn main() {}
