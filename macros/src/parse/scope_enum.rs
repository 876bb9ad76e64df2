//! The enum below `#[derive(Scope)]`.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Fields, Generics, Item, Lit, Meta, Path, Variant, Visibility};

use crate::diagnostics::Diagnostics;
use crate::parse::attribute::has_name;
use crate::parse::tokens::split_at_commas;

mod enum_attribute;
mod scope_attribute;

use enum_attribute::EnumAttribute;
use scope_attribute::{ScopeAttribute, report_misspelled};

const WRITE_AN_ENUM: &str = "write an enum with one variant for each scope, as in `enum JournalScope { \
                             #[scope(\"entries:read\")] EntriesRead }`";

/// A vocabulary, as it is written.
pub(crate) struct ScopeEnum {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) variants: Vec<ScopeVariant>,
    /// The path of the runtime crate, where `#[scope(crate = …)]` gives it.
    pub(crate) krate: Option<Path>,
    pub(crate) visibility: Visibility,
    /// The module with a type for each scope, of `#[scope(types = …)]`.
    pub(crate) types: Option<Ident>,
}

/// A variant of the enum.
pub(crate) struct ScopeVariant {
    pub(crate) name: Ident,
    pub(crate) fields: Fields,
    pub(crate) discriminant: Option<TokenStream>,
    /// The first paragraph of the doc comment.
    pub(crate) description: Option<String>,
    /// `None` with an error.
    pub(crate) attribute: Option<ScopeAttribute>,
}

impl ScopeEnum {
    /// Returns `None` with an error, if the item is not an enum.
    pub(crate) fn parse(item: TokenStream) -> (Option<Self>, Diagnostics) {
        let mut errors = Diagnostics::default();
        let item = match syn::parse2::<Item>(item) {
            Ok(Item::Enum(item)) => item,
            Ok(Item::Struct(item)) => {
                errors.error(
                    item.ident,
                    "a struct cannot be a vocabulary of scopes",
                    WRITE_AN_ENUM,
                );
                return (None, errors);
            }
            Ok(other) => {
                errors.error(other, "only an enum can be a vocabulary of scopes", WRITE_AN_ENUM);
                return (None, errors);
            }
            Err(error) => return (None, error.into()),
        };
        report_misspelled(&item.attrs, &mut errors);
        let EnumAttribute { krate, types } = EnumAttribute::parse_all(&item.attrs, &mut errors);
        let variants = item.variants.into_iter();
        let variants =
            variants.map(|it| ScopeVariant::parse(it, &item.ident, &mut errors)).collect();
        let parsed = Self {
            name: item.ident,
            generics: item.generics,
            variants,
            krate,
            visibility: item.vis,
            types,
        };
        (Some(parsed), errors)
    }
}

impl ScopeVariant {
    fn parse(variant: Variant, vocabulary: &Ident, errors: &mut Diagnostics) -> Self {
        Self {
            attribute: ScopeAttribute::of_variant(&variant, vocabulary, errors),
            description: description(&variant.attrs),
            discriminant: variant.discriminant.map(|(_, value)| value.into_token_stream()),
            fields: variant.fields,
            name: variant.ident,
        }
    }
}

/// The lines of the first paragraph, joined by spaces.
// Input:  /// Read your
//         /// entries
//         ///
//         /// More.
// Output: Read your entries
fn description(attributes: &[Attribute]) -> Option<String> {
    let texts: Vec<String> = attributes.iter().filter_map(doc_text).collect();
    let lines = texts.iter().flat_map(|text| text.split('\n')).map(str::trim);
    let paragraph: Vec<&str> =
        lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if has_name(attribute, "doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
