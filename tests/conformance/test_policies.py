"""GetKeyPolicy, PutKeyPolicy, ListKeyPolicies, and what policies do."""

import json

import pytest

from harness import ACCOUNT, null, refused, violation

LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
PRINCIPALS = "Policy contains a statement with one or more invalid principals."


def denied(root, key, action, why):
    return refused(
        "AccessDeniedException", f"User: {root} is not authorized to perform: kms:{action} on resource: {key['Arn']} {why}"
    )


EXPLICIT = "with an explicit deny in a resource-based policy"


def implicit(action):
    return f"because no resource-based policy allows the kms:{action} action"


def test_a_new_key_has_the_default_policy(kms, key, root):
    answer = kms.get_key_policy(KeyId=key["KeyId"])
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": root},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    assert answer["Policy"].startswith('{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [')


def test_the_stored_text_is_returned_unchanged(kms, key, policy):
    text = " \t" + policy().replace(",", "\r\n ,") + "\n"
    assert set(kms.put_key_policy(KeyId=key["KeyId"], Policy=text)) == {"ResponseMetadata"}
    assert kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"] == text
    kms.put_key_policy(KeyId=key["Arn"], PolicyName="default", Policy=policy())
    assert kms.get_key_policy(KeyId=key["Arn"])["Policy"] == policy()


def test_a_key_lists_one_policy(kms, key):
    answer = kms.list_key_policies(KeyId=key["KeyId"])
    assert (answer["PolicyNames"], answer["Truncated"]) == (["default"], False)


def test_no_other_policy_exists(kms, key, policy):
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key["KeyId"], PolicyName="other")
    with refused("NotFoundException", "No such policy exists"):
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="other", Policy=policy())
    with refused("NotFoundException"):
        kms.get_key_policy(KeyId=key["KeyId"], PolicyName="AWS_RAM")
    with refused("ValidationException", "The AWS_RAM policy can only be managed by the RAM service."):
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="AWS_RAM", Policy=policy())


def test_a_policy_name_keeps_to_its_pattern(loose, key):
    with refused("ValidationException") as caught:
        loose.get_key_policy(KeyId=key["KeyId"], PolicyName="no spaces")
    assert r"pattern: [\w]+" in caught.value.response["Error"]["Message"]


def test_put_key_policy_needs_a_policy(loose, key):
    with refused("ValidationException", violation(null("policy"))):
        loose.put_key_policy(KeyId=key["KeyId"])


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", '"x"', "{", "{}", '{"Version":"2012-10-17"}', '{"Version":"2012-10-17","Statement":[]}',
        '{"Version":"2012-10-17","Statement":"x"}', '{"Version":"1999-01-01","Statement":[]}',
    ],
)
def test_what_is_not_a_policy_is_refused(loose, key, text):
    with refused({"MalformedPolicyDocumentException", "ValidationException"}):
        loose.put_key_policy(KeyId=key["KeyId"], Policy=text)


@pytest.mark.parametrize(
    "members",
    [
        {"Effect": "allow"},
        {"Effect": "Maybe"},
        {"Effect": None},
        {"Principal": None},
        {"Principal": {"Planet": "Mars"}},
        {"Action": 7},
        {"Resource": {"a": "b"}},
        {"Surprise": "x"},
        {"Action": "kms:*", "NotAction": "kms:*"},
        {"Condition": "x"},
    ],
    ids=json.dumps,
)
def test_a_statement_must_be_well_formed(loose, key, policy, statement, members):
    broken = {name: value for name, value in (statement("Allow", "kms:*") | members).items() if value is not None}
    with refused("MalformedPolicyDocumentException"):
        loose.put_key_policy(KeyId=key["KeyId"], Policy=policy(broken))


@pytest.mark.parametrize(
    "principal",
    [
        "arn:aws:iam::111122223333:user/nobody",
        "arn:aws:iam::111122223333:role/nothing",
        "arn:aws:iam::111122223333:group/people",
        "arn:aws:iam::111122223333:user/*",
        "arn:aws:s3:::bucket",
        "AIDAEXAMPLEEXAMPLE123",
        "nonsense",
        "",
    ],
)
def test_a_principal_must_resolve(kms, key, policy, statement, principal):
    with refused("MalformedPolicyDocumentException", PRINCIPALS):
        kms.put_key_policy(
            KeyId=key["KeyId"], Policy=policy(statement("Allow", "kms:Encrypt", Principal={"AWS": principal}))
        )


@pytest.mark.parametrize(
    "principal", [{"AWS": "*"}, "*", {"AWS": ACCOUNT}, {"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"]}], ids=json.dumps
)
def test_the_account_its_root_and_everybody_resolve(kms, key, policy, statement, principal):
    kms.put_key_policy(
        KeyId=key["KeyId"], Policy=policy(statement("Allow", "kms:*", Principal=principal), everything=False)
    )
    kms.describe_key(KeyId=key["KeyId"])


def test_characters_outside_latin_1_are_refused(loose, key, policy):
    with refused("ValidationException"):
        loose.put_key_policy(KeyId=key["KeyId"], Policy=policy().replace('"all"', '"☃"'))


def test_a_policy_has_32768_bytes_at_most(kms, key, policy):
    def sized(size):
        return policy() + " " * (size - len(policy()))

    kms.put_key_policy(KeyId=key["KeyId"], Policy=sized(32_768))
    assert len(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == 32_768
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=sized(32_769))


@pytest.mark.parametrize(
    "lockout",
    [
        [("Allow", "kms:Encrypt")],
        [("Allow", "kms:*"), ("Deny", "kms:PutKeyPolicy")],
        [("Allow", "kms:*"), ("Deny", "*")],
        [("Allow", "kms:*"), ("Deny", "kms:Put*")],
    ],
    ids=str,
)
def test_a_policy_that_locks_out_is_refused_unless_asked_for(kms, key, policy, statement, lockout):
    text = policy(*(statement(*words) for words in lockout), everything=False)
    with refused("MalformedPolicyDocumentException", LOCKOUT):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
    with refused("MalformedPolicyDocumentException", LOCKOUT):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=text, BypassPolicyLockoutSafetyCheck=False)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=text, BypassPolicyLockoutSafetyCheck=True)
    with refused("AccessDeniedException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy())


def test_an_allow_with_a_condition_that_fails_locks_out(kms, key, policy, statement):
    conditional = statement("Allow", "kms:*", Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})
    with refused("MalformedPolicyDocumentException", LOCKOUT):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(conditional, everything=False))


def test_a_deny_wins(kms, key, root, policy, statement):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt", "kms:Generate*")))
    with denied(root, key, "Encrypt", EXPLICIT):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with denied(root, key, "GenerateDataKey", EXPLICIT):
        kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    with denied(root, key, "GenerateDataKeyWithoutPlaintext", EXPLICIT):
        kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], KeySpec="AES_256")
    kms.describe_key(KeyId=key["KeyId"])


def test_a_deny_with_a_condition_that_holds_wins(kms, key, root, policy, statement):
    conditional = statement("Deny", "kms:Encrypt", Condition={"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(conditional))
    with denied(root, key, "Encrypt", EXPLICIT):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_what_no_statement_allows_is_denied(kms, key, root, policy, statement):
    allowed = statement("Allow", "kms:PutKeyPolicy", "kms:encrypt", "KMS:Describe*")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(allowed, everything=False))
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.describe_key(KeyId=key["KeyId"])
    with denied(root, key, "Decrypt", implicit("Decrypt")):
        kms.decrypt(CiphertextBlob=blob, KeyId=key["KeyId"])
    with denied(root, key, "ScheduleKeyDeletion", implicit("ScheduleKeyDeletion")):
        kms.schedule_key_deletion(KeyId=key["KeyId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy())
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.parametrize(
    "operation, action, members",
    [
        ("describe_key", "DescribeKey", {}),
        ("encrypt", "Encrypt", {"Plaintext": b"x"}),
        ("generate_data_key", "GenerateDataKey", {"KeySpec": "AES_256"}),
        ("generate_data_key_without_plaintext", "GenerateDataKeyWithoutPlaintext", {"KeySpec": "AES_256"}),
        ("update_key_description", "UpdateKeyDescription", {"Description": "x"}),
        ("enable_key", "EnableKey", {}),
        ("disable_key", "DisableKey", {}),
        ("schedule_key_deletion", "ScheduleKeyDeletion", {}),
        ("cancel_key_deletion", "CancelKeyDeletion", {}),
        ("tag_resource", "TagResource", {"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ("untag_resource", "UntagResource", {"TagKeys": ["k"]}),
        ("list_resource_tags", "ListResourceTags", {}),
        ("get_key_policy", "GetKeyPolicy", {}),
        ("put_key_policy", "PutKeyPolicy", {"Policy": "{}"}),
        ("list_key_policies", "ListKeyPolicies", {}),
        ("enable_key_rotation", "EnableKeyRotation", {}),
        ("disable_key_rotation", "DisableKeyRotation", {}),
        ("get_key_rotation_status", "GetKeyRotationStatus", {}),
        ("rotate_key_on_demand", "RotateKeyOnDemand", {}),
        ("list_key_rotations", "ListKeyRotations", {}),
    ],
)
def test_every_operation_on_a_key_asks_its_policy(kms, key, root, policy, statement, operation, action, members):
    text = policy(statement("Deny", f"kms:{action}"))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=text, BypassPolicyLockoutSafetyCheck=True)
    with denied(root, key, action, EXPLICIT):
        getattr(kms, operation)(KeyId=key["KeyId"], **members)


def test_decrypt_without_a_key_asks_the_policy_of_the_key_it_finds(kms, key, policy, statement):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Decrypt")))
    with refused(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
        "or you are not allowed to access.",
    ):
        kms.decrypt(CiphertextBlob=blob)


def test_a_denial_comes_before_the_key_state(kms, key, root, policy, statement):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt")))
    kms.disable_key(KeyId=key["KeyId"])
    with denied(root, key, "Encrypt", EXPLICIT):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_statement_about_another_resource_does_not_apply(kms, key, other_key, policy, statement):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt", Resource=other_key["Arn"])))
    kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt", Resource=key["Arn"])))
    with refused("AccessDeniedException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_denied_call_through_an_alias_names_the_key(kms, key, root, policy, statement, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt")))
    with denied(root, key, "Encrypt", EXPLICIT):
        kms.encrypt(KeyId=alias, Plaintext=b"x")


def test_reencrypt_asks_both_keys(kms, key, other_key, root, policy, statement):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    arguments = {"CiphertextBlob": blob, "SourceKeyId": key["Arn"], "DestinationKeyId": other_key["Arn"]}
    kms.re_encrypt(**arguments)
    kms.put_key_policy(KeyId=other_key["KeyId"], Policy=policy(statement("Deny", "kms:ReEncryptTo")))
    with denied(root, other_key, "ReEncryptTo", EXPLICIT):
        kms.re_encrypt(**arguments)
    kms.put_key_policy(KeyId=other_key["KeyId"], Policy=policy(statement("Deny", "kms:ReEncryptFrom")))
    kms.re_encrypt(**arguments)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:ReEncryptFrom")))
    with denied(root, key, "ReEncryptFrom", EXPLICIT):
        kms.re_encrypt(**arguments)


def test_a_policy_change_is_in_force_at_once(kms, key, policy, statement):
    for _ in range(10):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:Encrypt")))
        with refused("AccessDeniedException"):
            kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy())
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
