//! String literals as the scopes of a vocabulary that a resource server knows.

use crate::Condition;
use crate::policy::ScopeDefinitions;

/// Replaces each literal that the definitions contain by the typed scope.
///
/// The groups of a condition are static, so a group that changes is leaked: a program lists its functions once.
pub(super) fn with_typed_literals(
    condition: Condition,
    definitions: &ScopeDefinitions,
) -> Condition {
    let each = |group: &'static [Condition]| -> &'static [Condition] {
        let typed: Vec<Condition> =
            group.iter().map(|each| with_typed_literals(*each, definitions)).collect();
        if typed == group { group } else { typed.leak() }
    };
    match condition {
        Condition::Scope(scope) => definitions.get(scope).map_or(condition, Condition::Typed),
        Condition::Typed(_) => condition,
        Condition::All(all) => Condition::All(each(all)),
        Condition::Any(any) => Condition::Any(each(any)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScopeDefinition;

    #[test]
    fn a_literal_that_is_defined_becomes_the_typed_scope() {
        // R-I8, R-K16
        static READ: ScopeDefinition =
            ScopeDefinition::new("app::Scopes", "read", None, &[], &["admin"]);
        static OTHER: ScopeDefinition = ScopeDefinition::new("Other", "x", None, &[], &[]);
        const TYPED: Condition = Condition::All(&[
            Condition::Scope("other"),
            Condition::Any(&[Condition::Typed(&READ), Condition::Typed(&OTHER)]),
        ]);
        const LITERALS: Condition = Condition::All(&[
            Condition::Scope("other"),
            Condition::Any(&[Condition::Scope("read"), Condition::Typed(&OTHER)]),
        ]);
        let definitions = ScopeDefinitions::new([&READ]).unwrap();
        let typed = |condition| with_typed_literals(condition, &definitions);
        assert_eq!(typed(LITERALS), TYPED);
        assert_eq!(typed(Condition::Scope("read")), Condition::Typed(&READ));
        for unchanged in [Condition::NONE, Condition::Scope("reads"), Condition::Typed(&OTHER)] {
            assert_eq!(typed(unchanged), unchanged);
        }
        assert_eq!(with_typed_literals(LITERALS, &ScopeDefinitions::NONE), LITERALS);
    }
}
