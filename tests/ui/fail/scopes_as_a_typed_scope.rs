use requires_auth::requires_auth;

enum JournalScope {
    EntriesRead,
}

#[requires_auth(scopes = any("admin", JournalScope::EntriesRead))]
async fn handler() {}

fn main() {
    let _ = JournalScope::EntriesRead;
}
