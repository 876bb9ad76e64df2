//! A manifest as a table for the terminal.

use std::fmt;

use super::Manifest;
use super::json::Function;
use super::requirement::{Requirement, on_one_line};

const HEADER: [&str; 4] = ["FUNCTION", "KIND", "REQUIRES", "SOURCE"];

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![HEADER.map(str::to_owned)];
        rows.extend(self.entries().iter().map(|entry| {
            let requirement = Requirement(&Function::of(entry)).to_string();
            let kind = entry.kind().to_string();
            [on_one_line(&entry.path()), kind, requirement, entry.location()]
        }));
        let mut widths = [0; HEADER.len()];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}
