//! What `#[async_trait]` has written into the signature of a method below it.

use syn::{GenericParam, Generics, Lifetime, Type, WherePredicate};

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
