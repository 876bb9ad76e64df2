use requires_auth::Scope;

#[derive(Scope)]
#[scope(types = "scopes")]
enum JournalScope {
    #[scope("entries:read")]
    EntriesRead,
}

fn main() {}
