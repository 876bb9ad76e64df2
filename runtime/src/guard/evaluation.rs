//! Evaluates a condition on the arguments, so that a panic in it rejects the request.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use super::Denial;
use crate::Rejection;

/// The evaluation of one condition.
///
/// The attribute emits the condition as a future whose output is the return value of the function, so that a `?` in the
/// expression ends this future, and then the function. If the expression has a value, the future passes it to
/// [`decide`](Self::decide) and is polled no more.
#[derive(Debug, Default)]
pub struct Evaluation {
    value: OnceLock<bool>,
}

/// How an evaluation ended.
#[derive(Debug)]
pub enum Outcome<R> {
    /// The condition holds.
    Holds,
    /// The condition does not hold, or it panicked.
    Rejected(Rejection),
    /// A `?` in the expression returned this from the function.
    Returned(R),
}

impl Evaluation {
    /// An evaluation that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the value of the expression. The future is never ready.
    pub fn decide<R>(&self, holds: bool) -> impl Future<Output = R> + Send + use<R> {
        let _: Result<(), bool> = self.value.set(holds);
        let never = pending::<Infallible>();
        async { match never.await {} }
    }

    /// Evaluates an expression that may contain `.await`.
    pub async fn run<R>(&self, denial: Denial, expression: impl Future<Output = R>) -> Outcome<R> {
        let mut expression = pin!(expression);
        let caught = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| expression.as_mut().poll(context)));
            match polled {
                Ok(Poll::Pending) if self.value.get().is_none() => Poll::Pending,
                Ok(polled) => Poll::Ready(Some(polled)),
                Err(_) => Poll::Ready(None),
            }
        });
        let polled = caught.await;
        self.outcome(denial, polled)
    }

    /// Evaluates an expression without `.await`.
    pub fn run_now<R>(&self, denial: Denial, expression: impl Future<Output = R>) -> Outcome<R> {
        let mut expression = pin!(expression);
        let mut context = Context::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| expression.as_mut().poll(&mut context)));
        self.outcome(denial, polled.ok())
    }

    /// `polled`: the last poll of the expression; `None` if it panicked.
    fn outcome<R>(&self, denial: Denial, polled: Option<Poll<R>>) -> Outcome<R> {
        match (polled, self.value.get()) {
            (Some(Poll::Ready(value)), _) => Outcome::Returned(value),
            (Some(Poll::Pending), Some(true)) => Outcome::Holds,
            (Some(Poll::Pending), Some(false)) => Outcome::Rejected(denial.reject()),
            // Without a value, a macro has hidden an `.await`.
            (Some(Poll::Pending) | None, _) => Outcome::Rejected(denial.reject_panic()),
        }
    }
}
