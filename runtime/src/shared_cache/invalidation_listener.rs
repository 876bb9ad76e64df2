//! Watching the store: whether it is there, and what other instances have forgotten.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, RedisResult};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::commands::{self, BEGINNING, InvalidationPage, MAX_KEYS_PER_MESSAGE, MAX_PAGES};
use super::connection::{CONNECT_TIMEOUT, Connection};
use super::health::Live;
use super::keys::Generation;
use super::pending_invalidations::TokenInvalidation;
use super::store::{Forget, Shared, log_lost};
use crate::resolve::cache::CacheKey;
use crate::telemetry::count;

/// How often the store is asked what is new. An instance forgets what another one has forgotten after
/// this and a round trip to the store.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How long the store may take to tell.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(500);

/// How often in a row the news are read again at once. A store that behaves needs it twice: when it is
/// empty, and when there is another generation.
const MAX_IMMEDIATE_REREADS: u32 = 3;

/// How long a batch waits after the one before, if it is not full: so one token is sent 50 times a
/// second at most, however often it is forgotten.
const BATCH_INTERVAL: Duration = Duration::from_millis(20);

/// Where an instance is in the news. It reads from their beginning, so that it hears of what happened
/// while it began; a store that was lost meanwhile has kept them.
#[derive(Default)]
struct Position {
    generation: Option<Generation>,
    last: Option<String>,
}

/// Ends when the cache is dropped.
pub(super) async fn listen(shared: Arc<Shared>, cache: Weak<dyn Forget>) {
    let mut position = Position::default();
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .with_jitter();
    let mut pause = pauses.build();
    let mut told = false;
    while cache.strong_count() > 0 {
        let connecting = timeout(CONNECT_TIMEOUT, shared.address.connect());
        let ended = match connecting.await.unwrap_or_else(|_| Err(late())) {
            Ok(connection) => {
                let (shared, cache) = (&shared, &cache);
                let mut listener =
                    InvalidationListener { shared, cache, connection, reached: false, sent: None };
                let ended = listener.listen(&mut position).await;
                if listener.reached {
                    (pause, told) = (pauses.build(), false);
                }
                ended
            }
            Err(error) => Err(error),
        };
        shared.health.down();
        if let (Err(error), false) = (&ended, told) {
            log_lost(error.category());
            told = true;
        }
        sleep(pause.next().unwrap_or(POLL_INTERVAL)).await;
    }
}

struct InvalidationListener<'a> {
    shared: &'a Shared,
    cache: &'a Weak<dyn Forget>,
    connection: Connection,
    reached: bool,
    /// When something was sent for the last time.
    sent: Option<Instant>,
}

impl InvalidationListener<'_> {
    /// Ends with an error when the store is lost.
    async fn listen(&mut self, position: &mut Position) -> RedisResult<()> {
        let mut again = 0;
        while self.cache.strong_count() > 0 {
            let Some(generation) = self.read_invalidations(position).await? else {
                again += 1;
                if again > MAX_IMMEDIATE_REREADS {
                    sleep(POLL_INTERVAL).await;
                }
                continue;
            };
            again = 0;
            let live = Live { connection: self.connection.clone(), generation };
            self.reached = true;
            if self.shared.health.up(live) {
                tracing::info!(target: "requires_auth", "shared cache reached");
            }
            if self.send(generation).await? {
                continue;
            }
            // Sooner if there is something to send.
            let _ = timeout(POLL_INTERVAL, self.shared.pending.notified()).await;
        }
        Ok(())
    }

    /// Reads the news; `None` if they have to be read again at once.
    ///
    /// What is read at one time is bounded, whoever writes it: where there is more than an honest
    /// store keeps, some may be missing, and everything is forgotten.
    async fn read_invalidations(
        &mut self,
        position: &mut Position,
    ) -> RedisResult<Option<Generation>> {
        let keys = &self.shared.keys;
        for _ in 0..MAX_PAGES {
            let last = position.last.as_deref().unwrap_or(BEGINNING);
            let news = in_time(commands::invalidations(&mut self.connection, keys, last)).await?;
            let Some(generation) = news.generation else {
                in_time(commands::begin_first(&mut self.connection, keys)).await?;
                return Ok(None);
            };
            let Some(cache) = self.cache.upgrade() else { return Ok(None) };
            if position.generation != Some(generation) {
                // Somebody has forgotten everything, or the store has: with its news. Nobody may find
                // what is there of before and remember it again.
                if position.generation.is_some() {
                    self.shared.health.down();
                }
                cache.invalidate_all();
                *position = Position { generation: Some(generation), last: None };
                return Ok(None);
            }
            self.apply(&*cache, &news);
            if news.last.is_some() {
                position.last = news.last;
            }
            if !news.full {
                return Ok(Some(generation));
            }
        }
        if let Some(cache) = self.cache.upgrade() {
            cache.invalidate_all();
        }
        Ok(position.generation)
    }

    fn apply(&self, cache: &dyn Forget, news: &InvalidationPage) {
        let place = self.shared.keys.invalidations();
        for message in &news.messages {
            // What none of us has written is nobody's business.
            let Some(keys) = self.shared.encryption.messages().open(&place, message) else {
                continue;
            };
            for key in keys.chunks(CacheKey::LENGTH).filter_map(CacheKey::from_bytes) {
                count!(SHARED_CACHE_INVALIDATIONS);
                cache.invalidate(&key);
            }
        }
    }

    /// Sends what was forgotten here; what cannot be sent now is sent later. Returns whether the news
    /// have to be read again at once: between two batches they are.
    async fn send(&mut self, generation: Generation) -> RedisResult<bool> {
        let Shared { keys, encryption, pending, .. } = self.shared;
        if let Some(sent) = self.sent.filter(|_| !pending.is_empty() && !pending.has_full_batch()) {
            sleep_until(sent + BATCH_INTERVAL).await;
        }
        let Some(batch) = pending.next_batch() else { return Ok(false) };
        if batch.is_everything() {
            let begin = commands::begin(&mut self.connection, keys, Generation::random());
            in_time(begin).await?;
            // Until the news are read again, entries of before would still be found.
            self.shared.health.down();
        } else {
            let locators = batch.tokens.iter().map(|token| &token.locator);
            let tombstone_ttl = self.shared.tombstone_ttl();
            let connection = &mut self.connection;
            in_time(commands::invalidate(connection, keys, locators, generation, tombstone_ttl))
                .await?;
            let place = keys.invalidations();
            let cipher = |tokens: &[TokenInvalidation]| {
                let keys: Vec<_> = tokens.iter().map(|token| token.key.as_bytes()).collect();
                encryption.messages().encrypt(&place, &keys.concat())
            };
            let messages: Vec<_> =
                batch.tokens.chunks(MAX_KEYS_PER_MESSAGE).filter_map(cipher).collect();
            in_time(commands::publish(&mut self.connection, keys, &messages)).await?;
        }
        pending.sent(&batch);
        self.sent = Some(Instant::now());
        Ok(batch.is_everything() || !pending.is_empty())
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(COMMAND_TIMEOUT, answer).await.unwrap_or_else(|_| Err(late()))
}

fn late() -> RedisError {
    (ErrorKind::Io, "the store did not answer in time").into()
}
