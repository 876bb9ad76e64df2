//! Which tools, or which prompts, declare a policy.

use std::any::type_name;
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
    /// The routes without a guard, with the type whose tool, or prompt, each is.
    unguarded: BTreeSet<(&'static str, String)>,
    /// The names that the builder has declared to be public.
    pub(super) public: HashSet<String>,
}

impl Coverage {
    /// Adds a route of the handler `H`. `guarded`: whether its `_meta` has a policy.
    pub(super) fn add<H>(&mut self, name: &str, meta: Option<&MetaObject>, guarded: bool) {
        let is_in_block = is_declared(meta);
        self.required |= is_in_block;
        if !guarded {
            self.unguarded.insert((type_name::<H>(), name.to_owned()));
        }
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

    /// The paths of what is called without a guard: routes, and public names that are in no router and so belong to
    /// the handler `H` itself.
    #[cfg(feature = "manifest")]
    pub(super) fn unguarded<H>(&self) -> impl Iterator<Item = String> {
        let routes = self.unguarded.iter().map(|(handler, name)| (*handler, name));
        let of_handler = self
            .public
            .iter()
            .filter(|name| !self.declared.contains(*name) && !self.undeclared.contains(*name));
        routes
            .chain(of_handler.map(|name| (type_name::<H>(), name)))
            .map(|(handler, name)| format!("{handler}::{name}"))
    }

    /// Whether a name is covered, or needs not be.
    pub(super) fn allows(&self, name: &str) -> bool {
        !self.required || self.declared.contains(name) || self.public.contains(name)
    }
}
