//! The arguments of the attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::{LitStr, Path};

use crate::diagnostics::Diagnostics;
use crate::parse::condition::Condition;
use crate::parse::help::{NAME_REQUIRED_SCOPES, NO_NEGATION};
use crate::parse::suggestion::Interpretations;
use crate::parse::tokens::{compact, is_punct, split_at_commas, string_literal};

mod argument;
mod argument_errors;
mod expression;
mod key;
mod scopes_from;
mod split_value;
mod token_requirement;

pub(crate) use expression::ExpressionArgument;

use argument::{Argument, parse_argument, skip_equals};
use argument_errors::{
    report_duplicate, report_not_an_argument, report_unknown, report_value_of_flag,
    report_value_of_optional,
};
use expression::take_expressions;
use key::{expression_example, intended_key, is_expression_key, is_mode_flag};
pub(crate) use scopes_from::ScopesFrom;
use split_value::{Part, join_split_values, report_several_values};
use token_requirement::{ACR_VALUES_EXAMPLE, DETAILS_EXAMPLE, MAX_AGE_EXAMPLE};
pub(crate) use token_requirement::{TokenRequirement, is_same_type};

/// A value of `vocabulary`, for help texts.
const VOCABULARY_EXAMPLE: &str = "JournalScope";

/// The arguments in `#[requires_auth(…)]`.
#[derive(Default)]
pub(crate) struct Arguments {
    /// The condition over the token's scopes. `None`: any valid token.
    pub(crate) scopes: Option<Condition>,
    /// The function that returns the scopes which depend on the arguments.
    pub(crate) scopes_from: Option<ScopesFrom>,
    /// The enum with `#[derive(Scope)]` that defines the string literals in `scopes`.
    pub(crate) vocabulary: Option<Path>,
    /// What is required of the token besides its scopes.
    pub(crate) token: TokenRequirement,
    /// The condition on the arguments, an expression as written.
    pub(crate) when: Option<TokenStream>,
    /// Where the request is: `from = …`.
    pub(crate) from: Option<ExpressionArgument>,
    /// Which resource server decides: `server = …`.
    pub(crate) server: Option<ExpressionArgument>,
    /// Whether a request without a token is let through.
    pub(crate) optional: bool,
    /// The path of the runtime crate, where `crate = …` gives it.
    pub(crate) krate: Option<Path>,
    /// Whether there are errors, so that an argument may be missing here.
    pub(crate) has_errors: bool,
    /// The arguments as written, for the functions of a group, which inherit them.
    pub(crate) tokens: TokenStream,
    /// Whether another function of the group checks the string literals of the vocabulary, see [`LITERALS_CHECKED`].
    pub(crate) literals_checked: bool,
}

/// The word behind an `@` in front of the arguments that a function inherits, where another function of the group checks
/// their string literals: the compiler reports each literal once.
pub(crate) const LITERALS_CHECKED: &str = "literals_checked";

impl Arguments {
    /// Parses every argument, also where others have errors.
    pub(crate) fn parse(tokens: TokenStream) -> (Self, Diagnostics) {
        let (literals_checked, tokens) = split_literals_checked(tokens);
        let mut arguments = Self { tokens: tokens.clone(), literals_checked, ..Self::default() };
        let (tokens, expressions, mut errors) = take_expressions(tokens);
        let (parts, comma_errors) = split_at_commas(tokens);
        errors.extend(comma_errors);
        let mut seen: Vec<(String, TokenStream)> = Vec::new();
        for ExpressionArgument { key, value } in expressions {
            let name = key.to_string();
            let intended = intended_key(&name).unwrap_or(&name);
            if seen.iter().any(|(earlier, _)| earlier == intended) {
                let empty = TokenStream::new();
                report_duplicate(&key, intended, &empty, &empty, &mut errors);
                continue;
            }
            seen.push((intended.to_owned(), TokenStream::new()));
            if is_expression_key(&name) {
                arguments.set_expression(&name, ExpressionArgument { key, value }, &mut errors);
            } else {
                let value = compact(&value.unwrap_or_default());
                errors.error(
                    &key,
                    format_args!("unknown argument `{name}`"),
                    format_args!("write `{intended} = {value}`"),
                );
            }
        }
        for part in join_split_values(parts) {
            let part = match part {
                Part::One(part) => part,
                Part::Several { first, further } => {
                    report_several_values(&first, &further, &mut errors);
                    let key =
                        parse_argument(&first).map_or_else(String::new, |it| it.key.to_string());
                    seen.push((key, first));
                    continue;
                }
            };
            let Some(argument) = parse_argument(&part) else {
                report_not_an_argument(&part, &mut errors);
                continue;
            };
            let name = argument.key.to_string();
            let intended = match intended_key(&name) {
                _ if is_mode_flag(&argument) => name.clone(),
                None if name == "any" || name == "all" => "scopes".to_owned(),
                intended => intended.unwrap_or(&name).to_owned(),
            };
            if let Some((_, first)) = seen.iter().find(|(key, _)| *key == intended || *key == name)
            {
                report_duplicate(&argument.key, &intended, first, &part, &mut errors);
                arguments.optional &= intended != "optional";
                continue;
            }
            seen.push((name.clone(), part));
            arguments.set(&name, argument, &mut errors);
        }
        if let (Some(vocabulary), None, None) =
            (&arguments.vocabulary, &arguments.scopes, &arguments.scopes_from)
            && errors.is_empty()
        {
            errors.error(
                vocabulary,
                "`vocabulary` without `scopes`: it checks the string literals in `scopes`",
                "add `scopes = \"…\"`, or remove it",
            );
        }
        arguments.has_errors = !errors.is_empty();
        (arguments, errors)
    }

    /// Whether a statement of the function guards it, with the request that `from = …` gives.
    pub(crate) fn name_the_request(&self) -> bool {
        self.from.is_some() || self.server.is_some()
    }

    fn set_expression(
        &mut self,
        name: &str,
        argument: ExpressionArgument,
        errors: &mut Diagnostics,
    ) {
        match name {
            "scopes_from" => {
                let value = argument.value;
                self.scopes_from = value.and_then(|value| ScopesFrom::parse(value, errors));
            }
            "from" => self.from = Some(argument),
            "server" => self.server = Some(argument),
            _ => self.when = argument.value,
        }
    }

    fn set(&mut self, name: &str, argument: Argument, errors: &mut Diagnostics) {
        let Argument { key, rest } = argument;
        match name {
            "scopes" => {
                if let Some(value) = parse_value(&key, rest, "\"read write\"", errors) {
                    self.scopes = Condition::parse(value, errors);
                }
            }
            "crate" => {
                if let Some(value) = parse_value(&key, rest, "::path::to::requires_auth", errors) {
                    self.krate = parse_path(value, errors);
                }
            }
            "vocabulary" => {
                if let Some(value) = parse_value(&key, rest, VOCABULARY_EXAMPLE, errors) {
                    self.vocabulary = parse_vocabulary(value, errors);
                }
            }
            "optional" => {
                // With a value, it may mean either. The signature is not checked against it.
                self.optional = rest.is_empty();
                if !rest.is_empty() {
                    report_value_of_optional(&rest, errors);
                }
            }
            "sender_constrained" => {
                self.token.sender_constrained = true;
                if !rest.is_empty() {
                    report_value_of_flag(&key, &rest, errors);
                }
            }
            "acr_values" => {
                if let Some(value) = parse_value(&key, rest, ACR_VALUES_EXAMPLE, errors) {
                    self.token.set_acr_values(value, errors);
                }
            }
            "max_age" => {
                if let Some(value) = parse_value(&key, rest, MAX_AGE_EXAMPLE, errors) {
                    self.token.set_max_age(value, errors);
                }
            }
            "authorization_details" => {
                if let Some(value) = parse_value(&key, rest, DETAILS_EXAMPLE, errors) {
                    self.token.set_authorization_details(value, errors);
                }
            }
            "when" | "scopes_from" | "from" | "server" => {
                parse_value(&key, rest, expression_example(name), errors);
                self.set_expression(name, ExpressionArgument { key, value: None }, errors);
            }
            _ => report_unknown(&key, name, &rest, errors),
        }
    }
}

// Input:  @literals_checked scopes = "read"
// Output: true, scopes = "read"
fn split_literals_checked(tokens: TokenStream) -> (bool, TokenStream) {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Punct(at)), Some(TokenTree::Ident(word)))
            if at.as_char() == '@' && word == LITERALS_CHECKED =>
        {
            (true, trees.collect())
        }
        _ => (false, tokens),
    }
}

/// The tokens after `key =`.
fn parse_value(
    key: &Ident,
    rest: TokenStream,
    example: &str,
    errors: &mut Diagnostics,
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
        errors.error(
            punct,
            format_args!("the value of `{key}` is missing"),
            format_args!("write `{key} = {example}`"),
        );
        return None;
    }
    if let Some(TokenTree::Punct(punct)) = &first
        && punct.as_char() == '!'
    {
        errors.error(punct, NO_NEGATION, NAME_REQUIRED_SCOPES);
        return None;
    }
    // `scopes.any = …`
    let is_dot = first.as_ref().is_some_and(|first| is_punct(first, '.'));
    let value = if is_dot { trees.collect() } else { skip_equals(rest) };
    let interpretations = Interpretations::of_tokens(value).filter(|_| key == "scopes");
    let is_sign = first.as_ref().is_some_and(|first| is_punct(first, ':'));
    let group = match &first {
        Some(TokenTree::Group(group)) => group.span().source_text(),
        _ => None,
    };
    let inner = group.as_deref().and_then(|text| text.strip_prefix('(')?.strip_suffix(')'));
    let help = interpretations.map_or_else(
        || match inner {
            _ if is_sign => "write `=` in its place".to_owned(),
            Some(inner) => format!("write `{key} = {inner}`"),
            None => format!("write `{key} = {example}`"),
        },
        |interpretations| interpretations.help("scopes = "),
    );
    let place = first.unwrap_or_else(|| key.clone().into());
    errors.error(place, format_args!("expected `=` after `{key}`"), help);
    None
}

fn parse_vocabulary(value: TokenStream, errors: &mut Diagnostics) -> Option<Path> {
    let path = Path::parse_mod_style.parse2(value.clone()).ok();
    if path.is_none() {
        let quoted = string_literal(&value).and_then(|text| text.parse::<Path>().ok());
        let path = quoted.map(|path| path.to_token_stream().to_string().replace(' ', ""));
        errors.error(
            value,
            "the value of `vocabulary` is not the path of an enum",
            format_args!("write `vocabulary = {}`", path.as_deref().unwrap_or(VOCABULARY_EXAMPLE)),
        );
    }
    path
}

fn parse_path(value: TokenStream, errors: &mut Diagnostics) -> Option<Path> {
    let path = Path::parse_mod_style.parse2(value.clone()).ok();
    if path.is_none() {
        let quoted = syn::parse2::<LitStr>(value.clone()).map(|text| text.value());
        let text = quoted.unwrap_or_else(|_| value.to_string()).replace('-', "_").replace(' ', "");
        let help = match Path::parse_mod_style.parse_str(&text) {
            Ok(path) if text.contains("requires_auth") || path.segments.len() > 1 => {
                format!("write `crate = {text}`")
            }
            _ => "write `crate = ::path::to::requires_auth`".to_owned(),
        };
        errors.error(value, "the value of `crate` is not a path", help);
    }
    path
}
