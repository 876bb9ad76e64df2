use requires_auth::Scope;

#[derive(Scope)]
enum JournalScope {}

fn main() {}
