//! The record of each rejection in logs and metrics: which check failed, and never the token.

use std::error::Error;
use std::fmt;

use super::ResourceServer;
use super::mismatch::Mismatch;
#[cfg(feature = "dpop")]
use crate::DpopProofError;
use crate::TokenError;
#[cfg(feature = "dpop")]
use crate::authenticate::ProofMismatch;
use crate::decide::{Denial, UserAuthenticationError};
use crate::policy::{FunctionName, Requirement, TokenRequirement, first_alternative};
use crate::resolve::ResponseError;
use crate::telemetry::{Chain, OneLine, Quoted, Verdict, count};
use crate::trust::TrustedIssuer;
use crate::{AccessToken, Claims, ClientError, Reason, Rejection, ResolveError};

/// A token that is rejected, with what is established of it.
#[derive(Clone, Copy)]
pub(crate) struct RejectedToken<'a> {
    pub(crate) token: &'a AccessToken,
    /// The issuer that it is resolved for; `None` if it is of no trusted issuer.
    pub(crate) trusted: Option<&'a TrustedIssuer>,
    /// Its claims, if it was resolved.
    pub(crate) claims: Option<&'a Claims>,
}

impl ResourceServer {
    /// Records a rejection. Where the set-up of this server or of the authorization server may be at fault, the
    /// level is WARN, and the lines of each kind are limited; otherwise it is DEBUG.
    pub(crate) fn reject(&self, rejection: Rejection, needs: RequiredScopes<'_>) -> Rejection {
        self.record(&rejection, needs, None, || self.mismatch(&rejection, None));
        rejection
    }

    /// The same for a proof.
    #[cfg(feature = "dpop")]
    pub(crate) fn reject_with(
        &self,
        rejection: Rejection,
        needs: RequiredScopes<'_>,
        mismatch: ProofMismatch,
    ) -> Rejection {
        self.record(&rejection, needs, None, || Mismatch::of_proof(mismatch));
        rejection
    }

    /// The same for a caller who does not meet what a function requires.
    pub(crate) fn reject_denial(
        &self,
        rejection: Rejection,
        needs: RequiredScopes<'_>,
        denial: &Denial<'_>,
        claims: &Claims,
    ) -> Rejection {
        self.record(&rejection, needs, None, || match denial {
            Denial::InsufficientScope | Denial::Stale(_) => self.mismatch(&rejection, None),
            _ => Mismatch::of_denial(denial, claims, self),
        });
        rejection
    }

    /// The same for a token.
    pub(crate) fn reject_token(
        &self,
        rejection: Rejection,
        needs: RequiredScopes<'_>,
        token: RejectedToken<'_>,
    ) -> Rejection {
        self.record(&rejection, needs, Some(token), || self.mismatch(&rejection, Some(token)));
        rejection
    }

    /// The limit for lines that callers of this server can provoke.
    #[cfg(any(feature = "dpop", feature = "rmcp"))]
    pub(crate) fn log_limiter(&self) -> &crate::telemetry::LogLimiter {
        &self.inner().log_limiter
    }

    fn record(
        &self,
        rejection: &Rejection,
        needs: RequiredScopes<'_>,
        token: Option<RejectedToken<'_>>,
        mismatch: impl FnOnce() -> Mismatch,
    ) {
        let function = needs.function();
        let reason = word(rejection.reason());
        // What a function requires while it runs may depend on its arguments, so it is no label.
        count!(
            REJECTIONS,
            "reason" => reason,
            "function" => function.clone().unwrap_or_default(),
            "scopes" => needs.and(&[]).to_string()
        );

        let verdict = self.verdict(rejection);
        let warns = verdict.is_some_and(|verdict| verdict != Verdict::Suppress);
        if !warns && !tracing::enabled!(target: "requires_auth", tracing::Level::DEBUG) {
            return;
        }
        let status = rejection.status().as_u16();
        let cause = rejection.source().map(OneLine);
        let cause = cause.as_ref().map(tracing::field::display);
        let detail = rejection.source().and_then(Error::source).map(Chain).map(OneLine);
        let detail = detail.as_ref().map(tracing::field::display);
        let Mismatch { expected, found, setting } = mismatch();
        let expected = expected.as_ref().map(tracing::field::display);
        let found = found.as_ref().map(tracing::field::display);
        let setting = setting.map(tracing::field::display);
        let trusted = token.and_then(|token| token.trusted);
        let client_id = introspecting_client(rejection, trusted).map(Quoted);
        let introspecting_client = client_id.as_ref().map(tracing::field::display);
        let limited = verdict.and_then(Verdict::limited).map(tracing::field::display);
        if warns {
            tracing::warn!(
                target: "requires_auth", status, reason, function, %needs, cause, detail, expected,
                found, setting, introspecting_client, limited, "request rejected"
            );
        } else {
            tracing::debug!(
                target: "requires_auth", status, reason, function, %needs, cause, detail, expected,
                found, setting, introspecting_client, "request rejected"
            );
        }
    }

    /// Whether a rejection is a warning; `None` if it never is.
    fn verdict(&self, rejection: &Rejection) -> Option<Verdict> {
        let kind = kind_of_warning(rejection)?;
        // Nothing is counted as suppressed where nothing would be written.
        tracing::enabled!(target: "requires_auth", tracing::Level::WARN).then(|| {
            self.inner().log_limiter.verdict(kind, self.inner().validation.clock.coarse_instant())
        })
    }

    fn mismatch(&self, rejection: &Rejection, token: Option<RejectedToken<'_>>) -> Mismatch {
        if let Some(error) = cause::<ResolveError>(rejection) {
            return Mismatch::of_error(error);
        }
        match (cause::<TokenError>(rejection), token) {
            (
                Some(problem),
                Some(RejectedToken { trusted: Some(trusted), claims: Some(claims), .. }),
            ) => Mismatch::of_claims(*problem, claims, trusted, &self.inner().validation),
            (Some(TokenError::Issuer), Some(RejectedToken { token, trusted, .. })) => {
                let all = self.inner().trusted_issuers.iter();
                let these = all.filter(|one| trusted.is_none_or(|it| std::ptr::eq(it, *one)));
                let issuers = these.filter_map(|trusted| trusted.issuer.as_deref());
                Mismatch::of_unresolved_issuer(token, issuers)
            }
            (Some(TokenError::Jwt(problem)), Some(RejectedToken { token, trusted, .. })) => {
                Mismatch::of_jwt(*problem, token, trusted)
            }
            (Some(TokenError::Inactive), Some(RejectedToken { token, trusted, .. })) => {
                let now = self.inner().validation.clock.now();
                let mismatch =
                    trusted.and_then(|trusted| Mismatch::of_inactive_jwt(token, trusted, now));
                mismatch.unwrap_or_else(|| {
                    Mismatch::of_token(TokenError::Inactive, self.inner().max_token_length)
                })
            }
            (Some(problem), _) => Mismatch::of_token(*problem, self.inner().max_token_length),
            (None, _) => Mismatch::default(),
        }
    }
}

/// The client id of the introspection request, if it may be the cause.
fn introspecting_client<'a>(
    rejection: &Rejection,
    trusted: Option<&'a TrustedIssuer>,
) -> Option<&'a str> {
    let inactive = matches!(cause(rejection), Some(TokenError::Inactive));
    let rejected =
        matches!(cause(rejection), Some(ResolveError::InvalidClient(ClientError::Rejected(_))));
    if inactive || rejected { trusted?.resolver.client_id() } else { None }
}

fn cause<E: Error + 'static>(rejection: &Rejection) -> Option<&E> {
    rejection.source().and_then(<dyn Error>::downcast_ref)
}

/// The kind that the limit of lines counts together. `None` for what only the caller can cause: a missing or
/// malformed token, and one without the scopes.
fn kind_of_warning(rejection: &Rejection) -> Option<&'static str> {
    if let Some(error) = cause::<TokenError>(rejection) {
        return match error {
            TokenError::Malformed | TokenError::Application => None,
            TokenError::TooLong => Some("token too long"),
            TokenError::Inactive => Some("inactive"),
            TokenError::Rejected(_) => Some("token rejected"),
            TokenError::Jwt(error) => Some(error.kind()),
            TokenError::ApiKey(_) => Some("API key"),
            TokenError::Expired => Some("expired"),
            TokenError::NotYetValid => Some("not yet valid"),
            TokenError::Audience => Some("audience"),
            TokenError::Issuer => Some("issuer"),
            TokenError::Kind => Some("kind"),
            TokenError::Binding(_) => Some("binding"),
        };
    }
    #[cfg(feature = "dpop")]
    if let Some(error) = cause::<DpopProofError>(rejection) {
        return error.kind_of_warning();
    }
    if let Some(error) = cause::<ResolveError>(rejection) {
        return Some(match error {
            // The source of such a rejection is the error of the token itself.
            ResolveError::InvalidToken(_) => return None,
            ResolveError::Unavailable(unavailable) => unavailable.what(),
            ResolveError::InvalidResponse(ResponseError::Status(400..500)) => {
                "invalid response: status 4xx"
            }
            ResolveError::InvalidResponse(ResponseError::Status(500..)) => {
                "invalid response: status 5xx"
            }
            ResolveError::InvalidResponse(ResponseError::Status(_)) => {
                "invalid response: other status"
            }
            ResolveError::InvalidResponse(ResponseError::ErrorResponse(response)) => {
                match response.status {
                    400..500 => "invalid response: status 4xx",
                    500.. => "invalid response: status 5xx",
                    _ => "invalid response: other status",
                }
            }
            ResolveError::InvalidResponse(_) => "invalid response: content",
            ResolveError::InvalidClient(ClientError::Rejected(_)) => "client rejected",
            ResolveError::InvalidClient(ClientError::NotConfigured(_)) => "no client",
        });
    }
    #[cfg(feature = "token-exchange")]
    if cause::<crate::token_exchange::TokenExchangeError>(rejection).is_some() {
        return Some("token exchange");
    }
    // The authorization server may have to be configured to write the claim.
    match cause::<UserAuthenticationError>(rejection) {
        Some(UserAuthenticationError::NoAcr) => return Some("no acr"),
        Some(UserAuthenticationError::NoAuthTime) => return Some("no auth_time"),
        _ => {}
    }
    rejection.status().is_server_error().then_some(match rejection.reason() {
        Reason::Unavailable => "unavailable",
        Reason::ConditionPanicked => "condition panicked",
        _ => "misconfigured",
    })
}

/// The scopes that an operation requires, as a challenge and the log name them. The list is made only for a
/// rejection.
#[derive(Clone, Copy)]
pub(crate) struct RequiredScopes<'a> {
    declared: Declared<'a>,
    further: &'a [&'a str],
}

#[derive(Clone, Copy)]
enum Declared<'a> {
    Requirement(&'a Requirement),
    Scopes(&'a [String], Option<&'a TokenRequirement>),
}

impl<'a> RequiredScopes<'a> {
    /// What a guarded function declares.
    pub(crate) fn of(declared: &'a Requirement) -> Self {
        Self { declared: Declared::Requirement(declared), further: &[] }
    }

    /// For several requirements, and for a request whose operation is not known yet. Each scope occurs once.
    #[cfg_attr(not(feature = "tower"), allow(dead_code, reason = "only layers have lists"))]
    pub(crate) fn listed(scopes: &'a [String], token: Option<&'a TokenRequirement>) -> Self {
        Self { declared: Declared::Scopes(scopes, token), further: &[] }
    }

    /// And what it requires while it runs.
    pub(crate) fn and(self, further: &'a [&'a str]) -> Self {
        Self { further, ..self }
    }

    /// The declared scopes: of a condition with alternatives, the first one.
    pub(crate) fn declared(self) -> Vec<&'a str> {
        match self.declared {
            Declared::Requirement(requirement) => first_alternative(&requirement.condition),
            Declared::Scopes(scopes, _) => scopes.iter().map(String::as_str).collect(),
        }
    }

    /// What the function declares on the token besides its scopes.
    pub(crate) fn token(self) -> Option<&'a TokenRequirement> {
        match self.declared {
            Declared::Requirement(requirement) => requirement.token,
            Declared::Scopes(_, token) => token,
        }
    }

    /// The declared scopes and the further ones, each once.
    pub(crate) fn all(self) -> Vec<&'a str> {
        let mut scopes = self.declared();
        for scope in self.further {
            if !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// Its path or its name.
    fn function(self) -> Option<String> {
        match self.declared {
            Declared::Requirement(requirement) => {
                requirement.function.as_ref().map(FunctionName::to_string)
            }
            Declared::Scopes(..) => None,
        }
    }
}

impl fmt::Display for RequiredScopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared = self.declared();
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
        Reason::InvalidDpopProof => "invalid_dpop_proof",
        Reason::UseDpopNonce => "use_dpop_nonce",
        Reason::InsufficientUserAuthentication => "insufficient_user_authentication",
        Reason::InsufficientScope => "insufficient_scope",
        Reason::InsufficientAuthorizationDetails => "insufficient_authorization_details",
        Reason::AccessDenied => "access_denied",
        Reason::Unavailable => "unavailable",
        Reason::Misconfigured => "misconfigured",
        Reason::ConditionPanicked => "condition_panicked",
    }
}
