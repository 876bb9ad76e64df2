//! The names that the pattern of an argument binds.

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
