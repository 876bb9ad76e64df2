// R-K14, R-K21, R-K13, R-K15, R-J10: `from` beside permits and the other arguments that decide, in each kind of function.
#![deny(warnings, clippy::pedantic)]
#![forbid(unsafe_code)]

use std::pin::Pin;

use http::Request;
use http::request::Parts;
use requires_auth::{AuthInfo, Condition, Permit, Rejection, ResourceServer, Scope, requires_auth};

#[derive(Scope)]
#[scope(types = scopes)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
}

fn read(_permit: &Permit<scopes::EntriesRead>) {}

fn scopes_of(text: &&str) -> Condition {
    Condition::Scope(if text.is_empty() { "entries:read" } else { "entries:write" })
}

pub struct Journal {
    server: ResourceServer,
}

pub trait Reads {
    fn read(&self, parts: &mut Parts) -> impl Future<Output = Result<String, Rejection>> + Send;
}

impl Reads for Journal {
    #[requires_auth(scopes = JournalScope::EntriesRead, from = &mut *parts, server = self.server)]
    async fn read(
        &self,
        permit: &Permit<scopes::EntriesRead>,
        parts: &mut Parts,
    ) -> Result<String, Rejection> {
        read(permit);
        Ok(parts.uri.to_string())
    }
}

#[async_trait::async_trait]
pub trait Writes {
    async fn write<'a>(&self, text: &'a str, parts: &mut Parts) -> Result<&'a str, Rejection>;
    async fn write_all(&mut self, parts: Parts) -> Result<(), Rejection>;
    async fn find(&self, text: &str, parts: &Parts) -> Result<usize, Rejection>;
}

#[async_trait::async_trait]
impl Writes for Journal {
    #[requires_auth(
        scopes = "entries:write",
        vocabulary = JournalScope,
        scopes_from = scopes_of(text),
        when = auth.has_scope(text),
        from = &mut *parts,
        server = self.server
    )]
    async fn write<'a>(
        &self,
        permit: &Permit<scopes::EntriesRead>,
        text: &'a str,
        auth: AuthInfo,
        parts: &mut Parts,
    ) -> Result<&'a str, Rejection> {
        read(permit);
        async {}.await;
        read(permit);
        drop((auth, parts.uri.to_string()));
        Ok(text)
    }

    #[requires_auth(scopes = "entries:write", from = &parts, server = self.server)]
    async fn write_all(
        &mut self,
        parts: Parts,
        write_permit: &Permit<scopes::EntriesWrite>,
        _: &Permit<scopes::EntriesWrite>,
    ) -> Result<(), Rejection> {
        drop(parts);
        read(write_permit.implied());
        Ok(())
    }

    #[requires_auth(
        scopes = "entries:read",
        vocabulary = JournalScope,
        optional,
        scopes_from = scopes_of(text),
        when = text.len() < 9,
        from = parts,
        server = self.server
    )]
    async fn find(
        &self,
        text: &str,
        auth: Option<AuthInfo>,
        parts: &Parts,
    ) -> Result<usize, Rejection> {
        if let Some(auth) = auth {
            read(auth.permit()?);
        }
        Ok(text.len() + parts.uri.path().len())
    }
}

#[tonic::async_trait]
pub trait Grpc {
    async fn call(&self, request: tonic::Request<u8>) -> Result<tonic::Response<u8>, tonic::Status>;
}

#[tonic::async_trait]
impl Grpc for Journal {
    #[requires_auth(
        scopes = "entries:write",
        vocabulary = JournalScope,
        when = *request.get_ref() < 9,
        from = &request,
        server = self.server
    )]
    async fn call(
        &self,
        request: tonic::Request<u8>,
        permit: &Permit<scopes::EntriesWrite>,
    ) -> Result<tonic::Response<u8>, tonic::Status> {
        read(permit.implied());
        Ok(tonic::Response::new(request.into_inner()))
    }
}

#[requires_auth(scopes = "entries:read", from = &request, server = server)]
pub fn by_hand<'a>(
    request: Request<()>,
    permit: &Permit<scopes::EntriesRead>,
    server: &'a ResourceServer,
) -> Pin<Box<dyn Future<Output = Result<String, Rejection>> + Send + 'a>> {
    Box::pin(async move {
        read(permit);
        Ok(request.uri().to_string())
    })
}

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Frameworks spawn futures.
pub fn spawned<'a>(journal: &'a mut Journal, head: &'a mut Parts) -> impl Send + 'a {
    let other = head.clone();
    is_send(async move {
        journal.read(head).await?;
        journal.write("", head).await?;
        journal.write_all(other).await
    })
}

fn main() {}
