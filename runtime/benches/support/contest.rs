//! Comparing on a machine that has other things to do as well.
//!
//! Every round gives each contender one turn, in changing order, and what one adds to another is
//! taken round by round: whatever slows the machine down for a while slows all of them down. Of all
//! rounds the median counts.

use std::time::{Duration, Instant};

/// One way of doing it: does it that many times.
pub struct Contender<'a> {
    pub name: &'a str,
    pub turn: Box<dyn FnMut(u32) + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'a str, turn: impl FnMut(u32) + 'a) -> Self {
        Self { name, turn: Box::new(turn) }
    }
}

/// The time per call of each contender in each round, in nanoseconds.
pub struct Rounds(Vec<Vec<f64>>);

/// Gives each contender so many turns of so many calls each, after one that does not count.
pub fn compare(contenders: &mut [Contender<'_>], rounds: usize, calls: u32) -> Rounds {
    for contender in &mut *contenders {
        (contender.turn)(calls);
    }
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds {
        for place in 0..contenders.len() {
            let place = (place + round) % contenders.len();
            let began = Instant::now();
            (contenders[place].turn)(calls);
            times[place].push(nanoseconds(began.elapsed()) / f64::from(calls));
        }
    }
    Rounds(times)
}

impl Rounds {
    /// The median time of one call.
    pub fn median(&self, contender: usize) -> f64 {
        median(self.0[contender].clone())
    }

    /// What one contender takes beyond another, in the median of the rounds.
    pub fn added(&self, contender: usize, to: usize) -> f64 {
        median(self.pairs(contender, to).map(|(one, other)| one - other).collect())
    }

    /// How many times as long as another one contender takes, in the median of the rounds.
    pub fn ratio(&self, contender: usize, to: usize) -> f64 {
        median(self.pairs(contender, to).map(|(one, other)| one / other).collect())
    }

    fn pairs(&self, contender: usize, to: usize) -> impl Iterator<Item = (f64, f64)> {
        self.0[contender].iter().copied().zip(self.0[to].iter().copied())
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
