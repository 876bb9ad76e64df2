//! A bound on the log lines that callers can provoke.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many lines of one kind are written at their own level in a [`WINDOW`].
pub(crate) const BURST: u32 = 5;

/// After this time, the next line of a kind is written again.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// How many kinds are counted separately. The program's code names the kinds, never a request, and
/// has fewer; any further ones are counted together.
const KINDS: usize = 64;

const FURTHER_KINDS: &str = "further kinds";

/// Lets the first lines of each kind of event through, counts the rest, and writes their number.
///
/// Each kind has its own count: one that a caller repeats does not hide another one. A number is
/// written with the first event, of any kind, after the window has ended, and when the limiter is
/// dropped.
pub(crate) struct LogLimiter(Mutex<Vec<Slot>>);

struct Slot {
    kind: &'static str,
    began: Instant,
    written: u32,
    suppressed: u64,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is written at its own level.
    Write,
    /// The same, and it is the last one of its kind in this window.
    WriteLast,
    /// It is written at the level DEBUG, and counted.
    Suppress,
}

/// The number of lines of one kind that were not written at their own level.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    kind: &'static str,
    suppressed: u64,
}

impl LogLimiter {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Counts a line of this kind.
    pub(crate) fn verdict(&self, kind: &'static str, now: Instant) -> Verdict {
        let (verdict, summaries) = self.count(kind, now);
        summaries.iter().for_each(Summary::write);
        verdict
    }

    fn count(&self, kind: &'static str, now: Instant) -> (Verdict, Vec<Summary>) {
        let mut slots = self.slots();
        // An empty vector takes no memory, and at nearly every event it stays empty.
        let mut summaries = Vec::new();
        for slot in slots.iter_mut().filter(|slot| slot.has_ended(now)) {
            summaries.extend(slot.take_summary());
        }
        let slot = match slots.iter().position(|slot| slot.kind == kind) {
            Some(index) => index,
            None if slots.len() < KINDS - 1 => push(&mut slots, kind, now),
            None => match slots.iter().position(|slot| slot.kind == FURTHER_KINDS) {
                Some(index) => index,
                None => push(&mut slots, FURTHER_KINDS, now),
            },
        };
        let verdict = slots.get_mut(slot).map_or(Verdict::Suppress, |slot| slot.count(now));
        (verdict, summaries)
    }

    /// Never held while a line is written: a subscriber may call back.
    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(slots: &mut Vec<Slot>, kind: &'static str, now: Instant) -> usize {
    slots.push(Slot { kind, began: now, written: 0, suppressed: 0 });
    slots.len() - 1
}

impl Slot {
    fn has_ended(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= WINDOW
    }

    fn count(&mut self, now: Instant) -> Verdict {
        if self.has_ended(now) {
            self.began = now;
            self.written = 0;
        }
        if self.written == BURST {
            self.suppressed = self.suppressed.saturating_add(1);
            return Verdict::Suppress;
        }
        self.written += 1;
        if self.written == BURST { Verdict::WriteLast } else { Verdict::Write }
    }

    fn take_summary(&mut self) -> Option<Summary> {
        let suppressed = std::mem::take(&mut self.suppressed);
        (suppressed > 0).then_some(Summary { kind: self.kind, suppressed })
    }
}

impl Summary {
    fn write(&self) {
        let Self { kind, suppressed } = self;
        tracing::warn!(target: "requires_auth", kind, suppressed, "further log lines suppressed");
    }
}

impl Drop for LogLimiter {
    fn drop(&mut self) {
        let slots = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for slot in slots {
            if let Some(summary) = slot.take_summary() {
                summary.write();
            }
        }
    }
}

impl Verdict {
    /// What the last line of a window adds, so that nobody takes the silence that follows for an
    /// end of the trouble.
    pub(crate) fn limited(self) -> Option<&'static str> {
        (self == Self::WriteLast).then_some("further lines of this kind are at DEBUG for 60 s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(kind: &'static str, suppressed: u64) -> Summary {
        Summary { kind, suppressed }
    }

    #[test]
    fn the_first_lines_of_a_window_are_written_and_the_rest_are_counted() {
        // R-B9
        let limiter = LogLimiter::new();
        let start = Instant::now();
        let count = |kind, at| limiter.count(kind, start + at);
        for _ in 1..BURST {
            assert_eq!(count("a", Duration::ZERO), (Verdict::Write, vec![]));
        }
        assert_eq!(count("a", Duration::ZERO), (Verdict::WriteLast, vec![]));
        for _ in 0..1000 {
            assert_eq!(count("a", WINDOW / 2), (Verdict::Suppress, vec![]));
        }
        assert_eq!(count("b", WINDOW / 2), (Verdict::Write, vec![]), "a kind of its own");
        // Another kind is enough for the number to be written.
        assert_eq!(count("b", WINDOW), (Verdict::Write, vec![summary("a", 1000)]));
        assert_eq!(count("a", WINDOW), (Verdict::Write, vec![]));
        assert_eq!(count("a", Duration::ZERO), (Verdict::Write, vec![]), "a clock that jumps back");
    }

    #[test]
    fn the_number_of_kinds_is_bounded() {
        // R-B9
        let limiter = LogLimiter::new();
        let now = Instant::now();
        let kinds: Vec<&'static str> =
            (0..1000).map(|number| &*Box::leak(number.to_string().into_boxed_str())).collect();
        for kind in kinds {
            limiter.count(kind, now);
        }
        assert_eq!(limiter.slots().len(), KINDS);
        assert_eq!(
            limiter.count("0", now).0,
            Verdict::Write,
            "the first ones keep their own count"
        );
        assert_eq!(limiter.count("new", now).0, Verdict::Suppress);
    }
}
