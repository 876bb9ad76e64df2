//! A function that is one token away from a correct one is guarded, or an error.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::{WITH_FRAMEWORKS, expand};

const ARGUMENTS: &[&str] = &[
    "",
    "scopes = \"read write\"",
    "scopes = [\"read\", \"write\"], crate = ::renamed::path",
    "scopes = any(\"admin\", all(\"read\", any(\"write\", [\"a\", \"b\"]))), optional,",
    "from = &request, server = self.server",
];

const ITEMS: &[&str] = &[
    "/// Doc.\n#[inline] pub(crate) async fn f(a: A<B>, mut auth: AuthInfo) -> R where A: B { auth; }",
    "fn f<'a, T: 'a>(self: Arc<Self>, #[cfg(x)] #[auth] (a, b): C, impl_: impl D) -> impl E { 1 }",
    "pub default async fn f(&mut self, _: Option<requires_auth::AuthInfo>);",
    "#[requires_auth] const unsafe extern \"C\" fn main<'async_trait>(#[auth] self, ...) {}",
    "impl A { fn f(auth: AuthInfo) {} }",
    "fn f<'async_trait>(&self, auth: AuthInfo, request: A) -> B<C> { Box::pin(async move { let auth = auth; }) }",
    "fn f<'async_trait>(__arg0: A) -> B<C> { Box::pin(async move { #[x] let a = { let __arg0 = __arg0; __arg0 }; }) }",
];

/// Tries every token stream that is one edit away from these.
#[test]
fn every_function_is_guarded_or_an_error() {
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

const BLOCK: &str = "
    #[tool_router] unsafe impl<T: A<B>> C<{ 1 }> for D<T> where T: E {
        #![inner] const F: G = { 1 };
        /// Doc.
        #[inline] #[tool] fn f(auth: AuthInfo) -> H<{ 2 }> { body }
        #[prompt(x = 1)] #[cfg(x)] pub(crate) async fn g(&self) where I: J { ; }
        #[requires_auth(optional)] #[rmcp::tool] fn h() {}
        #[public] #[r#tool] fn public() {}
        type K = L; m! { n } o!(p); fn q() {}
    }";

/// Tries every `impl` block that is one edit away from this one. Each tool and prompt has a guard
/// above it, unless it is the one with `#[public]`.
#[test]
fn every_tool_of_a_block_is_guarded_or_an_error() {
    // R-K2
    let mut counts = [0, 0];
    for arguments in ["", "optional, scopes = \"read\"", "scopes = \"read\", crate = ::renamed"] {
        for item in edits(&BLOCK.parse().unwrap()) {
            let expansion = expand(WITH_FRAMEWORKS, arguments.parse().unwrap(), item);
            let text = expansion.to_string();
            // The compiler reports what is not a block.
            let Ok(block) = syn::parse2::<syn::ItemImpl>(expansion) else { continue };
            assert_ne!(arguments, "", "{text}");
            for function in functions(&block) {
                counts[usize::from(check_function(function, &text))] += 1;
            }
        }
    }
    assert!(counts[0] > 50 && counts[1] > 200, "{counts:?}");
}

const MODULE: &str = "
    pub(crate) mod group {
        #![inner] use a::{b, c}; const F: G = { 1 };
        /// Doc.
        #[inline] pub async fn f(auth: AuthInfo) -> H { body }
        #[instrument(x = 1)] #[cfg(x)] pub(crate) async fn g(h: I) where I: J { ; }
        #[requires_auth(optional)] async fn h() {}
        #[public] #[inline] async fn public() {}
        struct K(L); struct M { n: O }
    }";

/// Tries every `mod` that is one edit away from this one. Each `async fn` has a guard, unless it is the one with
/// `#[public]`.
#[test]
fn every_handler_of_a_module_is_guarded_or_an_error() {
    // R-K19
    let mut count = 0;
    for arguments in ["", "scopes = \"read\", crate = ::renamed"] {
        for item in edits(&MODULE.parse().unwrap()) {
            let expansion = expand(WITH_FRAMEWORKS, arguments.parse().unwrap(), item);
            let text = expansion.to_string();
            // The compiler reports what is not a module.
            let Ok(module) = syn::parse2::<syn::ItemMod>(expansion) else { continue };
            assert_ne!(arguments, "", "{text}");
            for item in module.content.into_iter().flat_map(|(_, items)| items) {
                let syn::Item::Fn(function) = item else { continue };
                let guards = function.attrs.iter().filter(|attribute| {
                    attribute.path().segments.last().is_some_and(|it| it.ident == "requires_auth")
                });
                let is_handler = function.sig.asyncness.is_some();
                let expected = is_handler && function.sig.ident != "public";
                assert!(guards.count() == 1 || !expected, "{}: {text}", function.sig.ident);
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
}

fn functions(block: &syn::ItemImpl) -> impl Iterator<Item = &syn::ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(function) => Some(function),
        _ => None,
    })
}

/// Checks a function of a block. Returns whether it is a tool or a prompt.
fn check_function(function: &syn::ImplItemFn, text: &str) -> bool {
    let place = |names: &[&str]| {
        function.attrs.iter().position(|attribute| {
            let last = attribute.path().segments.last().unwrap();
            names.iter().any(|name| last.ident == name)
        })
    };
    let Some(tool) = place(&["tool", "r#tool", "prompt"]) else { return false };
    let guarded = place(&["requires_auth"]).is_some_and(|guard| guard < tool);
    assert!(guarded || function.sig.ident == "public", "{}: {text}", function.sig.ident);
    true
}

fn check(arguments: TokenStream, item: TokenStream) {
    let written = format!("#[requires_auth({arguments})] {item}");
    let has_scopes = arguments.to_string().contains("scopes");
    let expansion = expand(WITH_FRAMEWORKS, arguments, item).to_string();
    let fails = expansion.contains(":: core :: compile_error !");
    let is_guarded = expansion.contains(":: requires_auth_expansion :: Authorized <");
    assert!(fails || is_guarded, "{written}\n{expansion}");
    let names_scopes = !expansion.contains(":: requires_auth_expansion :: AnyToken");
    assert!(fails || has_scopes == names_scopes, "{written}\n{expansion}");
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
