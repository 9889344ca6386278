"""TagResource, UntagResource, ListResourceTags."""

import pytest

from harness import null, refused, violation


def tags(client, key):
    pages = client.get_paginator("list_resource_tags").paginate(KeyId=key["KeyId"])
    return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}


def pairs(*names, value="v"):
    return [{"TagKey": name, "TagValue": value} for name in names]


def test_tags_are_added_changed_and_removed(kms, key):
    assert set(kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("a", "b"))) == {"ResponseMetadata"}
    kms.tag_resource(KeyId=key["Arn"], Tags=pairs("b", "c", value="w"))
    assert tags(kms, key) == {"a": "v", "b": "w", "c": "w"}
    assert set(kms.untag_resource(KeyId=key["KeyId"], TagKeys=["a", "absent"])) == {"ResponseMetadata"}
    assert tags(kms, key) == {"b": "w", "c": "w"}


def test_tags_are_listed_as_tagged(kms, key):
    for name in ("zebra", "apple", "mango"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=pairs(name))
    kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("apple", value="changed"))
    assert list(tags(kms, key)) == ["zebra", "apple", "mango"]


def test_a_key_without_tags_lists_none(kms, key):
    answer = kms.list_resource_tags(KeyId=key["KeyId"])
    assert (answer["Tags"], answer["Truncated"]) == ([], False)
    assert "NextMarker" not in answer


def test_tag_names_differ_by_case_and_values_may_be_empty(kms, key):
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "K", "TagValue": ""}, {"TagKey": "k", "TagValue": "ß"}])
    assert tags(kms, key) == {"K": "", "k": "ß"}


def test_a_key_has_50_tags_at_most(kms, key):
    kms.tag_resource(KeyId=key["KeyId"], Tags=pairs(*(f"k{n}" for n in range(50))))
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("one more"))
    kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("k7", value="changed"))
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["k0"])
    kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("one more"))
    assert len(tags(kms, key)) == 50


def test_duplicate_and_reserved_tags_are_refused(kms, key):
    with refused("TagException", "Duplicate tag keys"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("a", "a"))
    for name in ("aws:x", "aWs:x"):
        with refused("TagException", "Tags beginning with aws: are reserved"):
            kms.tag_resource(KeyId=key["KeyId"], Tags=pairs(name))
    assert tags(kms, key) == {}


def test_tag_constraints_name_the_element(loose, key):
    with refused(
        "ValidationException",
        violation(
            "Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        ),
    ):
        loose.tag_resource(KeyId=key["KeyId"], Tags=pairs(""))
    with refused("ValidationException", violation(null("tags.1.member.tagValue"))):
        loose.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "k"}])


@pytest.mark.parametrize("operation, member", [("tag_resource", "tags"), ("untag_resource", "tagKeys")])
def test_the_list_is_required(loose, key, operation, member):
    with refused("ValidationException", violation(null(member))):
        getattr(loose, operation)(KeyId=key["KeyId"])


def test_an_empty_list_changes_nothing(kms, key):
    kms.tag_resource(KeyId=key["KeyId"], Tags=pairs("a"))
    kms.tag_resource(KeyId=key["KeyId"], Tags=[])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=[])
    assert tags(kms, key) == {"a": "v"}
