//! Comparison with a file that was reviewed.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Manifest;
use super::changes::Changes;
use super::json::{Document, Function, VERSION};

/// With the value `1`, the file is written, not compared.
const VARIABLE: &str = "UPDATE_MANIFEST";

impl Manifest {
    /// Panics if the manifest differs from a file, which is in version control and was reviewed there.
    ///
    /// ```no_run
    /// use journal as _; // Links the crate whose functions are guarded.
    /// # mod journal {}
    /// use requires_auth::Manifest;
    ///
    /// #[test]
    /// fn every_change_of_a_guard_is_reviewed() {
    ///     Manifest::collect().assert_unchanged("tests/manifest.json");
    /// }
    /// ```
    ///
    /// The path is relative to the working directory, which `cargo test` sets to the directory of the package. The
    /// file has the shape of [`to_json`](Self::to_json) without `file` and `line`, so that moved code does not change
    /// it. To write it, run the test with the environment variable `UPDATE_MANIFEST=1`.
    ///
    /// The values of `scopes_from` and `when` are compared as text: another one may accept other callers, so each change
    /// of one is listed as weakened. What the function in `scopes_from` returns is not compared.
    ///
    /// # Panics
    /// If the file does not exist, is no manifest, or differs. The message lists what is weakened, removed, changed,
    /// strengthened and added, and says how to accept it. Also if there is no function at all, since a test that
    /// links none of the program would always pass.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion for tests")]
    pub fn assert_unchanged(&self, path: impl AsRef<Path>) {
        let update = std::env::var_os(VARIABLE).is_some_and(|value| value == "1");
        if let Err(difference) = self.compare_or_update(path.as_ref(), update) {
            panic!("{difference}");
        }
    }

    fn compare_or_update(&self, path: &Path, update: bool) -> Result<(), Difference> {
        if self.entries().is_empty() {
            return Err(Difference::NoFunctions);
        }
        let after: Vec<Function> = self.entries().iter().map(Function::of).collect();
        if update {
            return write(path, &after).map_err(|error| Difference::NotWritten(path.into(), error));
        }
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return Err(Difference::NotRead(path.into(), error)),
        };
        let before = match serde_json::from_str::<Document>(&text) {
            Ok(document) if document.version == VERSION => document.functions,
            Ok(document) => return Err(Difference::OtherVersion(path.into(), document.version)),
            Err(error) => return Err(Difference::NotParsed(path.into(), error)),
        };
        let changes = Changes::between(&before, &after);
        if changes.is_empty() {
            return Ok(());
        }
        Err(Difference::Changed(path.into(), changes.to_string()))
    }
}

fn write(path: &Path, functions: &[Function]) -> io::Result<()> {
    let without_source = |it: &Function| Function { file: None, line: None, ..it.clone() };
    let functions = functions.iter().map(without_source).collect();
    fs::write(path, Document { version: VERSION, functions }.to_text())
}

/// Why a manifest is not that of the file.
#[derive(Debug)]
enum Difference {
    NoFunctions,
    NotRead(PathBuf, io::Error),
    NotWritten(PathBuf, io::Error),
    NotParsed(PathBuf, serde_json::Error),
    OtherVersion(PathBuf, u32),
    /// The file, and the changes as text.
    Changed(PathBuf, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFunctions => f.write_str(
                "the manifest is empty: no guarded function is linked into this program\n\
                 help: write `use my_crate as _;` with the name of the crate that has the functions",
            ),
            Self::NotRead(path, error) => write!(
                f,
                "the manifest `{}` cannot be read: {error}\n\
                 help: to create it, run this test with {VARIABLE}=1, and review it",
                path.display()
            ),
            Self::NotWritten(path, error) => {
                write!(f, "the manifest `{}` cannot be written: {error}", path.display())
            }
            Self::NotParsed(path, error) => write!(
                f,
                "the file `{}` is no manifest: {error}\n\
                 help: restore it, or run this test with {VARIABLE}=1, and review the difference",
                path.display()
            ),
            Self::OtherVersion(path, version) => write!(
                f,
                "the manifest `{}` has version {version}, and this crate writes {VERSION}\n\
                 help: run this test with {VARIABLE}=1, and review the difference",
                path.display()
            ),
            Self::Changed(path, changes) => write!(
                f,
                "the guards of this program are not those in `{}`\n\n{changes}\
                 help: if every change is intended, run this test with {VARIABLE}=1, and commit the file",
                path.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests;
