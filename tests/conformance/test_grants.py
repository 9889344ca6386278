"""Grants: what somebody may do with one key, beside what policies allow."""

import json
import re

import pytest

from harness import ACCOUNT, REGION, refused
from test_iam_users import allow, as_user

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
NOBODY = f"arn:aws:iam::{ACCOUNT}:user/nobody-at-all"
CONTEXT = {"App": "ledger", "unit": "7"}


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


class Someone:
    """A user without any policy."""

    def __init__(self, server, iam, name):
        self.name = name
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        self.kms = as_user(server, iam, name)

    def may(self, method, **members):
        try:
            getattr(self.kms, method)(**members)
        except self.kms.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException", error
            return False
        return True


@pytest.fixture(scope="module")
def grantee(server, iam):
    return Someone(server, iam, "grantee")


@pytest.fixture(scope="module")
def retirer(server, iam):
    return Someone(server, iam, "retirer")


@pytest.fixture
def grant(kms, key, grantee):
    """Grants the grantee what is asked for on a new key."""

    def make(*operations, **members):
        members = {"GranteePrincipal": grantee.arn, "KeyId": key["KeyId"]} | members
        return kms.create_grant(Operations=list(operations), **members)

    return make


def encrypts(someone, key, **members):
    return someone.may("encrypt", KeyId=key["KeyId"], Plaintext=b"x", **members)


def test_a_grantee_may_what_is_listed_until_the_grant_is_revoked(kms, key, grantee, grant):
    assert not encrypts(grantee, key)
    made = grant("Encrypt", "DescribeKey")
    assert re.fullmatch("[0-9a-f]{64}", made["GrantId"])
    assert encrypts(grantee, key)
    assert grantee.may("describe_key", KeyId=key["KeyId"])
    assert not grantee.may("generate_data_key", KeyId=key["KeyId"], KeySpec="AES_256")
    assert not grantee.may("list_grants", KeyId=key["KeyId"])
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])
    assert not encrypts(grantee, key)
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])


def test_a_grant_is_on_one_key_and_for_one_grantee(key, other_key, retirer, grantee, grant):
    grant("Encrypt")
    assert encrypts(grantee, key)
    assert not encrypts(grantee, other_key)
    assert not encrypts(retirer, key)


def test_a_deny_wins_over_a_grant(kms, key, iam, grantee, grant, policy, statement):
    grant("Encrypt")
    iam.put_user_policy(UserName=grantee.name, PolicyName="deny", PolicyDocument=allow("kms:Encrypt", effect="Deny"))
    assert not encrypts(grantee, key)
    iam.delete_user_policy(UserName=grantee.name, PolicyName="deny")
    assert encrypts(grantee, key)
    denying = policy(statement("Deny", "kms:Encrypt", Principal={"AWS": grantee.arn}))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=denying)
    assert not encrypts(grantee, key)


def test_a_subset_has_to_be_in_the_context(key, grantee, grant):
    grant("Encrypt", Constraints={"EncryptionContextSubset": {"app": "ledger"}})
    assert encrypts(grantee, key, EncryptionContext=CONTEXT)
    assert encrypts(grantee, key, EncryptionContext={"APP": "ledger"})
    assert not encrypts(grantee, key, EncryptionContext={"App": "Ledger"})
    assert not encrypts(grantee, key, EncryptionContext={"unit": "7"})
    assert not encrypts(grantee, key)


def test_an_exact_context_has_to_be_the_context(key, grantee, grant):
    grant("Encrypt", "Decrypt", Constraints={"EncryptionContextEquals": CONTEXT})
    assert encrypts(grantee, key, EncryptionContext=CONTEXT)
    assert not encrypts(grantee, key, EncryptionContext=CONTEXT | {"more": "1"})
    assert not encrypts(grantee, key, EncryptionContext={"App": "ledger"})
    assert not encrypts(grantee, key)
    blob = grantee.kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    assert grantee.kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"x"


def test_constraints_do_not_bind_what_has_no_context(key, grantee, grant):
    grant("Encrypt", "DescribeKey", Constraints={"EncryptionContextEquals": CONTEXT})
    assert grantee.may("describe_key", KeyId=key["KeyId"])


def test_a_grant_for_a_resource_that_a_service_acts_for_allows_no_direct_call(key, grantee, grant):
    grant("Encrypt", "DescribeKey", Constraints={"SourceArn": f"arn:aws:s3:{REGION}:{ACCOUNT}:bucket"})
    assert not encrypts(grantee, key)
    assert not grantee.may("describe_key", KeyId=key["KeyId"])


def test_reencryption_needs_a_grant_on_either_side(kms, key, other_key, grantee, grant):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    members = {"CiphertextBlob": blob, "DestinationKeyId": other_key["KeyId"]}
    grant("ReEncryptFrom")
    assert not grantee.may("re_encrypt", **members)
    grant("ReEncryptTo", KeyId=other_key["KeyId"])
    assert grantee.may("re_encrypt", **members)


@pytest.mark.parametrize(("spec", "usage", "operation", "call"), [
    ("RSA_2048", "ENCRYPT_DECRYPT", "Encrypt",
     ("encrypt", {"Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"})),
    ("ECC_NIST_P256", "SIGN_VERIFY", "Sign", ("sign", {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"})),
    ("ECC_NIST_P256", "SIGN_VERIFY", "GetPublicKey", ("get_public_key", {})),
    ("HMAC_256", "GENERATE_VERIFY_MAC", "GenerateMac", ("generate_mac", {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"})),
])
def test_every_kind_of_key_has_operations_of_its_own(kms, grantee, spec, usage, operation, call):
    key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]
    method, members = call
    assert not grantee.may(method, KeyId=key, **members)
    kms.create_grant(KeyId=key, GranteePrincipal=grantee.arn, Operations=[operation])
    assert grantee.may(method, KeyId=key, **members)
    with refused("ValidationException"):
        kms.create_grant(KeyId=key, GranteePrincipal=grantee.arn, Operations=[operation, "GenerateDataKey"])
    with refused("ValidationException"):
        kms.create_grant(KeyId=key, GranteePrincipal=grantee.arn, Operations=[operation],
                         Constraints={"EncryptionContextSubset": {"a": "b"}})


def test_a_grantee_passes_on_no_more_than_they_have(key, grantee, retirer, grant):
    grant("Encrypt", "Decrypt", "CreateGrant", Constraints={"EncryptionContextSubset": {"App": "ledger"}})

    def passes(*operations, **constraints):
        return grantee.may("create_grant", KeyId=key["KeyId"], GranteePrincipal=retirer.arn, Operations=list(operations),
                           **({"Constraints": constraints} if constraints else {}))

    assert not passes("Encrypt")
    assert not passes("Encrypt", EncryptionContextSubset={"App": "other"})
    assert not passes("GenerateDataKey", EncryptionContextSubset={"App": "ledger"})
    assert passes("Encrypt", EncryptionContextSubset={"App": "ledger"})
    assert passes("Encrypt", EncryptionContextSubset=CONTEXT)
    assert passes("Encrypt", "CreateGrant", EncryptionContextEquals=CONTEXT)
    assert encrypts(retirer, key, EncryptionContext=CONTEXT)
    # From exactly these pairs there is no way back to some of them.
    assert not retirer.may("create_grant", KeyId=key["KeyId"], GranteePrincipal=grantee.arn, Operations=["Encrypt"],
                           Constraints={"EncryptionContextSubset": CONTEXT | {"more": "1"}})


def test_a_grant_can_not_be_for_passing_on_alone(grant):
    with refused("ValidationException", "Grants must not contain only the CreateGrant operation."):
        grant("CreateGrant")


def test_names_make_calls_repeatable(grant):
    first = grant("Encrypt", Name="backup")
    again = grant("Encrypt", Name="backup")
    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert grant("Encrypt", "Decrypt", Name="backup")["GrantId"] != first["GrantId"]
    assert grant("Encrypt")["GrantId"] != grant("Encrypt")["GrantId"]


def test_a_grant_is_retired_by_those_whom_it_lets(kms, key, grantee, retirer, grant):
    made = grant("Encrypt", RetiringPrincipal=retirer.arn)
    assert not grantee.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])
    assert not grantee.may("retire_grant", GrantToken=made["GrantToken"])
    assert retirer.may("retire_grant", GrantToken=made["GrantToken"])
    assert not encrypts(grantee, key)
    made = grant("Encrypt", "RetireGrant")
    assert not retirer.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])
    assert grantee.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])
    made = grant("Encrypt")
    kms.retire_grant(KeyId=key["Arn"], GrantId=made["GrantId"])
    with refused("NotFoundException"):
        kms.retire_grant(KeyId=key["Arn"], GrantId=made["GrantId"])


def test_a_key_policy_does_not_let_retire_and_may_deny_it(kms, key, retirer, grantee, grant, policy, statement):
    made = grant("Encrypt", RetiringPrincipal=retirer.arn)
    everybody = {"AWS": [grantee.arn, retirer.arn]}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Allow", "kms:RetireGrant", Principal=everybody)))
    assert not grantee.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Deny", "kms:RetireGrant", Principal=everybody)))
    assert not retirer.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy())
    assert retirer.may("retire_grant", KeyId=key["Arn"], GrantId=made["GrantId"])


def test_the_account_that_made_a_grant_lets_its_users_retire_it(key, iam, retirer, grant):
    made = grant("Encrypt")
    members = {"KeyId": key["Arn"], "GrantId": made["GrantId"]}
    assert not retirer.may("retire_grant", **members)
    iam.put_user_policy(UserName=retirer.name, PolicyName="retire", PolicyDocument=allow("kms:RetireGrant"))
    assert retirer.may("retire_grant", **members)
    iam.delete_user_policy(UserName=retirer.name, PolicyName="retire")


def test_grants_are_listed_with_all_that_they_say(kms, key, grantee, retirer, grant):
    made = grant("Decrypt", "Encrypt", Name="n", RetiringPrincipal=retirer.arn,
                 Constraints={"EncryptionContextSubset": {"a": "b"}})
    listed = kms.list_grants(KeyId=key["KeyId"])
    assert listed["Truncated"] is False
    [entry] = listed["Grants"]
    created = entry.pop("CreationDate")
    assert created.year >= 2026
    assert entry == {
        "KeyId": key["Arn"], "GrantId": made["GrantId"], "Name": "n", "GranteePrincipal": grantee.arn,
        "RetiringPrincipal": retirer.arn, "IssuingAccount": ROOT, "Operations": ["Decrypt", "Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "b"}},
    }
    [retirable] = kms.list_retirable_grants(RetiringPrincipal=retirer.arn)["Grants"][-1:]
    assert retirable["GranteePrincipal"] == grantee.arn


def test_lists_are_filtered_and_paged(kms, key, grantee, retirer, grant):
    ids = {grant("Encrypt")["GrantId"] for _ in range(5)}
    other = grant("Encrypt", GranteePrincipal=retirer.arn)["GrantId"]
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key["KeyId"], PaginationConfig={"PageSize": 2}))
    assert [len(page["Grants"]) for page in pages] == [2, 2, 2]
    assert {one["GrantId"] for page in pages for one in page["Grants"]} == ids | {other}
    listed = kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=retirer.arn)["Grants"]
    assert [one["GrantId"] for one in listed] == [other]
    listed = kms.list_grants(KeyId=key["KeyId"], GrantId=other)["Grants"]
    assert [one["GrantId"] for one in listed] == [other]
    assert kms.list_grants(KeyId=key["KeyId"], GrantId="0" * 64)["Grants"] == []
    with refused("ValidationException"):
        kms.list_grants(KeyId=key["KeyId"], Limit=101)
    with refused("InvalidMarkerException"):
        kms.list_grants(KeyId=key["KeyId"], Marker="x")
    with refused("InvalidGrantIdException"):
        kms.list_grants(KeyId=key["KeyId"], GrantId="x")


def test_retirable_grants_are_paged(kms, key, other_key, server, iam, grantee):
    someone = Someone(server, iam, "retires-many")
    for key_id in (key["KeyId"], other_key["KeyId"]):
        for _ in range(3):
            kms.create_grant(KeyId=key_id, GranteePrincipal=grantee.arn, Operations=["Encrypt"],
                             RetiringPrincipal=someone.arn)
    pages = list(kms.get_paginator("list_retirable_grants").paginate(
        RetiringPrincipal=someone.arn, PaginationConfig={"PageSize": 4}))
    assert [len(page["Grants"]) for page in pages] == [4, 2]
    assert {one["KeyId"] for page in pages for one in page["Grants"]} == {key["Arn"], other_key["Arn"]}
    with refused("InvalidArnException"):
        kms.list_retirable_grants(RetiringPrincipal="arn:aws:iam::444455556666:root")
    with refused("ValidationException"):
        kms.list_retirable_grants()


def test_a_grantee_who_is_made_again_is_somebody_else(kms, key, server, iam):
    someone = Someone(server, iam, "passing")
    made = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=someone.arn, Operations=["Encrypt"])
    for access_key in iam.list_access_keys(UserName="passing")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="passing", AccessKeyId=access_key["AccessKeyId"])
    iam.delete_user(UserName="passing")
    [entry] = kms.list_grants(KeyId=key["KeyId"], GrantId=made["GrantId"])["Grants"]
    assert re.fullmatch("AIDA[A-Z2-7]{17}", entry["GranteePrincipal"])
    again = Someone(server, iam, "passing")
    assert not encrypts(again, key)


def test_an_account_passes_a_grant_on_to_its_users(key, iam, retirer, grant, kms, policy, statement):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy())
    grant("Encrypt", GranteePrincipal=ROOT)
    assert not encrypts(retirer, key)
    iam.put_user_policy(UserName=retirer.name, PolicyName="encrypt", PolicyDocument=allow("kms:Encrypt"))
    assert encrypts(retirer, key)
    iam.delete_user_policy(UserName=retirer.name, PolicyName="encrypt")


def test_tokens_are_taken_and_give_nothing_themselves(kms, key, retirer, grantee, grant):
    made = grant("Encrypt")
    assert encrypts(grantee, key, GrantTokens=[made["GrantToken"]])
    assert not encrypts(retirer, key, GrantTokens=[made["GrantToken"]])
    with refused("InvalidGrantTokenException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=["x"])
    altered = made["GrantToken"][:-2] + ("AA" if made["GrantToken"][-2:] != "AA" else "BB")
    with refused("InvalidGrantTokenException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=[altered])
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken=altered)


@pytest.mark.parametrize(("members", "code"), [
    ({"GranteePrincipal": NOBODY}, "InvalidArnException"),
    ({"GranteePrincipal": "not an arn".replace(" ", "-")}, "InvalidArnException"),
    ({"GranteePrincipal": "arn:aws:iam::444455556666:root"}, "InvalidArnException"),
    ({"RetiringPrincipal": NOBODY}, "InvalidArnException"),
    ({"GranteeServicePrincipal": "ebs.us-east-1.amazonaws.com"}, "ValidationException"),
    ({"Constraints": {"EncryptionContextSubset": {"a": "b"}, "EncryptionContextEquals": {"a": "b"}}},
     "ValidationException"),
    ({"Constraints": {"EncryptionContextSubset": {str(n): "b" for n in range(9)}}}, "ValidationException"),
    ({"Constraints": {"EncryptionContextSubset": {"a": "b" * 385}}}, "ValidationException"),
    ({"Operations": []}, "ValidationException"),
    ({"Operations": ["Sign"]}, "ValidationException"),
    ({"Operations": ["PutKeyPolicy"]}, "ValidationException"),
    ({"Name": "a b"}, "ValidationException"),
    ({"KeyId": "alias/none"}, "InvalidArnException"),
    ({"DryRun": True}, "DryRunOperationException"),
])
def test_what_no_grant_can_be_is_refused(loose, key, grantee, members, code):
    wanted = {"KeyId": key["KeyId"], "GranteePrincipal": grantee.arn, "Operations": ["Encrypt"]} | members
    with refused(code):
        loose.create_grant(**wanted)
    assert loose.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_grants_need_a_key_that_is_enabled_and_outlive_its_being_disabled(kms, key, grantee, grant):
    made = grant("Encrypt")
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException"):
        grant("Encrypt")
    kms.enable_key(KeyId=key["KeyId"])
    assert encrypts(grantee, key)
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert len(kms.list_grants(KeyId=key["KeyId"])["Grants"]) == 1
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])


def test_policies_may_bound_what_is_granted(kms, key, server, iam, grantee):
    someone = Someone(server, iam, "grants-some")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": {
            "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]},
            "StringEquals": {"kms:GranteePrincipal": grantee.arn, "kms:GrantConstraintType": "EncryptionContextSubset",
                             "kms:EncryptionContext:App": "ledger"},
            "Bool": {"kms:GrantIsForAWSResource": "false"}}}]})
    iam.put_user_policy(UserName=someone.name, PolicyName="grant", PolicyDocument=document)

    def grants(*operations, constraints=None, to=grantee.arn):
        constraints = {"EncryptionContextSubset": {"App": "ledger"}} if constraints is None else constraints
        return someone.may("create_grant", KeyId=key["KeyId"], GranteePrincipal=to, Operations=list(operations),
                           Constraints=constraints)

    assert grants("Encrypt", "Decrypt")
    assert not grants("Encrypt", "GenerateDataKey")
    assert not grants("Encrypt", to=ROOT)
    assert not grants("Encrypt", constraints={"EncryptionContextEquals": {"App": "ledger"}})
    assert not grants("Encrypt", constraints={"EncryptionContextSubset": {"App": "other"}})
    assert not grants("Encrypt", constraints={})
