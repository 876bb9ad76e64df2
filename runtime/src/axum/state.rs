//! The bound on the router's state of guarded handlers.

use std::any::Any;

use ::axum::extract::FromRef;

use crate::ResourceServer;

/// A router's state that contains a [`ResourceServer`], or is one or a `&'static` reference to one. Every state from which
/// `FromRef` takes one implements it.
///
/// axum clones the state of a router for each request. The clone of a `ResourceServer` writes to a reference count that all
/// threads share, so that many cores wait for each other. The clone of a reference does not:
///
/// ```
/// use axum::{Router, routing::get};
/// use requires_auth::{ResourceServer, requires_auth};
///
/// #[requires_auth(scopes = "entries:read")]
/// async fn list() {}
///
/// /// The server lasts as long as the program.
/// fn app(server: ResourceServer) -> Router {
///     let server: &'static ResourceServer = Box::leak(Box::new(server));
///     Router::new().route("/entries", get(list)).merge(server.metadata_routes()).with_state(server)
/// }
/// ```
///
/// It exists because the compiler error for a missing `FromRef` names neither the state nor a solution.
#[diagnostic::on_unimplemented(
    message = "the router's state `{Self}` has no `ResourceServer`",
    label = "a guarded handler takes the `ResourceServer` from the state",
    note = "write `.with_state(server)`, or `#[derive(Clone, axum::extract::FromRef)]` on a state of \
            your own that has the `ResourceServer` as a field",
    note = "an `Arc` cannot implement `FromRef`: put the `Arc` into such a state, as another field",
    note = "`#[axum::debug_handler]` has to be given the state: `#[debug_handler(state = App)]`"
)]
pub trait ServerState {
    /// The resource server of this state.
    fn resource_server(&self) -> ResourceServer;
}

/// For a router whose state is a reference to a `ResourceServer`: see [`ServerState`].
impl FromRef<&'static Self> for ResourceServer {
    fn from_ref(server: &&'static Self) -> Self {
        server.of_this_thread()
    }
}

#[diagnostic::do_not_recommend]
impl<S: 'static> ServerState for S
where
    ResourceServer: FromRef<S>,
{
    fn resource_server(&self) -> ResourceServer {
        let state: &dyn Any = self;
        match state.downcast_ref::<ResourceServer>() {
            // `from_ref` would clone the pointer that all threads share.
            Some(server) => server.of_this_thread(),
            None => ResourceServer::from_ref(self),
        }
    }
}
