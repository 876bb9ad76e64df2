//! The decision about the scopes that depend on the arguments, for a request without a token.

use crate::policy::{Requirement, first_alternative};
use crate::resource_server::RequiredScopes;
use crate::{Condition, Rejection, ResourceServer, ScopeSet};

impl ResourceServer {
    /// Decides about a request without a token, to a function with `optional` and these declared scopes: it may call
    /// the function if the arguments require no scope.
    pub(crate) fn check_anonymous(
        &self,
        declared: &Requirement,
        further: &Condition,
    ) -> Result<(), Rejection> {
        if let Err(error) = further.check() {
            let rejection = Rejection::misconfigured(error);
            return Err(self.reject(rejection, RequiredScopes::of(declared)));
        }
        if further.is_met_by(&ScopeSet::default()) {
            return Ok(());
        }
        let further = first_alternative(further);
        Err(self.reject_missing_token(RequiredScopes::of(declared).and(&further)))
    }
}
