//! The names that the pattern of an argument binds.

use proc_macro2::Ident;
use syn::{Pat, PatTupleStruct, PatType};

/// The pattern `Some(…)`, if the argument has one.
pub(super) fn some_pattern(argument: &PatType) -> Option<&PatTupleStruct> {
    match &*argument.pat {
        Pat::TupleStruct(pattern) => {
            let last = pattern.path.segments.last()?;
            (last.ident == "Some").then_some(pattern)
        }
        _ => None,
    }
}

/// The name that a pattern such as `Extension(name)` or `Some(name)` binds.
pub(super) fn inner_name(pattern: &PatTupleStruct) -> String {
    name_or_auth(pattern.elems.first())
}

/// The name of a pattern, or `auth`, which help texts use where there is none.
pub(super) fn name_or_auth(pattern: Option<&Pat>) -> String {
    match pattern {
        Some(Pat::Ident(name)) => name.ident.to_string(),
        _ => "auth".to_owned(),
    }
}

/// The variables that a pattern binds, in their order. A name that begins like a constant or a unit struct is none.
pub(super) fn variables(pattern: &Pat) -> Vec<Ident> {
    let of_each = |patterns: &mut dyn Iterator<Item = &Pat>| patterns.flat_map(variables).collect();
    match pattern {
        Pat::Ident(name) => {
            let is_variable = !name.ident.to_string().starts_with(char::is_uppercase);
            let inner = name.subpat.iter().flat_map(|(_, inner)| variables(inner));
            is_variable.then(|| name.ident.clone()).into_iter().chain(inner).collect()
        }
        Pat::Paren(inner) => variables(&inner.pat),
        Pat::Reference(inner) => variables(&inner.pat),
        Pat::Type(inner) => variables(&inner.pat),
        Pat::Slice(slice) => of_each(&mut slice.elems.iter()),
        Pat::Struct(fields) => of_each(&mut fields.fields.iter().map(|field| &*field.pat)),
        Pat::Tuple(tuple) => of_each(&mut tuple.elems.iter()),
        Pat::TupleStruct(tuple) => of_each(&mut tuple.elems.iter()),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    use super::*;

    #[test]
    fn the_variables_of_a_pattern_are_found_in_their_order() {
        // R-K15
        for (pattern, expected) in [
            ("entry", "entry"),
            ("mut entry", "entry"),
            ("_", ""),
            ("Json(entry)", "entry"),
            ("Path((owner, id))", "owner id"),
            ("Parameters(Text { text, title: t, .. })", "text t"),
            ("[a, b @ .., c]", "a b c"),
            ("whole @ (a, (b))", "whole a b"),
            ("Wrapper(&c, None, LIMIT)", "c"),
        ] {
            let parsed = Pat::parse_single.parse_str(pattern).unwrap();
            let names: Vec<String> = variables(&parsed).iter().map(ToString::to_string).collect();
            assert_eq!(names.join(" "), expected, "{pattern}");
        }
    }
}
