//! `subscriptions/listen`: the one method whose answer lasts longer than the decision about it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ::rmcp::model::SubscriptionFilter;
use ::rmcp::service::SubscriptionContext;
use ::rmcp::{ErrorData, ServerHandler};

use super::McpHandler;
use crate::mcp::authenticated_request::AuthenticatedRequest;
use crate::mcp::jsonrpc::MessageError;
use crate::mcp::operation::Operation;
use crate::mcp::stream_guard::{Permission, StreamGuard};

impl<H: ServerHandler> McpHandler<H> {
    /// Passes a subscription on. On stdio it ends when its token becomes invalid; over HTTP the layer ends
    /// the event stream.
    pub(super) async fn listen_authorized(
        &self,
        context: SubscriptionContext,
    ) -> Result<(), ErrorData> {
        if self.too_many(context.requested()) {
            return Err(ErrorData::invalid_params(
                MessageError::TooManyResources.to_string(),
                None,
            ));
        }
        let uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
        let entered = self.enter_authenticated(context.request_context())?;
        let request = match &self.credentials {
            Some(credentials) => credentials.authenticate(self.state()).await?,
            None => Arc::clone(AuthenticatedRequest::of(context.request_context())?),
        };
        let operation = Operation::Resources(uris);
        request.decide(self.state(), &operation)?;
        let (Some(credentials), Some(caller)) = (&self.credentials, &request.caller) else {
            return entered.conclude(self.handler.listen(context).await);
        };
        let requirements = self.state().requirements(&operation);
        let mut guard = StreamGuard::new(
            &self.state().server,
            &self.state().stream_timer,
            caller.clone(),
            requirements,
        );
        let mut listening = std::pin::pin!(self.handler.listen(context));
        let result = poll_fn(|context| match guard.poll(context) {
            Permission::Continue => listening.as_mut().poll(context).map(Some),
            Permission::Wait => Poll::Pending,
            Permission::End => Poll::Ready(None),
        });
        if let Some(result) = result.await {
            return result;
        }
        // The guard has ended the subscription; a new decision says why.
        let request = credentials.authenticate(self.state()).await?;
        request.decide(self.state(), &operation)?;
        Err(ErrorData::internal_error("the access token cannot be checked", None))
    }

    /// Whether a request names more resources than `max_resources`. Over HTTP the layer has rejected it.
    pub(super) fn too_many(&self, requested: &SubscriptionFilter) -> bool {
        let uris = requested.resource_subscriptions.as_ref();
        uris.is_some_and(|uris| uris.len() > self.state().max_resources)
    }
}
