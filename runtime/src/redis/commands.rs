//! What is asked of the store, and what of it is believed.

use std::time::Duration;

use ::redis::{ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, Value, pipe};

use super::connection::Connection;
use super::names::{Generation, Names};
use super::seal::Locator;

/// The longest entry, in bytes; what is longer is neither written nor read.
pub(super) const LONGEST_ENTRY: usize = 256 * 1024;

/// How many of the last tokens that were forgotten are kept, and read at once.
pub(super) const NEWS: usize = 10_000;

/// What the store has of a token.
pub(super) enum Found {
    Nothing,
    /// It was forgotten a short while ago: whatever else is there is not to be believed.
    Forgotten,
    Entry(Vec<u8>),
}

pub(super) async fn look_up(
    connection: &mut Connection,
    names: &Names,
    token: &Locator,
    generation: Generation,
) -> RedisResult<Found> {
    let keys = [names.forgotten(token), names.claims(token, generation)];
    let ([forgotten, entry],): ([Option<Vec<u8>>; 2],) =
        connection.ask(pipe().cmd("MGET").arg(&keys)).await?;
    Ok(match (forgotten, entry) {
        (Some(_), _) => Found::Forgotten,
        (None, Some(entry)) => Found::Entry(entry),
        (None, None) => Found::Nothing,
    })
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

/// Removes what the store has of a token, and lets nobody add to it for a while: whoever asked about
/// the token before now may do so after.
pub(super) fn forget(
    names: &Names,
    token: &Locator,
    generation: Generation,
    period: Duration,
) -> Pipeline {
    let mut commands = pipe();
    let tombstone = names.forgotten(token);
    commands.cmd("SET").arg(tombstone).arg(1).arg("PX").arg(millis(period)).ignore();
    commands.cmd("DEL").arg(names.claims(token, generation)).ignore();
    commands
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

/// What is new since the last time.
pub(super) struct News {
    /// `None` in a store that is empty.
    pub(super) generation: Option<Generation>,
    pub(super) messages: Vec<Vec<u8>>,
    /// Where to read on; `None` where nothing is new.
    pub(super) last: Option<String>,
    /// Whether there may have been more than are kept.
    pub(super) gap: bool,
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
    commands.cmd("GET").arg(names.generation());
    let read = commands.cmd("XRANGE").arg(names.news()).arg(format!("({last}")).arg("+");
    read.arg("COUNT").arg(NEWS);
    let (generation, messages): (Option<Vec<u8>>, Vec<Message>) = connection.ask(&commands).await?;
    let generation = match generation {
        None => None,
        Some(written) => Some(Generation::read(&written).ok_or_else(malformed)?),
    };
    let last = messages.last().map(|(id, _)| id.clone());
    let gap = messages.len() >= NEWS;
    let messages = messages
        .into_iter()
        .map(|(_, fields)| fields.into_iter().nth(1).map_or(Ok(Vec::new()), Vec::from_redis_value))
        .collect::<Result<_, _>>()?;
    Ok(News { generation, messages, last, gap })
}

/// An answer of a form that this store does not give.
fn malformed() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the generation has another form").into()
}

fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}
