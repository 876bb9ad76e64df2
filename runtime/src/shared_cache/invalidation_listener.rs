//! The task that keeps the connection to the store, reads the invalidations of other instances, and sends
//! those of this one.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, RedisResult};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::commands::{self, FIRST_POSITION, InvalidationPage, MAX_KEYS_PER_MESSAGE, MAX_PAGES};
use super::connection::{CONNECT_TIMEOUT, Connection};
use super::health::Live;
use super::keys::Generation;
use super::pending_invalidations::TokenInvalidation;
use super::store::{Store, log_lost};
use crate::second_level::CacheKey;
use crate::telemetry::count;

/// The time between two reads of the stream. An instance drops an entry that another one has invalidated
/// after this and a round trip to the store.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(500);

/// How many times in a row the stream is read again without a pause. A working store needs two: one if it
/// is empty, one if the generation has changed.
const MAX_IMMEDIATE_REREADS: u32 = 3;

/// The time between two batches that are not full, so that one token is sent at most 50 times a second,
/// however often it is invalidated.
const BATCH_INTERVAL: Duration = Duration::from_millis(20);

/// The position in the stream. A new instance reads from the beginning, so that it learns of invalidations
/// during its start. The position outlives a connection, so that no message is skipped in an outage.
#[derive(Default)]
struct Position {
    generation: Option<Generation>,
    last_id: Option<String>,
}

/// Connects to the store, and again whenever the connection is lost. Ends when the cache is dropped.
pub(super) async fn listen(store: Arc<Store>) {
    let mut position = Position::default();
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .with_jitter();
    let mut delays = backoff.build();
    let mut logged = false;
    while !store.first_level.is_closed() {
        let connecting = timeout(CONNECT_TIMEOUT, store.address.connect());
        let ended = match connecting.await.unwrap_or_else(|_| Err(timed_out())) {
            Ok(connection) => {
                let mut listener =
                    InvalidationListener { store: &store, connection, reached: false, sent: None };
                let ended = listener.run(&mut position).await;
                if listener.reached {
                    (delays, logged) = (backoff.build(), false);
                }
                ended
            }
            Err(error) => Err(error),
        };
        store.health.set_down();
        if let (Err(error), false) = (&ended, logged) {
            log_lost(error.category());
            logged = true;
        }
        sleep(delays.next().unwrap_or(POLL_INTERVAL)).await;
    }
}

/// The listener on one connection.
struct InvalidationListener<'a> {
    store: &'a Store,
    connection: Connection,
    /// Whether the store has answered on this connection.
    reached: bool,
    /// When the last batch was sent.
    sent: Option<Instant>,
}

impl InvalidationListener<'_> {
    /// Ends with an error when the store is lost.
    async fn run(&mut self, position: &mut Position) -> RedisResult<()> {
        let mut rereads = 0;
        while !self.store.first_level.is_closed() {
            let Some(generation) = self.read_invalidations(position).await? else {
                rereads += 1;
                if rereads > MAX_IMMEDIATE_REREADS {
                    sleep(POLL_INTERVAL).await;
                }
                continue;
            };
            rereads = 0;
            let live = Live { connection: self.connection.clone(), generation };
            self.reached = true;
            if self.store.health.set_up(live) {
                tracing::info!(target: "requires_auth", "shared cache reached");
            }
            if self.send_batch(generation).await? {
                continue;
            }
            // Ends earlier if an invalidation is added.
            let _ = timeout(POLL_INTERVAL, self.store.pending.added()).await;
        }
        Ok(())
    }

    /// Reads the stream up to its end, and returns the generation; `None` if it has to be read again at
    /// once.
    ///
    /// It reads no more than the stream can hold if only instances write to it. If there is more, messages
    /// may be missing, and all entries are invalidated.
    async fn read_invalidations(
        &mut self,
        position: &mut Position,
    ) -> RedisResult<Option<Generation>> {
        let Store { keys, first_level, health, .. } = self.store;
        for _ in 0..MAX_PAGES {
            let last_id = position.last_id.as_deref().unwrap_or(FIRST_POSITION);
            let page = commands::read_invalidations(&mut self.connection, keys, last_id);
            let page = in_time(page).await?;
            let Some(generation) = page.generation else {
                in_time(commands::begin_first_generation(&mut self.connection, keys)).await?;
                return Ok(None);
            };
            if position.generation != Some(generation) {
                // An instance has invalidated all entries, or the store has lost its data, invalidations
                // included. Until the new generation is used, no entry may be read from the old one.
                if position.generation.is_some() {
                    health.set_down();
                }
                first_level.invalidate_all();
                *position = Position { generation: Some(generation), last_id: None };
                return Ok(None);
            }
            self.apply(&page);
            if page.last_id.is_some() {
                position.last_id = page.last_id;
            }
            if !page.full {
                return Ok(Some(generation));
            }
        }
        first_level.invalidate_all();
        Ok(position.generation)
    }

    /// Drops the entries that the messages name.
    fn apply(&self, page: &InvalidationPage) {
        let Store { keys, encryption, first_level, .. } = self.store;
        let key = keys.invalidations();
        for message in &page.messages {
            // A message that no instance has written does not decrypt.
            let Some(message) = encryption.message_cipher().decrypt(&key, message) else {
                continue;
            };
            for key in message.chunks(CacheKey::LENGTH).filter_map(CacheKey::from_bytes) {
                count!(SHARED_CACHE_INVALIDATIONS);
                first_level.invalidate(&key);
            }
        }
    }

    /// Sends one batch of pending invalidations, if there is one. A batch that fails stays pending. Returns
    /// whether to read the stream again at once, which happens between two batches.
    async fn send_batch(&mut self, generation: Generation) -> RedisResult<bool> {
        let Store { keys, encryption, health, pending, .. } = self.store;
        if let Some(sent) = self.sent.filter(|_| !pending.is_empty() && !pending.has_full_batch()) {
            sleep_until(sent + BATCH_INTERVAL).await;
        }
        let Some(batch) = pending.next_batch() else { return Ok(false) };
        let connection = &mut self.connection;
        if batch.is_all() {
            in_time(commands::begin_generation(connection, keys, Generation::random())).await?;
            // Until the stream is read again, entries of the old generation would still be found.
            health.set_down();
        } else {
            let locators = batch.tokens.iter().map(|token| &token.locator);
            let ttl = self.store.tombstone_ttl();
            in_time(commands::invalidate(connection, keys, locators, generation, ttl)).await?;
            let stream = keys.invalidations();
            let message = |tokens: &[TokenInvalidation]| {
                let keys: Vec<_> = tokens.iter().map(|token| token.key.as_bytes()).collect();
                encryption.message_cipher().encrypt(&stream, &keys.concat())
            };
            let messages: Vec<_> =
                batch.tokens.chunks(MAX_KEYS_PER_MESSAGE).filter_map(message).collect();
            in_time(commands::publish(connection, keys, &messages)).await?;
        }
        pending.confirm(&batch);
        self.sent = Some(Instant::now());
        Ok(batch.is_all() || !pending.is_empty())
    }
}

async fn in_time<T>(reply: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(COMMAND_TIMEOUT, reply).await.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> RedisError {
    (ErrorKind::Io, "the store did not answer in time").into()
}
