use requires_auth::Scope;

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead(u64),
}

fn main() {}
