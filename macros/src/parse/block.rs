//! The `impl` block or the inline `mod` below the attribute. Only the attributes of its items are parsed.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::Attribute;
use syn::parse::Parser;

use crate::parse::function::Function;

/// An `impl` block or an inline `mod`.
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) attributes: Vec<Attribute>,
    /// The tokens from the visibility or `impl` up to the braces.
    pub(crate) header: TokenStream,
    inner_attributes: TokenStream,
    pub(crate) items: Vec<BlockItem>,
    braces: Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Impl,
    Module,
}

impl BlockKind {
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::Impl => "impl",
            Self::Module => "mod",
        }
    }
}

/// An item of a block.
pub(crate) struct BlockItem {
    pub(crate) attributes: Vec<Attribute>,
    /// The tokens up to the first `;` or the first block. For a function, that is all of it,
    /// because blocks in its signature are in parentheses or brackets. In an item with a further
    /// `;` or block, the tokens after the first are an item without attributes, emitted in the same
    /// order.
    rest: TokenStream,
}

impl Block {
    /// Returns `None` for another item.
    pub(crate) fn parse(item: TokenStream) -> Option<syn::Result<Self>> {
        let mut trees = Trees::new(item);
        let attributes = trees.take_attributes();
        let kind = trees.kind_of_block()?;
        let Some(TokenTree::Group(braces)) = trees.0.pop_back() else { return None };
        if braces.delimiter() != Delimiter::Brace {
            return None;
        }
        Some(Self::parse_items(kind, attributes, trees.0.into_iter().collect(), braces))
    }

    fn parse_items(
        kind: BlockKind,
        attributes: TokenStream,
        header: TokenStream,
        braces: Group,
    ) -> syn::Result<Self> {
        let mut trees = Trees::new(braces.stream());
        let inner_attributes = trees.take_inner_attributes();
        let mut items = Vec::new();
        while !trees.0.is_empty() {
            let attributes = parse_attributes(trees.take_attributes())?;
            items.push(BlockItem { attributes, rest: trees.take_item() });
        }
        let attributes = parse_attributes(attributes)?;
        Ok(Self { kind, attributes, header, inner_attributes, items, braces })
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, header, inner_attributes, items, braces, kind: _ } = self;
        let mut inside = inner_attributes.clone();
        inside.append_all(items);
        let mut group = Group::new(Delimiter::Brace, inside);
        group.set_span(braces.span());
        tokens.append_all(attributes);
        tokens.extend(header.clone());
        tokens.append(group);
    }
}

impl BlockItem {
    /// Whether it is a macro call, such as `tools!(…);`.
    pub(crate) fn is_macro_call(&self) -> bool {
        let mut trees = self.rest.clone().into_iter();
        let mut path = trees.by_ref().skip_while(|tree| match tree {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        });
        path.next().is_some_and(|tree| is_at(Some(&tree), '!'))
    }

    /// The macro that the item calls. `macro_rules!` and `thread_local!` define no function, so neither counts.
    pub(crate) fn macro_that_may_define_functions(&self) -> Option<TokenStream> {
        let mut path = TokenStream::new();
        let mut name = String::new();
        let mut after_name = false;
        for tree in self.rest.clone() {
            match &tree {
                TokenTree::Ident(word) if !after_name => name = word.to_string(),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                _ if after_name && is_at(Some(&tree), '!') => {
                    let defines_none = name == "macro_rules" || name == "thread_local";
                    return (!defines_none).then_some(path);
                }
                _ => return None,
            }
            after_name = matches!(tree, TokenTree::Ident(_));
            path.extend([tree]);
        }
        None
    }

    /// What kind of block it is, such as a nested `mod`.
    pub(crate) fn block_kind(&self) -> Option<BlockKind> {
        Trees::new(self.rest.clone()).kind_of_block()
    }

    pub(crate) fn is_function(&self) -> bool {
        keyword(&Trees::new(self.rest.clone()).0).is_some_and(|word| word == "fn")
    }

    /// The name, if it is a function.
    pub(crate) fn name(&self) -> Option<Ident> {
        let mut words = self.rest.clone().into_iter().skip_while(|tree| tree.to_string() != "fn");
        match words.nth(1) {
            Some(TokenTree::Ident(name)) => Some(name),
            _ => None,
        }
    }
}

impl From<Function> for BlockItem {
    fn from(mut function: Function) -> Self {
        let attributes = std::mem::take(&mut function.attributes);
        Self { attributes, rest: function.into_token_stream() }
    }
}

impl ToTokens for BlockItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attributes);
        tokens.extend(self.rest.clone());
    }
}

fn parse_attributes(tokens: TokenStream) -> syn::Result<Vec<Attribute>> {
    Attribute::parse_outer.parse2(tokens)
}

/// The tokens that are not parsed yet.
struct Trees(VecDeque<TokenTree>);

impl Trees {
    fn new(tokens: TokenStream) -> Self {
        Self(tokens.into_iter().collect())
    }

    /// The kind of the block that the tokens begin, without its attributes.
    fn kind_of_block(&self) -> Option<BlockKind> {
        match keyword(&self.0)?.to_string().as_str() {
            "impl" => Some(BlockKind::Impl),
            "mod" => Some(BlockKind::Module),
            _ => None,
        }
    }

    /// Takes each `#![…]` at the beginning.
    fn take_inner_attributes(&mut self) -> TokenStream {
        let mut attributes = TokenStream::new();
        while is_at(self.0.front(), '#') && is_at(self.0.get(1), '!') {
            attributes.extend(self.0.drain(..self.0.len().min(3)));
        }
        attributes
    }

    /// Takes each `#[…]` at the beginning.
    fn take_attributes(&mut self) -> TokenStream {
        let mut attributes = TokenStream::new();
        self.flatten_captured();
        while is_at(self.0.front(), '#') && matches!(self.0.get(1), Some(TokenTree::Group(_))) {
            attributes.extend(self.0.drain(..2));
            self.flatten_captured();
        }
        attributes
    }

    /// Takes the rest of an item after its attributes.
    fn take_item(&mut self) -> TokenStream {
        let last = self.0.iter().position(ends_item);
        self.0.drain(..last.map_or(self.0.len(), |last| last + 1)).collect()
    }

    /// Replaces a fragment that a `macro_rules!` macro has captured, which is a group without
    /// delimiters, by its tokens.
    fn flatten_captured(&mut self) {
        while let Some(TokenTree::Group(capture)) = self.0.front()
            && capture.delimiter() == Delimiter::None
        {
            let mut tokens = Self::new(capture.stream()).0;
            self.0.pop_front();
            tokens.append(&mut self.0);
            self.0 = tokens;
        }
    }
}

/// The first word after the visibility and the qualifiers: what kind of item it is.
fn keyword<'a>(trees: impl IntoIterator<Item = &'a TokenTree>) -> Option<Ident> {
    const QUALIFIERS: [&str; 7] = ["pub", "default", "const", "async", "unsafe", "safe", "extern"];
    let mut last = None;
    for tree in trees {
        match tree {
            TokenTree::Ident(word) if QUALIFIERS.iter().any(|qualifier| word == qualifier) => {
                last = Some(word);
            }
            TokenTree::Ident(word) => return Some(word.clone()),
            // `pub(crate)`, or a visibility that a `macro_rules!` macro has captured.
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Parenthesis if last.is_some_and(|word| word == "pub") => {}
                Delimiter::None => {}
                _ => return None,
            },
            // The calling convention of `extern "C" fn`.
            TokenTree::Literal(_) => {}
            TokenTree::Punct(_) => return None,
        }
    }
    None
}

fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Brace => true,
            // A block that a `macro_rules!` macro has captured.
            Delimiter::None => group.stream().into_iter().last().is_some_and(|it| ends_item(&it)),
            _ => false,
        },
        tree => is_at(Some(tree), ';'),
    }
}

fn is_at(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}
