//! The arguments of the attribute.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Path};

use crate::problems::Problems;
use crate::scopes::Condition;

/// What `#[requires_auth(…)]` says.
#[derive(Default)]
pub(crate) struct Arguments {
    /// `None`: any valid token.
    pub(crate) scopes: Option<Condition>,
    /// Where `optional` stands.
    pub(crate) optional: Option<Span>,
    /// The path of the runtime crate, where it is another than `::requires_auth`.
    pub(crate) krate: Option<Path>,
    /// Whether something else may be meant, since there are mistakes.
    pub(crate) doubtful: bool,
}

const KEYS: &str = "the arguments are `scopes = …`, `optional` and `crate = …`";

impl Arguments {
    /// Each argument is looked at, whatever is wrong with the others.
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let before = problems.count();
        let mut arguments = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for part in split_at_commas(tokens, problems) {
            let Ok(argument) = syn::parse2::<Argument>(part.clone()) else {
                not_an_argument(&part, problems);
                continue;
            };
            let name = argument.key.to_string();
            if seen.contains(&name) {
                problems.add(
                    &argument.key,
                    format_args!("`{name}` is there twice"),
                    format_args!("keep one `{name}`"),
                );
                continue;
            }
            arguments.take(&name, argument, problems);
            seen.push(name);
        }
        arguments.doubtful = problems.count() > before;
        arguments
    }

    fn take(&mut self, name: &str, argument: Argument, problems: &mut Problems) {
        let Argument { key, rest } = argument;
        match name {
            "scopes" => {
                if let Some(value) = value(&key, rest, "= \"read write\"", problems) {
                    self.scopes = Condition::parse(value, problems);
                }
            }
            "crate" => {
                if let Some(value) = value(&key, rest, "= ::path::to::requires_auth", problems) {
                    self.krate = path(value, problems);
                }
            }
            "optional" => {
                self.optional = Some(key.span());
                if !rest.is_empty() {
                    problems.add(rest, "`optional` takes no value", "write `optional` alone");
                }
            }
            "when" | "from" | "server" => problems.add(
                &key,
                format_args!("`{name}` is not supported yet"),
                "ask in the function, with `auth.require(\"…\")?`",
            ),
            _ => unknown(&key, name, problems),
        }
    }
}

/// A key and what follows it.
struct Argument {
    key: Ident,
    rest: TokenStream,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self { key: input.call(Ident::parse_any)?, rest: input.parse()? })
    }
}

/// What stands behind `key =`.
fn value(
    key: &Ident,
    rest: TokenStream,
    example: &str,
    problems: &mut Problems,
) -> Option<TokenStream> {
    let mut trees = rest.into_iter();
    match trees.next() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
            let value: TokenStream = trees.collect();
            if !value.is_empty() {
                return Some(value);
            }
            problems.add(
                punct,
                format_args!("the value of `{key}` is missing"),
                format_args!("write `{key} {example}`"),
            );
        }
        found => problems.add(
            found.unwrap_or_else(|| key.clone().into()),
            format_args!("expected `=` behind `{key}`"),
            format_args!("write `{key} {example}`"),
        ),
    }
    None
}

fn path(value: TokenStream, problems: &mut Problems) -> Option<Path> {
    let path = Path::parse_mod_style.parse2(value.clone()).ok();
    if path.is_none() {
        let quoted = syn::parse2::<LitStr>(value.clone()).ok();
        let help = quoted.map_or_else(
            || "write `crate = ::path::to::requires_auth`".to_owned(),
            |text| format!("write it without quotes: `crate = {}`", text.value()),
        );
        problems.add(value, "the value of `crate` is not a path", help);
    }
    path
}

fn unknown(key: &Ident, name: &str, problems: &mut Problems) {
    let meant = match name.to_ascii_lowercase().as_str() {
        "scope" | "scopes" | "role" | "roles" | "permission" | "permissions" | "authorities" => {
            Some("scopes = \"…\"")
        }
        "any" | "all" => Some("scopes = any(\"…\", \"…\")"),
        "option" | "optional" | "anonymous" | "allow_anonymous" => Some("optional"),
        "krate" | "crate_path" => Some("crate = ::path"),
        _ => None,
    };
    let message = format_args!("there is no argument `{name}`");
    match meant {
        Some(meant) => problems.add(key, message, format_args!("did you mean `{meant}`?")),
        None => problems.add(key, message, KEYS),
    }
}

fn not_an_argument(part: &TokenStream, problems: &mut Problems) {
    let help = match syn::parse2::<LitStr>(part.clone()) {
        Ok(text) => format!("write `scopes = \"{}\"`", text.value().escape_debug()),
        Err(_) => KEYS.to_owned(),
    };
    problems.add(part, "expected the name of an argument", help);
}

/// The parts between commas, with an error for each that is empty; a comma may end the list.
pub(crate) fn split_at_commas(tokens: TokenStream, problems: &mut Problems) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if part.is_empty() {
                    let message = "there is nothing in front of this comma";
                    problems.add(comma, message, "remove it");
                } else {
                    parts.push(std::mem::take(&mut part));
                }
            }
            tree => part.extend([tree]),
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
