//! The row of one function.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::escape::escape;
use super::matrix::{Alternatives, Cell};
use crate::Condition;
use crate::manifest::Entry;
use crate::manifest::json::Function;
use crate::manifest::scope_expression::ScopeExpression;

/// A function with its alternatives.
pub(super) struct Row<'a> {
    entry: &'a Entry,
    pub(super) access: Access,
    alternatives: Alternatives,
    scopes: BTreeSet<&'static str>,
}

/// Who reaches a function, in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Unguarded,
    Optional,
    AnyToken,
    /// No scopes, but a bound token, a login or authorization details.
    Token,
    Scopes,
}

impl Access {
    /// Those with the most callers first.
    pub(super) const ALL: [Self; 5] =
        [Self::Unguarded, Self::Optional, Self::AnyToken, Self::Token, Self::Scopes];

    fn of(entry: &Entry) -> Self {
        if !entry.guarded {
            Self::Unguarded
        } else if entry.optional {
            Self::Optional
        } else if entry.condition == Condition::NONE && entry.scopes_from.is_none() {
            if entry.token.is_none() { Self::AnyToken } else { Self::Token }
        } else {
            Self::Scopes
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Unguarded => "unguarded",
            Self::Optional => "anonymous allowed",
            Self::AnyToken => "any token",
            Self::Token => "token restricted",
            Self::Scopes => "scopes required",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Unguarded => "unguarded",
            Self::Optional => "optional",
            Self::AnyToken => "any-token",
            Self::Token => "token-restricted",
            Self::Scopes => "scopes-required",
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn new(entry: &'a Entry) -> Self {
        let alternatives = Alternatives::of(entry.condition);
        let scopes = alternatives.scopes();
        Self { entry, access: Access::of(entry), alternatives, scopes }
    }

    pub(super) fn crate_name(&self) -> &str {
        let module = self.entry.module.as_str();
        module.split_once("::").map_or(module, |(name, _)| name)
    }

    pub(super) fn has_when(&self) -> bool {
        self.entry.when.is_some()
    }

    /// Whether the condition names the scope, or one that it implies.
    pub(super) fn names(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(super) fn write<'s>(&self, page: &mut String, columns: impl Iterator<Item = &'s str>) {
        let entry = self.entry;
        let access = self.access;
        let scopes: Vec<String> = self.scopes.iter().map(|scope| escape(scope)).collect();
        let _ = writeln!(
            page,
            "<tr role=\"row\" class=\"{}\" data-kind=\"{}\" data-access=\"{}\" data-scopes=\"{}\">",
            access.class(),
            escape(entry.kind.as_str()),
            access.as_str(),
            scopes.join(" ")
        );
        page.push_str("<th scope=\"row\" role=\"rowheader\" class=\"function\">");
        if !entry.module.is_empty() {
            let _ = write!(page, "<span class=\"module\">{}::</span><wbr>", escape(&entry.module));
        }
        let _ = writeln!(page, "<b>{}</b></th>", escape(&entry.name));
        let _ = writeln!(
            page,
            "<td role=\"cell\" class=\"source\">{}</td>\n<td role=\"cell\" class=\"kind\">{}</td>",
            // A long path is broken after a slash.
            escape(&entry.location()).replace('/', "/<wbr>"),
            escape(entry.kind.as_str())
        );
        self.write_requires(page);
        for scope in columns {
            write_cell(page, scope, &self.alternatives.cell(scope));
        }
        page.push_str("</tr>\n");
    }

    fn write_requires(&self, page: &mut String) {
        page.push_str("<td role=\"cell\" class=\"requires\">");
        if self.access != Access::Scopes {
            let _ = write!(page, "<span class=\"badge\">{}</span> ", self.access.as_str());
        }
        if self.entry.condition != Condition::NONE {
            let condition = ScopeExpression::as_written(self.entry.condition).to_string();
            let or = if self.access == Access::Optional { "or " } else { "" };
            let _ = write!(page, "<span class=\"condition\">{or}{}</span>", escape(&condition));
        }
        for (keyword, value) in Function::of(self.entry).token_requirements() {
            let _ = write!(
                page,
                "<span class=\"when\"><span class=\"keyword\">{keyword}</span> {}</span>",
                escape(&value)
            );
        }
        for (keyword, text) in [("scopes_from", self.entry.scopes_from), ("when", self.entry.when)]
        {
            if let Some(text) = text {
                let _ = write!(
                    page,
                    "<span class=\"when\"><span class=\"keyword\">{keyword}</span> <code>{}</code></span>",
                    escape(text)
                );
            }
        }
        page.push_str("</td>\n");
    }
}

/// The name of the scope is shown where there is no header.
fn write_cell(page: &mut String, scope: &str, cell: &Cell) {
    let content = match cell {
        Cell::Nothing => {
            page.push_str("<td role=\"cell\" class=\"scope none\"></td>\n");
            return;
        }
        Cell::Required => mark("required", "●", "required"),
        Cell::Implies(required) => {
            mark("also", "also", &format!("also, implies {}", escape(required)))
        }
        Cell::Alternatives { with, implied } => {
            let with = with.iter().map(|number| {
                mark("number", &number.to_string(), &format!("alternative {number}"))
            });
            let implied = implied.iter().map(|number| {
                let words = format!("also, implies a scope of alternative {number}");
                mark("also", &format!("also {number}"), &words)
            });
            with.chain(implied).collect::<Vec<_>>().join(" ")
        }
        Cell::Named => mark("also", "in part", "in part of the alternatives"),
    };
    let _ = writeln!(
        page,
        "<td role=\"cell\" class=\"scope\"><span class=\"label\">{}</span>{content}</td>",
        escape(scope)
    );
}

/// A mark, and the words for it where the mark is not seen.
fn mark(class: &str, text: &str, words: &str) -> String {
    format!(
        "<span class=\"mark {class}\" aria-hidden=\"true\">{text}</span><span class=\"words {class}\">{words}</span>"
    )
}
