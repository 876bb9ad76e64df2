#!/usr/bin/env python3
"""Reports how much of the decision path the tests of the runtime and the e2e tests execute, and fails below all of it.

The decision path is the code from the credentials of a request to its answer, by the stages of docs/ARCHITECTURE.md. Of
each file, two things are counted up to its unit tests: the regions of code, and the branches, each with both outcomes.
A region is a part of a line, such as the exit of a `?`. What no test executes of a file in GATED is an error, unless
EXCLUSIONS has it with a reason; an exclusion that excludes nothing is an error, too.

usage: .ci/coverage.py EXPORT…   the JSON files of `llvm-cov export`
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "runtime/src/"

# Files, and directories with all of their files: the stages but *resolve*, which ends at the network.
GATED = (
    "request.rs", "request/",
    "pipeline.rs", "pipeline/",
    "authenticate/",
    "resolve/resolver.rs",
    "trust/",
    "validate.rs", "validate/",
    "decide.rs", "policy/condition.rs", "policy/requirement.rs", "policy/challenge_scopes.rs",
    "auth_info/authorization.rs",
    "guard.rs", "guard/",
    "layer.rs", "layer/",
    "rejection.rs", "rejection/",
    "axum/extract.rs", "axum/respond.rs",
)

# Only reported: other tests execute them as well, with faults that are injected and with real servers.
REPORTED = ("claims/", "resolve/")

# File, a part of the line or of the first line of its function, and why no test executes it.
EXCLUSIONS = (
    ("authenticate/dpop.rs", "let Some(store) = &self.shared else", "called only where there is a store"),
    ("authenticate/dpop/nonce.rs", 'HeaderValue::from_static("")', "base64url is the value of a header"),
    ("authenticate/dpop/proof_header.rs", "jwk.thumbprint().ok_or(Key)?", "a key that can be used has a thumbprint"),
    ("authenticate/dpop/proof_header.rs", "self.key.for_algorithm", "the key was read for this algorithm"),
    ("guard.rs", "fn from(caller: ", "no type has the bound `WithoutDecision`"),
    ("guard/conditional.rs", "(Err(rejection), Some(observer))", "the layer of an MCP server decides before the function"),
    ("guard/conditional.rs", "observer.rejected(rejection)", "as above"),
    ("guard/extraction.rs", "Self::Authenticating(_) | Self::Complete =>", "the line above has found another state"),
    ("guard/extraction.rs", "Self::Complete => return Poll::Pending", "a future that is polled after it is ready"),
    ("guard/guarded_function.rs", "const fn of<P: Policy>", "the compiler evaluates it"),
    ("guard/guarded_function.rs", "fn argument<A: 'static>", "`check_argument` has rejected other types"),
    ("guard/guarded_function.rs", "check_argument(server, TypeId::of::<A>())?", "a guard of a tool without the attribute"),
    ("layer/future.rs", "let Some(mut next) = call.take() else", "a future that is polled after it is ready"),
    ("layer/future.rs", "return Poll::Pending;", "as above"),
    ("pipeline/possession.rs", "(None, None) =>", "without DPoP, the scheme is not read"),
    ("pipeline/possession.rs", "let (Some(proof), Some(dpop)) = (presented.proof", "called only with a proof"),
    ("pipeline/possession.rs", "return Ok(());", "as above"),
    ("policy/challenge_scopes.rs", 'Condition::All(_) | Condition::Any(_) => ""', "an alternative consists of scopes"),
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
    return any(is_of(file, entry) for entry in GATED + REPORTED) and not re.search(r"(^|/)(tests|fuzz)(\.rs|/)", file)


class Source:
    def __init__(self, file):
        self.file = file
        self.lines = (ROOT / SOURCE / file).read_text(encoding="utf-8").splitlines()
        modules = [number for number, text in enumerate(self.lines, 1) if text.startswith("mod tests {")]
        self.end = modules[0] if modules else len(self.lines) + 1

    def function(self, line):
        """The first line of the function that this line is in, by its indentation; empty if it is in none."""
        for first in range(line, 0, -1):
            text = self.lines[first - 1]
            found = re.match(r"( *)(pub(\([^)]*\))? )?(const |async )*fn ", text)
            if found:
                last = next((n for n in range(first, len(self.lines) + 1) if self.lines[n - 1] == found[1] + "}"), first)
                return text if line <= last else ""
        return ""


def check(source, span, problem, executed, total, column, used, errors):
    first, from_column, last, to_column = span
    if first >= source.end:
        return
    total[column + 1] += 1
    text = source.lines[first - 1]
    exclusions = [item for item in EXCLUSIONS if item[0] == source.file]
    found = [item for item in exclusions if item[1] in text or item[1] in source.function(first)]
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
