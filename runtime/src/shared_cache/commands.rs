//! The commands that are sent to the store, and the limits of what is read from it.

use std::time::Duration;

use ::redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value, pipe};

use super::connection::Connection;
use super::encryption::{Locator, OVERHEAD};
use super::keys::{Generation, Keys};
use crate::second_level::CacheKey;

/// The longest entry, in bytes. A longer one is neither written nor read.
pub(super) const MAX_ENTRY_LENGTH: usize = 256 * 1024;

/// The number of tokens that one message names at most.
pub(super) const MAX_KEYS_PER_MESSAGE: usize = 16;

/// The number of messages that the stream keeps.
const MAX_MESSAGES: usize = 10_000;

/// The number of messages that are read at once.
pub(super) const PAGE_SIZE: usize = 500;

/// The number of pages that are read in a row: as many as the stream keeps.
pub(super) const MAX_PAGES: usize = MAX_MESSAGES / PAGE_SIZE;

/// The longest message, in bytes. A longer one is ignored, since no instance writes it. A page of such
/// messages fits into one reply.
const MAX_MESSAGE_LENGTH: usize = OVERHEAD + MAX_KEYS_PER_MESSAGE * CacheKey::LENGTH;

/// What the store holds for a token.
pub(super) enum StoredEntry {
    Absent,
    /// There is a tombstone: whatever the entry holds is not used.
    Invalidated,
    Encrypted(Vec<u8>),
}

/// Reads the entry and the tombstone of a token. It reads no more than an entry can have, however long the
/// value is.
pub(super) async fn look_up(
    connection: &mut Connection,
    keys: &Keys,
    token: &Locator,
    generation: Generation,
) -> RedisResult<StoredEntry> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(keys.claims(token, generation)).arg(0).arg(MAX_ENTRY_LENGTH);
    // Last, so that an invalidation between the two commands is noticed.
    commands.cmd("EXISTS").arg(keys.tombstone(token));
    commands.ignore_errors();
    let (entry, tombstone): (RedisResult<Vec<u8>>, RedisResult<bool>) =
        connection.query(&commands).await?;
    if tombstone? {
        return Ok(StoredEntry::Invalidated);
    }
    match entry {
        Ok(entry) if entry.is_empty() || entry.len() > MAX_ENTRY_LENGTH => Ok(StoredEntry::Absent),
        Ok(entry) => Ok(StoredEntry::Encrypted(entry)),
        // Not a string, so no instance has written it.
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(StoredEntry::Absent),
        Err(error) => Err(error),
    }
}

/// Writes the entry of a token.
pub(super) async fn store(
    connection: &mut Connection,
    keys: &Keys,
    token: &Locator,
    generation: Generation,
    entry: &[u8],
    ttl: Duration,
) -> RedisResult<()> {
    let mut commands = pipe();
    let key = keys.claims(token, generation);
    commands.cmd("SET").arg(key).arg(entry).arg("PX").arg(millis(ttl)).ignore();
    connection.query(&commands).await
}

/// Writes a key unless it is there: `false` if it is.
#[cfg(feature = "dpop")]
pub(super) async fn insert(
    connection: &mut Connection,
    key: &str,
    value: &[u8],
    ttl: Duration,
) -> RedisResult<bool> {
    let mut commands = pipe();
    commands.cmd("SET").arg(key).arg(value).arg("NX").arg("PX").arg(millis(ttl));
    let (written,): (Option<String>,) = connection.query(&commands).await?;
    Ok(written.is_some())
}

/// Whether a key has this value.
#[cfg(feature = "dpop")]
pub(super) async fn has_value(
    connection: &mut Connection,
    key: &str,
    value: &[u8],
) -> RedisResult<bool> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(key).arg(0).arg(value.len());
    let (found,): (Vec<u8>,) = connection.query(&commands).await?;
    Ok(found == value)
}

/// Deletes the entries of some tokens, and writes tombstones: an instance that resolved a token before may
/// write its entry afterwards.
pub(super) async fn invalidate(
    connection: &mut Connection,
    keys: &Keys,
    tokens: impl Iterator<Item = &Locator>,
    generation: Generation,
    tombstone_ttl: Duration,
) -> RedisResult<()> {
    let invalidate = |token: &Locator| {
        let mut commands = pipe();
        let tombstone = keys.tombstone(token);
        commands.cmd("SET").arg(tombstone).arg(1).arg("PX").arg(millis(tombstone_ttl)).ignore();
        commands.cmd("DEL").arg(keys.claims(token, generation)).ignore();
        commands
    };
    connection.query_each(tokens.map(invalidate)).await
}

/// Appends messages to the stream of invalidations.
pub(super) async fn publish(
    connection: &mut Connection,
    keys: &Keys,
    messages: &[Vec<u8>],
) -> RedisResult<()> {
    let mut commands = pipe();
    for message in messages {
        let command = commands.cmd("XADD").arg(keys.invalidations());
        command.arg("MAXLEN").arg("~").arg(MAX_MESSAGES).arg("*").arg("m").arg(message).ignore();
    }
    connection.query(&commands).await
}

/// Begins a new generation: no entry of an older one is found. They expire after their time to live.
pub(super) async fn begin_generation(
    connection: &mut Connection,
    keys: &Keys,
    generation: Generation,
) -> RedisResult<()> {
    let mut commands = pipe();
    commands.cmd("SET").arg(keys.generation()).arg(&generation.to_bytes()).ignore();
    connection.query(&commands).await
}

/// Begins the first generation, unless another instance has done so.
pub(super) async fn begin_first_generation(
    connection: &mut Connection,
    keys: &Keys,
) -> RedisResult<()> {
    let mut commands = pipe();
    let generation = Generation::random().to_bytes();
    commands.cmd("SET").arg(keys.generation()).arg(&generation).arg("NX").ignore();
    connection.query(&commands).await
}

/// A page of the stream of invalidations.
pub(super) struct InvalidationPage {
    /// `None` in an empty store.
    pub(super) generation: Option<Generation>,
    pub(super) messages: Vec<Vec<u8>>,
    /// Where the next page begins; `None` if this one is empty.
    pub(super) last_id: Option<String>,
    /// Whether there may be another page.
    pub(super) full: bool,
}

/// The id of a message in the stream, and its fields: names and values in turn.
type Message = (String, Vec<Value>);

/// The position before the first message.
pub(super) const FIRST_POSITION: &str = "0-0";

/// Reads the generation, and the messages after the one with this id.
pub(super) async fn read_invalidations(
    connection: &mut Connection,
    keys: &Keys,
    last_id: &str,
) -> RedisResult<InvalidationPage> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(keys.generation()).arg(0).arg(Generation::LENGTH);
    let read = commands.cmd("XRANGE").arg(keys.invalidations()).arg(format!("({last_id}")).arg("+");
    read.arg("COUNT").arg(PAGE_SIZE);
    let (generation, messages): (Vec<u8>, Vec<Message>) = connection.query(&commands).await?;
    let generation = match generation.as_slice() {
        [] => None,
        bytes => Some(Generation::from_bytes(bytes).ok_or_else(malformed_generation)?),
    };
    let last_id = messages.last().map(|(id, _)| id.clone());
    let full = messages.len() >= PAGE_SIZE;
    let messages: Vec<Vec<u8>> = messages
        .into_iter()
        .map(|(_, fields)| fields.into_iter().nth(1).map_or(Ok(Vec::new()), Vec::from_redis_value))
        .collect::<Result<_, _>>()?;
    let messages =
        messages.into_iter().filter(|message| message.len() <= MAX_MESSAGE_LENGTH).collect();
    Ok(InvalidationPage { generation, messages, last_id, full })
}

fn malformed_generation() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the generation does not have 16 bytes").into()
}

fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}
