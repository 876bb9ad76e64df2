//! One function in a manifest.

use std::fmt;
use std::time::Duration;

use super::registration::Registration;
use crate::Condition;
#[cfg(feature = "rmcp")]
use crate::Requirement;
use crate::policy::{DetailType, TokenRequirement};

/// One function, and what it requires of its callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) file: &'static str,
    pub(super) line: u32,
    pub(super) condition: Condition,
    pub(super) token: TokenRequirement,
    pub(super) optional: bool,
    pub(super) scopes_from: Option<&'static str>,
    pub(super) when: Option<&'static str>,
    pub(super) guarded: bool,
}

/// What calls a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A framework such as axum, for an HTTP request.
    Handler,
    /// An MCP client, as a tool.
    Tool,
    /// An MCP client, as a prompt.
    Prompt,
    /// An MCP client, as a resource that `McpBuilder::resource` or `McpBuilder::resource_with_scopes_from` declares.
    Resource,
}

impl Entry {
    /// The path in the program: crate, modules, the type of a method, and the name, as in
    /// `journal::rest::create_entry` or `journal::mcp::Journal::create_entry`.
    ///
    /// Two functions have the same path only if they are in two blocks of one function. The path of a resource is its
    /// URI or its template, as in `journal://entries/{id}`.
    #[must_use]
    pub fn path(&self) -> String {
        if self.module.is_empty() {
            return self.name.clone();
        }
        format!("{}::{}", self.module, self.name)
    }

    /// The path without the name. Empty for a resource.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The name of the function.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What calls it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it has `#[requires_auth]`, or is a resource with a declared condition. One without it is listed by
    /// [`Manifest::with_unguarded`](super::Manifest::with_unguarded) or by `Mcp::manifest`; its condition says nothing.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// The source file, as the compiler names it: for a package of a workspace, relative to the workspace. Empty for a
    /// function that is not [guarded](Self::is_guarded), and for a resource.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the function's name, counted from 1. For a function that a macro defines, the line of the macro
    /// call. 0 for a function that is not [guarded](Self::is_guarded), and for a resource.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The condition on the caller's scopes: [`Condition::NONE`] for any valid token.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// Whether the token must be bound to its holder, because of `sender_constrained`.
    #[must_use]
    pub fn is_sender_constrained(&self) -> bool {
        self.token.sender_constrained
    }

    /// The authentication context classes of which the login must have one, from `acr_values`; empty for any login.
    #[must_use]
    pub fn acr_values(&self) -> &'static [&'static str] {
        self.token.authentication.acr_values
    }

    /// The longest time since the login, from `max_age`; `None` for any time.
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.token.authentication.max_age
    }

    /// The types of authorization details that the token must have, from `authorization_details`.
    pub fn authorization_details(&self) -> impl Iterator<Item = &'static str> {
        DetailType::names(self.token.authorization_details).into_iter()
    }

    /// Whether a caller without a token reaches it, because of `optional`.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The value of `scopes_from`, as the compiler prints it: the function that returns further scopes, which depend on
    /// the arguments. For a resource, the name of the type of the function that returns the scopes of its variables.
    /// `None` if there is none.
    #[must_use]
    pub fn scopes_from(&self) -> Option<&str> {
        self.scopes_from
    }

    /// The expression of `when`, as the compiler prints it: a further condition, which sees the arguments. `None` if
    /// there is none.
    #[must_use]
    pub fn when(&self) -> Option<&str> {
        self.when
    }

    /// The file and the line, as in `src/rest.rs:12`. Empty if they are not known.
    pub(super) fn location(&self) -> String {
        if self.file.is_empty() {
            return String::new();
        }
        format!("{}:{}", self.file, self.line)
    }
}

impl From<&Registration> for Entry {
    fn from(registration: &Registration) -> Self {
        let path = registration.function_path();
        let (module, name) = split_path(&path);
        Self {
            module: module.to_owned(),
            name: name.to_owned(),
            kind: registration.kind,
            file: registration.file,
            line: registration.line,
            condition: registration.condition,
            token: registration.token,
            optional: registration.optional,
            scopes_from: registration.scopes_from,
            when: registration.when,
            guarded: true,
        }
    }
}

impl Entry {
    /// A function without the attribute. Its place in the source is not known.
    pub(super) fn unguarded(kind: Kind, path: &str) -> Self {
        let (module, name) = split_path(path);
        Self {
            module: module.to_owned(),
            name: name.to_owned(),
            kind,
            file: "",
            line: 0,
            condition: Condition::NONE,
            token: TokenRequirement::NONE,
            optional: false,
            scopes_from: None,
            when: None,
            guarded: false,
        }
    }

    /// A resource of an MCP server. It is declared, so it is in no place of the source.
    #[cfg(feature = "rmcp")]
    pub(super) fn resource(
        template: &str,
        requirement: Requirement,
        scopes_from: Option<&'static str>,
    ) -> Self {
        Self {
            module: String::new(),
            name: template.to_owned(),
            condition: requirement.condition,
            token: requirement.token.copied().unwrap_or(TokenRequirement::NONE),
            scopes_from,
            guarded: true,
            ..Self::unguarded(Kind::Resource, "")
        }
    }
}

/// Splits a path in front of its last segment, which is the name of a function and so contains no `::`.
fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

impl Kind {
    /// The name in all formats, such as `handler`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
