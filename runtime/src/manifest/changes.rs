//! What differs between a reviewed manifest and that of the program.

use std::collections::BTreeMap;
use std::fmt;

use super::json::Function;
use super::requirement::{Requirement, on_one_line};

/// The differences, the most dangerous ones first.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// New functions without a guard.
    exposed: Vec<&'a Function>,
    weakened: Vec<(&'a Function, &'a Function)>,
    removed: Vec<&'a Function>,
    changed: Vec<(&'a Function, &'a Function)>,
    strengthened: Vec<(&'a Function, &'a Function)>,
    added: Vec<&'a Function>,
    /// Functions without a guard that are no longer listed.
    gone: Vec<&'a Function>,
}

impl<'a> Changes<'a> {
    /// Compares functions with the same path, where there are several in the given order.
    pub(super) fn between(before: &'a [Function], after: &'a [Function]) -> Self {
        let mut changes = Self::default();
        let mut paths: BTreeMap<&str, (Vec<&Function>, Vec<&Function>)> = BTreeMap::new();
        for function in before {
            paths.entry(&function.path).or_default().0.push(function);
        }
        for function in after {
            let (before, after) = paths.entry(&function.path).or_default();
            match before.iter().position(|one| one.is_same(function)) {
                Some(same) => drop(before.remove(same)),
                None => after.push(function),
            }
        }
        for (before, after) in paths.into_values() {
            let paired = before.len().min(after.len());
            for (before, after) in before.iter().zip(&after) {
                changes.add_pair(before, after);
            }
            for function in before.get(paired..).unwrap_or_default() {
                let list =
                    if function.unguarded { &mut changes.gone } else { &mut changes.removed };
                list.push(function);
            }
            for function in after.get(paired..).unwrap_or_default() {
                let list =
                    if function.unguarded { &mut changes.exposed } else { &mut changes.added };
                list.push(function);
            }
        }
        changes
    }

    fn add_pair(&mut self, before: &'a Function, after: &'a Function) {
        let list = if after.is_weaker_than(before) {
            &mut self.weakened
        } else if after.kind != before.kind || !before.is_weaker_than(after) {
            &mut self.changed
        } else {
            &mut self.strengthened
        };
        list.push((before, after));
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { exposed, weakened, removed, changed, strengthened, added, gone } = self;
        exposed.is_empty()
            && weakened.is_empty()
            && removed.is_empty()
            && changed.is_empty()
            && strengthened.is_empty()
            && added.is_empty()
            && gone.is_empty()
    }
}

impl Function {
    /// Whether both mean the same to a reviewer, wherever they are in the source.
    fn is_same(&self, other: &Self) -> bool {
        let without_source = |it: &Self| Self { file: None, line: None, ..it.clone() };
        without_source(self) == without_source(other)
    }

    /// Whether a caller that the other one rejects may reach this one. Two values of `scopes_from`, and two expressions
    /// of `when`, are not compared by their meaning: each may accept what the other one rejects.
    fn is_weaker_than(&self, other: &Self) -> bool {
        if self.unguarded || other.unguarded {
            return self.unguarded && !other.unguarded;
        }
        !self.scopes.implies(&other.scopes)
            || self.accepts_more_tokens_than(other)
            || self.optional && !other.optional
            || other.scopes_from.is_some() && self.scopes_from != other.scopes_from
            || other.when.is_some() && self.when != other.when
    }

    /// Whether a token that the other one rejects, for more than its scopes, may be accepted by this one.
    fn accepts_more_tokens_than(&self, other: &Self) -> bool {
        let is_other_acr = |acr| !other.acr_values.contains(acr);
        let accepts_more_logins = !other.acr_values.is_empty()
            && (self.acr_values.is_empty() || self.acr_values.iter().any(is_other_acr));
        let accepts_older_logins =
            other.max_age.is_some_and(|other| self.max_age.is_none_or(|age| age > other));
        let mut details = other.authorization_details.iter();
        other.sender_constrained && !self.sender_constrained
            || accepts_more_logins
            || accepts_older_logins
            || details.any(|name| !self.authorization_details.contains(name))
    }
}

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, "weakened: it is new, and has no guard", '+', &self.exposed)?;
        pairs(f, "weakened: a caller that was rejected may reach it", &self.weakened)?;
        list(
            f,
            "removed: there is no guard, unless the function is removed too",
            '-',
            &self.removed,
        )?;
        pairs(f, "changed", &self.changed)?;
        pairs(f, "strengthened: fewer callers reach it", &self.strengthened)?;
        list(f, "added", '+', &self.added)?;
        list(f, "not listed any more: it had no guard", '-', &self.gone)
    }
}

fn pairs(f: &mut fmt::Formatter<'_>, title: &str, pairs: &[(&Function, &Function)]) -> fmt::Result {
    if pairs.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    for (before, after) in pairs {
        writeln!(f, "    {}", Place(after))?;
        writeln!(f, "      - {}", Line(before, before.kind != after.kind))?;
        writeln!(f, "      + {}", Line(after, before.kind != after.kind))?;
    }
    writeln!(f)
}

fn list(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    sign: char,
    functions: &[&Function],
) -> fmt::Result {
    if functions.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    for function in functions {
        writeln!(f, "    {}", Place(function))?;
        writeln!(f, "      {sign} {}", Line(function, true))?;
    }
    writeln!(f)
}

/// `journal::rest::create_entry (src/rest.rs:12)`
struct Place<'a>(&'a Function);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&on_one_line(&self.0.path))?;
        match (&self.0.file, self.0.line) {
            (Some(file), Some(line)) => write!(f, " ({}:{line})", on_one_line(file)),
            _ => Ok(()),
        }
    }
}

/// `handler: entries:write`, or without the kind.
struct Line<'a>(&'a Function, bool);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            write!(f, "{}: ", on_one_line(&self.0.kind))?;
        }
        Requirement(self.0).fmt(f)
    }
}
