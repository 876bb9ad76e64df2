//! The record of each refusal: which check failed, for logs and metrics, and never the token.

use std::error::Error;
use std::fmt;

use super::ResourceServer;
use crate::policy::{Demand, first_alternative};
use crate::telemetry::count;
use crate::{Reason, Rejection};

impl ResourceServer {
    /// Records a refusal on its way out. A refusal that is not the caller's doing is a warning.
    #[expect(clippy::unused_self, reason = "a refusal is one of this server")]
    pub(crate) fn refused(&self, rejection: Rejection, needs: Needs<'_>) -> Rejection {
        let status = rejection.status().as_u16();
        let function = needs.declared.function;
        let reason = word(rejection.reason());
        let cause = rejection.source().map(tracing::field::display);
        let detail = rejection.source().and_then(Error::source).map(Chain);
        let detail = detail.as_ref().map(tracing::field::display);
        if rejection.status().is_server_error() {
            tracing::warn!(
                target: "requires_auth", status, reason, function, %needs, cause, detail,
                "request refused"
            );
        } else {
            tracing::debug!(
                target: "requires_auth", status, reason, function, %needs, cause, detail,
                "request refused"
            );
        }
        // What a function asks for while it runs may depend on its arguments, so it is no label.
        count!(
            REFUSALS,
            "reason" => reason,
            "function" => function.unwrap_or_default(),
            "scopes" => Needs::of(needs.declared).to_string()
        );
        rejection
    }
}

/// The scopes that were needed, as a challenge names them; written only where somebody reads it.
#[derive(Clone, Copy)]
pub(crate) struct Needs<'a> {
    declared: &'a Demand,
    further: &'a [&'a str],
}

impl<'a> Needs<'a> {
    /// What a guarded function declares.
    pub(crate) fn of(declared: &'a Demand) -> Self {
        Self { declared, further: &[] }
    }

    /// And what it asks for while it runs.
    pub(crate) fn and(self, further: &'a [&'a str]) -> Self {
        Self { further, ..self }
    }
}

impl fmt::Display for Needs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared = first_alternative(&self.declared.condition);
        let all = declared.iter().chain(self.further);
        for (index, scope) in all.enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::MissingToken => "missing_token",
        Reason::InvalidRequest => "invalid_request",
        Reason::InvalidToken => "invalid_token",
        Reason::InsufficientScope => "insufficient_scope",
        Reason::Unavailable => "unavailable",
        Reason::Misconfigured => "misconfigured",
    }
}

/// An error and what caused it, down to the last: the first alone rarely says what to repair.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
