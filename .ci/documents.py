#!/usr/bin/env python3
"""Checks that the links, paths and functions that the documents for contributors name exist.

Each error is a line `file:line: what is wrong`; the exit status is 1 if there is any. Checked are relative links
with their `#` anchors, each path that begins with a folder of the repository, and in a table with the columns
`file` and `function` that the file has the function.
"""

import posixpath
import re
import subprocess
import sys
from pathlib import Path

DOCUMENTS = (
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/ARCHITECTURE.md",
    "runtime/docs/benchmarks.md", "runtime/docs/compare.md", "runtime/docs/design.md",
)

LINK = re.compile(r"\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]*))?\)")
PATH = re.compile(r"(?<![\w./-])(?:\.ci|docs|examples|macros|runtime|tests)/[\w./-]*[\w/]")
CODE = re.compile(r"`([^`]*)`")
CELL_BREAK = re.compile(r"(?<!\\)\|")


def check(root):
    errors = []
    files = tracked(root)
    exists = files | {parent.as_posix() for file in files for parent in Path(file).parents}
    for document in DOCUMENTS:
        if document not in files:
            errors.append(f"{document}:1: the document is missing")
            continue
        columns = []
        for number, line in enumerate((root / document).read_text(encoding="utf-8").splitlines(), 1):
            wrong = [f"`{path}` does not exist" for path in PATH.findall(line) if path.rstrip("/") not in exists]
            wrong += [
                f"the link `{target}{anchor and '#' + anchor}` leads nowhere"
                for target, anchor in LINK.findall(line)
                if not leads_somewhere(root, document, target, anchor, exists)
            ]
            cells = [cell.strip() for cell in CELL_BREAK.split(line)[1:-1]] if line.startswith("|") else []
            columns = (columns or cells) if cells else []
            if cells and "file" in columns and "function" in columns and len(cells) == len(columns):
                file, function = (CODE.findall(cells[columns.index(name)]) for name in ("file", "function"))
                wrong += missing_functions(root, file, function)
            errors += [f"{document}:{number}: {text}" for text in wrong]
    return errors


def tracked(root):
    """The files of the repository, without what git ignores."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    )
    return {name for name in listed.stdout.split("\0") if name and (root / name).exists()}


def leads_somewhere(root, document, target, anchor, exists):
    path = document
    if target:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(document), target))
    if path not in exists:
        return False
    return not anchor or anchor in headings((root / path).read_text(encoding="utf-8"))


def headings(text):
    """The anchors that a forge makes of the headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def missing_functions(root, files, functions):
    text = "".join((root / file).read_text(encoding="utf-8") for file in files if (root / file).is_file())
    return [
        f"`{files[0] if files else '?'}` has no function `{name}`"
        for name in functions
        if not re.search(rf"\bfn {re.escape(name)}\b", text)
    ]


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    errors = check(root)
    for error in errors:
        print(error, file=sys.stderr)
    if not errors:
        print(f"the links and paths of {len(DOCUMENTS)} documents exist")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
