//! Conditions against their truth table: which callers meet one, and which scopes the challenge names.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use requires_auth::{Condition, Reason, ResourceServer, Scope, ScopeSet};

use crate::condition_text::Tree;
use crate::server::{Recorder, builder, ready};

/// The literals `read`, `write` and `admin` are these scopes in the second server.
#[derive(Scope)]
enum Vocabulary {
    #[scope("read")]
    Read,
    #[scope("write", implies = [Read])]
    Write,
    #[scope("admin", implies = [Write])]
    Admin,
}

struct Fixture {
    server: ResourceServer,
    recorder: Recorder,
    has_vocabulary: bool,
}

static SERVERS: LazyLock<[Fixture; 2]> = LazyLock::new(|| {
    [false, true].map(|has_vocabulary| {
        let (builder, recorder) = builder();
        let builder = if has_vocabulary { builder.scopes::<Vocabulary>() } else { builder };
        Fixture { server: builder.build().unwrap(), recorder, has_vocabulary }
    })
});

static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer t0"))])
});

/// More are not in the truth table.
const MAX_SCOPES: usize = 4;

/// As `Condition` documents.
const MAX_ALTERNATIVES: usize = 64;

// R-B3, R-B4, R-E2, R-I8, R-J1, R-J2
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(&data[..data.len().min(160)]);
    let tree = Tree::parse(&text);
    let condition = tree.leak();
    let named: BTreeSet<&str> = tree.scopes().into_iter().collect();
    if !named.iter().all(|scope| is_scope(scope)) {
        return check_malformed(condition);
    }
    check_unauthorized(&tree, condition);
    let varied: Vec<&str> = named.into_iter().take(MAX_SCOPES).collect();
    for row in 0..1_u32 << varied.len() {
        let held = (0..varied.len()).filter(|place| row & (1 << place) != 0);
        let granted: BTreeSet<&str> = held.map(|place| varied[place]).collect();
        let [plain, with_vocabulary] = &*SERVERS;
        check(plain, &tree, condition, &granted, &|scope| granted.contains(scope));
        let implied = |scope: &str| {
            let implying: &[&str] = match scope {
                "read" => &["read", "write", "admin"],
                "write" => &["write", "admin"],
                other => &[other],
            };
            implying.iter().any(|scope| granted.contains(scope))
        };
        check(with_vocabulary, &tree, condition, &granted, &implied);
    }
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic() && !b"\"\\".contains(&it))
}

/// A scope outside the grammar is an error of the application.
fn check_malformed(condition: Condition) {
    let server = &SERVERS[0].server;
    for rejection in [
        server.unauthorized(condition),
        server.insufficient_scope(condition),
        server.invalid_token(condition),
    ] {
        assert_eq!(rejection.reason(), Reason::Misconfigured);
        assert_eq!((rejection.status().as_u16(), rejection.challenge()), (500, None));
    }
}

/// Without a token, the challenge names the first alternative.
fn check_unauthorized(tree: &Tree, condition: Condition) {
    let rejection = SERVERS[0].server.unauthorized(condition);
    assert_eq!((rejection.reason(), rejection.status().as_u16()), (Reason::MissingToken, 401));
    let challenged: Vec<&str> =
        rejection.scope().into_iter().flat_map(|it| it.split(' ')).collect();
    if tree.count() <= MAX_ALTERNATIVES {
        let first = tree.alternatives().first().cloned().unwrap_or_default();
        assert_eq!(challenged, without_offline_access(&first), "{tree:?}");
    }
}

fn check(
    fixture: &Fixture,
    tree: &Tree,
    condition: Condition,
    granted: &BTreeSet<&str>,
    holds: &impl Fn(&str) -> bool,
) {
    let text = Vec::from_iter(granted.iter().copied()).join(" ");
    let scopes: ScopeSet = text.parse().unwrap();
    let is_met = tree.is_met(holds);
    if !fixture.has_vocabulary {
        assert_eq!(condition.is_met_by(&scopes), is_met, "{tree:?} with {granted:?}");
    }
    fixture.recorder.grant(&text);
    let caller = ready(fixture.server.authorize(&*HEADERS, Condition::NONE)).unwrap();
    fixture.recorder.take();
    assert_eq!(caller.meets(condition), is_met, "{tree:?} with {granted:?}");
    let rejection = match caller.require_condition(condition) {
        Ok(()) => return assert!(is_met, "{tree:?} is met by {granted:?}"),
        Err(rejection) => rejection,
    };
    assert!(!is_met, "{tree:?} is not met by {granted:?}");
    let answer = (rejection.reason(), rejection.status().as_u16());
    assert_eq!(answer, (Reason::InsufficientScope, 403));
    let challenged: Vec<&str> =
        rejection.scope().into_iter().flat_map(|it| it.split(' ')).collect();
    if tree.count() > MAX_ALTERNATIVES {
        let meets = |scope: &str| scope == "offline_access" || challenged.contains(&scope);
        let is_satisfiable = tree.is_met(&|_| true);
        assert!(fixture.has_vocabulary || tree.is_met(&meets) || !is_satisfiable, "{tree:?}");
        return;
    }
    let alternatives = tree.alternatives();
    let nearest = alternatives.iter().min_by_key(|scopes| {
        let held = scopes.iter().filter(|scope| holds(scope)).count();
        (scopes.len() - held, Reverse(held))
    });
    let nearest = nearest.cloned().unwrap_or_default();
    if fixture.has_vocabulary {
        // Without the scopes that others of it imply.
        assert!(challenged.iter().all(|scope| nearest.contains(scope)), "{tree:?}: {challenged:?}");
    } else {
        assert_eq!(challenged, without_offline_access(&nearest), "{tree:?} with {granted:?}");
    }
}

fn without_offline_access<'a>(scopes: &[&'a str]) -> Vec<&'a str> {
    scopes.iter().copied().filter(|scope| *scope != "offline_access").collect()
}
