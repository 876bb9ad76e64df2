//! The arguments of the attribute.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Path};

use crate::diagnostics::Diagnostics;
use crate::parse::condition::{
    Condition, NAME_WHAT_IS_REQUIRED, NO_NEGATION, is_scope, looks_like_expression,
};
use crate::parse::suggestion::SuggestedCondition;

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
    pub(crate) has_errors: bool,
}

const KEYS: &str = "the arguments are `scopes = …`, `optional` and `crate = …`";

impl Arguments {
    /// Each argument is looked at, whatever is wrong with the others.
    pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let before = diagnostics.count();
        let mut arguments = Self::default();
        let mut seen: Vec<(String, TokenStream)> = Vec::new();
        for part in join_values(split_at_commas(tokens, diagnostics)) {
            let part = match part {
                Part::One(part) => part,
                Part::Several { first, further } => {
                    several_values(&first, &further, diagnostics);
                    let key = parsed(&first).map_or_else(String::new, |it| it.key.to_string());
                    seen.push((key, first));
                    continue;
                }
            };
            let Some(argument) = parsed(&part) else {
                not_an_argument(&part, diagnostics);
                continue;
            };
            let name = argument.key.to_string();
            let meant = match meant(&name) {
                _ if is_mode(&argument) => &name,
                None if name == "any" || name == "all" => "scopes",
                meant => meant.unwrap_or(&name),
            };
            let meant = meant.to_owned();
            if let Some((_, first)) = seen.iter().find(|(key, _)| *key == meant || *key == name) {
                given_twice(&argument.key, &meant, first, &part, diagnostics);
                continue;
            }
            seen.push((name.clone(), part));
            arguments.take(&name, argument, diagnostics);
        }
        arguments.has_errors = diagnostics.count() > before;
        arguments
    }

    fn take(&mut self, name: &str, argument: Argument, diagnostics: &mut Diagnostics) {
        let Argument { key, rest } = argument;
        match name {
            "scopes" => {
                if let Some(value) = value(&key, rest, "\"read write\"", diagnostics) {
                    self.scopes = Condition::parse(value, diagnostics);
                }
            }
            "crate" => {
                if let Some(value) = value(&key, rest, "::path::to::requires_auth", diagnostics) {
                    self.krate = path(value, diagnostics);
                }
            }
            "optional" => {
                self.optional = Some(key.span());
                if !rest.is_empty() {
                    optional_with_a_value(&rest, diagnostics);
                    if rest.to_string().contains("false") {
                        self.optional = None;
                    }
                }
            }
            _ => unknown(&key, name, &rest, diagnostics),
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

fn parsed(part: &TokenStream) -> Option<Argument> {
    syn::parse2(part.clone()).ok()
}

/// What is between two commas, unless it continues the value before it: `scopes = "read", "write"`.
enum Part {
    One(TokenStream),
    Several { first: TokenStream, further: Vec<TokenStream> },
}

fn join_values(parts: Vec<TokenStream>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        let continues = continues_a_value(&part);
        match joined.last_mut() {
            Some(Part::One(first)) if continues && takes_scopes(first) => {
                let first = std::mem::take(first);
                joined.pop();
                joined.push(Part::Several { first, further: vec![part] });
            }
            Some(Part::Several { further, .. }) if continues => further.push(part),
            _ => joined.push(Part::One(part)),
        }
    }
    joined
}

/// `scopes = …`, or values without a name.
fn takes_scopes(part: &TokenStream) -> bool {
    parsed(part).is_none_or(|argument| names_scopes(&argument.key) || continues_a_value(part))
}

/// `scopes`, perhaps misspelled.
fn names_scopes(key: &Ident) -> bool {
    let name = key.to_string();
    meant(&name) == Some("scopes") && !names_alternatives(&name)
}

/// Whether this can only be a scope: a literal, a list, a condition or a word that is no argument.
fn continues_a_value(part: &TokenStream) -> bool {
    let Some(argument) = parsed(part) else { return true };
    let name = argument.key.to_string();
    let condition = matches!(name.as_str(), "all" | "any")
        && matches!(argument.rest.clone().into_iter().next(), Some(TokenTree::Group(_)));
    let word = !argument.rest.to_string().contains('=')
        && SuggestedCondition::in_tokens(part.clone()).is_some()
        && meant(&name).is_none();
    condition || word
}

/// Values side by side: they are one list.
fn several_values(first: &TokenStream, further: &[TokenStream], diagnostics: &mut Diagnostics) {
    let argument = parsed(first).filter(|argument| names_scopes(&argument.key));
    let misspelled = argument.as_ref().map(|it| it.key.clone()).filter(|key| key != "scopes");
    let value = argument.map_or_else(|| first.clone(), |it| without_equals(it.rest));
    let opens = value.clone().into_iter().collect::<Vec<_>>();
    let named = match opens.as_slice() {
        [TokenTree::Ident(name), rest @ ..]
            if (name == "all" || name == "any")
                && !matches!(rest.first(), Some(TokenTree::Group(_))) =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    let all = further.iter().fold(value, |all, one| quote!(#all, #one));
    let interpretations = SuggestedCondition::in_tokens(all);
    let help = interpretations.map_or_else(
        || "write one list, as in `scopes = [\"read\", \"write\"]`".to_owned(),
        |interpretations| interpretations.help("scopes = "),
    );
    let further: TokenStream = further.iter().cloned().collect();
    match named {
        Some(name) => {
            let message = format!("expected `(` and a list of conditions after `{name}`");
            diagnostics.error(name, message, help);
        }
        None if misspelled.is_some() => {
            let name = misspelled.as_ref().map(ToString::to_string).unwrap_or_default();
            diagnostics.error(misspelled, format_args!("unknown argument `{name}`"), help);
        }
        None if parsed(first).is_some_and(|it| it.key == "scopes") => {
            diagnostics.error(further, "`scopes` takes one value", help);
        }
        None => diagnostics.error(first, "expected the name of an argument", help),
    }
}

/// The value behind `=`, or behind what was written in its place.
fn without_equals(rest: TokenStream) -> TokenStream {
    let sign = |tree: &TokenTree| {
        matches!(tree, TokenTree::Punct(punct)
            if matches!(punct.as_char(), '=' | ':' | '+' | '>'))
    };
    rest.into_iter().skip_while(sign).collect()
}

/// `name` is the argument that is meant by `key`.
fn given_twice(
    key: &Ident,
    name: &str,
    first: &TokenStream,
    second: &TokenStream,
    diagnostics: &mut Diagnostics,
) {
    let value = |part: &TokenStream| parsed(part).map(|it| without_equals(it.rest));
    let both = (value(first), value(second));
    let interpretations = match both {
        (Some(first), Some(second)) if name == "scopes" => {
            SuggestedCondition::in_tokens(quote!([#first], [#second]))
        }
        _ => None,
    };
    let help = match interpretations {
        Some(interpretations) => format!("{} once", interpretations.help("scopes = ")),
        None if name == "scopes" => "write all conditions into one `scopes = all(…)`".to_owned(),
        None => format!("keep one `{name}`"),
    };
    diagnostics.error(key, format_args!("`{name}` is given twice"), help);
}

/// What stands behind `key =`.
fn value(
    key: &Ident,
    rest: TokenStream,
    example: &str,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let mut trees = rest.clone().into_iter();
    let first = trees.next();
    if let Some(TokenTree::Punct(punct)) = &first
        && punct.as_char() == '='
    {
        let value: TokenStream = trees.collect();
        if !value.is_empty() {
            return Some(value);
        }
        diagnostics.error(
            punct,
            format_args!("the value of `{key}` is missing"),
            format_args!("write `{key} = {example}`"),
        );
        return None;
    }
    if let Some(TokenTree::Punct(punct)) = &first
        && punct.as_char() == '!'
    {
        diagnostics.error(punct, NO_NEGATION, NAME_WHAT_IS_REQUIRED);
        return None;
    }
    let written = SuggestedCondition::in_tokens(without_equals(rest)).filter(|_| key == "scopes");
    let help = written.map_or_else(
        || format!("write `{key} = {example}`"),
        |interpretations| interpretations.help("scopes = "),
    );
    let place = first.unwrap_or_else(|| key.clone().into());
    diagnostics.error(place, format_args!("expected `=` after `{key}`"), help);
    None
}

fn path(value: TokenStream, diagnostics: &mut Diagnostics) -> Option<Path> {
    let path = Path::parse_mod_style.parse2(value.clone()).ok();
    if path.is_none() {
        let quoted = syn::parse2::<LitStr>(value.clone()).map(|text| text.value());
        let text = quoted.unwrap_or_else(|_| value.to_string()).replace('-', "_").replace(' ', "");
        let help = match syn::parse_str::<Path>(&text) {
            Ok(path) if text.contains("requires_auth") || path.segments.len() > 1 => {
                format!("write `crate = {text}`")
            }
            _ => "write `crate = ::path::to::requires_auth`".to_owned(),
        };
        diagnostics.error(value, "the value of `crate` is not a path", help);
    }
    path
}

/// What `optional = false` asks for is what there is without it.
fn optional_with_a_value(rest: &TokenStream, diagnostics: &mut Diagnostics) {
    let value = rest.to_string();
    let is_truth_value = value.contains("true") || value.contains("false");
    if value.contains('"') && !is_truth_value {
        let help =
            "write the scopes as an argument of their own, as in `scopes = \"read\", optional`";
        return diagnostics.error(rest, "`optional` takes no value", help);
    }
    let help = if value.contains("true") && !value.contains('!') {
        "write `optional` alone"
    } else {
        "remove `optional` where a token is required, or write it alone where none is"
    };
    let help =
        if value.contains("false") { "remove `optional`: a token is required" } else { help };
    diagnostics.error(rest, "`optional` takes no value", help);
}

/// The argument that is meant by another name.
fn meant(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "scope" | "scopes" | "role" | "roles" | "permission" | "permissions" | "authority"
        | "authorities" | "any_of" | "anyof" | "one_of" | "any_scope" | "all_of" | "allof"
        | "all_scopes" | "required_scopes" | "any_scopes" | "scopes_any" | "scopes_all"
        | "require" | "requires" | "required_scope" => Some("scopes"),
        "option" | "optional" | "anonymous" | "allow_anonymous" => Some("optional"),
        "crate" | "krate" | "crate_path" => Some("crate"),
        other => ["scopes", "optional", "crate"].into_iter().find(|key| is_typo(other, key)),
    }
}

/// A name of which one of several scopes is expected.
fn names_alternatives(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let names =
        ["any", "any_of", "anyof", "one_of", "oneof", "any_scope", "any_scopes", "scopes_any"];
    names.contains(&name.as_str())
}

/// A flag beside the scopes that says how many of them are required: `any`, `mode = "any"`.
fn is_mode(argument: &Argument) -> bool {
    let name = argument.key.to_string().to_ascii_lowercase();
    let value = argument.rest.to_string();
    let flag = value.is_empty() || value.contains("true") || value.contains("false");
    matches!(name.as_str(), "mode" | "match" | "require_all" | "match_any" | "match_all")
        || flag && (names_alternatives(&name) || matches!(name.as_str(), "all" | "all_of"))
}

/// Whether it is two edits away at most, for a name that is long enough for that to tell.
fn is_typo(written: &str, name: &str) -> bool {
    let most = if name.len() > 5 { 2 } else { 1 };
    let name: Vec<char> = name.chars().collect();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (line, letter) in written.chars().enumerate() {
        let mut next = vec![line + 1];
        for (column, other) in name.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&row, column) + usize::from(letter != *other);
            let inserted = at(&next, column) + 1;
            let removed = at(&row, column + 1) + 1;
            next.push(replaced.min(inserted).min(removed));
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= most)
}

fn unknown(key: &Ident, name: &str, rest: &TokenStream, diagnostics: &mut Diagnostics) {
    let argument = Argument { key: key.clone(), rest: rest.clone() };
    let help = if is_mode(&argument) {
        "write `scopes = all(…)` where all of the scopes are required, `scopes = any(…)` where one of \
         them is enough"
            .to_owned()
    } else {
        help_for_unknown(key, name, rest)
    };
    diagnostics.error(key, format_args!("unknown argument `{name}`"), help);
}

fn help_for_unknown(key: &Ident, name: &str, rest: &TokenStream) -> String {
    let value = without_equals(rest.clone());
    let interpretations = || SuggestedCondition::in_tokens(value.clone());
    match (name.to_ascii_lowercase().as_str(), meant(name)) {
        (any, _) if names_alternatives(any) => {
            match SuggestedCondition::alternatives(value.clone()) {
                Some(interpretations) => interpretations.help("scopes = "),
                None => "write `scopes = any(\"read\", \"write\")`".to_owned(),
            }
        }
        ("all", _) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = all(\"read\", \"write\")`".to_owned(),
        },
        ("not" | "none", _) => "a condition has no negation: name the scopes that the token must \
                                have, as in `scopes = \"read\"`"
            .to_owned(),
        ("public", _) => {
            "`#[public]` exempts a tool or a prompt of a guarded `impl` block: write it \
                          in place of `#[requires_auth]`"
                .to_owned()
        }
        ("required" | "mandatory", _) => {
            match interpretations().filter(|_| !is_truth_value(&value)) {
                Some(interpretations) => interpretations.help("scopes = "),
                None => "remove it: a token is required".to_owned(),
            }
        }
        ("when" | "from" | "server" | "scopes_from", _) => {
            "it is not supported: call `auth.require(\"…\")?` in the function".to_owned()
        }
        (
            "issuer" | "iss" | "audience" | "aud" | "realm" | "resource" | "leeway" | "resolver",
            _,
        ) => {
            format!("`{name}` is a setting of `ResourceServer::builder`")
        }
        (_, Some("scopes")) => match interpretations() {
            Some(interpretations) => interpretations.help("scopes = "),
            None => "write `scopes = \"…\"`".to_owned(),
        },
        (_, Some("optional")) if value.to_string().contains("false") => {
            "remove it: a token is required".to_owned()
        }
        (_, Some("optional")) => "write `optional`".to_owned(),
        (_, Some(_)) => "write `crate = ::path::to::requires_auth`".to_owned(),
        _ => match SuggestedCondition::in_tokens(quote!(#key #rest)) {
            Some(interpretations) if !rest.to_string().contains('=') => {
                interpretations.help("scopes = ")
            }
            _ => KEYS.to_owned(),
        },
    }
}

fn is_truth_value(value: &TokenStream) -> bool {
    matches!(value.to_string().as_str(), "" | "true" | "false" | "(true)" | "(false)")
}

fn not_an_argument(part: &TokenStream, diagnostics: &mut Diagnostics) {
    let help = match syn::parse2::<LitStr>(part.clone()) {
        Ok(text)
            if text.value().split(' ').all(is_scope)
                && !looks_like_expression(&text.value().split(' ').collect::<Vec<_>>()) =>
        {
            format!("write `scopes = \"{}\"`", text.value())
        }
        _ => match SuggestedCondition::in_tokens(without_equals(part.clone())) {
            Some(interpretations) => interpretations.help("scopes = "),
            None => KEYS.to_owned(),
        },
    };
    diagnostics.error(part, "expected the name of an argument", help);
}

/// The parts between commas, with an error for each that is empty; a comma may end the list.
pub(crate) fn split_at_commas(
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if part.is_empty() {
                    diagnostics.error(comma, "unexpected `,`", "remove it");
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
