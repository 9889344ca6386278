"""Our declarations of shapes against the published models of the installed botocore.

`differences.toml` holds the differences that are meant, each with its reason; one that no longer exists fails too."""

import copy
import fnmatch
import pathlib
import tomllib

import pytest
from botocore.loaders import Loader

HERE = pathlib.Path(__file__).parent
MODELS = {service: Loader().load_service_model(service, "service-2") for service in ("iam", "kms", "sts")}
LISTED = tomllib.loads((HERE / "differences.toml").read_text())
DIFFERENCES, OPERATIONS = LISTED.get("difference", []), LISTED.get("operation", [])
COMPARED = ("type", "min", "max", "pattern", "sensitive")


def compare(shapes, ours, theirs_name, path, seen=()):
    """The differences between one of our rendered schemas and one of the model's shapes, as (path, what)."""
    theirs = shapes[theirs_name]
    if ours is None:
        yield path, "absent"
        return
    for facet in COMPARED:
        mine, other = ours.get(facet), theirs.get(facet)
        if facet == "sensitive":
            mine, other = bool(mine), bool(other)
        if facet == "min" and theirs["type"] in ("string", "list", "blob", "map"):
            mine, other = mine or 0, other or 0  # a least length of 0 says nothing
        if mine != other:
            yield path, facet
    if set(ours.get("enum", [])) != set(theirs.get("enum", [])):
        yield path, "enum"
    if theirs["type"] == "structure" and theirs_name not in seen:
        yield from compare_members(shapes, ours, theirs, path, (*seen, theirs_name))
    elif theirs["type"] == "list":
        yield from compare(shapes, ours.get("member"), theirs["member"]["shape"], f"{path}[]", seen)
    elif theirs["type"] == "map":
        yield from compare(shapes, ours.get("key"), theirs["key"]["shape"], f"{path}.key", seen)
        yield from compare(shapes, ours.get("value"), theirs["value"]["shape"], f"{path}.value", seen)


def compare_members(shapes, ours, theirs, path, seen):
    mine, other = ours.get("members", {}), theirs["members"]
    for name in sorted(mine.keys() - other.keys()):
        yield f"{path}.{name}", "unknown"
    for name, member in other.items():
        yield from compare(shapes, mine.get(name), member["shape"], f"{path}.{name}", seen)
    mine, other = set(ours.get("required", [])), set(theirs.get("required", []))
    # What we always answer the model may leave open; what a caller must send has to be the same.
    for name in sorted(other - mine if path.startswith("output") else other ^ mine):
        yield f"{path}.{name}", "required"


def drift(schemas):
    """All differences, as (operation, member, what)."""
    found = set()
    for service, operations in schemas.items():
        for operation, declared in operations.items():
            model = MODELS[service]["operations"].get(operation)
            if model is None:
                found.add((operation, "", "unknown"))
                continue
            for side in ("input", "output"):
                ours, shapes = declared[side], MODELS[service]["shapes"]
                if side in model:
                    found |= {(operation, *item) for item in compare(shapes, ours, model[side]["shape"], side)}
                # A request may have no parameters.
                elif ours is not None and (side == "output" or ours["members"]):
                    found.add((operation, side, "unknown"))
    return found


def meant():
    """Each listed difference, one for each `what`."""
    for entry in DIFFERENCES:
        what = entry["what"]
        for single in [what] if isinstance(what, str) else what:
            yield entry["operation"], entry["member"], single


def covers(entry, found):
    operation, member, what = entry
    return fnmatch.fnmatchcase(found[0], operation) and fnmatch.fnmatchcase(found[1], member) and what == found[2]


def test_shapes_agree_with_the_published_model(schemas):
    unexpected = sorted(found for found in drift(schemas) if not any(covers(entry, found) for entry in meant()))
    assert not unexpected, "\n".join(map(str, unexpected))


def test_no_difference_that_is_listed_has_gone(schemas):
    found = drift(schemas)
    stale = sorted(entry for entry in meant() if not any(covers(entry, difference) for difference in found))
    assert not stale, "\n".join(map(str, stale))


def names(entry):
    return [entry["name"]] if isinstance(entry["name"], str) else entry["name"]


def named(what):
    return {name for entry in OPERATIONS if entry["what"] == what for name in names(entry)}


def test_every_operation_of_the_model_is_built_or_listed_as_absent(schemas):
    built = {operation for operations in schemas.values() for operation in operations}
    assert built | named("absent") == {operation for model in MODELS.values() for operation in model["operations"]}


def test_no_operation_that_is_listed_is_otherwise(schemas):
    """What is absent is not built, and what is refused is: the test of custom key stores holds its refusal."""
    built = {operation for operations in schemas.values() for operation in operations}
    assert not named("absent") & built
    assert named("refused") <= built
    listed = [name for entry in OPERATIONS for name in names(entry)]
    assert len(listed) == len(set(listed)) and named("absent") | named("refused") == set(listed)
    assert all(len(entry["reason"]) > 10 for entry in OPERATIONS)


def test_each_difference_has_a_reason_and_is_listed_once():
    assert all(len(entry["reason"]) > 10 for entry in DIFFERENCES)
    assert len(set(meant())) == len(list(meant()))


def test_operations_read_as_cloudtrail_says(schemas):
    for operation, declared in schemas["kms"].items():
        reads = operation.startswith((
            "Describe", "Get", "List", "Encrypt", "Decrypt", "ReEncrypt", "Generate", "Sign", "Verify", "Derive",
            "Encapsulate", "Decapsulate",
        ))
        assert declared["readOnly"] is reads, operation


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda s: s["kms"]["Encrypt"]["input"]["members"].pop("DryRun"), ("Encrypt", "input.DryRun", "absent")),
        (lambda s: s["kms"]["Encrypt"]["input"]["required"].remove("KeyId"), ("Encrypt", "input.KeyId", "required")),
        (lambda s: s["kms"]["Encrypt"]["input"]["members"]["Plaintext"].update(max=1), ("Encrypt", "input.Plaintext", "max")),
        (lambda s: s["kms"]["Encrypt"]["input"]["members"]["Plaintext"].pop("sensitive"),
         ("Encrypt", "input.Plaintext", "sensitive")),
        (lambda s: s["kms"].update(Frobnicate={"input": None, "output": None}), ("Frobnicate", "", "unknown")),
        (lambda s: s["kms"]["ListKeys"]["output"].update(members={}), ("ListKeys", "output.Keys", "absent")),
    ],
    ids=["member", "required", "length", "sensitive", "operation", "output"],
)
def test_the_comparison_notices(schemas, change, expected):
    altered = copy.deepcopy(schemas)
    change(altered)
    assert expected in drift(altered) - drift(schemas)
