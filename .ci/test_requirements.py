#!/usr/bin/env python3
"""Tests of requirements.py: each fault is put into a small tree that is correct, and must be the only error."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import requirements  # noqa: E402

DOCUMENT = "tests/REQUIREMENTS.md"
CONFIG = "runtime/src/settings/file.rs"
BUILDER = "runtime/src/settings/code.rs"
UNIT = "runtime/src/header.rs"

TREE = {
    DOCUMENT: """# Requirements

- **Not a row**: `// R-A1` names one, and `// R-A1 to R-A3` three.

## A. Reading

- **R-A1** A statement
  over two lines.
  - Source: RFC 6750 §2.1.
- **R-A2** Another one.
  - Source: this project.
  - Details: see R-A1.
- **R-A3** A third one.
  - Source: this project.
- **R-A4** (planned) What does not exist yet.
  - Source: this project.

## B. Answers

- **R-B1** Proved beside the code.
  - Source: this project.
""",
    "tests/e2e/reading.rs": "//! R-A: reading.\n#[test]\nfn reads() {\n    // R-A1 to R-A3\n}\n",
    UNIT: """//! Reads it (R-A4 is not done yet).

/// A string with a brace: R-A4.
const OPEN: &str = "{ R-A4";
const QUOTE: char = '"';

#[cfg(all(test, feature = "x"))]
mod tests {
    const RAW: &str = r#"} " }"#;
    #[test]
    fn reads<'a>() {
        // R-B1
    }
}

fn code() {} // R-A4
""",
    CONFIG: """/// All settings, such as `REQUIRES_AUTH_DEADLINE_MS`.
pub struct ResourceServerConfig {
    /// The resource. Required.
    pub resource: String,
    /// How long it may take, in
    /// milliseconds. Default: 5000.
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    only_known: OnlyKnown,
}

#[cfg(test)]
mod tests {
    const UNKNOWN: &str = "REQUIRES_AUTH_UNKNOWN";
}
""",
    BUILDER: """pub struct ServerBuilder<R> { resolver: R }

impl<R: Resolver> ServerBuilder<R> {
    fn new(resolver: R) -> Self { Self { resolver } }

    /// How long it may take. Default: 5 s.
    pub fn deadline(mut self, deadline: Duration) -> Self { self }

    /// Whether it is on. Default: off.
    #[must_use]
    pub fn on<S: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self
    }

    /// Builds it.
    pub fn build(self) -> Server { Server }
}

impl fmt::Debug for ServerBuilder<R> {
    fn fmt(&self) -> Self {}
}
""",
    "README.md": "Set `REQUIRES_AUTH_RESOURCE`, or any `REQUIRES_AUTH_…`.\n\n"
    "| key | default |\n|---|---|\n| `resource` | none |\n| `deadline_ms` | 5000 |\n\nR-A1\n",
    "CHANGELOG.md": "- `REQUIRES_AUTH_REMOVED` is gone.\n",
}


class Faults(unittest.TestCase):
    def errors(self, tree, in_git=False):
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for path, text in tree.items():
                file = root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            if in_git:
                subprocess.run(["git", "init", "--quiet", directory], check=True)
            return [message for _, _, message in requirements.Check(root).run()]

    def change(self, path, old, new):
        self.assertEqual(TREE[path].count(old), 1, f"{old!r} in {path}")
        return {**TREE, path: TREE[path].replace(old, new)}

    def fault(self, path, old, new, begin, *parts):
        """The one error begins with its place, and has these parts."""
        errors = self.errors(self.change(path, old, new))
        self.assertEqual(len(errors), 1, errors)
        self.assertTrue(errors[0].startswith(begin), errors[0])
        for part in parts:
            self.assertIn(part, errors[0])

    def test_the_tree_is_correct(self):
        self.assertEqual(self.errors(TREE), [])

    def test_what_git_ignores_is_not_read(self):
        ignored = {"out/tests/x.rs": "// R-Z9", ".gitignore": "out\n"}
        self.assertEqual(self.errors({**TREE, **ignored}, in_git=True), [])
        self.assertEqual(len(self.errors({**TREE, **ignored})), 1)

    # (a)

    def test_a_row_without_a_proof(self):
        self.fault(
            UNIT, "// R-B1", "// none", f"{DOCUMENT}:20: R-B1 has no proof: ", "`// R-B1`", "(planned)"
        )

    def test_code_that_is_no_test_proves_nothing(self):
        self.fault(UNIT, "#[cfg(all(test, feature", "#[cfg(any(test, feature", f"{DOCUMENT}:20: R-B1 has no proof")
        for path in ["runtime/benches/b.rs", "runtime/src/testing/x.rs", "tests/notes.md", "runtime/src/doc.rs"]:
            tree = {**self.change(UNIT, "// R-B1", "// none"), path: "/// R-B1\nfn f() {} // R-B1\n"}
            self.assertEqual(len(self.errors(tree)), 1, path)

    def test_each_place_of_a_test_proves_a_row(self):
        for path in ["macros/src/x/tests.rs", "macros/src/x/tests/y.rs", "tests/clients/a.mjs", "examples/tests/a.py"]:
            tree = {**self.change(UNIT, "// R-B1", "// none"), path: "// R-B1\n"}
            self.assertEqual(self.errors(tree), [], path)

    def test_a_range_proves_its_rows_and_no_others(self):
        path = "tests/e2e/reading.rs"
        self.fault(path, "R-A1 to R-A3", "R-A1, R-A3", f"{DOCUMENT}:10: R-A2 has no proof")
        self.fault(path, "R-A1 to R-A3", "R-A1 to R-A2", f"{DOCUMENT}:13: R-A3 has no proof")

    # (b)

    def test_an_id_without_a_row(self):
        self.fault("README.md", "\nR-A1", "\nR-A7", "README.md:8: R-A7 has no row: ", "add one")
        self.fault(UNIT, "// R-B1", "// R-B1, R-B2", f"{UNIT}:12: R-B2 has no row")
        self.fault(DOCUMENT, "see R-A1", "see R-A9", f"{DOCUMENT}:12: R-A9 has no row")
        errors = self.errors(self.change("README.md", "\nR-A1", "\nR-B1 to R-B3"))
        self.assertEqual([error.split(": ")[1] for error in errors], ["R-B2 has no row", "R-B3 has no row"])

    # (c)

    def test_a_planned_row_with_a_proof(self):
        self.fault(
            "tests/e2e/reading.rs", "R-A1 to R-A3", "R-A1 to R-A4",
            f"{DOCUMENT}:15: R-A4 is marked as planned, but tests/e2e/reading.rs:4 proves it: ", "remove `(planned)`",
        )

    # (d)

    def test_a_duplicate_id(self):
        added = "- **R-A1** Twice.\n  - Source: this project.\n\n## B. Answers\n"
        (error,) = self.errors(self.change(DOCUMENT, "## B. Answers\n", added))
        self.assertTrue(error.startswith(f"{DOCUMENT}:18: R-A1 is already in line 7: "), error)

    def test_a_malformed_row_or_id(self):
        for line, wrong in [
            ("- **R-A05** x", "the id `R-A05` is malformed"),
            ("- **R-a5** x", "the id `R-a5` is malformed"),
            ("- **RA5** x", "the id `RA5` is malformed"),
            ("- **R-B5** (planned) x", "R-B5 is in section A: move it to section B"),
            ("- R-A5 x", "the row is malformed"),
            ("- **R-A5**", "the row is malformed"),
            ("- **R-A5**(planned) x", "the row is malformed"),
        ]:
            added = f"{line}\n  - Source: this project.\n\n## B. Answers\n"
            errors = self.errors(self.change(DOCUMENT, "## B. Answers\n", added))
            self.assertTrue(any(error.startswith(f"{DOCUMENT}:18: {wrong}") for error in errors), (line, errors))

    def test_a_row_without_a_source(self):
        self.fault(DOCUMENT, "  - Source: RFC 6750 §2.1.\n", "", f"{DOCUMENT}:7: R-A1 names no source: ", "Source")
        self.fault(
            DOCUMENT, "beside the code.\n  - Source: this project.\n", "beside the code.\n",
            f"{DOCUMENT}:20: R-B1 names no source",
        )

    def test_a_malformed_mention(self):
        for text in ["R-A01", "R-a1", "R-AB1", "R-1", "R-A3 to R-A1", "R-A1 to R-B1", "R-A1x"]:
            (error,) = self.errors(self.change("README.md", "\nR-A1", f"\n{text}"))
            self.assertTrue(error.startswith(f"README.md:8: `{text}` is no id of a requirement: "), error)

    def test_a_document_that_is_missing_or_empty(self):
        tree = {path: text for path, text in TREE.items() if path != DOCUMENT}
        self.assertTrue(self.errors(tree)[0].startswith(f"{DOCUMENT}:1: the document is missing: "))
        errors = self.errors({**TREE, DOCUMENT: "# Requirements\n"})
        self.assertTrue(errors[0].startswith(f"{DOCUMENT}:1: it has no rows: "))

    # (e)

    def test_a_key_without_a_default(self):
        self.fault(
            CONFIG, " Required.", "", f"{CONFIG}:4: the key `resource` has no documented default: ", "`Default: …`"
        )
        self.fault(CONFIG, "milliseconds. Default: 5000.", "milliseconds.", f"{CONFIG}:8: the key `deadline_ms` ")
        self.fault(CONFIG, "    /// The resource. Required.\n", "", f"{CONFIG}:3: the key `resource` ")

    def test_a_key_that_is_declared_in_a_macro(self):
        feature = '    #[cfg(feature = "redis")]\n'
        declared = TREE[CONFIG].replace("    only_known: OnlyKnown,\n}", "}\n}")
        declared = declared.replace("    #[serde(default)]\n", feature)
        tree = {**TREE, CONFIG: f"settings! {{\n{declared}"}
        self.assertEqual(self.errors(tree), [])
        tree[CONFIG] = tree[CONFIG].replace(" Default: 5000.", "")
        (error,) = self.errors(tree)
        self.assertTrue(error.startswith(f"{CONFIG}:9: the key `deadline_ms` has no documented default: "), error)

    def test_a_setter_without_a_default(self):
        self.fault(
            BUILDER, " Default: 5 s.", "", f"{BUILDER}:7: `ServerBuilder::deadline` has no documented default: "
        )
        self.fault(BUILDER, " Default: off.", " As by default.", f"{BUILDER}:11: `ServerBuilder::on` ")

    def test_a_builder_that_is_not_public_has_no_settings(self):
        builder = "struct OwnBuilder;\nimpl OwnBuilder {\n    pub fn on(self) -> Self {}\n}\n"
        path = "runtime/src/own.rs"
        self.assertEqual(self.errors({**TREE, path: builder}), [])
        (error,) = self.errors({**TREE, path: f"pub {builder}"})
        self.assertTrue(error.startswith(f"{path}:3: `OwnBuilder::on` has no documented default: "), error)

    def test_a_variable_that_is_no_key(self):
        self.fault(
            "README.md", "REQUIRES_AUTH_RESOURCE", "REQUIRES_AUTH_RESORCE",
            "README.md:1: `REQUIRES_AUTH_RESORCE` is no setting: ",
        )
        self.fault(
            CONFIG, "REQUIRES_AUTH_DEADLINE_MS", "REQUIRES_AUTH_DEADLINE",
            f"{CONFIG}:1: `REQUIRES_AUTH_DEADLINE` is no setting",
        )

    def test_a_table_of_settings_that_is_not_complete(self):
        row = "| `deadline_ms` | 5000 |\n"
        self.fault("README.md", row, "", "README.md:3: the table of settings lacks the key `deadline_ms`: ")
        self.fault("README.md", row, f"{row}| `old` | 1 |\n", "README.md:7: the key `old` does not exist: ")

    def test_settings_that_are_not_found(self):
        self.fault(
            CONFIG, "pub struct ResourceServerConfig", "pub struct Other",
            ".ci/requirements.py:1: no `pub struct ResourceServerConfig` has fields: ",
        )
        self.fault(
            BUILDER, "pub struct ServerBuilder<R>", "pub struct Server<R>",
            ".ci/requirements.py:1: no public `…Builder` has setters: ",
        )


if __name__ == "__main__":
    unittest.main()
