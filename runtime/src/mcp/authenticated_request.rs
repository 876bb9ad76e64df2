//! One request to an MCP server, from its authentication to its response.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ::rmcp::service::RequestContext;
use ::rmcp::{ErrorData, RoleServer};
use http::request::Parts;

use super::operation::Operation;
use super::rejection_candidates::RejectionCandidates;
use super::rejection_error::error_data;
use super::state::McpState;
use super::stream_requirement::StreamRequirement;
use crate::rejection::RejectionObserver;
use crate::telemetry::{LogLimiter, Verdict};
use crate::{AuthInfo, Condition, Rejection};

/// The caller of one request, and what the layer and the handler share about it.
///
/// The layer resolves the token and puts this into the request's extensions, where the guards of the
/// functions find it: rmcp's extractors are synchronous and cannot resolve a token themselves.
#[derive(Debug)]
pub(super) struct AuthenticatedRequest {
    pub(super) caller: Option<AuthInfo>,
    pub(super) state: Arc<McpState>,
    /// The operation that the layer has read from the request.
    pub(super) operation: Operation,
    /// What its arguments require, beyond its declared policy.
    pub(super) further: Option<Condition>,
    /// The operation that the handler has found out: the tool that began a task, and what its arguments required.
    resolved_operation: OnceLock<(Operation, Option<Condition>)>,
    /// Whether the body has not arrived in time.
    timed_out: AtomicBool,
    /// Whether a [`McpHandler`](super::McpHandler) sees what the functions return.
    has_handler: AtomicBool,
    candidates: RejectionCandidates,
    /// What the request has ended with; the layer answers with it.
    rejection: OnceLock<Rejection>,
}

/// Receives the rejections of a guarded function's caller, such as those of [`AuthInfo::require`].
impl RejectionObserver for AuthenticatedRequest {
    fn rejected(&self, rejection: &Rejection) {
        self.add_candidate(rejection);
    }
}

impl AuthenticatedRequest {
    pub(super) fn new(
        state: &Arc<McpState>,
        operation: Operation,
        caller: Option<AuthInfo>,
        further: Option<Condition>,
    ) -> Arc<Self> {
        Arc::new(Self {
            caller,
            further,
            state: Arc::clone(state),
            operation,
            resolved_operation: OnceLock::new(),
            timed_out: AtomicBool::new(false),
            has_handler: AtomicBool::new(false),
            candidates: RejectionCandidates::default(),
            rejection: OnceLock::new(),
        })
    }

    /// The request that a context belongs to; an error where no layer is in front.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Result<&Arc<Self>, ErrorData> {
        Self::find(context).ok_or_else(Self::unguarded)
    }

    /// The error where no layer is in front.
    pub(super) fn unguarded() -> ErrorData {
        // There is no server whose limiter this could use.
        static LIMITER: LogLimiter = LogLimiter::new();
        if LIMITER.verdict("unguarded", Instant::now()) != Verdict::Suppress {
            tracing::error!(target: "requires_auth", "{UNGUARDED}");
        }
        ErrorData::internal_error(UNGUARDED, None)
    }

    /// The request that a context belongs to; `None` where no layer is in front.
    pub(super) fn find(context: &RequestContext<RoleServer>) -> Option<&Arc<Self>> {
        // Over HTTP each request of a session has a caller of its own.
        match context.extensions.get::<Parts>() {
            Some(head) => head.extensions.get(),
            None => context.extensions.get(),
        }
    }

    /// The caller for a guarded function. Its rejections become candidates for the result.
    pub(super) fn caller(self: &Arc<Self>) -> Option<AuthInfo> {
        let observer = Arc::clone(self);
        self.caller.clone().map(|caller| caller.observed_by(observer))
    }

    /// Decides about an operation, with the declarations of this server; a rejection ends the request.
    pub(super) fn decide(&self, own: &McpState, operation: &Operation) -> Result<(), ErrorData> {
        let decided = own.decide(operation, self.caller.as_ref());
        decided.map_err(|rejection| self.reject(rejection))
    }

    /// Decides about what the arguments of an operation required; a rejection ends the request.
    pub(super) fn decide_further(
        &self,
        own: &McpState,
        operation: &Operation,
        further: Condition,
    ) -> Result<(), ErrorData> {
        let mut policies = own.registry.policies(operation);
        let declared = policies.next().map_or(Condition::NONE.into(), |policy| policy.requirement);
        let decided = own.decide_further(declared, self.caller.as_ref(), &further);
        decided.map_err(|rejection| self.reject(rejection))
    }

    /// Rejects a request that has passed the layer of another resource server: its token was issued for
    /// that one.
    pub(super) fn check_layer(&self, own: &McpState) -> Result<(), ErrorData> {
        let other = &self.state.server;
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
        Err(self.reject(Rejection::misconfigured(ForeignLayer)))
    }

    /// Whether the layer of this server has decided about the operation. The layer of another `Mcp` can have
    /// other declarations, even with the same resource server.
    pub(super) fn was_decided_by_layer(&self, operation: &Operation, own: &Arc<McpState>) -> bool {
        Arc::ptr_eq(&self.state, own) && self.operation == *operation
    }

    /// The tool that the layer of this server has decided about.
    pub(super) fn tool_decided_by_layer(&self, own: &Arc<McpState>) -> Option<&str> {
        self.operation.tool().filter(|_| Arc::ptr_eq(&self.state, own))
    }

    pub(super) fn set_resolved_operation(&self, operation: Operation, further: Option<Condition>) {
        let _ = self.resolved_operation.set((operation, further));
    }

    /// The requirements of the request's operations.
    pub(super) fn requirements(&self) -> Vec<StreamRequirement> {
        let mut requirements = self.state.requirements(&self.operation);
        let mut further = self.further;
        if let Some((operation, of_beginning_call)) = self.resolved_operation.get() {
            requirements.extend(self.state.requirements(operation));
            further = further.or(*of_beginning_call);
        }
        requirements.extend(further.and_then(StreamRequirement::of));
        requirements
    }

    pub(super) fn set_timed_out(&self) {
        self.timed_out.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed)
    }

    /// From now on, [`conclude`](Self::conclude) is called with what the function returns.
    pub(super) fn set_handler(&self) {
        self.has_handler.store(true, Ordering::Relaxed);
    }

    /// Adds a rejection that the function may return.
    pub(super) fn add_candidate(&self, rejection: &Rejection) {
        self.candidates.add(rejection);
    }

    /// Ends the request with what the function has returned. If that is one of the candidates, the layer
    /// answers with the rejection; a result, or an error of the application's own, is the response.
    pub(super) fn conclude<T>(&self, result: Result<T, ErrorData>) -> Result<T, ErrorData> {
        if let Err(error) = &result
            && let Some(rejection) = self.candidates.find(error)
        {
            self.reject(rejection);
        }
        result
    }

    /// Ends the request with a rejection, if it has not ended with one before. Returns the error of
    /// JSON-RPC for a transport whose layer cannot answer with the rejection.
    fn reject(&self, rejection: Rejection) -> ErrorData {
        let error = error_data(&rejection);
        let _ = self.rejection.set(rejection);
        error
    }

    /// The rejection by the guard of a function. The extractor fails, and so does the function: where no
    /// handler sees its result, the request has ended.
    pub(super) fn reject_by_guard(&self, rejection: Rejection) -> ErrorData {
        self.warn_if_unregistered();
        if !self.has_handler.load(Ordering::Relaxed) {
            return self.reject(rejection);
        }
        self.add_candidate(&rejection);
        rejection.into()
    }

    /// What the layer answers with in place of the service's response.
    pub(super) fn rejection(&self) -> Option<&Rejection> {
        self.rejection.get()
    }

    /// Warns if the layer did not have the policy by which a guard rejects.
    fn warn_if_unregistered(&self) {
        let limiter = self.state.server.log_limiter();
        if let Some(name) = self.state.registry.unregistered(&self.operation)
            && limiter.verdict("undeclared", Instant::now()) != Verdict::Suppress
        {
            tracing::warn!(
                target: "requires_auth",
                name,
                "a guarded tool or prompt is unknown to `requires_auth::mcp::Mcp`, so its rejection \
                 may come too late for a 403: give its router to `declare_tools` or \
                 `declare_prompts`, and write `#[requires_auth]` above `#[tool]` or `#[prompt]`"
            );
        }
    }
}

const UNGUARDED: &str = "a guarded function was reached without requires_auth in front of the MCP \
     server: serve it through `requires_auth::mcp::Mcp`";

#[derive(Debug, thiserror::Error)]
#[error("the layer in front of the MCP server is that of another resource server")]
struct ForeignLayer;
