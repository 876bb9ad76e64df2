//! The function below the attribute. Everything except its body is parsed.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Signature, Visibility};

use crate::diagnostics::Diagnostics;
use crate::parse::async_block::insert_into_async_block;
use crate::parse::async_trait::restore_patterns;

/// A free function, or a method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    /// `default`, of specialization.
    default: Option<Ident>,
    pub(crate) signature: Signature,
    /// As written, so that the compiler reports the errors in it, at their spans. Below `#[async_trait]`, without the
    /// patterns of the arguments.
    body: TokenStream,
}

impl Function {
    /// Another item is an error that names the kinds which the attribute supports.
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Diagnostics> {
        syn::parse2::<Self>(item.clone()).map_err(|error| match other_item(item) {
            Some(keyword) => unsupported_item(&keyword),
            None => error.into(),
        })
    }

    pub(crate) fn body(&self) -> &TokenStream {
        &self.body
    }

    /// Adds a statement in front of the others. Inner attributes of the body stay first.
    pub(crate) fn with_first_statement(mut self, statement: TokenStream) -> Self {
        self.body = insert_first_statement(self.body, statement);
        self
    }

    /// Adds a statement that may return from the future of the function: in an `async fn` in front of the others, in
    /// another function in the `async` block that is its body.
    pub(crate) fn with_first_statement_of_future(mut self, statement: TokenStream) -> Self {
        match insert_into_async_block(&self.body, &statement) {
            Some(body) if self.signature.asyncness.is_none() => {
                self.body = body;
                self
            }
            _ => self.with_first_statement(statement),
        }
    }

    /// Whether there is a block. A declaration in a trait has none.
    pub(crate) fn has_body(&self) -> bool {
        let first = self.body.clone().into_iter().next();
        // A block that a `macro_rules!` macro has captured is in a group without delimiters.
        matches!(first, Some(TokenTree::Group(block))
            if matches!(block.delimiter(), Delimiter::Brace | Delimiter::None))
    }
}

// Input:  { #![allow(unused)] body }, statement
// Output: { #![allow(unused)] statement body }
fn insert_first_statement(body: TokenStream, statement: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = body.into_iter().collect();
    let (inside, span) = match trees.as_mut_slice() {
        // A block that a `macro_rules!` macro has captured.
        [TokenTree::Group(block)] if block.delimiter() == Delimiter::None => {
            return insert_first_statement(block.stream(), statement);
        }
        [TokenTree::Group(block)] if block.delimiter() == Delimiter::Brace => {
            let (mut inside, rest) = split_inner_attributes(block.stream());
            inside.extend(statement);
            inside.extend(rest);
            (inside, block.span())
        }
        // A body that does not parse: the statement is not lost.
        _ => {
            let mut inside = statement;
            inside.extend(trees);
            (inside, Span::call_site())
        }
    };
    let mut block = Group::new(Delimiter::Brace, inside);
    block.set_span(span);
    TokenTree::from(block).into()
}

/// Splits a block into the `#![…]` at its beginning and the rest.
fn split_inner_attributes(block: TokenStream) -> (TokenStream, TokenStream) {
    let trees: Vec<TokenTree> = block.into_iter().collect();
    let count = trees
        .chunks_exact(3)
        .take_while(|chunk| {
            matches!(chunk, [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)]
                if hash.as_char() == '#'
                    && bang.as_char() == '!'
                    && group.delimiter() == Delimiter::Bracket)
        })
        .count();
    let mut trees = trees.into_iter();
    (trees.by_ref().take(3 * count).collect(), trees.collect())
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        // `default` is a keyword only in front of `fn`.
        let default = input.fork().parse::<Ident>().is_ok_and(|word| word == "default");
        let default = if default { Some(input.parse()?) } else { None };
        let (mut signature, mut body) = (input.parse()?, input.parse()?);
        restore_patterns(&mut signature, &mut body);
        Ok(Self { attributes, visibility, default, signature, body })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, default, signature, body } = self;
        tokens.extend(quote! { #(#attributes)* #visibility #default #signature #body });
    }
}

/// The keyword of an item that is not a function.
fn other_item(item: TokenStream) -> Option<Ident> {
    const KINDS: [&str; 14] = [
        "struct",
        "enum",
        "union",
        "mod",
        "trait",
        "impl",
        "const",
        "static",
        "type",
        "use",
        "extern",
        "macro_rules",
        "let",
        "move",
    ];
    let words = item.into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    // After `fn`, they are part of a function that does not parse.
    words.take_while(|word| word != "fn").find(|word| KINDS.iter().any(|kind| word == kind))
}

fn unsupported_item(keyword: &Ident) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let help = match keyword.to_string().as_str() {
        "mod" => "write `mod … { … }` with the functions in it, or write it on each function",
        "impl" | "trait" | "extern" => "write it on each function in it",
        _ => "write it on the `fn` that answers the request",
    };
    errors.error(
        keyword,
        "`#[requires_auth]` guards only functions, `impl` blocks and inline modules",
        help,
    );
    errors
}
