#!/usr/bin/env python3
"""Reports how much of the decision path the tests of the runtime execute, and fails below all of its gated files.

The decision path is the code from the credentials of a request to its answer: GATED and REPORTED below, by the stages of
docs/ARCHITECTURE.md. Of each file, two things are counted up to its unit tests: the regions of code, and the branches,
each with both outcomes. What no test executes of a gated file is an error, unless EXCLUSIONS has it with a reason; an
exclusion that excludes nothing is an error, too.

usage: .ci/coverage.py EXPORT…   the JSON files of `llvm-cov export`
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "runtime/src/"

# Of the decision path, what the tests execute whole.
GATED = (
    "authenticate/access_token.rs", "authenticate/credentials.rs", "authenticate/presented_token.rs",
    "authenticate/client_certificate/certificate.rs", "authenticate/client_certificate/peer_address.rs",
    "authenticate/client_certificate/source.rs", "authenticate/dpop/external_url.rs",
    "validate.rs", "validate/",
    "decide.rs", "policy/condition.rs", "policy/requirement.rs",
    "rejection.rs", "rejection/challenge.rs", "rejection/reason.rs",
    "axum/respond.rs",
)

# The rest, files and directories with all of their files, is only reported. Generic functions, above all those of the
# guard and the layers, count as not executed: they are compiled in the test program, which is not instrumented.
REPORTED = (
    "request.rs", "request/",
    "authenticate/",
    "pipeline.rs", "pipeline/",
    "trust/",
    "policy/challenge_scopes.rs",
    "auth_info/authorization.rs",
    "guard.rs", "guard/",
    "layer/",
    "rejection/",
    "axum/extract.rs",
)

# File, a part of the line, and why no test executes it.
EXCLUSIONS = (
    ("validate.rs", "(Some(from), Some(to))", "a clock within milliseconds of the first or the last `SystemTime`"),
    ("rejection/challenge.rs", "is_quotable(&resource_metadata)", "a URL has no other characters"),
    ("rejection/challenge.rs", 'from_static("Bearer realm', "the values are quotable, so the header is valid"),
)

# The kind of a region of code in the export; the others are gaps and expansions of macros.
CODE = 0


def main():
    regions, branches = defaultdict(int), defaultdict(lambda: [0, 0])
    for export in sys.argv[1:]:
        read(json.loads(Path(export).read_text(encoding="utf-8")), regions, branches)
    used, errors = set(), []
    totals = defaultdict(lambda: [0, 0, 0, 0])
    files = {file: Source(file) for file in {key[0] for key in [*regions, *branches]} if is_on_path(file)}
    for (file, *span), count in sorted(regions.items()):
        if file in files:
            check(files[file], span, "is not executed", count > 0, totals[file], 0, used, errors)
    for (file, *span), (true, false) in sorted(branches.items()):
        if file in files:
            for outcome, count in (("true", true), ("false", false)):
                check(files[file], span, f"is never {outcome}", count > 0, totals[file], 2, used, errors)
    for file in sorted(totals):
        print(line(file + (" (gated)" if any(is_of(file, entry) for entry in GATED) else ""), totals[file]))
    print(line("the decision path", [sum(column) for column in zip(*totals.values())]))
    errors += [f"the exclusion {item[:2]} excludes nothing" for item in EXCLUSIONS if item not in used]
    missing = [entry for entry in GATED + REPORTED if not any(is_of(file, entry) for file in files)]
    errors += [f"nothing of {entry} is in the export" for entry in missing]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def read(export, regions, branches):
    """Adds up the counts of each place: of all instances of a generic function, and of all test programs."""
    for function in export["data"][0]["functions"]:
        names = [name.split("/" + SOURCE, 1)[-1] if "/" + SOURCE in name else None for name in function["filenames"]]
        for *span, count, file, _, kind in function["regions"]:
            if kind == CODE and names[file] is not None:
                regions[(names[file], *span)] += count
        for *span, true, false, file, _, _ in function.get("branches", []):
            if names[file] is not None:
                both = branches[(names[file], *span)]
                both[0] += true
                both[1] += false


def is_of(file, entry):
    return file.startswith(entry) if entry.endswith("/") else file == entry


def is_on_path(file):
    return any(is_of(file, entry) for entry in GATED + REPORTED) and not re.search(r"(^|/)tests(\.rs|/)", file)


class Source:
    def __init__(self, file):
        self.file = file
        self.lines = (ROOT / SOURCE / file).read_text(encoding="utf-8").splitlines()
        tests = [number for number, text in enumerate(self.lines, 1) if text == "#[cfg(test)]"]
        self.end = tests[0] if tests else len(self.lines) + 1


def check(source, span, problem, executed, total, column, used, errors):
    first, from_column, last, to_column = span
    if first >= source.end:
        return
    total[column + 1] += 1
    text = source.lines[first - 1]
    found = [item for item in EXCLUSIONS if item[0] == source.file and item[1] in text]
    if executed:
        total[column] += 1
    elif found:
        used.update(found)
        total[column] += 1
    elif any(is_of(source.file, entry) for entry in GATED):
        until = to_column - 1 if last == first else len(text)
        errors.append(f"{SOURCE}{source.file}:{first}:{from_column}: `{text[from_column - 1:until].strip()}` {problem}")


def line(name, total):
    regions, all_regions, outcomes, all_outcomes = total
    return f"{name:<58} {regions:>5}/{all_regions:<5} regions {outcomes:>5}/{all_outcomes:<5} outcomes of branches"


if __name__ == "__main__":
    sys.exit(main())
