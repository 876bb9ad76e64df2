//! Return types that can carry a rejection.

use std::future::{Future, ready};
use std::pin::Pin;

use http::Response;

use crate::Rejection;

/// The return type of a function that itself returns a rejection: one with `when = …`, with `scopes_from = …`, or with
/// `from = …` and `server = …`.
///
/// Where an extractor guards the function, a rejection by the scopes needs no such type, since the framework makes the
/// response of it. A condition on the arguments is evaluated inside the function, and so is the guard for
/// [any framework](crate::frameworks), so the rejection is what the function returns.
///
/// It is implemented for
///
/// - `Result<T, E>` where `E` implements `From<Rejection>`: [`Rejection`] itself, rmcp's `ErrorData`, an `http::Response`,
///   or an error type of the application;
/// - `http::Response<B>`, which axum's `Response` is;
/// - `Pin<Box<dyn Future<Output = R>>>` where `R` is one of these.
///
/// An error type of the application that hides the rejection changes the response. Keep it, and respond with it:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::extract::Path;
/// use axum::http::StatusCode;
/// use axum::response::{IntoResponse, Response};
/// use requires_auth::{AuthInfo, Rejection, requires_auth};
///
/// enum Error {
///     Rejected(Rejection),
///     NotFound,
/// }
///
/// impl From<Rejection> for Error {
///     fn from(rejection: Rejection) -> Self {
///         Self::Rejected(rejection)
///     }
/// }
///
/// impl IntoResponse for Error {
///     fn into_response(self) -> Response {
///         match self {
///             Self::Rejected(rejection) => rejection.into_response(),
///             Self::NotFound => StatusCode::NOT_FOUND.into_response(),
///         }
///     }
/// }
///
/// #[requires_auth(scopes = "entries:write", when = auth.subject() == Some(&*owner))]
/// async fn delete_entries(auth: AuthInfo, Path(owner): Path<String>) -> Result<String, Error> {
///     if owner == "nobody" {
///         return Err(Error::NotFound);
///     }
///     Ok(format!("deleted the entries of {owner}"))
/// }
/// # let _: axum::Router<requires_auth::ResourceServer> =
/// #     axum::Router::new().route("/{owner}", axum::routing::delete(delete_entries));
/// # }
/// ```
///
#[doc = include_str!("../../docs/conditions.md")]
#[diagnostic::on_unimplemented(
    message = "the return type `{Self}` cannot carry a rejection",
    label = "the function itself returns the rejection",
    note = "write `Result<{Self}, requires_auth::Rejection>`, or axum's `Response`",
    note = "a `Result` carries a rejection if its error type implements `From<requires_auth::Rejection>`",
    note = "a function that is not `async` returns its future: write `async fn`"
)]
pub trait FromRejection: Sized {
    /// The value that the function returns in place of what its body returns.
    fn from_rejection(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Rejection>> FromRejection for Result<T, E> {
    fn from_rejection(rejection: Rejection) -> Self {
        Err(rejection.into())
    }
}

#[diagnostic::do_not_recommend]
impl<B: From<&'static str>> FromRejection for Response<B> {
    fn from_rejection(rejection: Rejection) -> Self {
        rejection.into()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, R: FromRejection + Send + 'a> FromRejection
    for Pin<Box<dyn Future<Output = R> + Send + 'a>>
{
    fn from_rejection(rejection: Rejection) -> Self {
        Box::pin(ready(R::from_rejection(rejection)))
    }
}

#[diagnostic::do_not_recommend]
impl<'a, R: FromRejection + 'a> FromRejection for Pin<Box<dyn Future<Output = R> + 'a>> {
    fn from_rejection(rejection: Rejection) -> Self {
        Box::pin(ready(R::from_rejection(rejection)))
    }
}

/// For a `Result<T, http::Response<B>>`, which axum's `Result<T, Response>` is.
impl<B: From<&'static str>> From<Rejection> for Response<B> {
    fn from(rejection: Rejection) -> Self {
        rejection.to_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[tokio::test]
    async fn a_future_that_stays_on_one_thread_is_made_of_a_rejection() {
        // R-K14
        type Local = Pin<Box<dyn Future<Output = Result<(), Rejection>>>>;
        let rejection = Local::from_rejection(Rejection::access_denied()).await.unwrap_err();
        assert_eq!(rejection.reason(), Reason::AccessDenied);
    }
}
