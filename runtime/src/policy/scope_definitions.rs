//! The scopes that a resource server knows from its vocabularies.

use std::collections::HashSet;

use super::ScopeDefinition;
use crate::SetupError;

/// The definitions of the vocabularies of a resource server, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct ScopeDefinitions {
    definitions: Vec<&'static ScopeDefinition>,
    /// The indices of the definitions, sorted by the name of the scope.
    by_name: Vec<usize>,
}

impl ScopeDefinitions {
    /// Those of a resource server without a vocabulary.
    pub(crate) const NONE: Self = Self { definitions: Vec::new(), by_name: Vec::new() };

    /// # Errors
    /// If two of them define the same scope differently.
    pub(crate) fn new(
        definitions: impl IntoIterator<Item = &'static ScopeDefinition>,
    ) -> Result<Self, SetupError> {
        let mut all = Self::NONE;
        for definition in definitions {
            match all.find(definition.name()) {
                Ok(known) if known == definition => {}
                Ok(known) => {
                    return Err(SetupError::TwoDefinitions {
                        scope: definition.name(),
                        vocabularies: [known.vocabulary(), definition.vocabulary()],
                    });
                }
                Err(place) => {
                    all.by_name.insert(place, all.definitions.len());
                    all.definitions.push(definition);
                }
            }
        }
        Ok(all)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static ScopeDefinition> {
        self.definitions.iter().copied()
    }

    /// The definition of a scope.
    pub(crate) fn get(&self, scope: &str) -> Option<&'static ScopeDefinition> {
        self.find(scope).ok()
    }

    /// The scopes that imply this one; none for a scope that no vocabulary defines.
    pub(crate) fn implied_by(&self, scope: &str) -> &'static [&'static str] {
        self.find(scope).map_or(&[], ScopeDefinition::implied_by)
    }

    /// Removes each scope that another one in the list implies.
    pub(crate) fn without_implied<'a>(&self, mut scopes: Vec<&'a str>) -> Vec<&'a str> {
        if !self.definitions.is_empty() && scopes.len() > 1 {
            let all: HashSet<&str> = scopes.iter().copied().collect();
            scopes.retain(|scope| !self.implied_by(scope).iter().any(|it| all.contains(it)));
        }
        scopes
    }

    /// The definition, or the place in `by_name` where it would be.
    fn find(&self, scope: &str) -> Result<&'static ScopeDefinition, usize> {
        let name = |index: &usize| self.definitions.get(*index).map_or("", |it| it.name());
        let place = self.by_name.binary_search_by(|index| name(index).cmp(scope))?;
        let index = self.by_name.get(place).ok_or(place)?;
        self.definitions.get(*index).copied().ok_or(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DEFINITIONS: [ScopeDefinition; 3] = [
        ScopeDefinition::new("app::Scopes", "read", None, &[], &["write", "admin"]),
        ScopeDefinition::new("app::Scopes", "write", None, &["read"], &["admin"]),
        ScopeDefinition::new("app::Scopes", "admin", None, &["read", "write"], &[]),
    ];

    #[test]
    fn each_scope_is_found_by_its_name_and_listed_once_in_order() {
        // R-I8
        let twice = DEFINITIONS.iter().chain(&DEFINITIONS);
        let definitions = ScopeDefinitions::new(twice).unwrap();
        let names: Vec<&str> = definitions.iter().map(ScopeDefinition::name).collect();
        assert_eq!(names, ["read", "write", "admin"]);
        assert_eq!(definitions.implied_by("read"), ["write", "admin"]);
        assert_eq!(definitions.implied_by("write"), ["admin"]);
        for none in ["admin", "rea", "reads", ""] {
            assert!(definitions.implied_by(none).is_empty(), "{none:?}");
        }
        assert!(ScopeDefinitions::NONE.implied_by("read").is_empty());
    }

    #[test]
    fn a_scope_that_another_one_implies_is_left_out() {
        // R-I8
        let definitions = ScopeDefinitions::new(&DEFINITIONS).unwrap();
        for (scopes, expected) in [
            (vec!["read", "write"], vec!["write"]),
            (vec!["write", "other", "admin", "read"], vec!["other", "admin"]),
            (vec!["read", "other"], vec!["read", "other"]),
            (vec!["read"], vec!["read"]),
            (vec![], vec![]),
        ] {
            assert_eq!(definitions.without_implied(scopes.clone()), expected);
            assert_eq!(ScopeDefinitions::NONE.without_implied(scopes.clone()), scopes);
        }
    }

    #[test]
    fn two_different_definitions_of_a_scope_are_an_error() {
        // R-I8
        static OTHER: [ScopeDefinition; 1] =
            [ScopeDefinition::new("other::Scopes", "write", None, &[], &[])];
        let error = ScopeDefinitions::new(DEFINITIONS.iter().chain(&OTHER)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the scope `write` has two definitions, in `app::Scopes` and in `other::Scopes`: define it once"
        );
    }
}
