//! The output of a benchmark: one line for each figure, with its budget.

use std::fmt::Display;
use std::process::ExitCode;

/// Prints the figures that have a budget, and counts those that exceed it.
#[derive(Default)]
pub struct Report {
    missed: usize,
}

impl Report {
    /// Prints a figure, its budget, and whether it is within it.
    pub fn check(&mut self, name: &str, value: impl Display, budget: &str, within: bool) {
        let verdict = if within { "ok" } else { "MISSED" };
        println!("  {name:<58} {value:<16} budget {budget}: {verdict}");
        self.missed += usize::from(!within);
    }

    /// Fails if a budget was missed.
    pub fn exit(self) -> ExitCode {
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Prints a heading.
pub fn heading(text: &str) {
    println!("\n{text}");
}

/// Prints a figure without a budget.
pub fn figure(name: &str, value: impl Display) {
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
