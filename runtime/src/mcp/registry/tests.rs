//! Tools, templates and `_meta`s that a router can have.

use std::sync::Arc;

use ::rmcp::handler::server::router::tool::ToolRoute;
use ::rmcp::model::CallToolResult;

use super::*;
use crate::mcp::{META_KEY, ScopesFrom, meta};
use crate::policy::type_level::OAuthScope;

fn router(meta: MetaObject) -> ToolRouter<()> {
    let tool = Tool::new("tool", "", Arc::default()).with_meta(meta);
    ToolRouter::new().with_route(ToolRoute::new_dyn(tool, |_| {
        Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
    }))
}

fn policies(registry: &Registry) -> usize {
    registry.policies(&Operation::Tool("tool".into())).count()
}

#[test]
fn a_disabled_tool_has_no_policy() {
    // R-I5
    let mut router = router(meta::<OAuthScope<{ b'a' as u128 }>>(None));
    let mut registry = Registry::default();
    registry.add_tools(&router);
    assert_eq!(
        (policies(&registry), registry.scopes(|it| all_scopes(it.requirement.condition))),
        (1, vec!["a"])
    );

    router.disable_route("tool");
    let mut registry = Registry::default();
    registry.add_tools(&router);
    assert_eq!(
        (policies(&registry), registry.scopes(|it| all_scopes(it.requirement.condition))),
        (0, vec![])
    );
}

#[test]
fn a_router_can_be_declared_twice_but_not_with_other_scopes_from() {
    // R-I20, R-I17
    type A = OAuthScope<{ b'a' as u128 }>;
    let (one, other) = (
        || ScopesFrom::new(|_| Ok(Condition::NONE)).meta::<A>(None),
        || ScopesFrom::new(|_| Ok(Condition::Scope("b"))).meta::<A>(None),
    );
    let check = |metas: [MetaObject; 2]| {
        let mut registry = Registry::default();
        for meta in metas {
            registry.add_tools(&router(meta));
        }
        registry.check().map_err(|error| error.to_string())
    };
    assert_eq!(check([one(), one()]), Ok(()));
    for pair in [[one(), other()], [one(), meta::<A>(None)]] {
        let error = check(pair).unwrap_err();
        assert!(error.contains("two different policies") && error.contains("`tool`"), "{error}");
    }
}

#[test]
fn all_policies_apply_to_a_uri_that_is_too_long_to_be_compared() {
    // R-I4: a handler that relies on the declarations would answer every caller.
    let mut registry = Registry::default();
    registry.add_resource("a:{+path}", None, Condition::Scope("a").into(), None);
    registry.add_resource("{b}:c", None, Condition::Scope("b").into(), None);
    let conditions = |length: usize| {
        let uri = format!("a:{}", "x".repeat(length - 2));
        let resources = Operation::Resources(vec![uri]);
        registry.policies(&resources).map(|policy| policy.requirement.condition).collect::<Vec<_>>()
    };
    assert_eq!(conditions(MAX_URI_LENGTH), [Condition::Scope("a")]);
    assert_eq!(conditions(MAX_URI_LENGTH + 1), [Condition::Scope("a"), Condition::Scope("b")]);
}

#[test]
fn a_requirement_is_found_by_the_id_in_event_ids() {
    // R-I12
    let mut registry = Registry::default();
    registry.add_tools(&router(meta::<OAuthScope<{ b'a' as u128 }>>(None)));
    registry.add_resource("b:{id}", Some("b"), Condition::Scope("b").into(), None);
    registry.add_resource("c:{id}", None, Condition::NONE.into(), None);
    for (operation, scope) in [
        (Operation::Tool("tool".into()), Some("a")),
        (Operation::Resources(vec!["b:1".into()]), Some("b")),
        (Operation::Resources(vec!["c:1".into()]), None),
        (Operation::Tool("other".into()), None),
    ] {
        let found = registry.stream_requirements(&operation).map(|it| registry.requirement(it.id));
        let expected = scope.map(|scope| Some(Condition::Scope(scope).into()));
        assert_eq!(found.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
    }
    let other = StreamRequirement::of(Condition::Scope("c")).unwrap();
    assert_eq!(registry.requirement(other.id), None);
}

#[test]
fn an_invalid_declaration_is_an_error() {
    let _ = meta::<OAuthScope<{ b'a' as u128 }>>(None);
    for value in [serde_json::json!("anything"), serde_json::json!({ "scopes": ["a"], "more": 1 })]
    {
        let mut meta = MetaObject::new();
        meta.0.insert(META_KEY.into(), value);
        let mut registry = Registry::default();
        registry.add_tools(&router(meta));
        let error = registry.check().unwrap_err().to_string();
        assert!(error.contains(META_KEY) && error.contains("the tool `tool`"), "{error}");
    }

    let mut registry = Registry::default();
    registry.add_resource("a:{", None, Condition::NONE.into(), None);
    let error = registry.check().unwrap_err().to_string();
    assert!(error.contains("`resource`") && error.contains("\"a:{\""), "{error}");

    let mut registry = Registry::default();
    registry.add_resource("a:b", None, Condition::All(&[Condition::Scope("a b")]).into(), None);
    let error = registry.check().unwrap_err().to_string();
    assert!(error.contains("`resource`") && error.contains("Scope(\"a b\")"), "{error}");
}

#[test]
fn a_template_with_scopes_from_is_declared_once_with_different_variables() {
    // R-I20, R-I17
    let add = |registry: &mut Registry, template: &str, with_function: bool| {
        let scopes_from = ResourceScopes::new(|_: &UriVariables| Condition::NONE);
        let scopes_from = with_function.then_some(scopes_from);
        registry.add_resource(template, None, Condition::NONE.into(), scopes_from);
    };
    for (first, second, expected) in [
        (("a:{x}", true), ("a:{x}/b", true), None),
        (("a:{x}", true), ("a:{+x}", true), None),
        (("a:{x}", false), ("a:{x}", false), None),
        (("a:{x}", true), ("a:{y}", true), Some("two different policies")),
        (("a:{x}", true), ("a:{x}", false), Some("two different policies")),
        (("a:{x}", false), ("a:{x}", true), Some("two different policies")),
        (("a:{x}/{x}", false), ("a:{x}", true), None),
        (("a:{x}/{+x}", true), ("a:{x}", true), Some("variables have different names")),
    ] {
        let mut registry = Registry::default();
        for (template, with_function) in [first, second] {
            add(&mut registry, template, with_function);
        }
        let error = registry.check().err().map(|error| error.to_string());
        let is_expected = match (&error, expected) {
            (Some(error), Some(expected)) => error.contains(expected),
            (error, expected) => error.is_none() && expected.is_none(),
        };
        assert!(is_expected, "{first:?} {second:?} {error:?}");
    }
}

#[test]
fn every_template_with_scopes_from_applies_beside_the_first_template() {
    // R-I20
    const SCOPES: [&str; 4] = ["0", "1", "2", "3"];
    let uri = |length: usize| format!("a:{}", "b".repeat(length - 2));
    let mut registry = Registry::default();
    for (scope, (template, with_function)) in
        SCOPES.into_iter().zip([("a:b", false), ("a:{x}", true), ("a:{+x}", false), ("{+y}", true)])
    {
        let scopes_from = ResourceScopes::new(move |_: &UriVariables| scope);
        let scopes_from = with_function.then_some(scopes_from);
        registry.add_resource(template, None, Condition::Scope(scope).into(), scopes_from);
    }
    for (uri, expected) in [
        ("a:b".to_owned(), &["0", "1", "3"][..]),
        ("a:c".to_owned(), &["1", "3"]),
        ("a:b/c".to_owned(), &["2", "3"]),
        ("b".to_owned(), &["3"]),
        (uri(MAX_URI_LENGTH), &["1", "3"]),
        (uri(MAX_URI_LENGTH + 1), &SCOPES),
    ] {
        let is_long = uri.len() > MAX_URI_LENGTH;
        let operation = Operation::Resources(vec![uri]);
        let declared = registry.policies(&operation).map(|it| it.requirement.condition);
        let expected: Vec<Condition> = expected.iter().map(|it| Condition::Scope(it)).collect();
        assert_eq!(declared.collect::<Vec<_>>(), expected);
        for declaration in registry.declarations(&operation) {
            let declared = declaration.policy().requirement.condition;
            match declaration.scopes_of_variables() {
                None => assert!(matches!(declared, Condition::Scope("0" | "2"))),
                Some(Ok(further)) => assert_eq!((further, is_long), (declared, false)),
                Some(Err(error)) => {
                    assert_eq!((format!("{error:?}"), is_long), ("Invalid".into(), true));
                }
            }
        }
    }
}
