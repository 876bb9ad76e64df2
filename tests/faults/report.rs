//! The table of the results.

use std::process::ExitCode;

pub struct Report {
    filters: Vec<String>,
    ran: usize,
    failed: Vec<String>,
    skipped: Vec<String>,
}

/// The observed behaviour, or the difference to the expected one.
pub type Outcome = Result<String, String>;

impl Report {
    pub fn start(filters: Vec<String>) -> Self {
        println!("{:<18} {:<46} {:<52} observed", "rows", "fault", "expected");
        Self { filters, ran: 0, failed: Vec::new(), skipped: Vec::new() }
    }

    /// Runs an experiment and prints one line: the ids of the requirements, the fault, the expected and the
    /// observed behaviour.
    pub async fn row(
        &mut self,
        rows: &str,
        fault: &str,
        expected: &str,
        experiment: impl Future<Output = Outcome> + Send + 'static,
    ) {
        let words = format!("{rows} {fault}");
        if !self.filters.is_empty()
            && !self.filters.iter().any(|word| words.contains(word.as_str()))
        {
            return;
        }
        self.ran += 1;
        // A panic fails this row, and not the whole run.
        let outcome = match tokio::spawn(experiment).await {
            Ok(outcome) => outcome,
            Err(panic) => Err(format!("panicked: {panic}")),
        };
        let happened = match outcome {
            Ok(happened) => happened,
            Err(problem) => {
                self.failed.push(format!("{rows} {fault}"));
                format!("FAILED: {problem}")
            }
        };
        println!("{rows:<18} {fault:<46} {expected:<52} {happened}");
    }

    /// Prints one line about requirements that cannot be tested here.
    pub fn skip(&mut self, rows: &str, reason: &str) {
        println!("{rows:<18} skipped: {reason}");
        self.skipped.push(format!("{rows} ({reason})"));
    }

    pub fn finish(self) -> ExitCode {
        let Self { ran, failed, skipped, .. } = self;
        println!("\n{ran} experiments, {} as expected, {} not", ran - failed.len(), failed.len());
        for rows in skipped {
            println!("skipped: {rows}");
        }
        if failed.is_empty() && ran > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Fails with a description of the problem.
pub fn check(kept: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if kept { Ok(()) } else { Err(problem()) }
}
