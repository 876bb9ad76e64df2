//! What a benchmark prints: one line per number, and whether it is within its budget.

use std::fmt::Display;
use std::process::ExitCode;

/// The numbers of one run that have a budget.
#[derive(Default)]
pub struct Table {
    missed: usize,
}

impl Table {
    /// A number, and whether it is within its budget.
    pub fn judge(&mut self, name: &str, value: impl Display, budget: &str, within: bool) {
        let verdict = if within { "ok" } else { "MISSED" };
        println!("  {name:<58} {value:<16} budget {budget}: {verdict}");
        self.missed += usize::from(!within);
    }

    /// Fails if a budget was missed.
    pub fn exit(self) -> ExitCode {
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

pub fn title(title: &str) {
    println!("\n{title}");
}

/// A number without a budget.
pub fn line(name: &str, value: impl Display) {
    println!("  {name:<58} {value}");
}

pub fn ns(time: f64) -> String {
    format!("{time:.0} ns")
}

pub fn us(time: f64) -> String {
    format!("{:.1} µs", time / 1000.0)
}

pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
