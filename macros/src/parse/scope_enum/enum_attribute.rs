//! `#[scope(crate = ::path, types = scopes)]` above the enum.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Meta, Path, Token};

use super::split_at_commas;
use crate::diagnostics::Diagnostics;
use crate::parse::attribute::has_name;

const HELP: &str = "write `#[scope(\"…\")]` above each variant; above the enum only `#[scope(types = scopes)]` and \
                    `#[scope(crate = ::path::to::requires_auth)]` have a meaning";

/// What the attributes above the enum say.
#[derive(Default)]
pub(super) struct EnumAttribute {
    pub(super) krate: Option<Path>,
    pub(super) types: Option<Ident>,
}

enum Argument {
    Crate(Path),
    Types(Ident),
}

impl EnumAttribute {
    pub(super) fn parse_all(attributes: &[Attribute], errors: &mut Diagnostics) -> Self {
        let mut parsed = Self::default();
        for attribute in attributes.iter().filter(|it| has_name(it, "scope")) {
            let arguments = match &attribute.meta {
                Meta::List(list) => list.tokens.clone(),
                _ => TokenStream::new(),
            };
            let (parts, comma_errors) = split_at_commas(arguments);
            if parts.is_empty() {
                errors.error(attribute, "unexpected `#[scope]` above the enum", HELP);
            }
            errors.extend(comma_errors);
            for part in parts {
                parsed.add(part, attribute, errors);
            }
        }
        parsed
    }

    fn add(&mut self, part: TokenStream, attribute: &Attribute, errors: &mut Diagnostics) {
        let place = part.clone();
        let twice = match syn::parse2(part) {
            Ok(Argument::Crate(path)) => self.krate.replace(path).map(|_| "crate"),
            Ok(Argument::Types(module)) => self.types.replace(module).map(|_| "types"),
            Err(_) => {
                if names_types(&place) {
                    let message = "expected `types = ` and the name of a module";
                    errors.error(place, message, "write `types = scopes`");
                } else {
                    errors.error(attribute, "unexpected `#[scope]` above the enum", HELP);
                }
                return;
            }
        };
        if let Some(key) = twice {
            errors.error(attribute, format_args!("`{key}` is given twice"), "remove one of them");
        }
    }
}

/// Whether the argument begins with `types`, or a word like it.
fn names_types(part: &TokenStream) -> bool {
    matches!(part.clone().into_iter().next(), Some(TokenTree::Ident(key))
        if matches!(key.to_string().as_str(), "type" | "types" | "module" | "r#type"))
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            return input.call(Path::parse_mod_style).map(Self::Crate);
        }
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        if key != "types" {
            return Err(input.error("unknown argument"));
        }
        input.parse().map(Self::Types)
    }
}
