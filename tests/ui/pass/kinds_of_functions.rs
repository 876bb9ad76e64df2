// R-K1: async, returning a future, plain; generics, bounds, lifetimes, `impl Trait`; visibility.
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::extract::{FromRequest, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use requires_auth::{AuthInfo, ResourceServer, requires_auth};

/// Documented.
#[requires_auth(scopes = "read")]
pub async fn asynchronous(auth: AuthInfo) -> String {
    format!("{:?}", auth.subject())
}

#[requires_auth(scopes = "read")]
pub(crate) fn returning_a_future(auth: AuthInfo) -> impl Future<Output = String> + Send {
    async move { format!("{auth:?}") }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[requires_auth(scopes = "read")]
fn boxed(auth: AuthInfo) -> BoxFuture<'static, String> {
    Box::pin(async move { format!("{auth:?}") })
}

#[requires_auth(scopes = "read")]
async fn returning_impl_trait(auth: AuthInfo) -> impl IntoResponse {
    ([("x-subject", "alice")], format!("{auth:?}"))
}

#[requires_auth(scopes = "read")]
async fn failing(auth: AuthInfo) -> Result<String, requires_auth::Rejection> {
    auth.require("more")?;
    let scopes = auth.scopes().iter().map(str::to_owned).collect::<Vec<_>>();
    Ok(scopes.join(", "))
}

#[requires_auth(scopes = "read")]
async fn generic<S, T>(State(server): State<S>, auth: AuthInfo, body: T) -> String
where
    S: Clone + Debug + Send + Sync + 'static,
    T: FromRequest<ResourceServer> + Display,
{
    format!("{server:?} {auth:?} {body}")
}

#[requires_auth]
fn synchronous<'a, S: Into<String>, const N: usize>(
    names: [&'a str; N],
    auth: AuthInfo,
    separator: S,
    _rest: &dyn Debug,
) -> impl Iterator<Item = String> + use<'a, S, N> {
    let separator = separator.into();
    names.into_iter().map(move |name| format!("{name}{separator}{auth:?}"))
}

#[requires_auth]
fn impl_trait(text: impl Into<String>, auth: AuthInfo) -> String {
    format!("{auth:?} {}", text.into())
}

#[requires_auth]
async unsafe fn unchecked(_auth: AuthInfo) {}

mod inner {
    use super::*;

    #[requires_auth]
    pub(in crate::inner) async fn restricted(_auth: AuthInfo) {}

    #[requires_auth]
    pub(super) async fn of_the_parent(auth: AuthInfo) {
        drop(restricted(auth.try_into().unwrap()));
    }
}

fn main() {
    let _: Router<ResourceServer> = Router::new()
        .route("/asynchronous", get(asynchronous))
        .route("/returning-a-future", get(returning_a_future))
        .route("/boxed", get(boxed))
        .route("/returning-impl-trait", get(returning_impl_trait))
        .route("/failing", get(failing))
        .route("/generic", post(generic::<ResourceServer, String>))
        .route("/of-the-parent", get(inner::of_the_parent));
    let _ = |auth: AuthInfo| {
        let _ = synchronous(auth.clone().try_into().unwrap(), ["a"], "b", &1);
        let _ = impl_trait(auth.clone().try_into().unwrap(), "b");
        let _ = unsafe { unchecked(auth.try_into().unwrap()) };
    };
}
