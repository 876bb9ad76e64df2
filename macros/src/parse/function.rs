//! The function under the attribute: everything but its body is parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, Ident, Signature, Visibility};

use crate::diagnostics::Diagnostics;
use crate::parse::attribute::is_auth_marker;

/// A function, free or in an `impl`.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    default: Option<Ident>,
    pub(crate) signature: Signature,
    /// Verbatim: a broken body gets the compiler's own errors, and a correct one keeps its places.
    body: TokenStream,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Diagnostics> {
        syn::parse2::<Self>(item.clone()).map_err(|error| match other_item(item) {
            Some(keyword) => unsupported_item(&keyword),
            None => error.into(),
        })
    }

    pub(crate) fn body(&self) -> &TokenStream {
        &self.body
    }

    /// Puts a statement in front of the body.
    pub(crate) fn prepend_statement(&mut self, statement: TokenStream) {
        let mut trees: Vec<TokenTree> = self.body.clone().into_iter().collect();
        if let [TokenTree::Group(block)] = trees.as_mut_slice()
            && block.delimiter() == Delimiter::Brace
        {
            let (mut inside, rest) = inner_attributes(block.stream());
            inside.extend(statement);
            inside.extend(rest);
            let mut begun = Group::new(Delimiter::Brace, inside);
            begun.set_span(block.span());
            *block = begun;
        }
        self.body = trees.into_iter().collect();
    }

    /// Whether there is a block; a declaration in a trait has none.
    pub(crate) fn has_body(&self) -> bool {
        let first = self.body.clone().into_iter().next();
        // Without delimiters it is a block that a `macro_rules!` macro has captured.
        matches!(first, Some(TokenTree::Group(block))
            if matches!(block.delimiter(), Delimiter::Brace | Delimiter::None))
    }

    /// As written, but without what would only lead to further errors: `#[auth]`, which nobody else
    /// understands, and what no framework takes.
    pub(crate) fn without_auth_and_const(mut self) -> Self {
        let signature = &mut self.signature;
        signature.constness = None;
        for argument in &mut signature.inputs {
            let attributes = match argument {
                FnArg::Receiver(receiver) => &mut receiver.attrs,
                FnArg::Typed(argument) => &mut argument.attrs,
            };
            attributes.retain(|attribute| !is_auth_marker(attribute));
        }
        self
    }
}

/// The `#![…]` at the beginning of a block, which have to stay there, and the rest of it.
fn inner_attributes(block: TokenStream) -> (TokenStream, TokenStream) {
    let trees: Vec<TokenTree> = block.into_iter().collect();
    let attributes = trees
        .chunks_exact(3)
        .take_while(|chunk| {
            matches!(chunk, [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)]
                if hash.as_char() == '#'
                    && bang.as_char() == '!'
                    && group.delimiter() == Delimiter::Bracket)
        })
        .count();
    let mut trees = trees.into_iter();
    (trees.by_ref().take(3 * attributes).collect(), trees.collect())
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        // `default fn` of specialization; `default` is an ordinary name everywhere else.
        let default = input.fork().parse::<Ident>().is_ok_and(|word| word == "default");
        let default = if default { Some(input.parse()?) } else { None };
        Ok(Self {
            attributes,
            visibility,
            default,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, default, signature, body } = self;
        tokens.extend(quote! { #(#attributes)* #visibility #default #signature #body });
    }
}

/// The word that says which other kind of item this is.
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
    // Behind `fn`, `impl` and `const` are part of a function that does not parse.
    words.take_while(|word| word != "fn").find(|word| KINDS.iter().any(|kind| word == kind))
}

fn unsupported_item(keyword: &Ident) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let help = match keyword.to_string().as_str() {
        "impl" | "trait" | "mod" | "extern" => "write it on each function in it",
        _ => "write it on the `fn` that answers the request",
    };
    errors.error(keyword, "`#[requires_auth]` guards only functions and `impl` blocks", help);
    errors
}
