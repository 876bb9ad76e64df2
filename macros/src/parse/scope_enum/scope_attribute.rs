//! `#[scope("…", implies = […])]` above a variant.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Attribute, Meta, Variant};

use super::split_at_commas;
use crate::diagnostics::Diagnostics;
use crate::parse::attribute::has_name;
use crate::parse::condition::scope::Scope;
use crate::parse::edit_distance::is_misspelling;
use crate::parse::tokens::{is_punct, string_literal};

const THE_ARGUMENTS: &str = "the arguments are the scope and `implies = […]`";

/// The attribute of a variant.
pub(crate) struct ScopeAttribute {
    /// `None` with an error.
    pub(crate) scope: Option<Scope>,
    /// The names in `implies`.
    pub(crate) implies: Vec<Ident>,
}

impl ScopeAttribute {
    /// `vocabulary`: the name of the enum.
    pub(super) fn of_variant(
        variant: &Variant,
        vocabulary: &Ident,
        errors: &mut Diagnostics,
    ) -> Option<Self> {
        let mut attributes = variant.attrs.iter().filter(|it| has_name(it, "scope"));
        let is_misspelled = report_misspelled(&variant.attrs, errors);
        let Some(first) = attributes.next() else {
            if is_misspelled {
                return None;
            }
            let name = variant.ident.unraw();
            errors.error(
                &variant.ident,
                format_args!("the variant `{name}` has no scope"),
                "write `#[scope(\"…\")]` above it",
            );
            return None;
        };
        for further in attributes {
            errors.error(further, "`#[scope]` is given twice", "write one variant for each scope");
        }
        Self::parse(first, vocabulary, errors)
    }

    fn parse(attribute: &Attribute, vocabulary: &Ident, errors: &mut Diagnostics) -> Option<Self> {
        let tokens = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                let value = &pair.value;
                let value = quote::quote!(#value).to_string();
                let help = format!("write `#[scope({value})]`");
                errors.error(attribute, "expected `(` after `scope`", help);
                return None;
            }
            Meta::Path(_) => TokenStream::new(),
        };
        if tokens.is_empty() {
            errors.error(attribute, "no scope is named", "write `#[scope(\"…\")]`");
            return None;
        }
        let (parts, comma_errors) = split_at_commas(tokens);
        errors.extend(comma_errors);
        let (mut scope, mut implies) = (None, None);
        let mut names_scope = false;
        let mut parts = parts.into_iter().peekable();
        while let Some(part) = parts.next() {
            let part = &part;
            if let Some(text) = string_literal(part) {
                if names_scope {
                    let help = "write one variant for each scope; a scope that this one implies is \
                                named in `implies = […]`";
                    errors.error(part, "the scope is given twice", help);
                } else {
                    scope = Scope::parse_definition(&text, errors);
                }
                names_scope = true;
            } else if let Some(value) = value_of_implies(part) {
                let first = names_variant(&value).then(|| value.clone());
                let next = || parts.next_if(|next| first.is_some() && names_variant(next));
                let further: Vec<TokenStream> = std::iter::from_fn(next).collect();
                if implies.is_some() {
                    errors.error(part, "`implies` is given twice", "write one list");
                } else if let (Some(first), false) = (first, further.is_empty()) {
                    report_split_list(&first, &further, errors);
                    implies = Some(Vec::new());
                } else {
                    implies = Some(parse_implies(&value, part, vocabulary, errors));
                }
            } else {
                // It may be the scope, in another form.
                names_scope |= report_argument(part, errors);
            }
        }
        if !names_scope {
            errors.error(attribute, "no scope is named", "write `#[scope(\"…\")]`");
        }
        Some(Self { scope, implies: implies.unwrap_or_default() })
    }
}

/// The tokens after `implies =`.
fn value_of_implies(part: &TokenStream) -> Option<TokenStream> {
    let mut trees = part.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(key)), Some(equals))
            if key == "implies" && is_punct(&equals, '=') =>
        {
            Some(trees.collect())
        }
        _ => None,
    }
}

/// Reports each `#[scopes(…)]`. Returns whether there is one.
pub(super) fn report_misspelled(attributes: &[Attribute], errors: &mut Diagnostics) -> bool {
    let mut misspelled = attributes.iter().filter(|it| has_name(it, "scopes")).peekable();
    let is_misspelled = misspelled.peek().is_some();
    for attribute in misspelled {
        let arguments = match &attribute.meta {
            Meta::List(list) => list.tokens.to_string(),
            _ => "\"…\"".to_owned(),
        };
        errors.error(
            attribute.path(),
            "unknown attribute `scopes`",
            format_args!("did you mean `#[scope({arguments})]`?"),
        );
    }
    is_misspelled
}

/// Whether an element of `implies` begins with the name of a variant, in a list whose brackets are missing.
fn names_variant(element: &TokenStream) -> bool {
    syn::parse2::<syn::Path>(element.clone()).is_ok()
}

/// Reports `implies = A, B`.
fn report_split_list(first: &TokenStream, further: &[TokenStream], errors: &mut Diagnostics) {
    let elements = std::iter::once(first).chain(further);
    let names: Vec<String> = elements.clone().map(|it| it.to_string().replace(' ', "")).collect();
    let separator = quote::quote!(,);
    let place: TokenStream =
        elements.flat_map(|it| [it.clone(), separator.clone()]).take(names.len() * 2 - 1).collect();
    let help = format!("write `implies = [{}]`", names.join(", "));
    errors.error(place, "the value of `implies` is not a list", help);
}

fn parse_implies(
    value: &TokenStream,
    part: &TokenStream,
    vocabulary: &Ident,
    errors: &mut Diagnostics,
) -> Vec<Ident> {
    let mut trees = value.clone().into_iter();
    let list = match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None) if list.delimiter() == Delimiter::Bracket => list,
        (None, _) => {
            errors.error(part, "the value of `implies` is missing", "write `implies = [Variant]`");
            return Vec::new();
        }
        (Some(TokenTree::Ident(one)), None) => {
            let help = format!("write `implies = [{one}]`");
            errors.error(value, "the value of `implies` is not a list", help);
            return Vec::new();
        }
        _ => {
            let help = "write `implies = [Variant]`, with variants of this enum";
            errors.error(value, "the value of `implies` is not a list", help);
            return Vec::new();
        }
    };
    let (elements, comma_errors) = split_at_commas(list.stream());
    if elements.is_empty() && comma_errors.is_empty() {
        errors.error(&list, "`implies` names no scope", "remove `implies`, or name a variant");
    }
    errors.extend(comma_errors);
    elements.iter().filter_map(|element| parse_element(element, vocabulary, errors)).collect()
}

fn parse_element(
    element: &TokenStream,
    vocabulary: &Ident,
    errors: &mut Diagnostics,
) -> Option<Ident> {
    if let Ok(name) = syn::parse2::<Ident>(element.clone()) {
        return Some(name);
    }
    let (message, help) = match syn::parse2::<syn::Path>(element.clone()) {
        Ok(path) if path.leading_colon.is_none() => match path.segments.last() {
            Some(last) if is_of(&path, vocabulary) => {
                ("expected the name of a variant, found a path", format!("write `{}`", last.ident))
            }
            Some(_) => (
                "expected the name of a variant, found a path",
                format!(
                    "write a variant of `{}`: a scope implies scopes of its own vocabulary",
                    vocabulary.unraw()
                ),
            ),
            None => return None,
        },
        _ if string_literal(element).is_some() => (
            "expected the name of a variant, found a string literal",
            "write the variant that defines this scope".to_owned(),
        ),
        _ => ("expected the name of a variant", "write `implies = [Variant]`".to_owned()),
    };
    errors.error(element, message, help);
    None
}

/// Whether the path leads to a variant of the enum `vocabulary`.
fn is_of(path: &syn::Path, vocabulary: &Ident) -> bool {
    let mut segments = path.segments.iter().rev().skip(1);
    segments.next().is_some_and(|it| it.ident == "Self" || it.ident == *vocabulary)
}

/// Whether a user may expect an argument of this name to be the description.
fn is_description(name: &str) -> bool {
    matches!(
        name,
        "about" | "comment" | "desc" | "description" | "doc" | "docs" | "help" | "label" | "title"
    )
}

/// Reports an argument that is neither a string nor `implies = …`. Returns whether it seems to be the scope.
fn report_argument(part: &TokenStream, errors: &mut Diagnostics) -> bool {
    let trees: Vec<TokenTree> = part.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(key), TokenTree::Group(list)]
            if key == "implies" && list.delimiter() != Delimiter::None =>
        {
            let inner = list.stream();
            errors.error(
                list,
                "expected `=` after `implies`",
                format_args!("write `implies = [{inner}]`"),
            );
            false
        }
        [TokenTree::Ident(key)] if key == "implies" => {
            errors.error(key, "the value of `implies` is missing", "write `implies = [Variant]`");
            false
        }
        [TokenTree::Ident(key), equals, ..] if is_punct(equals, '=') => {
            let name = key.unraw().to_string();
            let value: TokenStream = trees.iter().skip(2).cloned().collect();
            let text = string_literal(&value);
            if let (Some(text), true) = (&text, is_description(&name)) {
                let help = format!("write `/// {}` above the variant", text.value());
                errors.error(key, format_args!("unknown argument `{name}`"), help);
                return false;
            }
            let is_scope = text.is_some();
            let help = if is_scope {
                format!("write `#[scope({value})]`")
            } else if is_misspelling(&name, "implies")
                || matches!(name.as_str(), "imply" | "implied" | "includes" | "grants")
            {
                format!("write `implies = {value}`")
            } else {
                THE_ARGUMENTS.to_owned()
            };
            errors.error(key, format_args!("unknown argument `{name}`"), help);
            is_scope
        }
        [TokenTree::Ident(_), ..] => {
            let text: String = trees.iter().map(ToString::to_string).collect();
            let help = format!("write `#[scope(\"{text}\")]`");
            errors.error(part, "a scope is written as a string literal", help);
            true
        }
        [TokenTree::Literal(first), ..] if first.to_string().contains('"') => {
            let next: TokenStream = trees.iter().skip(1).take(1).cloned().collect();
            errors.error(next, "expected `,` before this", THE_ARGUMENTS);
            true
        }
        _ => {
            errors.error(part, "expected a string literal", "write `#[scope(\"…\")]`");
            true
        }
    }
}
