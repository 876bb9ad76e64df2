//! What is asked of the store, and what of it is believed.

use std::time::Duration;

use ::redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value, pipe};

use super::connection::Connection;
use super::encryption::{Locator, OVERHEAD};
use super::keys::{Generation, Names};
use crate::resolve::cache::Key;

/// The longest entry, in bytes; what is longer is neither written nor read.
pub(super) const LONGEST_ENTRY: usize = 256 * 1024;

/// How many tokens one message names at most.
pub(super) const KEYS: usize = 16;

/// How many of the last messages are kept.
const NEWS: usize = 10_000;

/// How many of them are read at once.
pub(super) const PAGE: usize = 500;

/// How many pages are read in a row: as many as are kept.
pub(super) const MOST_PAGES: usize = NEWS / PAGE;

/// The longest message; what is longer is none of ours. A whole page of them fits into a reply.
const LONGEST_MESSAGE: usize = OVERHEAD + KEYS * Key::LENGTH;

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
    names: &Names,
    token: &Locator,
    generation: Generation,
) -> RedisResult<Found> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(names.claims(token, generation)).arg(0).arg(LONGEST_ENTRY);
    // Last: an entry that is read while the token is forgotten is found out.
    commands.cmd("EXISTS").arg(names.forgotten(token));
    commands.ignore_errors();
    let (entry, forgotten): (RedisResult<Vec<u8>>, RedisResult<bool>) =
        connection.ask(&commands).await?;
    if forgotten? {
        return Ok(Found::Forgotten);
    }
    match entry {
        Ok(entry) if entry.is_empty() || entry.len() > LONGEST_ENTRY => Ok(Found::Nothing),
        Ok(entry) => Ok(Found::Entry(entry)),
        // Not a string, so nobody who shares has written it.
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

pub(super) async fn remember(
    connection: &mut Connection,
    names: &Names,
    token: &Locator,
    generation: Generation,
    entry: &[u8],
    lifetime: Duration,
) -> RedisResult<()> {
    let mut commands = pipe();
    let key = names.claims(token, generation);
    commands.cmd("SET").arg(key).arg(entry).arg("PX").arg(millis(lifetime)).ignore();
    connection.ask(&commands).await
}

/// Removes what the store has of some tokens, and lets nobody add to it for a while: whoever asked
/// about a token before now may do so after.
pub(super) async fn invalidate(
    connection: &mut Connection,
    names: &Names,
    tokens: impl Iterator<Item = &Locator>,
    generation: Generation,
    period: Duration,
) -> RedisResult<()> {
    let invalidate = |token: &Locator| {
        let mut commands = pipe();
        let tombstone = names.forgotten(token);
        commands.cmd("SET").arg(tombstone).arg(1).arg("PX").arg(millis(period)).ignore();
        commands.cmd("DEL").arg(names.claims(token, generation)).ignore();
        commands
    };
    connection.query_each(tokens.map(invalidate)).await
}

/// Tells every instance what has been forgotten.
pub(super) async fn publish(
    connection: &mut Connection,
    names: &Names,
    messages: &[Vec<u8>],
) -> RedisResult<()> {
    let mut commands = pipe();
    for message in messages {
        let command = commands.cmd("XADD").arg(names.news()).arg("MAXLEN").arg("~").arg(NEWS);
        command.arg("*").arg("m").arg(message).ignore();
    }
    connection.ask(&commands).await
}

/// Makes everything that is there unreachable; it goes when its lifetime ends.
pub(super) async fn begin(
    connection: &mut Connection,
    names: &Names,
    generation: Generation,
) -> RedisResult<()> {
    let mut commands = pipe();
    commands.cmd("SET").arg(names.generation()).arg(&generation.written()).ignore();
    connection.ask(&commands).await
}

/// As [`begin`], unless somebody else has begun one.
pub(super) async fn begin_first(connection: &mut Connection, names: &Names) -> RedisResult<()> {
    let mut commands = pipe();
    let generation = Generation::random().written();
    commands.cmd("SET").arg(names.generation()).arg(&generation).arg("NX").ignore();
    connection.ask(&commands).await
}

/// One page of what is new since the last time.
pub(super) struct News {
    /// `None` in a store that is empty.
    pub(super) generation: Option<Generation>,
    pub(super) messages: Vec<Vec<u8>>,
    /// Where to read on; `None` where nothing is new.
    pub(super) last: Option<String>,
    /// Whether there may be another page.
    pub(super) full: bool,
}

/// Where a message is in the stream, and its fields: names and values in turn.
type Message = (String, Vec<Value>);

/// Where the first message is.
pub(super) const BEGINNING: &str = "0-0";

pub(super) async fn news(
    connection: &mut Connection,
    names: &Names,
    last: &str,
) -> RedisResult<News> {
    let mut commands = pipe();
    commands.cmd("GETRANGE").arg(names.generation()).arg(0).arg(Generation::LENGTH);
    let read = commands.cmd("XRANGE").arg(names.news()).arg(format!("({last}")).arg("+");
    read.arg("COUNT").arg(PAGE);
    let (generation, messages): (Vec<u8>, Vec<Message>) = connection.ask(&commands).await?;
    let generation = match generation.as_slice() {
        [] => None,
        written => Some(Generation::read(written).ok_or_else(malformed)?),
    };
    let last = messages.last().map(|(id, _)| id.clone());
    let full = messages.len() >= PAGE;
    let messages: Vec<Vec<u8>> = messages
        .into_iter()
        .map(|(_, fields)| fields.into_iter().nth(1).map_or(Ok(Vec::new()), Vec::from_redis_value))
        .collect::<Result<_, _>>()?;
    let messages =
        messages.into_iter().filter(|message| message.len() <= LONGEST_MESSAGE).collect();
    Ok(News { generation, messages, last, full })
}

/// An answer of a form that this store does not give.
fn malformed() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the generation has another form").into()
}

fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}
