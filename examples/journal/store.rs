//! Entries and tags in memory, separate for each owner.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use requires_auth::{AuthInfo, AuthorizationDetail};
use rmcp::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The content of a new entry.
#[derive(Debug, Clone, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    pub title: String,
    pub content: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Which entries to list.
#[derive(Debug, Deserialize, JsonSchema, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EntryFilter {
    /// The subject whose entries are listed, for administrators; by default the caller
    // Some clients warn of a type with `null`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub owner: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema, ToSchema)]
pub struct Entry {
    // Validators of JSON Schema warn of the format `uint64`, which no draft defines.
    #[schemars(with = "i64")]
    pub id: u64,
    pub title: String,
    pub content: String,
    pub tags: Vec<String>,
}

/// The content of a new tag.
#[derive(Debug, Clone, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTag {
    pub name: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema, ToSchema)]
pub struct Tag {
    #[schemars(with = "i64")]
    pub id: u64,
    pub name: String,
}

/// All that a journal has.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    pub entries: Vec<Entry>,
    pub tags: Vec<Tag>,
}

/// An order for printed copies of a journal, and what a token permits of it (RFC 9396).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AuthorizationDetail)]
#[authorization_detail("journal_print")]
pub struct Print {
    pub copies: u32,
    pub recipient: String,
}

/// The owner of a journal. Each kind of name has its own namespace, so that a client id is never equal to a
/// username.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    Subject(String),
    Username(String),
    Client(String),
}

impl Owner {
    /// The subject; if the token has none, the username; else the client id.
    pub fn of(auth: &AuthInfo) -> Option<Self> {
        let subject = auth.subject().map(|name| Self::Subject(name.to_owned()));
        let username = || auth.username().map(|name| Self::Username(name.to_owned()));
        let client = || auth.client_id().map(|name| Self::Client(name.to_owned()));
        subject.or_else(username).or_else(client)
    }
}

/// The journals of all owners.
#[derive(Debug, Default)]
pub struct Store {
    journals: Mutex<HashMap<Owner, Journal>>,
}

/// The journal of one owner.
#[derive(Debug, Default)]
struct Journal {
    last_id: u64,
    entries: Vec<Entry>,
    tags: Vec<Tag>,
}

impl Store {
    pub fn entries(&self, owner: &Owner) -> Vec<Entry> {
        self.journals().get(owner).map(|journal| journal.entries.clone()).unwrap_or_default()
    }

    /// `None` if there is no such entry, or it has another owner.
    pub fn entry(&self, owner: &Owner, id: u64) -> Option<Entry> {
        self.journals().get(owner)?.entries.iter().find(|entry| entry.id == id).cloned()
    }

    pub fn create_entry(&self, owner: Owner, NewEntry { title, content, tags }: NewEntry) -> Entry {
        let mut all = self.journals();
        let own = all.entry(owner).or_default();
        let entry = Entry { id: own.next_id(), title, content, tags };
        own.entries.push(entry.clone());
        entry
    }

    /// The deleted entry; `None` if there is no such entry, or it has another owner.
    pub fn delete_entry(&self, owner: &Owner, id: u64) -> Option<Entry> {
        let mut all = self.journals();
        let entries = &mut all.get_mut(owner)?.entries;
        let position = entries.iter().position(|entry| entry.id == id)?;
        Some(entries.remove(position))
    }

    pub fn delete_entries(&self, owner: &Owner) {
        if let Some(own) = self.journals().get_mut(owner) {
            own.entries.clear();
        }
    }

    pub fn tags(&self, owner: &Owner) -> Vec<Tag> {
        self.journals().get(owner).map(|journal| journal.tags.clone()).unwrap_or_default()
    }

    /// The tag of this name: a new one, or the existing one.
    pub fn create_tag(&self, owner: Owner, NewTag { name }: NewTag) -> Tag {
        let mut all = self.journals();
        let own = all.entry(owner).or_default();
        if let Some(tag) = own.tags.iter().find(|tag| tag.name == name) {
            return tag.clone();
        }
        let tag = Tag { id: own.next_id(), name };
        own.tags.push(tag.clone());
        tag
    }

    fn journals(&self) -> MutexGuard<'_, HashMap<Owner, Journal>> {
        self.journals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
