"""CreateAlias, UpdateAlias, DeleteAlias, ListAliases."""

import pytest

from harness import ABSENT_ID, OTHER_REGION, alias_arn, key_arn, null, refused, violation

PREFIX = (
    'Alias must start with the prefix "alias/". '
    "Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)


def entries(client, **members):
    return [entry for page in client.get_paginator("list_aliases").paginate(**members) for entry in page["Aliases"]]


def test_an_alias_names_a_key(kms, key, alias):
    answer = kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert set(answer) == {"ResponseMetadata"}
    (entry,) = entries(kms, KeyId=key["KeyId"])
    assert entry["CreationDate"] == entry["LastUpdatedDate"]
    assert {name: entry[name] for name in ("AliasName", "AliasArn", "TargetKeyId")} == {
        "AliasName": alias, "AliasArn": alias_arn(alias), "TargetKeyId": key["KeyId"],
    }
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key["KeyId"]


def test_an_alias_can_be_made_by_key_arn(kms, key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["Arn"])
    assert entries(kms, KeyId=key["Arn"])[0]["TargetKeyId"] == key["KeyId"]


def test_an_alias_is_taken_once(kms, key, other_key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    for target in (key, other_key):
        with refused("AlreadyExistsException", f"An alias with the name {alias_arn(alias)} already exists"):
            kms.create_alias(AliasName=alias, TargetKeyId=target["KeyId"])


def test_each_region_has_its_own_aliases(kms, eu, key, alias):
    there = eu.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    eu.create_alias(AliasName=alias, TargetKeyId=there["KeyId"])
    assert eu.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == there["Arn"]
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == key["Arn"]


def test_names_differ_by_case(kms, key, other_key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.create_alias(AliasName=alias + "X", TargetKeyId=other_key["KeyId"])
    kms.create_alias(AliasName=alias + "x", TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=alias + "X")["KeyMetadata"]["KeyId"] == other_key["KeyId"]


def test_names_of_256_characters_are_taken(kms, key, alias, loose):
    name = alias + "/" + "n" * (255 - len(alias))
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key["KeyId"]
    with refused(
        "ValidationException",
        violation(
            f"Value '{name}n' at 'aliasName' failed to satisfy constraint: "
            "Member must have length less than or equal to 256"
        ),
    ):
        loose.create_alias(AliasName=name + "n", TargetKeyId=key["KeyId"])


@pytest.mark.parametrize("operation", ["create_alias", "update_alias"])
@pytest.mark.parametrize("name", ["alias/with space", "alias/dot.ted", "alias/ümlaut", "alias/a@b"])
def test_names_keep_to_the_pattern(loose, key, operation, name):
    with refused(
        "ValidationException",
        violation(
            f"Value '{name}' at 'aliasName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"
        ),
    ):
        getattr(loose, operation)(AliasName=name, TargetKeyId=key["KeyId"])


@pytest.mark.parametrize(
    "name, message",
    [
        ("payments", PREFIX),
        ("Alias/payments", PREFIX),
        ("alias", PREFIX),
        ("alias/", "Invalid identifier"),
        ("alias/a:b", "alias/a:b contains invalid characters for an alias"),
    ],
)
def test_names_have_rules_beyond_the_model(kms, key, name, message):
    with refused("ValidationException", message):
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])


@pytest.mark.parametrize("name", ["alias/aws/s3", "alias/aws/x/y"])
def test_names_of_aws_are_reserved(kms, key, name):
    for call in (
        lambda: kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"]),
        lambda: kms.update_alias(AliasName=name, TargetKeyId=key["KeyId"]),
        lambda: kms.delete_alias(AliasName=name),
    ):
        with refused("NotAuthorizedException", ""):
            call()


def test_an_alias_needs_an_existing_key(kms, alias):
    with refused("NotFoundException", f"Key '{key_arn(ABSENT_ID)}' does not exist"):
        kms.create_alias(AliasName=alias, TargetKeyId=ABSENT_ID)
    with refused("NotFoundException", "Invalid keyId 'nonsense'"):
        kms.create_alias(AliasName=alias, TargetKeyId="nonsense")
    with refused("NotFoundException", f"Invalid arn {OTHER_REGION}"):
        kms.create_alias(AliasName=alias, TargetKeyId=key_arn(ABSENT_ID, region=OTHER_REGION))


def test_an_alias_does_not_name_an_alias(kms, key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    for target in (alias, alias_arn(alias)):
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            kms.create_alias(AliasName=alias + "2", TargetKeyId=target)


def test_create_alias_needs_both_members(loose):
    with refused("ValidationException") as caught:
        loose.create_alias()
    text = caught.value.response["Error"]["Message"]
    assert null("aliasName") in text and null("targetKeyId") in text


def test_a_key_has_50_aliases_at_most(kms, key, other_key, alias):
    names = [f"{alias}/{n:02}" for n in range(50)]
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    with refused("LimitExceededException"):
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.create_alias(AliasName=alias, TargetKeyId=other_key["KeyId"])
    with refused("LimitExceededException"):
        kms.update_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.delete_alias(AliasName=names[0])
    kms.update_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert {entry["AliasName"] for entry in entries(kms, KeyId=key["KeyId"])} == {alias, *names[1:]}


def test_an_alias_can_be_moved(kms, key, other_key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    (before,) = entries(kms, KeyId=key["KeyId"])
    blob = kms.encrypt(KeyId=alias, Plaintext=b"before")["CiphertextBlob"]
    answer = kms.update_alias(AliasName=alias, TargetKeyId=other_key["Arn"])
    assert set(answer) == {"ResponseMetadata"}
    assert entries(kms, KeyId=key["KeyId"]) == []
    (after,) = entries(kms, KeyId=other_key["KeyId"])
    assert after["CreationDate"] == before["CreationDate"]
    assert after["LastUpdatedDate"] >= before["LastUpdatedDate"]
    assert kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == other_key["Arn"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyId"] == key["Arn"]
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob, KeyId=alias)


def test_moving_an_alias_to_where_it_is_succeeds(kms, key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.update_alias(AliasName=alias, TargetKeyId=key["KeyId"])


def test_an_absent_alias_can_be_neither_moved_nor_deleted(kms, key):
    text = f"Alias {alias_arn('alias/nowhere')} is not found."
    with refused("NotFoundException", text):
        kms.update_alias(AliasName="alias/nowhere", TargetKeyId=key["KeyId"])
    with refused("NotFoundException", text):
        kms.delete_alias(AliasName="alias/nowhere")


def test_a_deleted_alias_is_gone_and_its_name_is_free(kms, key, other_key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert set(kms.delete_alias(AliasName=alias)) == {"ResponseMetadata"}
    with refused("NotFoundException", f"Alias {alias_arn(alias)} is not found."):
        kms.describe_key(KeyId=alias)
    with refused("NotFoundException"):
        kms.delete_alias(AliasName=alias)
    kms.create_alias(AliasName=alias, TargetKeyId=other_key["KeyId"])


def test_delete_alias_needs_a_name(loose):
    with refused("ValidationException", violation(null("aliasName"))):
        loose.delete_alias()


def test_listing_covers_every_alias_once(eu):
    keys = [eu.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    names = [f"alias/listed/{n:02}" for n in range(12)]
    for n, name in enumerate(names):
        eu.create_alias(AliasName=name, TargetKeyId=keys[n % 2])
    listed = entries(eu, PaginationConfig={"PageSize": 5})
    mine = [entry for entry in listed if entry["AliasName"] in names]
    assert sorted(entry["AliasName"] for entry in mine) == names
    filtered = entries(eu, KeyId=keys[0], PaginationConfig={"PageSize": 4})
    assert sorted(entry["AliasName"] for entry in filtered) == names[::2]


def test_an_alias_policy_needs_no_more_than_the_key(kms, key, alias, policy, statement):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:CreateAlias")))
    with refused("AccessDeniedException"):
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:DeleteAlias")))
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    with refused("AccessDeniedException"):
        kms.delete_alias(AliasName=alias)
