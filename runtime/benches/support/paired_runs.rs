//! Paired runs: compares variants on a machine with other load.
//!
//! Each round runs every variant once, in rotating order. Differences and ratios are computed within a round,
//! because other load slows down all variants of a round alike. The result is the median of all rounds.

use std::time::{Duration, Instant};

/// A variant: a name, and a function that performs the operation the given number of times.
pub struct Variant<'a> {
    pub name: &'a str,
    pub run: Box<dyn FnMut(u32) + 'a>,
}

impl<'a> Variant<'a> {
    pub fn new(name: &'a str, run: impl FnMut(u32) + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// The time per call of each variant in each round, in nanoseconds.
pub struct Rounds(Vec<Vec<f64>>);

/// Runs each variant `rounds` times with `calls` calls, after one run that is not measured.
pub fn compare(variants: &mut [Variant<'_>], rounds: usize, calls: u32) -> Rounds {
    for variant in &mut *variants {
        (variant.run)(calls);
    }
    let mut times = vec![Vec::with_capacity(rounds); variants.len()];
    for round in 0..rounds {
        for index in 0..variants.len() {
            let index = (index + round) % variants.len();
            let started = Instant::now();
            (variants[index].run)(calls);
            times[index].push(nanoseconds(started.elapsed()) / f64::from(calls));
        }
    }
    Rounds(times)
}

impl Rounds {
    /// The median time of one call.
    pub fn median(&self, variant: usize) -> f64 {
        median(self.0[variant].clone())
    }

    /// The time that one variant takes beyond another, in the median of the rounds.
    pub fn added(&self, variant: usize, to: usize) -> f64 {
        median(self.pairs(variant, to).map(|(one, other)| one - other).collect())
    }

    /// The time of one variant divided by that of another, in the median of the rounds.
    pub fn ratio(&self, variant: usize, to: usize) -> f64 {
        median(self.pairs(variant, to).map(|(one, other)| one / other).collect())
    }

    fn pairs(&self, variant: usize, to: usize) -> impl Iterator<Item = (f64, f64)> {
        self.0[variant].iter().copied().zip(self.0[to].iter().copied())
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
