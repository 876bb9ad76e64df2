//! Which tools, or which prompts, declare a policy.

use std::collections::{BTreeSet, HashSet};

use ::rmcp::model::MetaObject;

use crate::SetupError;
use crate::mcp::meta::is_declared;

#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Whether every tool, or every prompt, must declare a policy.
    pub(super) required: bool,
    /// The names with a route that declares one; `#[public]` counts.
    declared: HashSet<String>,
    /// The names with a route that declares none. Another route of the same name may.
    undeclared: BTreeSet<String>,
    /// The names that the builder has declared to be public.
    pub(super) public: HashSet<String>,
}

impl Coverage {
    /// Adds a route. `guarded`: whether its `_meta` has a policy.
    pub(super) fn add(&mut self, name: &str, meta: Option<&MetaObject>, guarded: bool) {
        let is_in_block = is_declared(meta);
        self.required |= is_in_block;
        if is_in_block || guarded {
            self.declared.insert(name.to_owned());
        } else {
            self.undeclared.insert(name.to_owned());
        }
    }

    pub(super) fn check(&self, kind: &'static str) -> Result<(), SetupError> {
        let missing = self.undeclared.iter().find(|name| !self.public.contains(*name));
        match missing.filter(|_| self.required) {
            Some(name) => Err(SetupError::NoPolicy { kind, name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Whether a name is covered, or needs not be.
    pub(super) fn allows(&self, name: &str) -> bool {
        !self.required || self.declared.contains(name) || self.public.contains(name)
    }
}
