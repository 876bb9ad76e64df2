//! Watching the store: whether it is there, and what other instances have forgotten.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, RedisResult};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::commands::{self, BEGINNING, KEYS, MOST_PAGES, News};
use super::connection::{CONNECTING, Connection};
use super::health::Live;
use super::keys::Generation;
use super::pending_invalidations::Forgotten;
use super::store::{Forget, Shared, lost};
use crate::resolve::cache::Key;
use crate::telemetry::count;

/// How often the store is asked what is new. An instance forgets what another one has forgotten after
/// this and a round trip to the store.
const PERIOD: Duration = Duration::from_millis(250);

/// How long the store may take to tell.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often in a row the news are read again at once. A store that behaves needs it twice: when it is
/// empty, and when there is another generation.
const OFTEN: u32 = 3;

/// How long a batch waits after the one before, if it is not full: so one token is sent 50 times a
/// second at most, however often it is forgotten.
const PAUSE: Duration = Duration::from_millis(20);

/// Where an instance is in the news. It reads from their beginning, so that it hears of what happened
/// while it began; a store that was lost meanwhile has kept them.
#[derive(Default)]
struct Position {
    generation: Option<Generation>,
    last: Option<String>,
}

/// Ends when the cache is dropped.
pub(super) async fn follow(shared: Arc<Shared>, cache: Weak<dyn Forget>) {
    let mut position = Position::default();
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .with_jitter();
    let mut pause = pauses.build();
    let mut told = false;
    while cache.strong_count() > 0 {
        let connecting = timeout(CONNECTING, shared.address.connect());
        let ended = match connecting.await.unwrap_or_else(|_| Err(late())) {
            Ok(connection) => {
                let (shared, cache) = (&shared, &cache);
                let mut following =
                    Following { shared, cache, connection, reached: false, sent: None };
                let ended = following.follow(&mut position).await;
                if following.reached {
                    (pause, told) = (pauses.build(), false);
                }
                ended
            }
            Err(error) => Err(error),
        };
        shared.link.down();
        if let (Err(error), false) = (&ended, told) {
            lost(error.category());
            told = true;
        }
        sleep(pause.next().unwrap_or(PERIOD)).await;
    }
}

struct Following<'a> {
    shared: &'a Shared,
    cache: &'a Weak<dyn Forget>,
    connection: Connection,
    reached: bool,
    /// When something was sent for the last time.
    sent: Option<Instant>,
}

impl Following<'_> {
    /// Ends with an error when the store is lost.
    async fn follow(&mut self, position: &mut Position) -> RedisResult<()> {
        let mut again = 0;
        while self.cache.strong_count() > 0 {
            let Some(generation) = self.hear(position).await? else {
                again += 1;
                if again > OFTEN {
                    sleep(PERIOD).await;
                }
                continue;
            };
            again = 0;
            let live = Live { connection: self.connection.clone(), generation };
            self.reached = true;
            if self.shared.link.up(live) {
                tracing::info!(target: "requires_auth", "shared cache reached");
            }
            if self.send(generation).await? {
                continue;
            }
            // Sooner if there is something to send.
            let _ = timeout(PERIOD, self.shared.outbox.woken()).await;
        }
        Ok(())
    }

    /// Reads the news; `None` if they have to be read again at once.
    ///
    /// What is read at one time is bounded, whoever writes it: where there is more than an honest
    /// store keeps, some may be missing, and everything is forgotten.
    async fn hear(&mut self, position: &mut Position) -> RedisResult<Option<Generation>> {
        let names = &self.shared.names;
        for _ in 0..MOST_PAGES {
            let last = position.last.as_deref().unwrap_or(BEGINNING);
            let news = in_time(commands::news(&mut self.connection, names, last)).await?;
            let Some(generation) = news.generation else {
                in_time(commands::begin_first(&mut self.connection, names)).await?;
                return Ok(None);
            };
            let Some(cache) = self.cache.upgrade() else { return Ok(None) };
            if position.generation != Some(generation) {
                // Somebody has forgotten everything, or the store has: with its news. Nobody may find
                // what is there of before and remember it again.
                if position.generation.is_some() {
                    self.shared.link.down();
                }
                cache.forget_everything();
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
            cache.forget_everything();
        }
        Ok(position.generation)
    }

    fn apply(&self, cache: &dyn Forget, news: &News) {
        let place = self.shared.names.news();
        for message in &news.messages {
            // What none of us has written is nobody's business.
            let Some(keys) = self.shared.sealer.messages().open(&place, message) else { continue };
            for key in keys.chunks(Key::LENGTH).filter_map(Key::from_bytes) {
                count!(SHARED_CACHE_INVALIDATIONS);
                cache.invalidate(&key);
            }
        }
    }

    /// Sends what was forgotten here; what cannot be sent now is sent later. Returns whether the news
    /// have to be read again at once: between two batches they are.
    async fn send(&mut self, generation: Generation) -> RedisResult<bool> {
        let Shared { names, sealer, outbox, .. } = self.shared;
        if let Some(sent) = self.sent.filter(|_| !outbox.is_empty() && !outbox.has_full_batch()) {
            sleep_until(sent + PAUSE).await;
        }
        let Some(mail) = outbox.mail() else { return Ok(false) };
        if mail.is_everything() {
            let begin = commands::begin(&mut self.connection, names, Generation::random());
            in_time(begin).await?;
            // Until the news are read again, entries of before would still be found.
            self.shared.link.down();
        } else {
            let locators = mail.tokens.iter().map(|token| &token.locator);
            let mourning = self.shared.mourning();
            let connection = &mut self.connection;
            in_time(commands::invalidate(connection, names, locators, generation, mourning))
                .await?;
            let place = names.news();
            let seal = |tokens: &[Forgotten]| {
                let keys: Vec<_> = tokens.iter().map(|token| token.key.as_bytes()).collect();
                sealer.messages().seal(&place, &keys.concat())
            };
            let messages: Vec<_> = mail.tokens.chunks(KEYS).filter_map(seal).collect();
            in_time(commands::publish(&mut self.connection, names, &messages)).await?;
        }
        outbox.sent(&mail);
        self.sent = Some(Instant::now());
        Ok(mail.is_everything() || !outbox.is_empty())
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(late()))
}

fn late() -> RedisError {
    (ErrorKind::Io, "the store did not answer in time").into()
}
