//! Watching the store: whether it is there, and what other instances have forgotten.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, RedisResult};
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{sleep, timeout};

use super::commands::{self, BEGINNING, News};
use super::connection::{CONNECTING, Connection};
use super::link::Live;
use super::names::Generation;
use super::shared::{Forget, Shared, lost};
use crate::cache::Key;
use crate::telemetry::count;

/// How often the store is asked what is new. An instance forgets what another one has forgotten after
/// this and a round trip to the store.
const PERIOD: Duration = Duration::from_millis(250);

/// How long the store may take to tell.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often in a row the news are read again at once. A store that behaves needs it twice: when it is
/// empty, and when there is another generation.
const OFTEN: u32 = 3;

/// How many messages are sent at once.
const BATCH: usize = 500;

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
                let mut following =
                    Following { shared: &shared, cache: &cache, connection, reached: false };
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
    async fn hear(&mut self, position: &mut Position) -> RedisResult<Option<Generation>> {
        let names = &self.shared.names;
        let last = position.last.as_deref().unwrap_or(BEGINNING);
        let news = in_time(commands::news(&mut self.connection, names, last)).await?;
        let Some(generation) = news.generation else {
            in_time(commands::begin_first(&mut self.connection, names)).await?;
            return Ok(None);
        };
        let Some(cache) = self.cache.upgrade() else { return Ok(None) };
        if position.generation != Some(generation) {
            // Somebody has forgotten everything, or the store has: with its news. Nobody may find what
            // is there of before and remember it again.
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
        Ok(Some(generation))
    }

    fn apply(&self, cache: &dyn Forget, news: &News) {
        if news.gap {
            cache.forget_everything();
            return;
        }
        let place = self.shared.names.news();
        for message in &news.messages {
            let opened = self.shared.sealer.messages().open(&place, message);
            let key = opened.and_then(|text| Key::from_bytes(&text));
            // What none of us has written is nobody's business.
            let Some(key) = key else { continue };
            count!(SHARED_CACHE_NEWS);
            cache.forget(&key);
        }
    }

    /// Sends what was forgotten here; what cannot be sent now is sent later. Returns whether the news
    /// have to be read again at once.
    async fn send(&mut self, generation: Generation) -> RedisResult<bool> {
        let Some(mail) = self.shared.outbox.mail() else { return Ok(false) };
        let Shared { names, sealer, .. } = self.shared;
        let mourning = self.shared.mourning();
        for batch in mail.tokens.chunks(BATCH) {
            for token in batch {
                let forget = commands::forget(names, &token.locator, generation, mourning);
                in_time(self.connection.ask::<()>(&forget)).await?;
            }
            let place = names.news();
            let seal = |key: &[u8]| sealer.messages().seal(&place, key);
            let messages: Vec<_> =
                batch.iter().filter_map(|token| seal(token.key.as_bytes())).collect();
            in_time(commands::publish(&mut self.connection, names, &messages)).await?;
        }
        if mail.is_everything() {
            let begin = commands::begin(&mut self.connection, names, Generation::random());
            in_time(begin).await?;
            // Until the news are read again, entries of before would still be found.
            self.shared.link.down();
        }
        self.shared.outbox.sent(&mail);
        Ok(mail.is_everything())
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(late()))
}

fn late() -> RedisError {
    (ErrorKind::Io, "the store did not answer in time").into()
}
