"""Writes `docs/compatibility.md`: every operation of the published model and every kind of key, and what of them is there.

Made from botocore's model, what the `schemas` program prints of the product, and `differences.toml`. Run by `cargo xtask
compatibility`; the page that stands is held against it by a test.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tomllib

from botocore.loaders import Loader

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs/compatibility.md"
SCHEMAS = os.environ.get("KEYSTEAD_SCHEMAS", ROOT / "target/debug/schemas")
MODEL = Loader().load_service_model("kms", "service-2")
LISTED = tomllib.loads((HERE / "differences.toml").read_text())

INTRODUCTION = """\
# Compatibility with AWS KMS

Made by `cargo xtask compatibility` from the published service model, the operations and kinds of key that are built, and
`tests/conformance/differences.toml`; a test fails when this page is not what they say. Changes are made there, not here.
"""

OPERATIONS = """
## Operations

Of the {total} operations in the published model {there} are there. Calls to {refused} more are always refused. Missing are
{absent}, which answer `UnknownOperationException`.

| operation | is there | what differs |
|---|---|---|
"""

KEY_SPECS = """
## Kinds of key

The {total} key specs of the published model. A key has one usage for its whole life.

| key spec | key usage | algorithms | as a data key pair |
|---|---|---|---|
"""


def printed(*arguments):
    """What the `schemas` program prints."""
    return json.loads(subprocess.run([SCHEMAS, *arguments], check=True, capture_output=True, text=True).stdout)


def operations(built):
    """The row of each operation, and how many are there, refused and absent so far."""
    listed = {entry["name"]: entry for entry in LISTED.get("operation", []) if isinstance(entry["name"], str)}
    members = collections.defaultdict(list)
    for entry in LISTED.get("difference", []):
        members[entry["operation"]].append(f"`{entry['member']}`: {entry['reason']}")
    counts = collections.Counter(there=0, refused=0, absent=0)
    for name in sorted(MODEL["operations"].keys() | built):
        what = listed[name]["what"] if name in listed else "there" if name in built else "absent"
        counts[what] += 1
        said = {"there": "yes", "refused": "refuses", "absent": "no"}[what]
        reasons = [listed[name]["reason"]] if name in listed else []
        yield f"| {name} | {said} | {' '.join([*reasons, *members[name]])} |".replace("|  |", "| |"), counts


def key_specs(kinds):
    """The rows of all kinds of key: a row for each usage."""
    for kind in kinds:
        for number, use in enumerate(kind["uses"]):
            name = kind["name"] if number == 0 else "the same"
            pair = " yes" if number == 0 and kind["dataKeyPairs"] else ""
            yield f"| {name} | {use['usage']} | {', '.join(use['algorithms'])} |{pair} |"
    for name in MODEL["shapes"]["KeySpec"]["enum"]:
        if name not in {kind["name"] for kind in kinds}:
            yield f"| {name} | is not there | | |"


def page():
    """The whole page."""
    rows, counts = [], collections.Counter()
    for row, counts in operations(printed()["kms"].keys()):
        rows.append(row)
    kinds = list(key_specs(printed("--key-specs")))
    return "".join([
        INTRODUCTION,
        OPERATIONS.format(total=counts.total(), **counts),
        *(f"{row}\n" for row in rows),
        KEY_SPECS.format(total=len(MODEL["shapes"]["KeySpec"]["enum"])),
        *(f"{row}\n" for row in kinds),
    ])


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} is written\n")
