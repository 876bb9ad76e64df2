//! Who makes the request that a function of an MCP server answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ::rmcp::service::RequestContext;
use ::rmcp::{ErrorData, RoleServer};
use http::request::Parts;

use super::operation::Operation;
use super::state::McpState;
use crate::policy::Requirement;
use crate::telemetry::{LogLimiter, Verdict};
use crate::{AuthInfo, Condition, Rejection};

/// The caller of one request. A layer resolves the token and puts this, behind an `Arc`, where the
/// guard in the function finds it: the extractors of rmcp cannot wait for a resolver.
#[derive(Debug)]
pub(crate) struct AuthenticatedRequest {
    pub(crate) caller: Option<AuthInfo>,
    pub(super) state: Arc<McpState>,
    /// What is asked for, as far as a layer has seen it.
    pub(super) operation: Operation,
    /// What it turned out to be about, where only the handler's guard could know that.
    resolved_operation: OnceLock<Operation>,
    /// The body of the request did not arrive in time.
    timed_out: AtomicBool,
    /// What a function has left for the layer that holds the answer.
    rejection: OnceLock<Rejection>,
}

impl AuthenticatedRequest {
    pub(super) fn new(
        state: &Arc<McpState>,
        operation: Operation,
        caller: Option<AuthInfo>,
    ) -> Arc<Self> {
        let state = Arc::clone(state);
        let (resolved_operation, rejection) = (OnceLock::new(), OnceLock::new());
        let timed_out = AtomicBool::new(false);
        Arc::new(Self { caller, state, operation, resolved_operation, timed_out, rejection })
    }

    /// Decides about an operation for this request's caller, with the declarations of this server.
    pub(super) fn decide(
        self: &Arc<Self>,
        own: &McpState,
        operation: &Operation,
    ) -> Result<(), ErrorData> {
        let decided = own.decide(operation, self.caller.as_ref());
        decided.map_err(|rejection| rejection.answering(Some(&self.answer())).into())
    }

    /// The caller, as a function gets it: whatever it refuses reaches the layer.
    pub(super) fn caller(self: &Arc<Self>) -> Option<AuthInfo> {
        self.caller.clone().map(|caller| caller.answering(self.answer()))
    }

    pub(super) fn answer(self: &Arc<Self>) -> Answer {
        Answer(Arc::clone(self))
    }

    /// The request is about this as well.
    pub(super) fn set_resolved_operation(&self, operation: Operation) {
        let _ = self.resolved_operation.set(operation);
    }

    /// Whether the layer of this server has decided about the operation. That of another one may know
    /// other declarations, even if it lets in the same tokens.
    pub(super) fn was_decided_by_layer(&self, operation: &Operation, own: &Arc<McpState>) -> bool {
        Arc::ptr_eq(&self.state, own) && self.operation == *operation
    }

    /// The tool that the layer of this server has decided about.
    pub(super) fn tool_decided_by_layer(&self, own: &Arc<McpState>) -> Option<&str> {
        self.operation.tool().filter(|_| Arc::ptr_eq(&self.state, own))
    }

    /// The conditions of the request's operations.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let mut conditions = self.state.conditions(&self.operation);
        if let Some(operation) = self.resolved_operation.get() {
            conditions.extend(self.state.conditions(operation));
        }
        conditions
    }

    pub(super) fn set_timed_out(&self) {
        self.timed_out.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed)
    }

    pub(super) fn rejection(&self) -> Option<&Rejection> {
        self.rejection.get()
    }

    /// The refusal of a guarded function. The layer should have known it.
    pub(super) fn refuse(self: &Arc<Self>, refused: Rejection) -> ErrorData {
        let limiter = self.state.server.log_limiter();
        if let Some(name) = self.state.registry.unregistered(&self.operation)
            && limiter.verdict("undeclared", Instant::now()) != Verdict::Suppress
        {
            tracing::warn!(
                target: "requires_auth",
                name,
                "a guarded tool or prompt is unknown to `requires_auth::mcp::Mcp`, so its refusal \
                 may come too late for a 403: give its router to `declare_tools` or `declare_prompts`, and write \
                 `#[requires_auth]` above `#[tool]` or `#[prompt]`"
            );
        }
        refused.answering(Some(&self.answer())).into()
    }

    /// The caller of the request that this context belongs to, never that of its session.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Result<&Arc<Self>, ErrorData> {
        Self::find(context).ok_or_else(|| {
            // No server is at hand here, whose limit it could be.
            static LIMITER: LogLimiter = LogLimiter::new();
            if LIMITER.verdict("unguarded", Instant::now()) != Verdict::Suppress {
                tracing::error!(target: "requires_auth", "{UNGUARDED}");
            }
            ErrorData::internal_error(UNGUARDED, None)
        })
    }

    /// The same; `None` where no layer is in front.
    pub(super) fn find(context: &RequestContext<RoleServer>) -> Option<&Arc<Self>> {
        // Over HTTP, only the request itself says who makes it.
        match context.extensions.get::<Parts>() {
            Some(request) => request.extensions.get(),
            None => context.extensions.get(),
        }
    }

    /// Refuses a request that has come through the layer of another resource server: its token was
    /// meant for that one.
    pub(super) fn check_layer(
        context: &RequestContext<RoleServer>,
        own: &McpState,
    ) -> Result<(), ErrorData> {
        // Where there is no layer at all, what is guarded refuses the request.
        let Some(authenticated) = Self::find(context) else { return Ok(()) };
        let other = &authenticated.state.server;
        if own.server.is(other) {
            return Ok(());
        }
        if own.server.log_limiter().verdict("foreign layer", Instant::now()) != Verdict::Suppress {
            tracing::error!(
                target: "requires_auth",
                handler = own.server.resource(),
                layer = other.resource(),
                "a handler of one `requires_auth::mcp::Mcp` is behind the layer of another one, built \
                 with another `ResourceServer`: take `layer` and `handler` from the same `Mcp`"
            );
        }
        let refused = Rejection::misconfigured(ForeignLayer);
        Err(refused.answering(Some(&authenticated.answer())).into())
    }
}

const UNGUARDED: &str = "a guarded function was reached without requires_auth in front of the MCP \
     server: serve it through `requires_auth::mcp::Mcp`";

#[derive(Debug, thiserror::Error)]
#[error("the layer in front of the MCP server is that of another resource server")]
struct ForeignLayer;

/// The place where a function leaves its refusal for the layer that holds the answer: a function of
/// an MCP server cannot set the status of the HTTP response itself.
#[derive(Debug, Clone)]
pub(crate) struct Answer(Arc<AuthenticatedRequest>);

impl Answer {
    /// The first refusal stays: whatever followed was not meant to happen.
    pub(super) fn refuse(&self, rejection: Rejection) {
        let _ = self.0.rejection.set(rejection);
    }
}

/// Decides about the caller of a request, in a handler method that is no `#[tool]` or `#[prompt]`,
/// such as `read_resource`:
///
/// ```
/// use requires_auth::{AuthInfo, Condition};
/// use rmcp::model::{ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult};
/// use rmcp::service::RequestContext;
/// use rmcp::{ErrorData, RoleServer, ServerHandler};
///
/// struct Journal;
///
/// impl ServerHandler for Journal {
///     async fn read_resource(
///         &self,
///         request: ReadResourceRequestParams,
///         context: RequestContext<RoleServer>,
///     ) -> Result<ReadResourceResponse, ErrorData> {
///         let auth = requires_auth::mcp::authorize(&context, Condition::Scope("entries:read"))?;
///         Ok(ReadResourceResult::new(entries_of(&auth)).into())
///     }
/// }
/// # fn entries_of(_: &AuthInfo) -> Vec<rmcp::model::ResourceContents> { Vec::new() }
/// ```
///
/// # Errors
/// The answer to return: an error that names the scopes, and over HTTP a 403 with its challenge
/// where the status has not been sent yet.
pub fn authorize(
    context: &RequestContext<RoleServer>,
    condition: Condition,
) -> Result<AuthInfo, ErrorData> {
    let authenticated = AuthenticatedRequest::of(context)?;
    let requirement = Requirement::from(condition);
    let decided = match authenticated.caller() {
        Some(caller) => caller.authorize(requirement),
        None => Err(authenticated
            .state
            .server
            .reject_missing_token(requirement)
            .answering(Some(&authenticated.answer()))),
    };
    Ok(decided?)
}
