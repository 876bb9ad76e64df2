//! Whatever is written, nothing compiles unguarded.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::{WITH_RMCP, expand};

const ARGUMENTS: &[&str] = &[
    "",
    "scopes = \"read write\"",
    "scopes = [\"read\", \"write\"], crate = ::renamed::path",
    "scopes = any(\"admin\", all(\"read\", any(\"write\", [\"a\", \"b\"]))), optional,",
];

const ITEMS: &[&str] = &[
    "/// Doc.\n#[inline] pub(crate) async fn f(a: A<B>, mut auth: AuthInfo) -> R where A: B { auth; }",
    "fn f<'a, T: 'a>(self: Arc<Self>, #[cfg(x)] #[auth] (a, b): C, impl_: impl D) -> impl E { 1 }",
    "pub default async fn f(&mut self, _: Option<requires_auth::AuthInfo>);",
    "#[requires_auth] const unsafe extern \"C\" fn main<'async_trait>(#[auth] self, ...) {}",
    "impl A { fn f(auth: AuthInfo) {} }",
];

/// Every expansion of every token stream that is one edit away from these either fails or puts the
/// guard into the signature.
#[test]
fn every_expansion_is_guarded_or_an_error() {
    // R-K2
    let mut count = 0;
    for arguments in ARGUMENTS {
        for item in ITEMS {
            let (arguments, item) = (arguments.parse().unwrap(), item.parse().unwrap());
            for arguments in edits(&arguments) {
                check(arguments, TokenStream::clone(&item));
                count += 1;
            }
            for item in edits(&item) {
                check(TokenStream::clone(&arguments), item);
                count += 1;
            }
        }
    }
    assert!(count > 1_000, "only {count} were tried");
}

fn check(arguments: TokenStream, item: TokenStream) {
    let written = format!("#[requires_auth({arguments})] {item}");
    let asks_for_scopes = arguments.to_string().contains("scopes");
    let expansion = expand(WITH_RMCP, arguments, item).to_string();
    let fails = expansion.contains(":: core :: compile_error !");
    let is_guarded = expansion.contains(":: __private :: Authorized <");
    assert!(fails || is_guarded, "{written}\n{expansion}");
    let names_scopes = expansion.contains(":: __private :: S < 0x");
    assert!(fails || asks_for_scopes == names_scopes, "{written}\n{expansion}");
}

/// The stream itself, and every stream with one token, at any depth, left out, doubled, or swapped
/// with the next.
fn edits(stream: &TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut edits = vec![stream.clone()];
    for (index, token) in tokens.iter().enumerate() {
        let with = |replacement: Vec<TokenTree>, skipped: usize| -> TokenStream {
            let before = tokens[..index].iter().cloned();
            before.chain(replacement).chain(tokens[index + skipped..].iter().cloned()).collect()
        };
        edits.push(with(vec![], 1));
        edits.push(with(vec![token.clone(), token.clone()], 1));
        if let Some(next) = tokens.get(index + 1) {
            edits.push(with(vec![next.clone(), token.clone()], 2));
        }
        if let TokenTree::Group(group) = token {
            for inside in self::edits(&group.stream()).into_iter().skip(1) {
                let group = Group::new(group.delimiter(), inside);
                edits.push(with(vec![group.into()], 1));
            }
        }
    }
    edits
}
