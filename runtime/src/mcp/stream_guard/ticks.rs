//! The regular checks of event streams, from one timer for all streams of a service.
//!
//! A timer for each stream would wake the runtime's driver for each tool call: its deadline is usually the earliest one.
//! In `cargo bench -p requires-auth --features rmcp --bench mcp -- sessions`, that added a tenth to a fifth to a call.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Sleep, sleep};

/// The interval of the checks when there are no events.
pub(super) const TICK: Duration = Duration::from_secs(1);

/// The timer that the streams of a service share. A task runs it as long as there are streams.
#[derive(Debug, Clone, Default)]
pub(in crate::mcp) struct StreamTimer(Arc<Mutex<Option<Arc<Running>>>>);

#[derive(Debug, Default)]
struct Running {
    ticks: Arc<Notify>,
    /// Whether the task was dropped with its runtime. Its streams may be on another runtime.
    has_ended: AtomicBool,
}

/// The ticks of one stream: regular ones, and one when its token expires.
pub(super) struct Ticks {
    timer: StreamTimer,
    running: Arc<Running>,
    next: Pin<Box<OwnedNotified>>,
    /// Set if the token expires before the second next tick.
    expiration: Option<Pin<Box<Sleep>>>,
}

impl StreamTimer {
    /// The ticks of a stream whose token is valid for the time `left`; without a limit for `None`.
    pub(super) fn ticks(&self, left: Option<Duration>) -> Ticks {
        let (running, next) = self.subscribe(self.running());
        Ticks { timer: self.clone(), running, next, expiration: expiration(left) }
    }

    /// The next tick of a timer that runs, or of a new one if that one has ended.
    fn subscribe(&self, running: Arc<Running>) -> (Arc<Running>, Pin<Box<OwnedNotified>>) {
        let next = running.next();
        // Looked at after `next` exists: a timer that ends later notifies it.
        if !running.has_ended.load(Ordering::Acquire) {
            return (running, next);
        }
        let running = self.running();
        let next = running.next();
        (running, next)
    }

    fn running(&self) -> Arc<Running> {
        let mut slot = self.lock();
        if let Some(running) = &*slot {
            return Arc::clone(running);
        }
        let running = Arc::<Running>::default();
        *slot = Some(Arc::clone(&running));
        // A runtime that shuts down drops the task at once, and that needs the lock.
        drop(slot);
        let task = Task { timer: self.clone(), running: Arc::clone(&running) };
        tokio::spawn(task.run());
        running
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn next(&self) -> Pin<Box<OwnedNotified>> {
        Box::pin(Arc::clone(&self.ticks).notified_owned())
    }
}

struct Task {
    timer: StreamTimer,
    running: Arc<Running>,
}

impl Task {
    async fn run(self) {
        loop {
            sleep(TICK).await;
            self.running.ticks.notify_waiters();
            if self.end_without_streams() {
                return;
            }
        }
    }

    /// No stream can begin to use it meanwhile: that needs the lock.
    fn end_without_streams(&self) -> bool {
        let mut slot = self.timer.lock();
        // That of the task and that of the slot.
        let is_unused = Arc::strong_count(&self.running) == 2;
        if is_unused {
            *slot = None;
        }
        is_unused
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let mut slot = self.timer.lock();
        if slot.as_ref().is_some_and(|running| Arc::ptr_eq(running, &self.running)) {
            *slot = None;
        }
        drop(slot);
        self.running.has_ended.store(true, Ordering::Release);
        self.running.ticks.notify_waiters();
    }
}

impl Ticks {
    /// Ready at a tick. [`restart`](Self::restart) follows.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(expiration) = &mut self.expiration
            && expiration.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(());
        }
        self.next.as_mut().poll(context)
    }

    pub(super) fn restart(&mut self, left: Option<Duration>) {
        (self.running, self.next) = self.timer.subscribe(Arc::clone(&self.running));
        self.expiration = expiration(left);
    }
}

fn expiration(left: Option<Duration>) -> Option<Pin<Box<Sleep>>> {
    let left = left.filter(|left| *left < 2 * TICK)?;
    // The timer has a resolution of one millisecond; with less it would fire at once.
    Some(Box::pin(sleep(left.max(Duration::from_millis(1)))))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::runtime::Builder;
    use tokio::time::Instant;

    use super::*;

    /// R-I15
    async fn time_of_next(ticks: &mut Ticks) -> Duration {
        let begun = Instant::now();
        poll_fn(|context| ticks.poll(context)).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn streams_tick_every_second_and_share_a_timer() {
        let timer = StreamTimer::default();
        let mut first = timer.ticks(None);
        assert_eq!(time_of_next(&mut first).await, TICK);
        first.restart(None);
        sleep(TICK / 4).await;
        let mut second = timer.ticks(Some(10 * TICK));
        assert!(Arc::ptr_eq(&first.running, &second.running));
        assert_eq!(time_of_next(&mut second).await, TICK * 3 / 4);
        assert_eq!(time_of_next(&mut first).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_expires_between_two_ticks_has_a_tick_of_its_own() {
        let timer = StreamTimer::default();
        let left = Duration::from_millis(1700);
        let mut ticks = timer.ticks(Some(left));
        assert_eq!(time_of_next(&mut ticks).await, TICK);
        let rest = left.saturating_sub(TICK);
        ticks.restart(Some(rest));
        assert_eq!(time_of_next(&mut ticks).await, rest);
        ticks.restart(Some(Duration::ZERO));
        assert_eq!(time_of_next(&mut ticks).await, Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_timer_stops_a_second_after_the_last_stream() {
        let timer = StreamTimer::default();
        drop(timer.ticks(None));
        let running = Arc::downgrade(timer.lock().as_ref().expect("it runs"));
        let mut next = timer.ticks(None);
        assert_eq!(time_of_next(&mut next).await, TICK);
        drop(next);
        sleep(2 * TICK).await;
        assert!(timer.lock().is_none());
        assert_eq!(running.strong_count(), 0);
        let mut after = timer.ticks(None);
        assert_eq!(time_of_next(&mut after).await, TICK);
    }

    #[test]
    fn a_stream_keeps_its_ticks_when_the_runtime_of_the_timer_ends() {
        let paused = || Builder::new_current_thread().enable_time().start_paused(true).build();
        let (first, second) = (paused().expect("a runtime"), paused().expect("a runtime"));
        let timer = StreamTimer::default();
        let mut ticks = first.block_on(async { timer.ticks(None) });
        drop(first);
        second.block_on(async {
            assert_eq!(time_of_next(&mut ticks).await, Duration::ZERO, "woken by the end");
            ticks.restart(None);
            assert_eq!(time_of_next(&mut ticks).await, TICK);
            let mut new = timer.ticks(None);
            assert_eq!(time_of_next(&mut new).await, TICK);
        });
    }
}
