#!/usr/bin/env python3
"""Checks tests/REQUIREMENTS.md against the tests, and that each setting has a documented default.

Each error is a line `file:line: what is wrong: what to do`; the exit status is 1 if there is any.
tests/REQUIREMENTS.md says what counts as a proof and as a documented default. Types and variables are found
by their names, in whatever file they are.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = "tests/REQUIREMENTS.md"

OWN_PATH = ".ci/requirements.py"

# They name ids that do not exist.
OWN_FILES = {OWN_PATH, ".ci/test_requirements.py"}

TEST_LANGUAGES = {".rs", ".py", ".mjs"}

# A section alone (`R-A: reading the token`) is no id. What begins like an id must be one.
ID = re.compile(r"(?<![A-Za-z0-9_-])R-[A-Za-z]*\d\w*")
WELL_FORMED = re.compile(r"R-[A-Z][1-9][0-9]*")
RANGE = re.compile(rf"({ID.pattern})\s*(?:to|through|–)\s*(R-[A-Za-z]*\d\w*)")

SECTION = re.compile(r"## ([A-Z])\. \S")
ROW = re.compile(r"- \*\*(?P<id>[^*]*)\*\*(?P<planned> \(planned\))? \S")

CONFIGURATION = "ResourceServerConfig"
DEFAULT = re.compile(r"\bDefault: \S|\bRequired\b")
VARIABLE = re.compile(r"\bREQUIRES_AUTH_([A-Z][A-Z0-9_]*)\b")


class Source:
    """A file, with what is needed to find the line of an offset."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1


class Row:
    def __init__(self, line, planned):
        self.line = line
        self.planned = planned
        self.proofs = set()


class Check:
    """Reads a tree and collects what is wrong with it."""

    def __init__(self, root):
        self.errors = []
        self.sources = read(root)
        self.rows = {}

    def run(self):
        self.read_document()
        self.read_mentions()
        self.check_proofs()
        self.check_settings()
        return self.errors

    def error(self, path, line, wrong, remedy):
        self.errors.append((path, line, f"{path}:{line}: {wrong}: {remedy}"))

    # The document

    def read_document(self):
        document = next((source for source in self.sources if source.path == DOCUMENT), None)
        if document is None:
            self.error(DOCUMENT, 1, "the document is missing", "restore it")
            return
        section, row, sourced = None, None, True
        lines = document.text.splitlines() + ["## "]
        for number, line in enumerate(lines, 1):
            if (line.startswith(("- **", "## "))) and row is not None and not sourced:
                self.error(
                    DOCUMENT, self.rows[row].line, f"{row} names no source",
                    "add a line `  - Source: …` with the section of the standard, or `this project`",
                )
            if line.startswith("## "):
                heading = SECTION.match(line)
                section, row = heading and heading[1], None
            elif section and line.startswith("- "):
                row, sourced = self.read_row(number, line, section), False
            elif line.startswith("  - Source: "):
                sourced = True
        if not self.rows:
            self.error(DOCUMENT, 1, "it has no rows", "write a row as `- **R-A1** statement` below `## A. Title`")

    def read_row(self, number, line, section):
        match = ROW.match(line)
        if match is None:
            self.error(
                DOCUMENT, number, "the row is malformed",
                "write `- **R-A1** statement`, or `- **R-A1** (planned) statement`",
            )
            return None
        name = match["id"]
        if not WELL_FORMED.fullmatch(name):
            self.error(
                DOCUMENT, number, f"the id `{name}` is malformed",
                "write `R-`, the letter of the section, and a number that does not begin with 0",
            )
        elif name in self.rows:
            self.error(
                DOCUMENT, number, f"{name} is already in line {self.rows[name].line}",
                "take the next free number of the section",
            )
        else:
            self.rows[name] = Row(number, match["planned"] is not None)
            if name[2] != section:
                self.error(DOCUMENT, number, f"{name} is in section {section}", f"move it to section {name[2]}")
            return name
        return None

    # What names the rows

    def read_mentions(self):
        for source in self.sources:
            if source.path in OWN_FILES:
                continue
            spans = proof_spans(source)
            for offset, names in mentions(source.text):
                line = source.line(offset)
                for name in names:
                    if not WELL_FORMED.fullmatch(name):
                        if source.path != DOCUMENT:
                            self.error(
                                source.path, line, f"`{name}` is no id of a requirement",
                                f"write it as in {DOCUMENT}, such as `R-A1`",
                            )
                    elif name not in self.rows:
                        self.error(
                            source.path, line, f"{name} has no row",
                            f"name a row of {DOCUMENT}, or add one",
                        )
                    elif any(begin <= offset < end for begin, end in spans):
                        self.rows[name].proofs.add((source.path, line))

    def check_proofs(self):
        for name, row in self.rows.items():
            if row.planned and row.proofs:
                path, line = min(row.proofs)
                self.error(
                    DOCUMENT, row.line, f"{name} is marked as planned, but {path}:{line} proves it",
                    "remove `(planned)`, or the id from the test",
                )
            elif not row.planned and not row.proofs:
                self.error(
                    DOCUMENT, row.line, f"{name} has no proof",
                    f"name it in a test that fails without the behaviour (`// {name}`), or mark it `(planned)`",
                )

    # The settings

    def check_settings(self):
        library = [source for source in self.sources if is_library(source)]
        code = [Code(source) for source in library]
        builders = {match[1] for one in code for match in BUILDER.finditer(one.bare)}
        keys, setters = {}, 0
        for one in code:
            for field in one.fields(CONFIGURATION):
                keys[field.name] = field
                self.check_default(field, f"the key `{field.name}`")
            for builder, setter in one.setters(builders):
                setters += 1
                self.check_default(setter, f"`{builder}::{setter.name}`")
        if not keys:
            self.error(OWN_PATH, 1, f"no `pub struct {CONFIGURATION}` has fields", "correct its name here")
        if not setters:
            self.error(OWN_PATH, 1, "no public `…Builder` has setters", "correct the pattern here")
        if keys:
            self.check_variables(code, keys)
            self.check_tables(keys)

    def check_default(self, item, what):
        if not DEFAULT.search(item.doc):
            self.error(
                item.source.path, item.line, f"{what} has no documented default",
                "say `Default: …` in its doc comment, or `Required` where there is none",
            )

    def check_variables(self, code, keys):
        """Each variable that the code or its documentation names is that of a key."""
        for one in code:
            for match in VARIABLE.finditer(one.source.text):
                if not one.is_test(match.start()):
                    self.check_variable(one.source, match, keys)
        for source in self.sources:
            if source.path.endswith(".md") and source.path not in (DOCUMENT, "CHANGELOG.md"):
                for match in VARIABLE.finditer(source.text):
                    self.check_variable(source, match, keys)

    def check_variable(self, source, match, keys):
        if match[1].lower() not in keys:
            self.error(
                source.path, source.line(match.start()), f"`{match[0]}` is no setting",
                f"name the variable of a key of `{CONFIGURATION}`",
            )

    def check_tables(self, keys):
        for source in self.sources:
            if not source.path.endswith(".md"):
                continue
            for line, rows in key_tables(source.text):
                for name in sorted(keys.keys() - rows.keys()):
                    self.error(
                        source.path, line, f"the table of settings lacks the key `{name}`",
                        "add a row for it",
                    )
                for name in sorted(rows.keys() - keys.keys()):
                    self.error(
                        source.path, rows[name], f"the key `{name}` does not exist",
                        "remove the row, or correct its name",
                    )


# Ids in a text


def mentions(text):
    """The offset and the ids of each mention; a range stands for all of its ids."""
    behind = 0
    for match in ID.finditer(text):
        if match.start() < behind:
            continue
        whole = RANGE.match(text, match.start())
        if whole is None:
            yield match.start(), [match[0]]
        else:
            behind = whole.end()
            yield match.start(), ids_of_range(whole[1], whole[2])


def ids_of_range(first, last):
    if not (WELL_FORMED.fullmatch(first) and WELL_FORMED.fullmatch(last)):
        return [first, last]
    begin, end = int(first[3:]), int(last[3:])
    if first[2] != last[2] or begin >= end:
        # Not well-formed as a whole, so it is reported.
        return [f"{first} to {last}"]
    return [f"R-{first[2]}{number}" for number in range(begin, end + 1)]


# Files


def read(root):
    """The text files of the tree, without what git ignores."""
    sources = []
    for path in paths(root):
        file = root / path
        if file.is_symlink() or not file.is_file():
            continue
        try:
            sources.append(Source(path, file.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return sources


def paths(root):
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True,
        )
        return sorted({name.decode() for name in listed.stdout.split(b"\0") if name})
    found = []
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if name not in (".git", "target", "node_modules")]
        found += [Path(directory, file).relative_to(root).as_posix() for file in files]
    return sorted(found)


def is_test_file(path):
    parts = path.split("/")
    return "tests" in parts[:-1] or parts[-1] == "tests.rs"


def is_library(source):
    """Code of the libraries, which is what has settings."""
    parts = source.path.split("/")
    return (
        source.path.endswith(".rs") and "src" in parts[:-1] and not is_test_file(source.path)
    )


def proof_spans(source):
    """Where in a file an id is a proof."""
    if Path(source.path).suffix not in TEST_LANGUAGES:
        return []
    if is_test_file(source.path):
        return [(0, len(source.text))]
    if source.path.endswith(".rs"):
        return Code(source).test_spans
    return []


# Rust

# Comments, strings and characters. A lifetime has no closing quote.
OPAQUE = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | (?<![A-Za-z0-9_])b?c?r(?P<hashes>\#*)".*?"(?P=hashes)
    | b?c?"(?:\\.|[^"\\])*"
    | b?'(?:\\[^\n]+?|[^'\\\n])'
    """,
    re.VERBOSE | re.DOTALL,
)

TEST_ATTRIBUTE = re.compile(r"#\[\s*cfg\s*\(\s*(?:test\b|all\s*\(\s*test\b)[^\]]*\]")
BUILDER = re.compile(r"\bpub\s+struct\s+(\w+Builder)\b")
IMPL = re.compile(r"^[ \t]*impl\b(?P<head>[^{};]*)\{", re.MULTILINE)
FIELD = re.compile(r"^[ \t]*pub\s+(?P<name>(?:r\#)?\w+)\s*:", re.MULTILINE)
FUNCTION = re.compile(r"^[ \t]*pub\s+(?:async\s+|const\s+)*fn\s+(?P<name>\w+)(?P<rest>[^{;]*)[{;]", re.MULTILINE)


class Item:
    """A field or a function, with its doc comment."""

    def __init__(self, source, name, offset):
        self.source = source
        self.name = name
        self.line = source.line(offset)
        self.doc = doc_above(source.text, offset)


class Code:
    """Rust code, and the same with spaces for comments and literals, so that brackets can be matched."""

    def __init__(self, source):
        self.source = source
        self.bare = OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source.text)
        self.test_spans = [
            (match.start(), self.end_of_item(match.end()))
            for match in TEST_ATTRIBUTE.finditer(self.bare)
        ]

    def is_test(self, offset):
        return any(begin <= offset < end for begin, end in self.test_spans)

    def end_of_item(self, offset):
        """Behind the `;`, or behind the block, that ends the item that begins here."""
        depth = 0
        for at in range(offset, len(self.bare)):
            character = self.bare[at]
            if character == "{" and depth == 0:
                return self.closing(at)
            if character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
                # The end of what the item is in, as for a field without a comma.
                if depth < 0:
                    return at
            elif character in ";," and depth == 0:
                return at + 1
        return len(self.bare)

    def closing(self, opening):
        """Behind the bracket that closes the one here."""
        depth = 0
        for at in range(opening, len(self.bare)):
            if self.bare[at] == "{":
                depth += 1
            elif self.bare[at] == "}":
                depth -= 1
                if depth == 0:
                    return at + 1
        return len(self.bare)

    def fields(self, name):
        """The public fields of a public struct."""
        for struct in re.finditer(rf"\bpub\s+struct\s+{name}\s*\{{", self.bare):
            end = self.closing(struct.end() - 1)
            for field in FIELD.finditer(self.bare, struct.end(), end):
                yield Item(self.source, field["name"].removeprefix("r#"), field.start("name"))

    def setters(self, builders):
        """The public functions of these types that take the builder and return it."""
        for block in IMPL.finditer(self.bare):
            builder = re.search(r"\b(\w+Builder)\b", block["head"])
            if builder is None or builder[1] not in builders or " for " in block["head"]:
                continue
            end = self.closing(block.end() - 1)
            for function in FUNCTION.finditer(self.bare, block.end(), end):
                takes_self = re.match(r"[^(]*\(\s*(?:&\s*)?(?:mut\s+)?self\b", function["rest"])
                returns_self = re.search(r"->\s*(?:&\s*mut\s+)?Self\b", function["rest"])
                if takes_self and returns_self:
                    yield builder[1], Item(self.source, function["name"], function.start("name"))


def doc_above(text, offset):
    """The doc comment of the item in this line, with the attributes between them left out."""
    lines = text[:offset].split("\n")[:-1]
    doc = []
    for line in reversed(lines):
        line = line.strip()
        if line.startswith("///"):
            doc.append(line[3:].strip())
        elif not line or line[-1] in "{};" or (line.endswith(",") and not line.startswith("#")):
            break
    return " ".join(reversed(doc))


# Markdown


def key_tables(text):
    """The line and the keys, with their lines, of each table whose first column is headed `key`."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not re.match(r"\|\s*key\s*\|", line):
            continue
        rows = {}
        for below, row in enumerate(lines[number + 2 :], number + 3):
            cell = re.match(r"\|\s*`(\w+)`", row)
            if not row.startswith("|"):
                break
            if cell:
                rows[cell[1]] = below
        yield number + 1, rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="print the files that prove each row, and check nothing")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parent.parent,
        help="the tree to check (default: the one that this file is in)",
    )
    arguments = parser.parse_args()
    check = Check(arguments.root)
    errors = check.run()
    if arguments.list:
        for name, row in check.rows.items():
            print(name, "(planned)" if row.planned else "", *sorted({path for path, _ in row.proofs}))
        return 0
    for _, _, message in sorted(errors):
        print(message, file=sys.stderr)
    if errors:
        return 1
    planned = sum(row.planned for row in check.rows.values())
    print(f"{len(check.rows) - planned} requirements with a proof, {planned} planned")
    return 0


if __name__ == "__main__":
    sys.exit(main())
