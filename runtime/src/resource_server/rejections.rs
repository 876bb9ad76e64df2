//! Rejections that an application creates itself.

use super::{RequiredScopes, ResourceServer};
use crate::TokenError;
use crate::authenticate::Scheme;
use crate::policy::{Requirement, first_alternative};
use crate::rejection::{Challenge, Reason};
use crate::{Condition, Rejection};

/// # Rejections without the guard
///
/// The responses of the guard, for code that decides by itself. Each is logged and counted when it is created, as one
/// of the guard, so create it only to respond with it. The challenge names the first
/// alternative of the condition, as for a request without a token: for a caller with an
/// [`AuthInfo`](crate::AuthInfo), use [`require`](crate::AuthInfo::require) or
/// [`require_condition`](crate::AuthInfo::require_condition), which take the token's scopes into account.
///
/// A condition with a scope outside the grammar of RFC 6749 §3.3 makes each of them the 500 of
/// [`Reason::Misconfigured`].
impl ResourceServer {
    /// The rejection of a request without a token: 401 with a challenge and without an error code (RFC
    /// 6750 §3.1). [`Condition::NONE`] names no scopes.
    ///
    /// For what only some callers of an `optional` function may read:
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// use axum::extract::{Path, State};
    /// use requires_auth::{AuthInfo, Condition, Rejection, ResourceServer, requires_auth};
    ///
    /// const READING: Condition = Condition::Scope("documents:read");
    ///
    /// #[requires_auth(optional)]
    /// async fn document(
    ///     auth: Option<AuthInfo>,
    ///     State(server): State<ResourceServer>,
    ///     Path(name): Path<String>,
    /// ) -> Result<String, Rejection> {
    ///     if name.starts_with("private-") {
    ///         let auth = auth.ok_or_else(|| server.unauthorized(READING))?;
    ///         auth.require_condition(READING)?;
    ///     }
    ///     Ok(format!("the document {name}"))
    /// }
    /// # let _: axum::Router<ResourceServer> =
    /// #     axum::Router::new().route("/{name}", axum::routing::get(document));
    /// # }
    /// ```
    #[must_use = "no request is rejected unless the function returns the `Rejection`"]
    pub fn unauthorized(&self, condition: impl Into<Condition>) -> Rejection {
        self.reject_if_valid(condition.into(), |challenge| {
            Rejection::challenging(Reason::MissingToken, challenge)
        })
    }

    /// The rejection of a token that the application does not accept: 401 `invalid_token` (RFC 6750
    /// §3.1). A client then requests another token, so it is for a user that was locked out, not for
    /// what another token of the same user could not do either.
    ///
    /// ```
    /// use requires_auth::{AuthInfo, Condition, Rejection, ResourceServer};
    ///
    /// fn check(server: &ResourceServer, auth: &AuthInfo) -> Result<(), Rejection> {
    ///     match auth.subject() {
    ///         Some("mallory") => Err(server.invalid_token(Condition::NONE)),
    ///         _ => Ok(()),
    ///     }
    /// }
    /// ```
    #[must_use = "no request is rejected unless the function returns the `Rejection`"]
    pub fn invalid_token(&self, condition: impl Into<Condition>) -> Rejection {
        self.reject_if_valid(condition.into(), |challenge| {
            Rejection::invalid_token(TokenError::Application, challenge)
        })
    }

    /// The rejection of a token without the scopes: 403 `insufficient_scope` (RFC 6750 §3.1), for code
    /// that has no [`AuthInfo`](crate::AuthInfo).
    ///
    /// ```
    /// use requires_auth::{Claims, Condition, Rejection, ResourceServer};
    ///
    /// fn check(server: &ResourceServer, claims: &Claims) -> Result<(), Rejection> {
    ///     let condition = Condition::Any(&[Condition::Scope("admin"), Condition::Scope("audit")]);
    ///     if condition.is_met_by(claims.scopes()) {
    ///         return Ok(());
    ///     }
    ///     Err(server.insufficient_scope(condition))
    /// }
    /// ```
    #[must_use = "no request is rejected unless the function returns the `Rejection`"]
    pub fn insufficient_scope(&self, condition: impl Into<Condition>) -> Rejection {
        self.reject_if_valid(condition.into(), |challenge| {
            Rejection::challenging(Reason::InsufficientScope, challenge)
        })
    }

    fn reject_if_valid(
        &self,
        condition: Condition,
        rejection: impl FnOnce(&Challenge<'_>) -> Rejection,
    ) -> Rejection {
        let requirement = Requirement::from(condition);
        let rejection = match condition.check() {
            Ok(()) => rejection(&self.challenge(Scheme::Bearer, first_alternative(&condition))),
            Err(error) => Rejection::misconfigured(error),
        };
        self.reject(rejection, RequiredScopes::of(&requirement))
    }
}
