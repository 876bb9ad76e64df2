//! The policy of a guarded function, as a type.
//!
//! The attribute emits these types, and error messages of the compiler show them. The policy of
//! `#[requires_auth(scopes = any("a", "b"))] fn list(…)` is
//! `ByTryInto<AnyOf<(OAuthScope<97>, OAuthScope<98>)>, Function<1818850164>>`: a scope and a name are their bytes, up
//! to 16 in a number. With the feature `manifest` there is a last parameter, by which logs and metrics find the path of the
//! function. Code without the attribute does not use this module: it has [`Condition`].

mod authorization_detail;
mod challenge_scopes;
mod condition;
mod function_name;
mod literal;
mod permit;
mod requirement;
mod scope_definitions;
mod spelling;
mod token_requirement;
mod try_into_condition;
pub(crate) mod type_level;
mod vocabulary;

pub use crate::guard::{
    Injected, InjectedOptional, WithoutDecision, receives_an_optional_caller, receives_the_caller,
};
pub use authorization_detail::{
    AuthorizationDetail, AuthorizationDetails, CheckedDetail, Detail, DetailType, NamedDetail,
    assert_details_required, checked_detail,
};
#[cfg(feature = "rmcp")]
pub(crate) use challenge_scopes::all_scopes;
#[cfg(feature = "utoipa")]
pub(crate) use challenge_scopes::compared_alternatives;
pub(crate) use challenge_scopes::{challenge_scopes, first_alternative};
pub use condition::Condition;
pub use function_name::{EncodedName, FunctionName, NamesFunction, function_id};
pub use literal::{Literal, literal_of};
pub use permit::{Implies, Permit, Permitted, ScopeType};
pub use requirement::Requirement;
pub(crate) use scope_definitions::ScopeDefinitions;
pub use spelling::{Spelling, Text};
pub use token_requirement::TokenRequirement;
pub(crate) use token_requirement::UserAuthentication;
pub use try_into_condition::TryIntoCondition;
#[doc(hidden)]
pub use try_into_condition::condition;
pub use type_level::{
    Acr, AcrValues, AllOf, Anonymous, AnyOf, AnyToken, Conditions, DetailTypes, Function, Joined,
    MaxAge, OAuthScope, Optional, Policy, Presence, Required, SenderConstrained, Shared, Texts,
    TypedScope, WithDetails,
};
pub use vocabulary::{ScopeDefinition, ScopeVocabulary};

#[cfg(feature = "rmcp")]
pub use crate::mcp::attribute_order::{AboveTool, NoToolAttribute, assert_above_tool};
#[cfg(feature = "axum")]
pub use type_level::ByTryInto;
// Exported under this name only, so that errors show it.
#[cfg(not(feature = "axum"))]
pub use type_level::WithoutFeatureAxum;
