//! The type below `#[derive(AuthorizationDetail)]`.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Item, LitStr, Meta, Path, Token};

use crate::diagnostics::Diagnostics;
use crate::parse::attribute::has_name;
use crate::parse::tokens::{split_at_commas, string_literal};

const HELP: &str = "write `#[authorization_detail(\"…\")]` with the value of the member `type`, as in \
                    `#[authorization_detail(\"payment_initiation\")]`";

/// A type of authorization details.
pub(crate) struct DetailType {
    pub(crate) name: Ident,
    /// The value of the member `type`. Empty beside an error.
    pub(crate) text: String,
    /// The path of the runtime crate, where `crate = …` gives it.
    pub(crate) krate: Option<Path>,
}

impl DetailType {
    /// Returns `None` with an error, if there can be no implementation.
    pub(crate) fn parse(item: TokenStream) -> (Option<Self>, Diagnostics) {
        let mut errors = Diagnostics::default();
        let (name, generics, attributes) = match syn::parse2::<Item>(item) {
            Ok(Item::Struct(item)) => (item.ident, item.generics, item.attrs),
            Ok(Item::Enum(item)) => (item.ident, item.generics, item.attrs),
            Ok(other) => {
                let message = "only a struct or an enum can be a type of authorization details";
                errors.error(other, message, "write a struct with the members that are read");
                return (None, errors);
            }
            Err(error) => return (None, error.into()),
        };
        report_generics(&generics, &mut errors);
        let mut parsed = Self { name, text: String::new(), krate: None };
        let mut own = attributes.iter().filter(|it| has_name(it, "authorization_detail"));
        match own.next() {
            None => errors.error(&parsed.name, "the value of the member `type` is missing", HELP),
            Some(attribute) => parsed.read(attribute, &mut errors),
        }
        if let Some(further) = own.next() {
            errors.error(further, "`#[authorization_detail]` is given twice", "remove one of them");
        }
        (generics.params.is_empty().then_some(parsed), errors)
    }

    fn read(&mut self, attribute: &Attribute, errors: &mut Diagnostics) {
        let arguments = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let (parts, comma_errors) = split_at_commas(arguments);
        let mut texts = Vec::new();
        for part in &parts {
            match (string_literal(part), syn::parse2::<CratePath>(part.clone())) {
                (Some(text), _) => texts.push(text),
                (None, Ok(CratePath(path))) if self.krate.is_none() => self.krate = Some(path),
                _ => return errors.error(part, "unexpected argument", HELP),
            }
        }
        errors.extend(comma_errors);
        match texts.as_slice() {
            [text] if !text.value().is_empty() => self.text = text.value(),
            [text] => errors.error(text, "the value of the member `type` is empty", HELP),
            [] => errors.error(attribute, "the value of the member `type` is missing", HELP),
            [_, further, ..] => report_second(further, errors),
        }
    }
}

fn report_second(further: &LitStr, errors: &mut Diagnostics) {
    errors.error(
        further,
        "a type of authorization details has one name",
        "write a struct for each type",
    );
}

fn report_generics(generics: &Generics, errors: &mut Diagnostics) {
    if !generics.params.is_empty() {
        errors.error(
            &generics.params,
            "a type of authorization details has no parameters",
            "write a type without parameters",
        );
    }
}

/// `crate = ::path`
struct CratePath(Path);

impl Parse for CratePath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        input.call(Path::parse_mod_style).map(Self)
    }
}
