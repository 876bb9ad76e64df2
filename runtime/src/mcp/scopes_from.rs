//! The scopes that depend on the arguments of a tool or a prompt, as its attribute declares them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{Location, catch_unwind};
use std::ptr;

use ::rmcp::handler::server::wrapper::Parameters;
use ::rmcp::model::{JsonObject, MetaObject};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::declared_policy::DeclaredPolicy;
use super::meta::write;
use crate::policy::type_level::Policy;
use crate::{Condition, Rejection, ScopeDefinition};

/// From the arguments of a call to the condition on its caller's scopes.
type Evaluate = fn(JsonObject) -> Result<Condition, ArgumentsError>;

/// Finds out which scopes the arguments of a call require; the attribute creates it.
#[derive(Clone, Copy)]
pub struct ScopesFrom {
    evaluate: Evaluate,
    /// Where the attribute is.
    location: &'static Location<'static>,
    /// The scopes of its `vocabulary`.
    vocabulary: &'static [ScopeDefinition],
}

impl ScopesFrom {
    /// Called by the expansion of the attribute.
    #[must_use]
    #[track_caller]
    pub fn new(evaluate: Evaluate) -> Self {
        Self { evaluate, location: Location::caller(), vocabulary: &[] }
    }

    /// With the scopes that `vocabulary = …` beside it names.
    #[must_use]
    pub fn of_vocabulary(self, vocabulary: &'static [ScopeDefinition]) -> Self {
        Self { vocabulary, ..self }
    }

    /// The scopes that the arguments of a call may require, as far as the attribute names them.
    pub(super) fn scopes(self) -> impl Iterator<Item = &'static str> {
        self.vocabulary.iter().map(ScopeDefinition::name)
    }

    /// As [`meta`](super::meta), with these scopes.
    #[must_use]
    pub fn meta<P: Policy>(self, meta: Option<MetaObject>) -> MetaObject {
        write::<P>(DeclaredPolicy { scopes_from: Some(self), ..DeclaredPolicy::of::<P>() }, meta)
    }

    pub(super) fn evaluate(self, arguments: JsonObject) -> Result<Condition, ArgumentsError> {
        catch_unwind(|| (self.evaluate)(arguments)).unwrap_or(Err(ArgumentsError::Panicked))
    }

    /// Whether both are of the same attribute. The compiler may emit its closure several times, at different
    /// addresses.
    pub(super) fn is_same_declaration(self, other: Self) -> bool {
        self.location == other.location
    }
}

/// Functions at one address are the same.
impl PartialEq for ScopesFrom {
    fn eq(&self, other: &Self) -> bool {
        ptr::fn_addr_eq(self.evaluate, other.evaluate) && self.location == other.location
    }
}

impl Eq for ScopesFrom {}

impl Hash for ScopesFrom {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.evaluate as usize).hash(state);
        self.location.hash(state);
    }
}

impl fmt::Debug for ScopesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopesFrom").field(&self.location).finish()
    }
}

/// Why there is no condition.
#[derive(Debug)]
pub enum ArgumentsError {
    /// The arguments have another type than the parameters of the function, which cannot run.
    Invalid,
    /// The function of the application has rejected the request.
    Rejected(Rejection),
    /// The function of the application panicked.
    Panicked,
}

impl From<Rejection> for ArgumentsError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// Parses the arguments of a call as the SDK does: its extractor [`Parameters`] does the same with the same object.
/// Called by the expansion of the attribute.
///
/// # Errors
/// `ArgumentsError::Invalid`.
pub fn parse_arguments<T: DeserializeOwned>(
    arguments: JsonObject,
) -> Result<Parameters<T>, ArgumentsError> {
    let parsed = serde_json::from_value(Value::Object(arguments));
    parsed.map(Parameters).map_err(|_| ArgumentsError::Invalid)
}
