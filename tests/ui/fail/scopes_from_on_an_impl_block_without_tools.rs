// R-K15
use requires_auth::{Condition, requires_auth};

fn scopes_of(id: &u64) -> Condition {
    if *id > 9 { "many".into() } else { Condition::NONE }
}

struct Journal;

#[requires_auth(scopes_from = scopes_of)]
impl Journal {
    fn of(id: u64) -> bool {
        scopes_of(&id) == Condition::NONE
    }
}

fn main() {
    let _ = Journal::of(3);
}
