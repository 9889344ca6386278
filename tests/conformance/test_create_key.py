"""CreateKey, DescribeKey, UpdateKeyDescription."""

import datetime
import json
import re

import pytest

from harness import ACCOUNT, REGION, UUID, key_arn, null, refused, violation

ALWAYS = {
    "AWSAccountId", "KeyId", "Arn", "CreationDate", "Enabled", "Description", "KeyUsage", "KeyState", "Origin",
    "KeyManager", "KeySpec", "CustomerMasterKeySpec", "EncryptionAlgorithms", "MultiRegion", "CurrentKeyMaterialId",
}


def test_a_key_made_without_parameters_is_a_symmetric_encryption_key(kms):
    made = kms.create_key()["KeyMetadata"]
    assert set(made) == ALWAYS
    assert UUID.fullmatch(made["KeyId"])
    assert made["Arn"] == key_arn(made["KeyId"])
    assert made["AWSAccountId"] == ACCOUNT
    assert made["Enabled"] is True
    assert made["MultiRegion"] is False
    assert re.fullmatch("[0-9a-f]{64}", made["CurrentKeyMaterialId"])
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    age = datetime.datetime.now(datetime.timezone.utc) - made["CreationDate"]
    assert abs(age) < datetime.timedelta(minutes=1)
    fixed = {
        "Description": "", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    }
    assert {name: made[name] for name in fixed} == fixed


def test_describe_key_answers_what_create_key_answered(kms):
    made = kms.create_key(Description="described")["KeyMetadata"]
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made


def test_create_key_takes_every_member_at_its_default(kms):
    made = kms.create_key(
        KeyUsage="ENCRYPT_DECRYPT", KeySpec="SYMMETRIC_DEFAULT", Origin="AWS_KMS", MultiRegion=False,
        BypassPolicyLockoutSafetyCheck=False, Description="", Tags=[],
    )["KeyMetadata"]
    assert set(made) == ALWAYS


def test_the_old_name_of_the_key_spec_is_taken_too(kms):
    made = kms.create_key(CustomerMasterKeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]
    assert made["KeySpec"] == "SYMMETRIC_DEFAULT"


def test_create_key_is_not_idempotent(kms):
    assert kms.create_key()["KeyMetadata"]["KeyId"] != kms.create_key()["KeyMetadata"]["KeyId"]


def test_a_key_takes_description_tags_and_policy(kms, policy):
    text = policy()
    tags = [{"TagKey": "Project", "TagValue": "α"}, {"TagKey": "empty", "TagValue": ""}]
    made = kms.create_key(Description="Überweisungen", Tags=tags, Policy=text)["KeyMetadata"]
    assert made["Description"] == "Überweisungen"
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == tags
    assert kms.get_key_policy(KeyId=made["KeyId"])["Policy"] == text


def test_a_key_belongs_to_its_region(kms, eu):
    made = eu.create_key()["KeyMetadata"]
    assert made["Arn"] == key_arn(made["KeyId"], region="eu-central-1")
    with refused("NotFoundException", f"Key '{key_arn(made['KeyId'])}' does not exist"):
        kms.describe_key(KeyId=made["KeyId"])


def test_a_description_has_8192_characters_at_most(kms, key, loose):
    kms.create_key(Description="é" * 8192)
    too_long = "d" * 8193
    # A value this long is not repeated whole.
    text = re.compile(
        r"1 validation error detected: Value 'd+(\.\.\.)?' at 'description' failed to satisfy constraint: "
        "Member must have length less than or equal to 8192"
    )
    with refused("ValidationException", text):
        loose.create_key(Description=too_long)
    with refused("ValidationException", text):
        loose.update_key_description(KeyId=key["KeyId"], Description=too_long)


def test_a_value_outside_an_enumeration_is_refused_with_the_set(loose):
    with refused("ValidationException") as caught:
        loose.create_key(KeySpec="AES_512")
    text = caught.value.response["Error"]["Message"]
    found = re.fullmatch(
        r"1 validation error detected: Value 'AES_512' at 'keySpec' failed to satisfy constraint: "
        r"Member must satisfy enum value set: \[(.*)\]",
        text,
    )
    assert found, text
    assert {"SYMMETRIC_DEFAULT", "RSA_2048", "ML_KEM_1024"} <= set(found.group(1).split(", "))


def test_all_violations_are_listed_at_once(loose):
    with refused("ValidationException") as caught:
        loose.create_key(KeySpec="AES_512", Origin="MOON", Tags=[{"TagKey": "k"}])
    text = caught.value.response["Error"]["Message"]
    assert text.startswith("3 validation errors detected: ")
    for path in ("keySpec", "origin", "tags.1.member.tagValue"):
        assert f" at '{path}' " in text


def test_both_names_of_the_key_spec_at_once_are_refused(kms):
    with refused(
        "ValidationException",
        "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
        "CustomerMasterKeySpec is deprecated.",
    ):
        kms.create_key(KeySpec="SYMMETRIC_DEFAULT", CustomerMasterKeySpec="SYMMETRIC_DEFAULT")


def test_other_specs_need_a_usage(kms):
    with refused(
        "ValidationException",
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    ):
        kms.create_key(KeySpec="RSA_2048")


@pytest.mark.parametrize(
    "usage, spec", [("KEY_AGREEMENT", "RSA_2048"), ("SIGN_VERIFY", "SYMMETRIC_DEFAULT"), ("ENCRYPT_DECRYPT", "HMAC_256")]
)
def test_a_usage_must_fit_the_spec(kms, usage, spec):
    with refused("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
        kms.create_key(KeyUsage=usage, KeySpec=spec)


@pytest.mark.parametrize(
    "parameters",
    [
        {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1234567890abcdef0"},
        {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": "cks-1234567890abcdef0", "XksKeyId": "x"},
        {"CustomKeyStoreId": "cks-1234567890abcdef0"},
        {"XksKeyId": "x"},
    ],
    ids=lambda parameters: "-".join(map(str, parameters.values())),
)
def test_what_is_not_supported_is_refused_and_never_ignored(kms, parameters):
    before = sum(len(page["Keys"]) for page in kms.get_paginator("list_keys").paginate())
    with refused({"UnsupportedOperationException", "ValidationException", "CustomKeyStoreNotFoundException"}):
        kms.create_key(**parameters)
    assert sum(len(page["Keys"]) for page in kms.get_paginator("list_keys").paginate()) == before


@pytest.mark.parametrize("name", ["aws:x", "AWS:x", "Aws:reserved/thing"])
def test_reserved_tags_are_refused(kms, name):
    with refused("TagException", "Tags beginning with aws: are reserved"):
        kms.create_key(Tags=[{"TagKey": name, "TagValue": "v"}])


def test_duplicate_tags_are_refused(kms):
    with refused("TagException", "Duplicate tag keys"):
        kms.create_key(Tags=[{"TagKey": "k", "TagValue": "1"}, {"TagKey": "k", "TagValue": "2"}])


def test_a_key_is_made_with_50_tags_at_most(kms):
    tags = [{"TagKey": f"k{n}", "TagValue": "v"} for n in range(51)]
    made = kms.create_key(Tags=tags[:50])["KeyMetadata"]
    assert kms.list_resource_tags(KeyId=made["KeyId"], Limit=50)["Tags"] == tags[:50]
    with refused("TagException", "Too many tags"):
        kms.create_key(Tags=tags)


def test_tag_constraints_name_the_element(loose):
    long_key, long_value = "k" * 129, "v" * 257
    with refused(
        "ValidationException",
        violation(
            f"Value '{long_key}' at 'tags.2.member.tagKey' failed to satisfy constraint: "
            "Member must have length less than or equal to 128"
        ),
    ):
        loose.create_key(Tags=[{"TagKey": "ok", "TagValue": ""}, {"TagKey": long_key, "TagValue": ""}])
    with refused(
        "ValidationException",
        violation(
            f"Value '{long_value}' at 'tags.1.member.tagValue' failed to satisfy constraint: "
            "Member must have length less than or equal to 256"
        ),
    ):
        loose.create_key(Tags=[{"TagKey": "k", "TagValue": long_value}])
    with refused("ValidationException", violation(null("tags.1.member.tagKey"))):
        loose.create_key(Tags=[{"TagValue": "v"}])


def test_a_policy_that_locks_its_maker_out_is_refused_unless_asked_for(kms, policy, statement):
    text = policy(statement("Allow", "kms:DescribeKey"), everything=False)
    with refused(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    ):
        kms.create_key(Policy=text)
    made = kms.create_key(Policy=text, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made


def test_a_policy_must_be_a_policy(kms):
    with refused("MalformedPolicyDocumentException"):
        kms.create_key(Policy="{not json")


def test_a_policy_has_32768_bytes_at_most(kms, policy):
    text = json.loads(policy())
    text["Id"] = "x" * 40_000
    with refused("LimitExceededException"):
        kms.create_key(Policy=json.dumps(text))


def test_a_description_can_be_changed_and_cleared(kms, key):
    assert "Description" not in kms.update_key_description(KeyId=key["KeyId"], Description="second")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == "second"
    kms.update_key_description(KeyId=key["Arn"], Description="")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == ""


def test_update_key_description_needs_both_members(loose):
    with refused("ValidationException") as caught:
        loose.update_key_description()
    text = caught.value.response["Error"]["Message"]
    assert text.startswith("2 validation errors detected: ")
    assert null("keyId") in text and null("description") in text


def test_describe_key_needs_a_key(loose):
    with refused("ValidationException", violation(null("keyId"))):
        loose.describe_key()
    with refused(
        "ValidationException",
        violation(
            "Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ),
    ):
        loose.describe_key(KeyId="")


def test_members_the_model_does_not_know_are_ignored(raw_call):
    answer = raw_call("CreateKey", {"Description": "x", "Flavour": "sweet", "Nested": {"a": [1, None]}})
    assert answer.status == 200
    assert answer.json["KeyMetadata"]["Description"] == "x"


def test_null_members_are_absent(raw_call):
    answer = raw_call("CreateKey", {"Description": None, "Tags": None, "MultiRegion": None, "KeySpec": None})
    assert answer.status == 200
    assert answer.json["KeyMetadata"]["Arn"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
