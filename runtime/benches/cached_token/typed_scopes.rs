//! String literals compared with typed scopes, with a scope that implies the required one, and with a vocabulary of
//! the resource server: in process, with a cached token.

use axum::routing::{MethodRouter, get};
use bench_support::paired_runs::{Variant, compare};
use bench_support::report::{Report, figure, heading, ns};
use requires_auth::{ResourceServer, requires_auth};
use tokio::runtime::Builder;

use super::in_process::App;
use crate::fixture::{BODY, JournalScope, builder, guarded};

const ROUNDS: usize = 400;
const CALLS: u32 = 1000;

#[requires_auth(scopes = [JournalScope::EntriesRead, JournalScope::EntriesWrite])]
async fn typed() -> &'static str {
    BODY
}

/// The token has `entries:read`, which implies the one scope. Its scopes are compared in their order, so the scope that implies
/// is at the place of the literal that it is compared with: a scope that is found later takes longer in any case.
#[requires_auth(scopes = [JournalScope::DraftsRead, JournalScope::EntriesWrite])]
async fn implied() -> &'static str {
    BODY
}

pub fn run(report: &mut Report) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let app = |handler: MethodRouter<ResourceServer>| {
        App::with_state(handler, builder().build().expect("the settings are right"))
    };
    let with_vocabulary = builder().scopes::<JournalScope>().build();
    let with_vocabulary = with_vocabulary.expect("the settings are right");
    let (mut literal, mut typed, mut implied) =
        (app(get(guarded)), app(get(typed)), app(get(implied)));
    let mut vocabulary = App::with_state(get(guarded), with_vocabulary);
    let mut variants = [
        Variant::new("two string literals", |calls| literal.send(&runtime, calls)),
        Variant::new("two typed scopes", |calls| typed.send(&runtime, calls)),
        Variant::new("two typed scopes, one of them implied", |calls| {
            implied.send(&runtime, calls);
        }),
        Variant::new("two string literals, with a vocabulary", |calls| {
            vocabulary.send(&runtime, calls);
        }),
    ];
    let rounds = compare(&mut variants, ROUNDS, CALLS);
    heading("Typed scopes, with a cached token, in process");
    for (index, variant) in variants.iter().enumerate() {
        figure(variant.name, ns(rounds.median(index)));
    }
    for (index, what) in
        [(1, "typed scopes add"), (2, "an implied scope adds"), (3, "a vocabulary adds")]
    {
        let added = rounds.added(index, 0);
        report.check(what, ns(added), "10 ns", added <= 10.0);
    }
}
