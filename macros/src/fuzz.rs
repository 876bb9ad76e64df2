//! The fuzz target of the attribute and of the derive macros, over token streams: an expansion without an error has the
//! guard, and its policy has the scopes of the arguments.
//!
//! It is compiled for the unit tests, which replay the corpus, and for the fuzzer in `tests/fuzz`, which compiles the
//! modules of this crate as an ordinary library: no other crate can call a function of a procedural macro.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a target that meets the unexpected fails")]
#![allow(unreachable_pub, reason = "the fuzzer calls it")]

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::expand::{expand, expand_detail_type, expand_scope_enum};
use crate::features::Features;

/// Deeper groups exhaust the stack of the parser that only this target uses.
const MAX_DEPTH: usize = 24;

/// The first line of the input: the arguments; the rest: the item. Without a second line, the item is that of the derive
/// macros.
// R-K1, R-K5, R-K9
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if depth(text) > MAX_DEPTH {
        return;
    }
    let Some((arguments, item)) = text.split_once('\n') else {
        if let Ok(item) = text.parse::<TokenStream>() {
            check(&item, &expand_scope_enum(item.clone()), "requires_auth_expansion");
            check(&item, &expand_detail_type(item.clone()), "requires_auth_expansion");
        }
        return;
    };
    let (Ok(arguments), Ok(item)) = (arguments.parse::<TokenStream>(), item.parse::<TokenStream>())
    else {
        return;
    };
    for enabled in [false, true] {
        let features = Features { manifest: enabled, rmcp: enabled, utoipa: enabled };
        let expanded = expand(features, arguments.clone(), item.clone());
        let is_block = !has_top_level(&item, "fn");
        // The functions of a block that has none need no guard.
        let guard = if is_block { "" } else { "requires_auth_expansion" };
        let is_accepted = check(&item, &expanded, guard);
        let again = expand(features, arguments.clone(), item.clone());
        assert_eq!(expanded.to_string(), again.to_string());
        if is_accepted && !is_block {
            check_scopes(&arguments, &expanded);
        }
    }
}

/// The number of brackets that are open at most, strings and comments included.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Whether the expansion has no error. Then it names the guard, and is Rust if the item is.
fn check(item: &TokenStream, expanded: &TokenStream, guard: &str) -> bool {
    let text = expanded.to_string();
    if text.contains("compile_error") {
        return false;
    }
    assert!(text.contains(guard), "no guard: {text}");
    assert!(is_rust(expanded) || !is_rust(item), "{text}");
    true
}

/// Whether it is an item, or one of an `impl` block.
fn is_rust(item: &TokenStream) -> bool {
    let in_block = quote::quote!(impl Type { #item });
    syn::parse2::<syn::File>(item.clone()).is_ok() || syn::parse2::<syn::ItemImpl>(in_block).is_ok()
}

fn has_top_level(item: &TokenStream, word: &str) -> bool {
    item.clone().into_iter().any(|token| matches!(token, TokenTree::Ident(it) if it == word))
}

/// If `scopes` is the only argument, the type of the policy spells its literals in their order, and nothing else.
fn check_scopes(arguments: &TokenStream, expanded: &TokenStream) {
    let tokens: Vec<TokenTree> = arguments.clone().into_iter().collect();
    let [TokenTree::Ident(name), TokenTree::Punct(_), value @ ..] = &*tokens else { return };
    let is_value = |token: &TokenTree| match token {
        TokenTree::Literal(_) | TokenTree::Group(_) => true,
        TokenTree::Ident(name) => name == "any" || name == "all",
        TokenTree::Punct(_) => false,
    };
    if name != "scopes" || value.len() > 2 || !value.iter().all(is_value) {
        return;
    }
    let mut expected = Vec::new();
    literals(&value.iter().cloned().collect(), &mut expected);
    let mut spelled = Vec::new();
    spellings(expanded, &mut spelled);
    // The `_meta` of a tool names the policy once more.
    assert!(spelled.starts_with(&expected), "{expected:?}: {spelled:?}");
}

fn literals(tokens: &TokenStream, found: &mut Vec<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Literal(literal) => {
                let text = syn::parse2::<syn::LitStr>(TokenTree::from(literal).into());
                let text = text.map(|text| text.value()).unwrap_or_default();
                found.extend(text.split(' ').map(str::to_owned));
            }
            TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                literals(&group.stream(), found);
            }
            _ => {}
        }
    }
}

/// The scopes in types such as `OAuthScope<1919246692>`.
fn spellings(tokens: &TokenStream, found: &mut Vec<String>) {
    let mut spelling: Option<String> = None;
    for token in tokens.clone() {
        match (&mut spelling, token) {
            (_, TokenTree::Ident(name)) if name == "OAuthScope" => spelling = Some(String::new()),
            (Some(text), TokenTree::Literal(literal)) => {
                let number = literal.to_string().parse().unwrap_or(0_u128).to_be_bytes();
                let bytes: Vec<u8> = number.into_iter().skip_while(|byte| *byte == 0).collect();
                text.extend(String::from_utf8(bytes));
            }
            (Some(_), TokenTree::Punct(punct)) if punct.as_char() == '>' => {
                found.extend(spelling.take());
            }
            (_, TokenTree::Group(group)) => spellings(&group.stream(), found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_target_accepts_the_files_of_its_corpus() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/attribute");
        let mut files: Vec<_> =
            fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", corpus.display());
        for file in files {
            // The name of the file is on the line before the message of a panic.
            println!("{}", file.display());
            super::run(&fs::read(file).unwrap());
        }
    }
}
