//! The `impl` block under the attribute: of its items, only the attributes are parsed.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::Attribute;
use syn::parse::Parser;

/// An `impl` block.
pub(crate) struct ImplBlock {
    pub(crate) attributes: Vec<Attribute>,
    /// From `impl` to the type, with all bounds.
    pub(crate) header: TokenStream,
    inner_attributes: TokenStream,
    pub(crate) items: Vec<ImplItem>,
    braces: Group,
}

/// What stands in an `impl` block.
pub(crate) struct ImplItem {
    pub(crate) attributes: Vec<Attribute>,
    /// Up to the first `;` or the first block: all of a function, whose signature may have blocks
    /// only in parentheses or brackets. Where an item does have more of them, what is behind the
    /// first counts as an item without attributes, and is emitted where it was.
    rest: TokenStream,
}

impl ImplBlock {
    /// `None` if it is another item.
    pub(crate) fn parse(item: TokenStream) -> Option<syn::Result<Self>> {
        let mut trees = Trees::new(item);
        let attributes = trees.attributes();
        if !trees.start_an_impl() {
            return None;
        }
        let Some(TokenTree::Group(braces)) = trees.0.pop_back() else { return None };
        if braces.delimiter() != Delimiter::Brace {
            return None;
        }
        Some(Self::of(attributes, trees.0.into_iter().collect(), braces))
    }

    fn of(attributes: TokenStream, header: TokenStream, braces: Group) -> syn::Result<Self> {
        let mut trees = Trees::new(braces.stream());
        let inner_attributes = trees.inner_attributes();
        let mut items = Vec::new();
        while !trees.0.is_empty() {
            let attributes = parse_attributes(trees.attributes())?;
            items.push(ImplItem { attributes, rest: trees.item() });
        }
        let attributes = parse_attributes(attributes)?;
        Ok(Self { attributes, header, inner_attributes, items, braces })
    }
}

impl ToTokens for ImplBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, header, inner_attributes, items, braces } = self;
        let mut inside = inner_attributes.clone();
        inside.append_all(items);
        let mut group = Group::new(Delimiter::Brace, inside);
        group.set_span(braces.span());
        tokens.append_all(attributes);
        tokens.extend(header.clone());
        tokens.append(group);
    }
}

impl ImplItem {
    /// Whether it is what a macro makes of its arguments, such as `tools!(…);`.
    pub(crate) fn is_macro_call(&self) -> bool {
        let mut trees = self.rest.clone().into_iter();
        let mut path = trees.by_ref().skip_while(|tree| match tree {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        });
        path.next().is_some_and(|tree| is_at(Some(&tree), '!'))
    }

    /// The name of a function.
    pub(crate) fn name(&self) -> Option<Ident> {
        let mut words = self.rest.clone().into_iter().skip_while(|tree| tree.to_string() != "fn");
        match words.nth(1) {
            Some(TokenTree::Ident(name)) => Some(name),
            _ => None,
        }
    }
}

impl ToTokens for ImplItem {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attributes);
        tokens.extend(self.rest.clone());
    }
}

fn parse_attributes(tokens: TokenStream) -> syn::Result<Vec<Attribute>> {
    Attribute::parse_outer.parse2(tokens)
}

/// The tokens that are left.
struct Trees(VecDeque<TokenTree>);

impl Trees {
    fn new(tokens: TokenStream) -> Self {
        Self(tokens.into_iter().collect())
    }

    /// Whether a block comes next, behind its attributes.
    fn start_an_impl(&self) -> bool {
        let keyword = |tree: &&TokenTree| !is(tree, "unsafe") && !is(tree, "default");
        self.0.iter().find(keyword).is_some_and(|tree| is(tree, "impl"))
    }

    /// `#![…]`, as often as it is there.
    fn inner_attributes(&mut self) -> TokenStream {
        let mut attributes = TokenStream::new();
        while is_at(self.0.front(), '#') && is_at(self.0.get(1), '!') {
            attributes.extend(self.0.drain(..self.0.len().min(3)));
        }
        attributes
    }

    /// `#[…]`, as often as it is there.
    fn attributes(&mut self) -> TokenStream {
        let mut attributes = TokenStream::new();
        self.open_capture();
        while is_at(self.0.front(), '#') && matches!(self.0.get(1), Some(TokenTree::Group(_))) {
            attributes.extend(self.0.drain(..2));
            self.open_capture();
        }
        attributes
    }

    fn item(&mut self) -> TokenStream {
        let last = self.0.iter().position(ends_an_item);
        self.0.drain(..last.map_or(self.0.len(), |last| last + 1)).collect()
    }

    /// An item that a `macro_rules!` macro has captured stands in a group without delimiters.
    fn open_capture(&mut self) {
        while let Some(TokenTree::Group(capture)) = self.0.front()
            && capture.delimiter() == Delimiter::None
        {
            let mut opened = Self::new(capture.stream()).0;
            self.0.pop_front();
            opened.append(&mut self.0);
            self.0 = opened;
        }
    }
}

fn ends_an_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Brace => true,
            // A captured block.
            Delimiter::None => {
                group.stream().into_iter().last().is_some_and(|it| ends_an_item(&it))
            }
            _ => false,
        },
        tree => is_at(Some(tree), ';'),
    }
}

fn is(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

fn is_at(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}
