//! The emitted type means the condition that is written.

use proc_macro2::TokenStream;
use syn::{ExprLit, GenericArgument, Lit, PathArguments, Type};

use super::{WITH_FRAMEWORKS, expand};

/// A policy read back from its type.
enum Policy {
    AnyToken,
    Scope(String),
    All(Vec<Policy>),
    Any(Vec<Policy>),
    Optional(Box<Policy>),
}

impl Policy {
    fn of(arguments: &str) -> Self {
        let tokens = expansion(arguments, "fn f(auth: AuthInfo) {}");
        Self::in_signature(tokens.clone()).unwrap_or_else(|| panic!("{arguments}: {tokens}"))
    }

    fn in_signature(tokens: TokenStream) -> Option<Self> {
        let function: syn::ItemFn = syn::parse2(tokens).ok()?;
        let syn::FnArg::Typed(guard) = function.sig.inputs.first()? else { return None };
        let mut policy = *generic_types(&guard.ty).first()?;
        let mut name = String::new();
        while let Type::Path(path) = policy
            && path.path.segments.last()?.ident == "ByTryInto"
        {
            let [of, function] = generic_types(policy)[..] else { return None };
            name += &text(function)?;
            policy = of;
        }
        (function.sig.ident == name).then(|| Self::read(policy))?
    }

    fn read(ty: &Type) -> Option<Self> {
        let Type::Path(path) = ty else { return None };
        let types = generic_types(ty);
        let elements = || match types.first()? {
            Type::Tuple(tuple) => tuple.elems.iter().map(Self::read).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        match path.path.segments.last()?.ident.to_string().as_str() {
            "AnyToken" => Some(Self::AnyToken),
            "OAuthScope" | "Joined" => Some(Self::Scope(text(ty)?)),
            "AllOf" => elements().map(Self::All),
            "AnyOf" => elements().map(Self::Any),
            "Optional" => Some(Self::Optional(Box::new(Self::read(types.first()?)?))),
            _ => None,
        }
    }

    fn is_met_by(&self, granted: &[&str]) -> bool {
        match self {
            Self::AnyToken => true,
            Self::Scope(scope) => granted.contains(&scope.as_str()),
            Self::All(policies) => policies.iter().all(|it| it.is_met_by(granted)),
            Self::Any(policies) => policies.iter().any(|it| it.is_met_by(granted)),
            Self::Optional(policy) => policy.is_met_by(granted),
        }
    }
}

fn generic_types(ty: &Type) -> Vec<&Type> {
    let Type::Path(path) = ty else { return vec![] };
    match path.path.segments.last().map(|it| &it.arguments) {
        Some(PathArguments::AngleBracketed(generics)) => generics
            .args
            .iter()
            .filter_map(|it| match it {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => vec![],
    }
}

/// The text in the numbers of `OAuthScope<1919246692>`, `Joined<OAuthScope<…>, …>` or `Function<102>`.
fn text(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident == "Joined" {
        return generic_types(ty).into_iter().map(text).collect();
    }
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    let letters = |argument: &GenericArgument| match argument {
        GenericArgument::Const(syn::Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => {
            let bytes = number.base10_parse::<u128>().ok()?.to_be_bytes();
            Some(String::from_utf8_lossy(&bytes).trim_start_matches('\0').to_owned())
        }
        _ => None,
    };
    Some(generics.args.iter().filter_map(letters).collect())
}

type Meaning = fn(&dyn Fn(&str) -> bool) -> bool;

const CONDITIONS: &[(&str, Meaning)] = &[
    (r#""a""#, |has| has("a")),
    (r#""a b""#, |has| has("a") && has("b")),
    (r#"["a"]"#, |has| has("a")),
    (r#"["a", "b",]"#, |has| has("a") && has("b")),
    (r#"all("a")"#, |has| has("a")),
    (r#"any("a")"#, |has| has("a")),
    (r#"any(["a"])"#, |has| has("a")),
    (r#"any("a", "b", "c", "d")"#, |has| has("a") || has("b") || has("c") || has("d")),
    (r#"all("a", any("b", all("c", "d")))"#, |has| has("a") && (has("b") || has("c") && has("d"))),
    (r#"any(all("a", "b"), "c")"#, |has| has("a") && has("b") || has("c")),
    (r#"all(any("a", "b"), "c")"#, |has| (has("a") || has("b")) && has("c")),
    (r#"any("a", all("b", any("c", "d")))"#, |has| has("a") || has("b") && (has("c") || has("d"))),
    (r#"any(["a", "b"], ["c", "d"])"#, |has| has("a") && has("b") || has("c") && has("d")),
    (r#"[any("a", "b"), any("c", "d")]"#, |has| (has("a") || has("b")) && (has("c") || has("d"))),
    (r#"all(any("a", "b"), any("a", "c"), "d")"#, |has| {
        (has("a") || has("b")) && (has("a") || has("c")) && has("d")
    }),
];

#[test]
fn the_name_of_a_function_is_spelled_in_numbers() {
    // R-K16
    for length in [1, 16, 17, 32, 33, 64, 65, 256] {
        let name: String = ('a'..='z').cycle().take(length).collect();
        let signature = format!("fn {name}(auth: AuthInfo) {{}}");
        let policy = Policy::in_signature(expansion("scopes = \"a\"", &signature));
        assert!(matches!(policy, Some(Policy::Scope(scope)) if scope == "a"), "{name}");
    }
}

#[test]
fn a_name_that_is_too_long_is_left_out() {
    let expand = |length: usize| {
        let name = "f".repeat(length);
        expansion("", &format!("fn {name}(auth: AuthInfo) {{}}")).to_string()
    };
    assert!(expand(256).contains(":: ByTryInto <"));
    let without = expand(257);
    assert!(!without.contains(":: ByTryInto <") && without.contains(":: AnyToken"), "{without}");
}

#[test]
fn a_type_is_met_by_the_same_scopes_as_its_condition() {
    // R-J3
    for (written, meaning) in CONDITIONS {
        let policy = Policy::of(&format!("scopes = {written}"));
        for set in 0..16 {
            let granted: Vec<&str> = ["a", "b", "c", "d"]
                .into_iter()
                .enumerate()
                .filter_map(|(bit, scope)| (set >> bit & 1 == 1).then_some(scope))
                .collect();
            let expected = meaning(&|scope| granted.contains(&scope));
            assert_eq!(policy.is_met_by(&granted), expected, "{written} with {granted:?}");
        }
    }
}

#[test]
fn a_scope_is_spelled_in_numbers() {
    let longest = "x".repeat(256);
    let just_over = "x".repeat(33);
    for scope in
        ["r", "entries:write", "sixteen-bytes-it", "seventeen-bytes-i", &just_over, &longest]
    {
        let Policy::Scope(spelled) = Policy::of(&format!("scopes = {scope:?}")) else {
            panic!("{scope} is not a scope by itself");
        };
        assert_eq!(spelled, scope);
    }
    let Policy::Scope(raw) = Policy::of(r##"scopes = r#"read"#"##) else { panic!() };
    assert_eq!(raw, "read");
}

#[test]
fn long_lists_are_nested_without_a_change_of_meaning() {
    let scopes: Vec<String> = (0..300).map(|index| format!("scope-{index}")).collect();
    let granted: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let all = Policy::of(&format!("scopes = {:?}", scopes.join(" ")));
    assert!(all.is_met_by(&granted));
    assert!(granted.iter().all(|missing| {
        let others: Vec<&str> = granted.iter().copied().filter(|it| it != missing).collect();
        !all.is_met_by(&others)
    }));
    let some = granted[..64].iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(",");
    let any = Policy::of(&format!("scopes = any({some})"));
    assert!(granted[..64].iter().all(|scope| any.is_met_by(&[scope])));
    assert!(!any.is_met_by(&granted[64..]));
}

#[test]
fn without_scopes_any_token_is_enough() {
    assert!(matches!(Policy::of(""), Policy::AnyToken));
    let optional = expansion("optional", "fn f(auth: Option<AuthInfo>) {}");
    let Some(Policy::Optional(policy)) = Policy::in_signature(optional) else { panic!() };
    assert!(matches!(*policy, Policy::AnyToken));
}

fn expansion(arguments: &str, item: &str) -> TokenStream {
    expand(WITH_FRAMEWORKS, arguments.parse().unwrap(), item.parse().unwrap())
}

#[test]
fn a_literal_of_a_vocabulary_is_looked_up_and_checked() {
    // R-J10
    let tokens = expansion("scopes = \"read write\", vocabulary = app::Scopes", "fn f() {}");
    let tokens = tokens.to_string().replace(' ', "");
    for scope in ["read", "write"] {
        let literal = format!("literal_of::<app::Scopes>(\"{scope}\")");
        let policy = format!(
            "TypedScope<app::Scopes,{{::requires_auth::requires_auth_expansion::{literal}.index()}}>"
        );
        assert!(tokens.contains(&policy), "{tokens}");
        assert!(tokens.contains(&format!("{literal}.check()")), "{tokens}");
    }
}

#[test]
fn a_path_is_a_typed_scope_wherever_a_literal_may_stand() {
    // R-J9
    const TYPED: &str = "TypedScope < JournalScope < > , { # [allow (unused_imports)] use :: requires_auth :: requires_auth_expansion :: \
                         NoVariant as _ ; :: requires_auth :: requires_auth_expansion :: scope_of :: < JournalScope < > , \
                         _ > (< JournalScope < > > :: Read) . variant () as :: core :: primitive :: usize } >";
    for arguments in [
        "scopes = JournalScope::Read",
        "scopes = [JournalScope::Read]",
        "scopes = [\"a\", JournalScope::Read]",
        "scopes = any(\"a\", all(\"b\", JournalScope::Read))",
    ] {
        let tokens = expansion(arguments, "fn f(auth: AuthInfo) {}").to_string();
        assert!(
            !tokens.contains("compile_error") && tokens.contains(TYPED),
            "{arguments}: {tokens}"
        );
    }
    for (vocabulary, ty) in [
        ("::a::B", ":: a :: B"),
        ("super::JournalScope", "super :: JournalScope"),
        ("Self", "Self"),
        // A name that does not exist is reported once: see `type_path`.
        ("r#Type", "r#Type < >"),
    ] {
        let path = format!("{vocabulary}::Read");
        let tokens = expansion(&format!("scopes = {path}"), "fn f(auth: AuthInfo) {}").to_string();
        assert!(!tokens.contains("compile_error"), "{path}: {tokens}");
        assert!(tokens.contains(&format!("< {ty} > :: Read) . variant () as")), "{tokens}");
    }
    for (path, error) in [
        ("scopes::Read", "`scopes::Read` is not the path of a variant"),
        ("super::Read", "`super::Read` is not the path of a variant"),
        ("scope::read", "`scope::read` is not the path of a variant"),
        ("scopes::READ", "a constant cannot be a scope"),
        ("\"JournalScope::Read\"", "`JournalScope::Read` is the path of a variant, in quotes"),
    ] {
        let tokens = expansion(&format!("scopes = {path}"), "fn f(auth: AuthInfo) {}").to_string();
        assert!(tokens.contains(error), "{path}: {tokens}");
    }
    let twice = expansion("scopes = [S::A, S :: A]", "fn f(auth: AuthInfo) {}").to_string();
    assert!(twice.contains("the scope `S::A` is named twice"), "{twice}");
}
