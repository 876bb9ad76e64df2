//! A manifest as Markdown.

use super::Manifest;
use super::json::Function;
use super::requirement::{Requirement, on_one_line};

impl Manifest {
    /// A table in Markdown, for a pull request or a wiki, in the syntax of GitHub.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut table =
            String::from("| function | kind | requires | source |\n|---|---|---|---|\n");
        for entry in self.entries() {
            let requirement = Requirement(&Function::of(entry)).to_string();
            let path = on_one_line(&entry.path());
            let cells = [&path, entry.kind().as_str(), &requirement, &entry.location()];
            for cell in cells {
                table += "| ";
                table += &escape(cell);
                if !cell.is_empty() {
                    table.push(' ');
                }
            }
            table += "|\n";
        }
        table
    }
}

/// Escapes what Markdown or HTML would interpret.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character => escaped.push(character),
        }
    }
    escaped
}
