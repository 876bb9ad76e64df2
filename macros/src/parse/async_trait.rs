//! What `#[async_trait]` has written into the signature and the body of a method below it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::parse::Parser;
use syn::{FnArg, GenericParam, Generics, Lifetime, Pat, Signature, Type, WherePredicate};

use super::attribute::has_name;
use super::tokens::is_punct;

/// Whether `#[async_trait]` has expanded before.
pub(crate) fn has_expanded(generics: &Generics) -> bool {
    generics.lifetimes().any(|parameter| parameter.lifetime.ident == "async_trait")
}

/// Whether the user has written no lifetime where this one is.
pub(crate) fn has_named(lifetime: &Lifetime, generics: &Generics) -> bool {
    let name = lifetime.ident.to_string();
    let number = name.strip_prefix("life");
    has_expanded(generics) && number.is_some_and(|number| number.parse::<usize>().is_ok())
}

/// Removes the lifetime of a reference from it and from the parameters of the method. The argument is no longer in the
/// signature, and the trait has no parameter for it.
// Input:  fn write<'life0, 'life1, 'async_trait>(&'life0 self, permit: &'life1 Permit<scopes::Write>) -> …
//         where 'life0: 'async_trait, 'life1: 'async_trait
// Output: permit: &Permit<scopes::Write>
//         fn write<'life0, 'async_trait>(&'life0 self) -> … where 'life0: 'async_trait
pub(crate) fn remove_lifetime(ty: &mut Type, generics: &mut Generics) {
    let Type::Reference(reference) = ty else { return };
    let Some(removed) = reference.lifetime.take_if(|it| has_named(it, generics)) else { return };
    let parameters = std::mem::take(&mut generics.params).into_iter();
    generics.params = parameters
        .filter(|it| !matches!(it, GenericParam::Lifetime(it) if it.lifetime == removed))
        .collect();
    if let Some(clause) = &mut generics.where_clause {
        let predicates = std::mem::take(&mut clause.predicates).into_iter();
        clause.predicates = predicates
            .filter(|it| !matches!(it, WherePredicate::Lifetime(it) if it.lifetime == removed))
            .collect();
    }
}

/// Moves the patterns of the arguments from the body back into the signature, as the user has written them.
// Input:  fn f(__arg0: (A, B)) -> … { Box::pin(async move { let (a, b) = { let __arg0 = __arg0; __arg0 }; body }) }
// Output: fn f((a, b): (A, B)) -> … { Box::pin(async move { body }) }
pub(super) fn restore_patterns(signature: &mut Signature, body: &mut TokenStream) {
    if !has_expanded(&signature.generics) {
        return;
    }
    for argument in &mut signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Pat::Ident(name) = &*argument.pat else { continue };
        if let Some((pattern, rest)) = take_pattern(body, &name.ident) {
            (*argument.pat, *body) = (pattern, rest);
        }
    }
}

/// The inverse of [`restore_patterns`]: the signature has names again, and the statements bind the patterns to them. A
/// pattern may bind a reference, so they must be in the `async` block.
// Input:  fn f((a, b): (A, B)) -> …
// Output: fn f(argument0: (A, B)) -> …
//         let (a, b) = { argument0 };
pub(crate) fn take_patterns(signature: &mut Signature) -> TokenStream {
    let mut statements = TokenStream::new();
    if !has_expanded(&signature.generics) {
        return statements;
    }
    for (position, argument) in signature.inputs.iter_mut().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        // Where the type is a reference, `#[async_trait]` leaves the pattern in the signature.
        if matches!((&*argument.pat, &*argument.ty), (Pat::Ident(_), _) | (_, Type::Reference(_))) {
            continue;
        }
        let name = format_ident!("argument{position}", span = Span::mixed_site());
        let pattern = std::mem::replace(&mut *argument.pat, syn::parse_quote!(#name));
        let cfgs = argument.attrs.iter().filter(|attribute| has_name(attribute, "cfg"));
        statements.extend(quote! { #(#cfgs)* let #pattern = { #name }; });
    }
    statements
}

/// The pattern that a statement binds to the argument `name`, and the body without the statement. It may be deeper than
/// the `async` block of `#[async_trait]`: `#[instrument]` above puts the block into one of its own. If anything else uses
/// the name, as the fields of its span do, the body stays as it is.
fn take_pattern(body: &TokenStream, name: &Ident) -> Option<(Pat, TokenStream)> {
    if !name.to_string().starts_with("__arg") || count(body, name) != USES {
        return None;
    }
    let mut pattern = None;
    let rest = without_statement(body, name, &mut pattern)?;
    Some((Pat::parse_single.parse2(pattern?).ok()?, rest))
}

/// How often the statement names the argument.
const USES: usize = 3;

fn count(tokens: &TokenStream, name: &Ident) -> usize {
    let in_tree = |tree| match tree {
        TokenTree::Group(group) => count(&group.stream(), name),
        TokenTree::Ident(word) => usize::from(word == *name),
        _ => 0,
    };
    tokens.clone().into_iter().map(in_tree).sum()
}

// Input:  let __self = self; #[cfg(x)] let (a, b) = { let __arg0 = __arg0; __arg0 }; body
// Output: let __self = self; body
fn without_statement(
    tokens: &TokenStream,
    name: &Ident,
    pattern: &mut Option<TokenStream>,
) -> Option<TokenStream> {
    let mut trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let Some(value) = trees.iter().position(|tree| is_value_of(tree, name)) else {
        let inner = trees.iter_mut().find_map(|tree| {
            let TokenTree::Group(group) = &*tree else { return None };
            let mut rest =
                Group::new(group.delimiter(), without_statement(&group.stream(), name, pattern)?);
            rest.set_span(group.span());
            *tree = rest.into();
            Some(())
        });
        return inner.map(|()| trees.into_iter().collect());
    };
    let (end, equals) = (value + 1, value.checked_sub(1)?);
    if !is_punct(trees.get(end)?, ';') || !is_punct(trees.get(equals)?, '=') {
        return None;
    }
    let is_let = |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == "let");
    let keyword = trees.get(..equals)?.iter().rposition(is_let)?;
    *pattern = Some(trees.get(keyword + 1..equals)?.iter().cloned().collect());
    let start = keyword - 2 * count_attributes(trees.get(..keyword)?);
    trees.drain(start..=end);
    Some(trees.into_iter().collect())
}

/// Whether this is `{ let name = name; name }`.
fn is_value_of(tree: &TokenTree, name: &Ident) -> bool {
    let TokenTree::Group(block) = tree else { return false };
    block.delimiter() == Delimiter::Brace
        && block.stream().to_string() == quote!(let #name = #name; #name).to_string()
}

/// How many `#[…]` are at the end.
fn count_attributes(trees: &[TokenTree]) -> usize {
    let is_attribute = |pair: &&[TokenTree]| {
        matches!(pair, [hash, TokenTree::Group(group)]
            if is_punct(hash, '#') && group.delimiter() == Delimiter::Bracket)
    };
    trees.rchunks_exact(2).take_while(is_attribute).count()
}
