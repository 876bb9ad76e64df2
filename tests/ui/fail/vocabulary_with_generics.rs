use requires_auth::Scope;

#[derive(Scope)]
enum JournalScope<T> {
    #[scope("entries:read")]
    EntriesRead(T),
}

fn main() {}
