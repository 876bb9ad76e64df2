//! The scopes of the journal. The metadata, the consent page of the demo and the manifest list them from here.

use requires_auth::{Condition, Scope, ScopeVocabulary};

use crate::store::EntryFilter;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Scope)]
pub enum JournalScope {
    /// See who you are
    #[scope("user:read")]
    UserRead,
    /// Read your entries
    #[scope("entries:read")]
    EntriesRead,
    /// Write and delete your entries
    #[scope("entries:write", implies = [EntriesRead])]
    EntriesWrite,
    /// Read your tags
    #[scope("tags:read")]
    TagsRead,
    /// Create tags
    #[scope("tags:write", implies = [TagsRead])]
    TagsWrite,
    /// Read the entries of all users
    #[scope("journal:admin", implies = [UserRead, EntriesWrite, TagsWrite])]
    Admin,
}

impl JournalScope {
    /// What a user may request: everything but the scope of an administrator.
    pub fn of_users() -> String {
        Self::Admin.definition().implies().join(" ")
    }
}

/// The entries of another user are for an administrator.
pub fn scopes_of(filter: &EntryFilter) -> Condition {
    if filter.owner.is_some() { JournalScope::Admin.into() } else { Condition::NONE }
}
