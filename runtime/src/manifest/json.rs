//! A manifest as JSON.

use serde::{Deserialize, Serialize};

use super::Manifest;
use super::entry::Entry;
use super::scope_expression::ScopeExpression;

/// The version of the shape.
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) version: u32,
    pub(super) functions: Vec<Function>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    pub(super) path: String,
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    pub(super) scopes: ScopeExpression,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) sender_constrained: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) acr_values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) authorization_details: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) optional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scopes_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) when: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unguarded: bool,
}

impl Manifest {
    /// JSON, with one function on each line:
    ///
    /// ```json
    /// {
    ///   "version": 1,
    ///   "functions": [
    ///     {"path":"journal::rest::list","kind":"handler","file":"src/rest.rs","line":12,"scopes":["entries:read"]},
    ///     {"path":"journal::mcp::Journal::create","kind":"tool","file":"src/mcp.rs","line":40,"scopes":["entries:write"]}
    ///   ]
    /// }
    /// ```
    ///
    /// | member | value |
    /// |---|---|
    /// | `version` | 1. A later version of this shape has another number; members can be added without one |
    /// | `path` | [`Entry::path`] |
    /// | `kind` | `handler`, `tool`, `prompt` or `resource` |
    /// | `file`, `line` | where the function is; absent in the file of [`assert_unchanged`](Self::assert_unchanged) |
    /// | `scopes` | a list means all of its elements, `{"any": […]}` one of them, a string is a scope. `[]` is any valid token |
    /// | `sender_constrained` | `true` if the token must be bound to its holder; otherwise absent |
    /// | `acr_values` | the authentication context classes of which the login must have one; absent for any |
    /// | `max_age` | the longest time since the login, in seconds; absent for any |
    /// | `authorization_details` | the types of authorization details that the token must have; absent for none |
    /// | `optional` | `true` if a caller without a token is let through; otherwise absent |
    /// | `scopes_from` | the value of [`Entry::scopes_from`]; absent if there is none |
    /// | `when` | the expression of [`Entry::when`]; absent if there is none |
    /// | `unguarded` | `true` for a function without `#[requires_auth]`: `scopes` is `[]`, and no token is required by the function; otherwise absent |
    #[must_use]
    pub fn to_json(&self) -> String {
        Document { version: VERSION, functions: self.entries().iter().map(Function::of).collect() }
            .to_text()
    }
}

impl Document {
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{{\n  \"version\": {},\n  \"functions\": [", self.version);
        for (index, function) in self.functions.iter().enumerate() {
            text += if index == 0 { "\n    " } else { ",\n    " };
            // A struct of strings and numbers is always JSON.
            text += &serde_json::to_string(function).unwrap_or_default();
        }
        text + if self.functions.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" }
    }
}

impl Function {
    pub(super) fn of(entry: &Entry) -> Self {
        // Always a list, so that a reader that knows plain scopes alone can iterate.
        let as_list = |condition| match ScopeExpression::from(condition) {
            scope @ ScopeExpression::Scope(_) => ScopeExpression::All(vec![scope]),
            other => other,
        };
        let has_source = !entry.file.is_empty();
        Self {
            path: entry.path(),
            kind: entry.kind.as_str().to_owned(),
            file: has_source.then(|| entry.file.to_owned()),
            line: has_source.then_some(entry.line),
            scopes: as_list(entry.condition),
            sender_constrained: entry.is_sender_constrained(),
            acr_values: entry.acr_values().iter().map(ToString::to_string).collect(),
            max_age: entry.max_age().map(|age| age.as_secs()),
            authorization_details: entry.authorization_details().map(str::to_owned).collect(),
            optional: entry.optional,
            scopes_from: entry.scopes_from.map(str::to_owned),
            when: entry.when.map(str::to_owned),
            unguarded: !entry.guarded,
        }
    }
}
