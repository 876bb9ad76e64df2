"""Answers questions of .ci/run about the workspace; reads `cargo metadata` on standard input."""

import json
import re
import sys
from pathlib import Path


def main(question):
    metadata = json.load(sys.stdin)
    packages = {package["id"]: package for package in metadata["packages"]}
    members = [packages[member] for member in metadata["workspace_members"]]
    published = [member for member in members if member["publish"] != []]
    if question == "features":
        features(published)
    elif question == "feature-table":
        feature_table(next(package for package in published if package["name"] == "requires-auth"))
    elif question == "msrv":
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        msrv(members, published, packages, nodes)
    else:
        sys.exit(f"metadata.py: unknown question: {question}")


def features(published):
    """A line for each feature of each published package, and one with `-` for no feature at all."""
    for package in published:
        for feature in ["-", *sorted(package["features"])]:
            print(package["name"], feature)


def feature_table(package):
    """The table of features of the README, with the comment above each feature in the manifest."""
    features = package["features"]
    manifest = Path(package["manifest_path"]).read_text(encoding="utf-8")
    print("| feature | default | what it adds | optional crates |")
    print("|---|---|---|---|")
    for comment, name in re.findall(r"((?:^# .*\n)*)^([\w-]+) = \[", section(manifest, "features"), re.MULTILINE):
        if name == "default":
            continue
        if not comment:
            sys.exit(f"{package['manifest_path']}: the feature `{name}` has no comment above it")
        text = " ".join(line.removeprefix("# ") for line in comment.splitlines())
        crates = (f"`{value.removeprefix('dep:')}`" for value in features[name] if value.startswith("dep:"))
        print(f"| `{name}` | {default(name, features)} | {text} | {', '.join(crates)} |")


def section(manifest, name):
    return manifest.split(f"\n[{name}]\n")[1].split("\n[")[0]


def default(name, features):
    """Whether a feature is a default, or a default enables it."""
    if name in features["default"]:
        return "yes"
    defaults = [f"`{other}`" for other in features["default"] if name in features[other]]
    return f"with {', '.join(defaults)}" if defaults else "no"


def msrv(members, published, packages, nodes):
    """Every member declares `rust-version`; what a user compiles declares no newer one."""
    silent = [member["name"] for member in members if not member["rust_version"]]
    if silent:
        sys.exit("without rust-version: " + ", ".join(silent))
    for member in members:
        print(f"{member['name']}: rust-version {member['rust_version']}")

    too_new = []
    for package in published:
        dependencies = [packages[dependency] for dependency in compiled_with(package["id"], nodes)]
        declared = [dependency for dependency in dependencies if dependency["rust_version"]]
        for dependency in declared:
            if parse(dependency["rust_version"]) > parse(package["rust_version"]):
                too_new.append(
                    f"{package['name']} declares rust-version {package['rust_version']}, but depends on "
                    f"{dependency['name']} {dependency['version']}, which declares {dependency['rust_version']}"
                )
    if too_new:
        sys.exit("\n".join(sorted(too_new)))


def compiled_with(root, nodes):
    """Ids of what `root` is compiled with, itself included; its tests' dependencies are not."""
    seen, queue = set(), [root]
    while queue:
        package = queue.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                queue.append(dependency["pkg"])
    return seen


def parse(version):
    numbers = [int(number) for number in version.split("-")[0].split(".")]
    return numbers + [0] * (3 - len(numbers))


main(*sys.argv[1:])
