//! What is asked of the store, and what of it is believed.

use std::time::Duration;

use ::redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value, pipe};

use super::connection::Connection;
use super::encryption::{Locator, OVERHEAD};
use super::keys::{Generation, Keys};
use crate::resolve::cache::CacheKey;

/// The longest entry, in bytes; what is longer is neither written nor read.
pub(super) const MAX_ENTRY_LENGTH: usize = 256 * 1024;

/// How many tokens one message keys at most.
pub(super) const MAX_KEYS_PER_MESSAGE: usize = 16;

/// How many of the last messages are kept.
const MAX_MESSAGES: usize = 10_000;

/// How many of them are read at once.
pub(super) const PAGE_SIZE: usize = 500;

/// How many pages are read in a row: as many as are kept.
pub(super) const MAX_PAGES: usize = MAX_MESSAGES / PAGE_SIZE;

/// The longest message; what is longer is none of ours. A whole page of them fits into a reply.
const MAX_MESSAGE_LENGTH: usize = OVERHEAD + MAX_KEYS_PER_MESSAGE * CacheKey::LENGTH;

/// What the store has of a token.
pub(super) enum Found {
    Nothing,
    /// It was forgotten a short while ago: whatever else is there is not to be believed.
    Forgotten,
    Entry(Vec<u8>),
}

/// Reads no more than an entry can have, however long the value is.
pub(super) async fn look_up(
    connection: &mut Connection,
    keys: &Keys,
    token: &Locator,
    generation: Generation,
) -> RedisResult<Found> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(keys.claims(token, generation)).arg(0).arg(MAX_ENTRY_LENGTH);
    // Last: an entry that is read while the token is forgotten is found out.
    commands.cmd("EXISTS").arg(keys.forgotten(token));
    commands.ignore_errors();
    let (entry, forgotten): (RedisResult<Vec<u8>>, RedisResult<bool>) =
        connection.query(&commands).await?;
    if forgotten? {
        return Ok(Found::Forgotten);
    }
    match entry {
        Ok(entry) if entry.is_empty() || entry.len() > MAX_ENTRY_LENGTH => Ok(Found::Nothing),
        Ok(entry) => Ok(Found::Entry(entry)),
        // Not a string, so nobody who shares has written it.
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

pub(super) async fn remember(
    connection: &mut Connection,
    keys: &Keys,
    token: &Locator,
    generation: Generation,
    entry: &[u8],
    lifetime: Duration,
) -> RedisResult<()> {
    let mut commands = pipe();
    let key = keys.claims(token, generation);
    commands.cmd("SET").arg(key).arg(entry).arg("PX").arg(millis(lifetime)).ignore();
    connection.query(&commands).await
}

/// Removes what the store has of some tokens, and lets nobody add to it for a while: whoever asked
/// about a token before now may do so after.
pub(super) async fn invalidate(
    connection: &mut Connection,
    keys: &Keys,
    tokens: impl Iterator<Item = &Locator>,
    generation: Generation,
    period: Duration,
) -> RedisResult<()> {
    let invalidate = |token: &Locator| {
        let mut commands = pipe();
        let tombstone = keys.forgotten(token);
        commands.cmd("SET").arg(tombstone).arg(1).arg("PX").arg(millis(period)).ignore();
        commands.cmd("DEL").arg(keys.claims(token, generation)).ignore();
        commands
    };
    connection.query_each(tokens.map(invalidate)).await
}

/// Tells every instance what has been forgotten.
pub(super) async fn publish(
    connection: &mut Connection,
    keys: &Keys,
    messages: &[Vec<u8>],
) -> RedisResult<()> {
    let mut commands = pipe();
    for message in messages {
        let command =
            commands.cmd("XADD").arg(keys.invalidations()).arg("MAXLEN").arg("~").arg(MAX_MESSAGES);
        command.arg("*").arg("m").arg(message).ignore();
    }
    connection.query(&commands).await
}

/// Makes everything that is there unreachable; it goes when its lifetime ends.
pub(super) async fn begin(
    connection: &mut Connection,
    keys: &Keys,
    generation: Generation,
) -> RedisResult<()> {
    let mut commands = pipe();
    commands.cmd("SET").arg(keys.generation()).arg(&generation.written()).ignore();
    connection.query(&commands).await
}

/// As [`begin`], unless somebody else has begun one.
pub(super) async fn begin_first(connection: &mut Connection, keys: &Keys) -> RedisResult<()> {
    let mut commands = pipe();
    let generation = Generation::random().written();
    commands.cmd("SET").arg(keys.generation()).arg(&generation).arg("NX").ignore();
    connection.query(&commands).await
}

/// One page of what is new since the last time.
pub(super) struct InvalidationPage {
    /// `None` in a store that is empty.
    pub(super) generation: Option<Generation>,
    pub(super) messages: Vec<Vec<u8>>,
    /// Where to read on; `None` where nothing is new.
    pub(super) last: Option<String>,
    /// Whether there may be another page.
    pub(super) full: bool,
}

/// Where a message is in the stream, and its fields: keys and values in turn.
type Message = (String, Vec<Value>);

/// Where the first message is.
pub(super) const BEGINNING: &str = "0-0";

pub(super) async fn invalidations(
    connection: &mut Connection,
    keys: &Keys,
    last: &str,
) -> RedisResult<InvalidationPage> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(keys.generation()).arg(0).arg(Generation::LENGTH);
    let read = commands.cmd("XRANGE").arg(keys.invalidations()).arg(format!("({last}")).arg("+");
    read.arg("COUNT").arg(PAGE_SIZE);
    let (generation, messages): (Vec<u8>, Vec<Message>) = connection.query(&commands).await?;
    let generation = match generation.as_slice() {
        [] => None,
        written => Some(Generation::read(written).ok_or_else(malformed)?),
    };
    let last = messages.last().map(|(id, _)| id.clone());
    let full = messages.len() >= PAGE_SIZE;
    let messages: Vec<Vec<u8>> = messages
        .into_iter()
        .map(|(_, fields)| fields.into_iter().nth(1).map_or(Ok(Vec::new()), Vec::from_redis_value))
        .collect::<Result<_, _>>()?;
    let messages =
        messages.into_iter().filter(|message| message.len() <= MAX_MESSAGE_LENGTH).collect();
    Ok(InvalidationPage { generation, messages, last, full })
}

/// An answer of a form that this store does not give.
fn malformed() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the generation has another form").into()
}

fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}
