use requires_auth::Scope;

#[derive(Scope)]
enum JournalScope {
    #[scope("entries:read", description = "Read your entries")]
    EntriesRead,
}

fn main() {}
