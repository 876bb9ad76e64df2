//! The policy as a type, which the runtime reads back.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{LitStr, Path, Type};

use super::span::{constant_path, first_and_last_span, named_type, type_path};
use crate::features::Features;
use crate::parse::arguments::{Arguments, TokenRequirement};
use crate::parse::condition::scope::Scope;
use crate::parse::condition::{Condition, TypedScope};
use crate::private;

/// The most elements of a tuple for which the runtime implements its traits.
const MAX_TUPLE_ELEMENTS: usize = 16;

/// The most bytes of a function's name that the runtime reads back.
const MAX_NAME_BYTES: usize = 256;

/// The bytes in one number.
const BYTES_PER_NUMBER: usize = 16;

/// The numbers that one type of the runtime takes as parameters.
const NUMBERS_PER_TYPE: usize = 2;

/// What a function requires of its caller.
pub(super) struct Policy<'a> {
    arguments: &'a Arguments,
    /// Whether a request without a token is let through.
    pub(super) optional: bool,
    /// The name of the function.
    name: Ident,
    /// Whether the function registers its path.
    registered: bool,
    /// The types of authorization details that arguments receive, except those that the attribute names. They may have the name
    /// of one of those in a token and other members, so the token must have details of both.
    received_details: Vec<Type>,
}

impl<'a> Policy<'a> {
    pub(super) fn new(
        arguments: &'a Arguments,
        optional: bool,
        name: &Ident,
        features: Features,
    ) -> Self {
        let (name, registered) = (name.clone(), features.manifest);
        Self { arguments, optional, name, registered, received_details: Vec::new() }
    }

    /// With arguments that receive these types of authorization details.
    pub(super) fn receiving(self, details: Vec<Type>) -> Self {
        Self { received_details: details, ..self }
    }

    /// The path of the hidden module.
    pub(super) fn private(&self, span: Span) -> TokenStream {
        private::path(self.arguments.krate.as_ref(), span)
    }

    /// The vocabulary, and the string literals that it must define, unless another function checks them.
    pub(super) fn literals_of_vocabulary(&self) -> Option<(&'a Path, Vec<&'a Scope>)> {
        let Arguments { vocabulary, scopes, literals_checked, .. } = self.arguments;
        let vocabulary = vocabulary.as_ref().filter(|_| !literals_checked)?;
        Some((vocabulary, scopes.as_ref().map(Condition::literals).unwrap_or_default()))
    }

    /// The vocabulary of the scopes that depend on the arguments.
    pub(super) fn vocabulary(&self) -> Option<&'a Path> {
        self.arguments.vocabulary.as_ref()
    }

    /// The types of authorization details that the attribute names.
    pub(super) fn details(&self) -> &'a [Type] {
        &self.arguments.token.authorization_details
    }

    /// With the name of the function, which appears in the runtime's logs and metrics. A name that is too long is left out.
    // Input:  #[requires_auth(scopes = "read", optional)] fn add() {}
    // Output: ByTryInto<Optional<OAuthScope<1919246692>>, Function<6382692>>
    pub(super) fn to_type(&self, span: Span) -> TokenStream {
        let policy = self.to_type_without_name(span);
        let name = self.name.unraw().to_string();
        if name.len() > MAX_NAME_BYTES {
            return policy;
        }
        let private = self.private(span);
        let id = self.registered.then(|| self.id(&name));
        // The first numbers are those of the outermost type.
        numbers(name.as_bytes()).chunks(NUMBERS_PER_TYPE).rev().fold(policy, |policy, numbers| {
            quote!(#private::ByTryInto<#policy, #private::Function<#(#numbers),*> #id>)
        })
    }

    /// The number by which the runtime finds the path that the function registers. Its span is that of the function's name
    /// wherever the type is, so that it is the same number, and the compiler shows the name where it has not evaluated it.
    // Output: , { function_id(module_path!(), "add", line!(), column!()) }
    fn id(&self, name: &str) -> TokenStream {
        let span = self.name.span();
        let private = self.private(span);
        let name = LitStr::new(name, span);
        quote_spanned! {span=>
            , {
                #private::function_id(
                    ::core::module_path!(), #name, ::core::line!(), ::core::column!()
                )
            }
        }
    }

    // Input:  #[requires_auth(scopes = "read", optional)] fn add() {}
    // Output: Optional<OAuthScope<1919246692>>
    fn to_type_without_name(&self, span: Span) -> TokenStream {
        let private = self.private(span);
        let condition = match &self.arguments.scopes {
            Some(condition) => {
                let vocabulary = self.arguments.vocabulary.as_ref();
                of_condition(condition, vocabulary, &private)
            }
            None => quote_spanned!(span=> #private::AnyToken),
        };
        let policy = of_token_requirement(
            condition,
            &self.arguments.token,
            &self.received_details,
            self.registered,
            &private,
        );
        if self.optional { quote_spanned!(span=> #private::Optional<#policy>) } else { policy }
    }
}

// Input:  scopes = "read", sender_constrained, acr_values = "phr", max_age = 300, authorization_details = Payment
// Output: WithDetails<MaxAge<AcrValues<SenderConstrained<OAuthScope<1919246692>>, (Acr<7366770>,)>, 300>, (Detail<Payment, { … }>,)>
fn of_token_requirement(
    condition: TokenStream,
    required: &TokenRequirement,
    received_details: &[Type],
    registered: bool,
    private: &TokenStream,
) -> TokenStream {
    let TokenRequirement { sender_constrained, acr_values, max_age, authorization_details } =
        required;
    let mut policy = condition;
    if *sender_constrained {
        policy = quote!(#private::SenderConstrained<#policy>);
    }
    if !acr_values.is_empty() {
        let acr_values = acr_values.iter().map(|acr| of_text("Acr", acr, private));
        policy = quote!(#private::AcrValues<#policy, (#(#acr_values,)*)>);
    }
    if let Some(max_age) = max_age {
        // An item of the body, in which the function registers itself, has no parameters of the function.
        let max_age = match syn::parse2::<Path>(max_age.clone()) {
            Ok(path) if registered => constant_path(&path),
            _ => max_age.clone(),
        };
        policy = quote!(#private::MaxAge<#policy, { #max_age }>);
    }
    if !authorization_details.is_empty() {
        let details = of_details(authorization_details.iter().chain(received_details), private);
        policy = quote!(#private::WithDetails<#policy, #details>);
    }
    policy
}

// Input:  Payment, Account
// Output: (Detail<Payment, { … }>, Detail<Account, { … }>,)
pub(super) fn of_details<'a>(
    details: impl IntoIterator<Item = &'a Type>,
    private: &TokenStream,
) -> TokenStream {
    let details = details.into_iter().map(|detail| of_detail(detail, private));
    quote!((#(#details,)*))
}

/// The compiler reports a type that is none at the type.
// Input:  Payment
// Output: Detail<Payment, { checked_detail::<Payment>() }>
pub(super) fn of_detail(detail: &Type, private: &TokenStream) -> TokenStream {
    let (first, last) = first_and_last_span(detail);
    let at_detail: TokenStream =
        private.clone().into_iter().map(|tree| located_at(tree, first)).collect();
    let check = Ident::new("checked_detail", last);
    let detail = named_type(detail);
    let check = quote_spanned!(first=> #at_detail::#check::<#detail>());
    quote!(#private::Detail<#detail, { #check }>)
}

// Input:  all("read", any("a", "b"))
// Output: AllOf<(OAuthScope<1919246692>, AnyOf<(OAuthScope<97>, OAuthScope<98>,)>,)>
fn of_condition(
    condition: &Condition,
    vocabulary: Option<&Path>,
    private: &TokenStream,
) -> TokenStream {
    match (condition, vocabulary) {
        (Condition::Scope(scope), None) => of_text("OAuthScope", &scope.text, private),
        (Condition::Scope(scope), Some(vocabulary)) => of_literal(scope, vocabulary, private),
        (Condition::Typed(scope), _) => of_typed_scope(scope, private),
        (Condition::All(all), _) => of_group(&quote!(#private::AllOf), all, vocabulary, private),
        (Condition::Any(any), _) => of_group(&quote!(#private::AnyOf), any, vocabulary, private),
    }
}

/// A literal of a vocabulary. No token meets one that the vocabulary does not define; the check in the
/// [prologue](super::prologue::vocabulary_check) reports it, once.
// Input:  "entries:read", vocabulary = JournalScope
// Output: TypedScope<JournalScope, { literal_of::<JournalScope>("entries:read").index() }>
fn of_literal(scope: &Scope, vocabulary: &Path, private: &TokenStream) -> TokenStream {
    let text = &scope.text;
    let vocabulary = type_path(vocabulary);
    quote!(#private::TypedScope<#vocabulary, { #private::literal_of::<#vocabulary>(#text).index() }>)
}

/// The compiler reads the index of the variant. It reports a variant that does not exist, and an enum that is no
/// vocabulary, at the path.
// Input:  JournalScope::EntriesRead
// Output: TypedScope<JournalScope, {
//             #[allow(unused_imports)]
//             use NoVariant as _;
//             scope_of::<JournalScope, _>(<JournalScope>::EntriesRead).variant() as usize
//         }>
fn of_typed_scope(scope: &TypedScope, private: &TokenStream) -> TokenStream {
    let TypedScope { vocabulary, variant } = scope;
    let name = variant.segments.last();
    let span = vocabulary.span();
    let vocabulary = type_path(vocabulary);
    // With the enum as a type everywhere, one that does not exist is reported once.
    let variant = quote_spanned!(span=> <#vocabulary>::#name);
    // The compiler shows another value than a variant at the call, from its first to its last token.
    let (first, last) = first_and_last_span(&scope.variant);
    let at_path: TokenStream =
        private.clone().into_iter().map(|tree| located_at(tree, first)).collect();
    let method = Ident::new("variant", last);
    let argument = quote_spanned!(last=> (#variant));
    let named = quote_spanned!(first=> #at_path::scope_of::<#vocabulary, _> #argument.#method());
    quote! {
        #private::TypedScope<#vocabulary, {
            #[allow(unused_imports)]
            use #private::NoVariant as _;
            #named as ::core::primitive::usize
        }>
    }
}

fn located_at(tree: TokenTree, span: Span) -> TokenTree {
    let mut tree = tree;
    tree.set_span(tree.span().located_at(span));
    tree
}

/// A group of more than [`MAX_TUPLE_ELEMENTS`] becomes a group of groups, which means the same.
// Input:  AllOf, ["a", "b"]
// Output: AllOf<(OAuthScope<97>, OAuthScope<98>,)>
fn of_group(
    name: &TokenStream,
    conditions: &[Condition],
    vocabulary: Option<&Path>,
    private: &TokenStream,
) -> TokenStream {
    if let [one] = conditions {
        return of_condition(one, vocabulary, private);
    }
    let mut elements: Vec<TokenStream> =
        conditions.iter().map(|condition| of_condition(condition, vocabulary, private)).collect();
    while elements.len() > MAX_TUPLE_ELEMENTS {
        elements =
            elements.chunks(MAX_TUPLE_ELEMENTS).map(|chunk| quote!(#name<(#(#chunk,)*)>)).collect();
    }
    quote!(#name<(#(#elements,)*)>)
}

/// A text of more numbers than one type takes is joined from several types.
// Input:  OAuthScope, read
// Output: OAuthScope<1919246692>
fn of_text(name: &str, text: &str, private: &TokenStream) -> TokenStream {
    let ident = Ident::new(name, Span::call_site());
    let numbers = numbers(text.as_bytes());
    let mut parts = numbers
        .chunks(NUMBERS_PER_TYPE)
        .rev()
        .map(|numbers| quote!(#private::#ident<#(#numbers),*>));
    let last = parts.next().unwrap_or_default();
    parts.fold(last, |rest, part| quote!(#private::Joined<#part, #rest>))
}

/// The bytes of a text, up to 16 in each number, the first byte as the most significant one.
fn numbers(text: &[u8]) -> Vec<Literal> {
    let number =
        |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << u8::BITS | u128::from(*byte));
    text.chunks(BYTES_PER_NUMBER).map(number).map(Literal::u128_unsuffixed).collect()
}
