//! Checks the enum below `#[derive(Scope)]`, and computes what each scope implies.

use proc_macro2::Ident;
use syn::Fields;
use syn::ext::IdentExt;

use crate::diagnostics::Diagnostics;
use crate::parse::edit_distance::most_similar;
use crate::parse::scope_enum::{ScopeEnum, ScopeVariant};

/// For each variant, in order, the scopes that it implies.
pub(crate) struct Vocabulary {
    /// `reachable[a][b]`: variant `a` implies variant `b`, directly or through others. With errors,
    /// no variant implies another.
    reachable: Vec<Vec<bool>>,
}

impl Vocabulary {
    /// The indices of the variants that this one implies.
    pub(crate) fn implied(&self, index: usize) -> impl Iterator<Item = usize> {
        let row = self.reachable.get(index).into_iter().flatten();
        row.enumerate().filter_map(|(other, implied)| implied.then_some(other))
    }

    /// The indices of the variants that imply this one.
    pub(crate) fn implying(&self, index: usize) -> impl Iterator<Item = usize> {
        let implies = move |row: &Vec<bool>| row.get(index).copied().unwrap_or_default();
        self.reachable
            .iter()
            .enumerate()
            .filter_map(move |(other, row)| implies(row).then_some(other))
    }
}

pub(crate) fn validate_scope_enum(item: &ScopeEnum) -> (Vocabulary, Diagnostics) {
    let mut errors = Diagnostics::default();
    if !item.generics.params.is_empty() {
        errors.error(&item.generics, "a vocabulary of scopes has no generics", "remove them");
    }
    if item.variants.is_empty() {
        errors.error(
            &item.name,
            format_args!("the vocabulary `{}` has no scope", item.name.unraw()),
            "write a variant for each scope, as in `#[scope(\"entries:read\")] EntriesRead`",
        );
    }
    // A field may be what uses the generics.
    if errors.is_empty() {
        for variant in &item.variants {
            check_form(variant, &mut errors);
        }
    }
    check_duplicates(item, &mut errors);
    let direct = resolve_implies(item, &mut errors);
    let reachable = closure(&direct);
    check_cycles(item, &direct, &reachable, &mut errors);
    let reachable = if errors.is_empty() { reachable } else { Vec::new() };
    (Vocabulary { reachable }, errors)
}

/// A variant has neither fields nor a discriminant.
fn check_form(variant: &ScopeVariant, errors: &mut Diagnostics) {
    let name = variant.name.unraw();
    if !matches!(variant.fields, Fields::Unit) {
        errors.error(
            &variant.fields,
            format_args!("the variant `{name}` has fields"),
            format_args!("write `{name}` alone: a scope is a constant text"),
        );
    }
    if let Some(discriminant) = &variant.discriminant {
        errors.error(
            discriminant,
            format_args!("the variant `{name}` has a discriminant"),
            format_args!("write `{name}` alone"),
        );
    }
}

/// Each scope has one variant.
fn check_duplicates(item: &ScopeEnum, errors: &mut Diagnostics) {
    let mut seen: Vec<(&str, &Ident)> = Vec::new();
    for variant in &item.variants {
        let Some(scope) = variant.attribute.as_ref().and_then(|it| it.scope.as_ref()) else {
            continue;
        };
        match seen.iter().find(|(text, _)| *text == scope.text) {
            Some((text, first)) => errors.error(
                &scope.literal,
                format_args!("the scope `{text}` is defined twice"),
                format_args!(
                    "`{first}` defines it: remove one of the variants, or correct its scope"
                ),
            ),
            None => seen.push((&scope.text, &variant.name)),
        }
    }
}

/// For each variant, the indices of those in its `implies`, with their places.
fn resolve_implies<'i>(
    item: &'i ScopeEnum,
    errors: &mut Diagnostics,
) -> Vec<Vec<(usize, &'i Ident)>> {
    let names: Vec<String> = item.variants.iter().map(|it| it.name.unraw().to_string()).collect();
    let mut resolve = |variant: &'i ScopeVariant| {
        let mut resolved: Vec<(usize, &'i Ident)> = Vec::new();
        for name in variant.attribute.iter().flat_map(|it| &it.implies) {
            let text = name.unraw().to_string();
            match names.iter().position(|it| *it == text) {
                Some(other) if resolved.iter().any(|(index, _)| *index == other) => errors.error(
                    name,
                    format_args!("`{text}` is named twice in `implies`"),
                    "name each variant once",
                ),
                Some(other) => resolved.push((other, name)),
                None => {
                    let help = match most_similar(&text, names.iter().map(String::as_str)) {
                        Some(similar) => format!("did you mean `{similar}`?"),
                        None => format!("the variants are {}", listed(&names)),
                    };
                    let message = format!("`{}` has no variant `{text}`", item.name.unraw());
                    errors.error(name, message, help);
                }
            }
        }
        resolved
    };
    item.variants.iter().map(&mut resolve).collect()
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Which variants can be reached from each.
fn closure(direct: &[Vec<(usize, &Ident)>]) -> Vec<Vec<bool>> {
    let reach = |start: usize| {
        let mut reached = vec![false; direct.len()];
        let mut pending = vec![start];
        while let Some(index) = pending.pop() {
            for (next, _) in direct.get(index).into_iter().flatten() {
                if let Some(seen) = reached.get_mut(*next)
                    && !*seen
                {
                    *seen = true;
                    pending.push(*next);
                }
            }
        }
        reached
    };
    (0..direct.len()).map(reach).collect()
}

/// Reports each cycle once, at an entry of `implies` that is part of it.
fn check_cycles(
    item: &ScopeEnum,
    direct: &[Vec<(usize, &Ident)>],
    reachable: &[Vec<bool>],
    errors: &mut Diagnostics,
) {
    let reaches = |from: usize, to: usize| {
        reachable.get(from).and_then(|row| row.get(to)).copied().unwrap_or_default()
    };
    let name = |index: usize| {
        item.variants.get(index).map_or_else(String::new, |it| it.name.unraw().to_string())
    };
    let mut reported: Vec<usize> = Vec::new();
    for start in (0..direct.len()).filter(|index| reaches(*index, *index)) {
        if reported.iter().any(|other| reaches(*other, start) && reaches(start, *other)) {
            continue;
        }
        reported.push(start);
        let path = shortest_cycle(start, direct);
        let Some((last, rest)) = path.split_last() else { continue };
        let place = direct
            .get(*last)
            .into_iter()
            .flatten()
            .find_map(|(next, place)| (*next == start).then_some(*place));
        let first = name(start);
        if rest.is_empty() {
            let message = format!("`{first}` implies itself");
            errors.error(place, message, "remove it: a scope always satisfies itself");
            continue;
        }
        let names: Vec<String> =
            path.iter().chain([&start]).map(|index| format!("`{}`", name(*index))).collect();
        errors.error(
            place,
            format_args!("`implies` has a cycle: {}", names.join(" implies ")),
            format_args!(
                "remove `{first}` from `implies` of `{}`, or define one scope for all of them",
                name(*last)
            ),
        );
    }
}

/// The variants on a shortest way from `start` back to it, `start` first.
fn shortest_cycle(start: usize, direct: &[Vec<(usize, &Ident)>]) -> Vec<usize> {
    let mut paths = vec![vec![start]];
    let mut seen = vec![start];
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            let Some(last) = path.last() else { continue };
            for (next, _) in direct.get(*last).into_iter().flatten() {
                if *next == start {
                    return path;
                }
                if !seen.contains(next) {
                    seen.push(*next);
                    longer.push([path.as_slice(), &[*next]].concat());
                }
            }
        }
        paths = longer;
    }
    Vec::new()
}
