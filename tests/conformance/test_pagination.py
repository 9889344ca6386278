"""Pages and markers of the list operations."""

import pytest

from harness import refused, violation

BOUNDED = {"list_keys": 1000, "list_aliases": 100, "list_resource_tags": 50, "list_key_policies": 1000,
           "list_key_rotations": 1000}


@pytest.fixture(scope="module")
def busy_key(kms):
    """A key with several of everything that is listed."""
    made = kms.create_key(Tags=[{"TagKey": f"k{n}", "TagValue": "v"} for n in range(5)])["KeyMetadata"]
    for n in range(5):
        kms.create_alias(AliasName=f"alias/paged/{n}", TargetKeyId=made["KeyId"])
        kms.rotate_key_on_demand(KeyId=made["KeyId"])
    return made


def members(operation, key):
    return {} if operation == "list_keys" else {"KeyId": key["KeyId"]}


def elements(answer):
    (name,) = set(answer) & {"Keys", "Aliases", "Tags", "PolicyNames", "Rotations"}
    return answer[name]


def test_list_keys_shows_every_key_once(eu):
    made = {key["KeyId"]: key["Arn"] for key in (eu.create_key()["KeyMetadata"] for _ in range(7))}
    pages = list(eu.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 3}))
    listed = [entry for page in pages for entry in page["Keys"]]
    assert all(len(page["Keys"]) <= 3 for page in pages)
    assert len({entry["KeyId"] for entry in listed}) == len(listed)
    assert {entry["KeyId"]: entry["KeyArn"] for entry in listed}.items() >= made.items()
    assert all(set(entry) == {"KeyId", "KeyArn"} for entry in listed)


def test_list_keys_shows_keys_in_every_state(kms, disabled_key, dying_key):
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1000})
    listed = {entry["KeyId"] for page in pages for entry in page["Keys"]}
    assert {disabled_key["KeyId"], dying_key["KeyId"]} <= listed


def test_list_keys_knows_whose_keys_are_asked_for(kms, shared_key, loose):
    own = kms.list_keys(ResourceOwners=["SELF"], Limit=1000)
    assert shared_key["Arn"] in {entry["KeyArn"] for entry in own["Keys"]}
    assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []
    with refused("ValidationException"):
        loose.list_keys(ResourceOwners=[])
    with refused("ValidationException"):
        loose.list_keys(ResourceOwners=["NOBODY"])


def test_a_hundred_keys_fill_a_page_unless_another_limit_is_given(server):
    region = server.client(region="eu-central-1")
    have = len(region.list_keys(Limit=1000)["Keys"])
    for _ in range(max(0, 101 - have)):
        region.create_key()
    answer = region.list_keys()
    assert (len(answer["Keys"]), answer["Truncated"]) == (100, True)


@pytest.mark.parametrize("operation", ["list_aliases", "list_resource_tags", "list_key_rotations"])
def test_pages_follow_each_other_without_gap_or_repeat(kms, busy_key, operation):
    call = getattr(kms, operation)
    whole = elements(call(**members(operation, busy_key)))
    paged, marker = [], {}
    for _ in range(10):
        answer = call(**members(operation, busy_key), Limit=2, **marker)
        assert len(elements(answer)) <= 2
        paged += elements(answer)
        assert ("NextMarker" in answer) == answer["Truncated"]
        if not answer["Truncated"]:
            break
        marker = {"Marker": answer["NextMarker"]}
    assert paged == whole
    assert len(whole) >= 5


@pytest.mark.parametrize("operation", BOUNDED)
def test_a_last_page_says_so(kms, busy_key, operation):
    answer = getattr(kms, operation)(**members(operation, busy_key), Limit=BOUNDED[operation])
    if operation != "list_keys":
        assert answer["Truncated"] is False
        assert "NextMarker" not in answer


@pytest.mark.parametrize("operation", BOUNDED)
@pytest.mark.parametrize("limit, rule", [(0, "greater than or equal to 1"), (1001, "less than or equal to 1000")])
def test_the_model_bounds_the_limit(loose, busy_key, operation, limit, rule):
    with refused(
        "ValidationException",
        violation(f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {rule}"),
    ):
        getattr(loose, operation)(**members(operation, busy_key), Limit=limit)


@pytest.mark.parametrize("operation", ["list_aliases", "list_resource_tags"])
def test_an_operation_may_have_a_lower_bound_than_the_model(loose, busy_key, operation):
    with refused("ValidationException") as caught:
        getattr(loose, operation)(**members(operation, busy_key), Limit=BOUNDED[operation] + 1)
    assert str(BOUNDED[operation]) in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("operation", ["list_keys", "list_aliases", "list_resource_tags", "list_key_rotations"])
@pytest.mark.parametrize("marker", ["nonsense", "AAAAAAAAAAAAAAAAAAAA", "é", " "])
def test_a_broken_marker_is_refused(loose, busy_key, operation, marker):
    with refused("InvalidMarkerException"):
        getattr(loose, operation)(**members(operation, busy_key), Marker=marker)


def test_a_marker_belongs_to_its_operation_and_arguments(kms, busy_key, shared_key):
    marker = kms.list_aliases(KeyId=busy_key["KeyId"], Limit=1)["NextMarker"]
    with refused("InvalidMarkerException"):
        kms.list_aliases(KeyId=shared_key["KeyId"], Marker=marker)
    with refused("InvalidMarkerException"):
        kms.list_aliases(Marker=marker)
    with refused("InvalidMarkerException"):
        kms.list_key_rotations(KeyId=busy_key["KeyId"], Marker=marker)
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker=marker)


def test_a_marker_cannot_be_altered(loose, busy_key):
    marker = loose.list_resource_tags(KeyId=busy_key["KeyId"], Limit=1)["NextMarker"]
    for position in range(0, len(marker), 3):
        swapped = "A" if marker[position] != "A" else "B"
        with refused("InvalidMarkerException"):
            loose.list_resource_tags(
                KeyId=busy_key["KeyId"], Marker=marker[:position] + swapped + marker[position + 1 :]
            )


def test_a_marker_does_not_cross_regions(kms, eu, busy_key):
    marker = kms.list_keys(Limit=1)["NextMarker"]
    with refused("InvalidMarkerException"):
        eu.list_keys(Marker=marker)


def test_a_marker_survives_changes_to_what_is_listed(kms):
    key = kms.create_key(Tags=[{"TagKey": f"k{n}", "TagValue": "v"} for n in range(4)])["KeyMetadata"]
    first = kms.list_resource_tags(KeyId=key["KeyId"], Limit=2)
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=[first["Tags"][-1]["TagKey"]])
    rest = kms.list_resource_tags(KeyId=key["KeyId"], Marker=first["NextMarker"])
    assert [tag["TagKey"] for tag in rest["Tags"]] == ["k2", "k3"]
