"""How a key is named in a request: key ids, key ARNs, alias names, alias ARNs, and what is none of them."""

import pytest

from harness import ABSENT_ID, ACCOUNT, OTHER_REGION, REGION, alias_arn, key_arn, refused

# Operations that take a key, with the other members a request needs. `Target` marks those whose key is TargetKeyId.
BY_ALL_FORMS = {
    "describe_key": {},
    "encrypt": {"Plaintext": b"x"},
    "generate_data_key": {"KeySpec": "AES_256"},
    "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
}
BY_ID_OR_ARN = {
    "update_key_description": {"Description": "x"},
    "enable_key": {},
    "disable_key": {},
    "schedule_key_deletion": {"PendingWindowInDays": 7},
    "cancel_key_deletion": {},
    "tag_resource": {"Tags": [{"TagKey": "k", "TagValue": "v"}]},
    "untag_resource": {"TagKeys": ["k"]},
    "list_resource_tags": {},
    "get_key_policy": {},
    "put_key_policy": {"Policy": "{}"},
    "list_key_policies": {},
    "enable_key_rotation": {},
    "disable_key_rotation": {},
    "get_key_rotation_status": {},
    "rotate_key_on_demand": {},
    "list_key_rotations": {},
    "list_aliases": {},
}
ALL = BY_ALL_FORMS | BY_ID_OR_ARN

over_all = pytest.mark.parametrize("operation", ALL)


def call(client, operation, key_id):
    return getattr(client, operation)(KeyId=key_id, **ALL[operation])


@pytest.fixture(scope="module")
def named_key(kms):
    made = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/identifiers", TargetKeyId=made["KeyId"])
    return made


@pytest.mark.parametrize("operation", BY_ALL_FORMS)
@pytest.mark.parametrize("form", ["key id", "key ARN", "alias name", "alias ARN"])
def test_using_a_key_takes_all_four_forms(kms, named_key, operation, form):
    text = {
        "key id": named_key["KeyId"],
        "key ARN": named_key["Arn"],
        "alias name": "alias/identifiers",
        "alias ARN": alias_arn("alias/identifiers"),
    }[form]
    answer = call(kms, operation, text)
    assert answer.get("KeyId", named_key["Arn"]) == named_key["Arn"]
    assert answer.get("KeyMetadata", named_key)["KeyId"] == named_key["KeyId"]


@pytest.mark.parametrize("operation", ["get_key_policy", "list_resource_tags", "list_key_policies", "tag_resource"])
@pytest.mark.parametrize("form", ["KeyId", "Arn"])
def test_managing_a_key_takes_its_id_or_arn(kms, named_key, operation, form):
    assert call(kms, operation, named_key[form])["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("operation", BY_ID_OR_ARN)
@pytest.mark.parametrize("text", ["alias/identifiers", alias_arn("alias/identifiers")], ids=["name", "ARN"])
def test_managing_a_key_takes_no_alias(loose, named_key, operation, text):
    with refused({"InvalidArnException", "NotFoundException"}) as caught:
        call(loose, operation, text)
    message = caught.value.response["Error"]["Message"]
    assert message in ("Key Aliases are not supported for this operation.", f"Invalid keyId '{text}'")


@over_all
@pytest.mark.parametrize(
    "text",
    ["nonsense", "1234abcd12ab34cd56ef1234567890ab", "mrk-123", "00000000-1111-2222-3333-44444444444G", "key/x", " "],
)
def test_what_is_no_identifier_is_not_found(loose, operation, text):
    with refused("NotFoundException", f"Invalid keyId '{text}'"):
        call(loose, operation, text)


@over_all
@pytest.mark.parametrize("text", [ABSENT_ID, "mrk-" + "0" * 32, key_arn(ABSENT_ID)], ids=["id", "mrk", "ARN"])
def test_an_absent_key_is_named_by_its_arn(loose, operation, text):
    arn = text if text.startswith("arn:") else key_arn(text)
    with refused("NotFoundException", f"Key '{arn}' does not exist"):
        call(loose, operation, text)


@over_all
def test_an_arn_of_another_region_is_invalid(loose, operation):
    with refused("NotFoundException", f"Invalid arn {OTHER_REGION}"):
        call(loose, operation, key_arn(ABSENT_ID, region=OTHER_REGION))


@over_all
def test_a_key_of_another_account_is_denied_without_saying_whether_it_exists(loose, operation):
    with refused("AccessDeniedException") as caught:
        call(loose, operation, key_arn(ABSENT_ID, account="999988887777"))
    message = caught.value.response["Error"]["Message"]
    assert message.startswith(f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: kms:")
    assert "does not exist" in message


@over_all
@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:kms:us-east-1",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:table/{ABSENT_ID}",
        f"arn:aws:s3:{REGION}:{ACCOUNT}:key/{ABSENT_ID}",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/nonsense",
        f"arn:aws:kms:{REGION}:12345:key/{ABSENT_ID}",
        f"arn:aws-cn:kms:{REGION}:{ACCOUNT}:key/{ABSENT_ID}",
    ],
)
def test_a_malformed_arn_is_refused(loose, operation, text):
    with refused({"InvalidArnException", "NotFoundException", "AccessDeniedException"}):
        call(loose, operation, text)


@pytest.mark.parametrize("operation", BY_ALL_FORMS)
def test_an_absent_alias_is_named_by_its_arn(loose, operation):
    arn = alias_arn("alias/absent")
    for text in ("alias/absent", arn):
        with refused("NotFoundException", f"Alias {arn} is not found."):
            call(loose, operation, text)


@over_all
def test_an_identifier_has_2048_characters_at_most(loose, operation):
    with refused("ValidationException") as caught:
        call(loose, operation, "k" * 2049)
    message = caught.value.response["Error"]["Message"]
    assert message.endswith(
        "at 'keyId' failed to satisfy constraint: Member must have length less than or equal to 2048"
    )


def test_aliases_are_looked_up_case_sensitively(loose, named_key):
    with refused("NotFoundException"):
        loose.describe_key(KeyId="alias/Identifiers")
