//! The arguments on the token besides its scopes: `sender_constrained`, `acr_values = …`, `max_age = …` and
//! `authorization_details = …`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Lit, LitInt, LitStr, Path, Type};

use crate::diagnostics::Diagnostics;
use crate::parse::scope_token::{MAX_SCOPE_BYTES, first_invalid_character};
use crate::parse::tokens::{compact, split_at_commas, string_literal, without_captures};

/// The most values of one argument: the runtime implements its traits for tuples of this many elements.
const MAX_VALUES: usize = 16;

/// Values for help texts.
pub(super) const ACR_VALUES_EXAMPLE: &str = "\"phr\"";
pub(super) const MAX_AGE_EXAMPLE: &str = "300";
pub(super) const DETAILS_EXAMPLE: &str = "Payment";

/// What the function requires of the token besides its scopes.
#[derive(Default)]
pub(crate) struct TokenRequirement {
    /// Whether the token must be bound to its holder.
    pub(crate) sender_constrained: bool,
    /// The authentication context classes of which the login must have one; empty: any.
    pub(crate) acr_values: Vec<String>,
    /// The longest time since the login in seconds, a constant.
    pub(crate) max_age: Option<TokenStream>,
    /// The types of authorization details that the token must have.
    pub(crate) authorization_details: Vec<Type>,
}

impl TokenRequirement {
    /// Whether every valid token meets it.
    pub(crate) fn is_none(&self) -> bool {
        let Self { sender_constrained, acr_values, max_age, authorization_details } = self;
        !sender_constrained
            && acr_values.is_empty()
            && max_age.is_none()
            && authorization_details.is_empty()
    }

    /// Whether a type of authorization details is among them, written in the same way.
    pub(crate) fn names_detail(&self, ty: &Type) -> bool {
        self.authorization_details.iter().any(|named| is_same_type(named, ty))
    }

    pub(super) fn set_acr_values(&mut self, value: TokenStream, errors: &mut Diagnostics) {
        let Some(elements) = elements(&value, "acr_values", ACR_VALUES_EXAMPLE, errors) else {
            return;
        };
        let texts: Vec<_> = elements.iter().map(|element| acr_values(element, errors)).collect();
        let Some(texts) = texts.into_iter().collect::<Option<Vec<_>>>() else { return };
        for (text, literal) in texts.into_iter().flatten() {
            if self.acr_values.contains(&text) {
                let message = format!("the authentication context class `{text}` is named twice");
                errors.error(literal, message, "name each one once");
                return;
            }
            self.acr_values.push(text);
        }
        if self.acr_values.len() > MAX_VALUES {
            let message = format!("more than {MAX_VALUES} authentication context classes");
            errors.error(value, message, "name fewer");
        }
    }

    pub(super) fn set_max_age(&mut self, value: TokenStream, errors: &mut Diagnostics) {
        match syn::parse2::<Lit>(value.clone()) {
            Ok(Lit::Int(seconds)) => match literal_seconds(&seconds) {
                Some(0) => errors.error(
                    seconds,
                    "no login is 0 seconds old when its token arrives",
                    "write the seconds since the login, as in `max_age = 300`",
                ),
                Some(number) => self.max_age = Some(quote!(#number)),
                None => report_max_age(&value, errors),
            },
            Err(_) if syn::parse2::<Path>(value.clone()).is_ok() => self.max_age = Some(value),
            _ => report_max_age(&value, errors),
        }
    }

    pub(super) fn set_authorization_details(
        &mut self,
        value: TokenStream,
        errors: &mut Diagnostics,
    ) {
        let name = "authorization_details";
        let Some(elements) = elements(&value, name, DETAILS_EXAMPLE, errors) else { return };
        for element in elements {
            match syn::parse2::<Type>(element.clone()).map(ungrouped) {
                Ok(ty @ Type::Path(_)) if self.names_detail(&ty) => {
                    let message = format!("the type `{}` is named twice", compact(&element));
                    errors.error(element, message, "name each one once");
                }
                Ok(ty @ Type::Path(_)) => self.authorization_details.push(ty),
                _ => errors.error(
                    element,
                    "the value of `authorization_details` is not a type",
                    "write a type that implements `AuthorizationDetail`, as in `authorization_details = Payment`",
                ),
            }
        }
        if self.authorization_details.len() > MAX_VALUES {
            let message = format!("more than {MAX_VALUES} types of authorization details");
            errors.error(value, message, "name fewer");
        }
    }
}

/// Whether two types are written in the same way.
pub(crate) fn is_same_type(one: &Type, other: &Type) -> bool {
    let text = |ty: &Type| without_captures(ty.to_token_stream()).to_string();
    text(one) == text(other)
}

/// The type that a macro has captured.
fn ungrouped(ty: Type) -> Type {
    match ty {
        Type::Group(captured) => ungrouped(*captured.elem),
        other => other,
    }
}

/// The elements of a list, or the one value.
fn elements(
    value: &TokenStream,
    name: &str,
    example: &str,
    errors: &mut Diagnostics,
) -> Option<Vec<TokenStream>> {
    let mut trees = value.clone().into_iter();
    let list = match (trees.next(), trees.next(), trees.next()) {
        (Some(TokenTree::Group(list)), None, _) if list.delimiter() == Delimiter::Bracket => list,
        (Some(TokenTree::Ident(word)), Some(TokenTree::Group(list)), None)
            if list.delimiter() == Delimiter::Parenthesis && is_condition(&word) =>
        {
            let (message, help) = of_condition(name, &list.stream());
            errors.error(value, message, help);
            return None;
        }
        _ => return Some(vec![value.clone()]),
    };
    let (parts, comma_errors) = split_at_commas(list.stream());
    let has_errors = !comma_errors.is_empty();
    errors.extend(comma_errors);
    if parts.is_empty() && !has_errors {
        errors.error(
            list,
            format_args!("`{name}` names nothing"),
            format_args!("write `{name} = {example}`"),
        );
    }
    (!parts.is_empty() && !has_errors).then_some(parts)
}

fn is_condition(word: &Ident) -> bool {
    word == "any" || word == "all"
}

fn of_condition(name: &str, list: &TokenStream) -> (String, String) {
    let each =
        if name == "acr_values" { "one of them is enough" } else { "each of them is required" };
    let (parts, _) = split_at_commas(list.clone());
    let parts: Vec<String> = parts.iter().map(compact).collect();
    (
        format!("`{name}` takes a list, of which {each}"),
        format!("write `{name} = [{}]`", parts.join(", ")),
    )
}

/// Whether the last name is written as that of a constant.
fn is_constant(path: &Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    let name = last.ident.to_string();
    name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
}

/// One string, with one class or with several between spaces, as in the parameter of RFC 9470 §3.
fn acr_values(element: &TokenStream, errors: &mut Diagnostics) -> Option<Vec<(String, LitStr)>> {
    let Some(literal) = string_literal(element) else {
        let help = match syn::parse2::<Path>(element.clone()) {
            Ok(path) if is_constant(&path) => format!(
                "write the value of `{}` as a string literal: the attribute reads it when the program is compiled",
                compact(&path.to_token_stream())
            ),
            Ok(path) => format!("write `acr_values = \"{}\"`", compact(&path.to_token_stream())),
            Err(_) => match syn::parse2::<LitInt>(element.clone()) {
                Ok(number) => format!("write `acr_values = \"{number}\"`"),
                Err(_) => format!("write `acr_values = {ACR_VALUES_EXAMPLE}`"),
            },
        };
        errors.error(element, "the value of `acr_values` is not a string", help);
        return None;
    };
    let text = literal.value();
    let classes: Vec<&str> = text.split(' ').filter(|class| !class.is_empty()).collect();
    if classes.is_empty() {
        errors.error(
            &literal,
            "no authentication context class is named",
            format_args!("write `acr_values = {ACR_VALUES_EXAMPLE}`"),
        );
        return None;
    }
    if text.contains(',') {
        let classes = text.replace(',', " ");
        let classes: Vec<&str> = classes.split(' ').filter(|class| !class.is_empty()).collect();
        errors.error(
            &literal,
            "a space separates authentication context classes, not a comma",
            format_args!("write `acr_values = \"{}\"`", classes.join(" ")),
        );
        return None;
    }
    if let Some(character) = classes.iter().find_map(|class| first_invalid_character(class)) {
        errors.error(
            &literal,
            format_args!("a challenge cannot contain {character:?}, so no login could be requested"),
            "write the value of `acr` as the authorization server issues it, without quotation marks and backslashes",
        );
        return None;
    }
    if classes.iter().any(|class| class.len() > MAX_SCOPE_BYTES) {
        let message =
            format!("an authentication context class of more than {MAX_SCOPE_BYTES} bytes");
        errors.error(
            &literal,
            message,
            "write the value of `acr` as the authorization server issues it",
        );
        return None;
    }
    Some(classes.into_iter().map(|class| (class.to_owned(), literal.clone())).collect())
}

/// The seconds of a literal such as `300` or `300u64`.
fn literal_seconds(literal: &LitInt) -> Option<u64> {
    if matches!(literal.suffix(), "" | "u64") { literal.base10_parse().ok() } else { None }
}

fn report_max_age(value: &TokenStream, errors: &mut Diagnostics) {
    let help = match string_literal(value).and_then(|text| text.value().trim().parse::<u64>().ok()) {
        Some(seconds @ 1..) => format!("write `max_age = {seconds}`"),
        _ => "write the seconds since the login, as in `max_age = 300`, or the path of a constant of type `u64`"
            .to_owned(),
    };
    errors.error(value, "the value of `max_age` is not a number of seconds", help);
}
