//! The security schemes of a tool, for clients that read them from the list of tools.

use ::rmcp::model::MetaObject;
use serde_json::{Map, Value};

use super::declared_policy::DeclaredPolicy;
use crate::policy::first_alternative;
use crate::scope::RequestedScopes;

/// The member of a tool's `_meta` that lists how a client can authenticate for it: an array of objects with `type`, which is
/// `oauth2` or `noauth`, and for `oauth2` with `scopes`.
///
/// ChatGPT reads it, as the mirror of a member of the tool with the same name, which the SDK cannot write. The scopes are
/// those that a client without a token should request: of a condition with alternatives, the first one.
/// [`McpHandler`](super::McpHandler) writes it from the policy of the tool, in place of any other value.
pub const SECURITY_SCHEMES_KEY: &str = "securitySchemes";

/// Writes the schemes of a tool. `anonymous`: whether a tool without a policy can be called without a token.
pub(super) fn add_security_schemes(
    meta: &mut Option<MetaObject>,
    policy: Option<DeclaredPolicy>,
    anonymous: bool,
    requested: &RequestedScopes,
) {
    let schemes: Vec<Value> = match policy {
        Some(policy) => {
            let no_auth = policy.optional.then(no_auth);
            no_auth.into_iter().chain([oauth2(policy, requested)]).collect()
        }
        None if anonymous => vec![no_auth()],
        None => return,
    };
    let members = &mut meta.get_or_insert_default().0;
    members.insert(SECURITY_SCHEMES_KEY.to_owned(), schemes.into());
}

fn no_auth() -> Value {
    Map::from_iter([("type".to_owned(), "noauth".into())]).into()
}

fn oauth2(policy: DeclaredPolicy, requested: &RequestedScopes) -> Value {
    let scopes = first_alternative(&policy.requirement.condition);
    let scopes: Vec<Value> = scopes.into_iter().map(|scope| requested.name(scope).into()).collect();
    let members = [("type".to_owned(), "oauth2".into()), ("scopes".to_owned(), scopes.into())];
    Map::from_iter(members).into()
}
