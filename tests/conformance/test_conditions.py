"""Condition keys: each is tried with the operations that it applies to, once with what the request has and once without."""

import datetime
import json
import os

import pytest

from harness import ACCOUNT, OTHER_REGION, REGION
from test_iam_users import as_user

USER = "conditional"
ARN = f"arn:aws:iam::{ACCOUNT}:user/{USER}"
CONTEXT = {"App": "ledger", "unit": "7"}


class Caller:
    """A user whose one policy is set for each try."""

    def __init__(self, server, iam):
        self.iam = iam
        self.tagged = iam.create_user(UserName=USER, Tags=[{"Key": "Team", "Value": "red"}])["User"]
        self.kms = as_user(server, iam, USER)

    def may(self, call, condition, effect="Allow"):
        """Whether the user may make a call under a policy with this condition."""
        statements = [{"Effect": effect, "Action": "kms:*", "Resource": "*", "Condition": condition}]
        if effect == "Deny":
            statements.append({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_user_policy(UserName=USER, PolicyName="conditional", PolicyDocument=document)
        try:
            call(self.kms)
        except self.kms.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True


@pytest.fixture(scope="module")
def caller(server):
    return Caller(server, server.client("iam"))


class Keys:
    """The keys that the calls are about, and ciphertexts under them."""

    def __init__(self, kms):
        self.kms = kms
        self.plain = self.make(Tags=[{"TagKey": "Stage", "TagValue": "prod"}])
        kms.create_alias(AliasName="alias/conditional/main", TargetKeyId=self.plain)
        self.other = self.make()
        self.rsa = self.make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
        self.signer = self.make(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        self.hmac = self.make(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        self.agreer = self.make(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
        self.spread = self.make(MultiRegion=True)
        self.outside = self.make(Origin="EXTERNAL")
        self.blob = kms.encrypt(KeyId=self.plain, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
        self.bare = kms.encrypt(KeyId=self.plain, Plaintext=b"x")["CiphertextBlob"]
        self.signature = kms.sign(
            KeyId=self.signer, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        self.mac = kms.generate_mac(KeyId=self.hmac, Message=b"x", MacAlgorithm="HMAC_SHA_256")["Mac"]
        self.peer = kms.get_public_key(KeyId=self.agreer)["PublicKey"]

    def make(self, **members):
        return self.kms.create_key(**members)["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


def encrypt(**members):
    return lambda keys, kms: kms.encrypt(KeyId=keys.plain, Plaintext=b"x", **members)


def call(method, key="plain", **members):
    return lambda keys, kms: getattr(kms, method)(KeyId=getattr(keys, key), **members)


def create(**members):
    return lambda _, kms: kms.create_key(**members)


PAIRED = dict(EncryptionContext=CONTEXT)
WITH_CONTEXT = {
    "Encrypt": encrypt(**PAIRED),
    "Decrypt": lambda keys, kms: kms.decrypt(CiphertextBlob=keys.blob, **PAIRED),
    "GenerateDataKey": call("generate_data_key", KeySpec="AES_256", **PAIRED),
    "GenerateDataKeyWithoutPlaintext": call("generate_data_key_without_plaintext", KeySpec="AES_256", **PAIRED),
    "GenerateDataKeyPair": call("generate_data_key_pair", KeyPairSpec="ECC_NIST_P256", **PAIRED),
    "GenerateDataKeyPairWithoutPlaintext": call(
        "generate_data_key_pair_without_plaintext", KeyPairSpec="ECC_NIST_P256", **PAIRED),
    "ReEncrypt": lambda keys, kms: kms.re_encrypt(
        CiphertextBlob=keys.blob, SourceEncryptionContext=CONTEXT, DestinationEncryptionContext=CONTEXT,
        DestinationKeyId=keys.plain),
}
SIGN = dict(Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
VERIFY = lambda keys, kms: kms.verify(KeyId=keys.signer, Signature=keys.signature, **SIGN)  # noqa: E731
MAC = call("generate_mac", "hmac", Message=b"x", MacAlgorithm="HMAC_SHA_256")
VERIFY_MAC = lambda keys, kms: kms.verify_mac(  # noqa: E731
    KeyId=keys.hmac, Message=b"x", MacAlgorithm="HMAC_SHA_256", Mac=keys.mac)
AGREE = lambda keys, kms: kms.derive_shared_secret(  # noqa: E731
    KeyId=keys.agreer, KeyAgreementAlgorithm="ECDH", PublicKey=keys.peer)
DESCRIBE = call("describe_key")


def tags(**pairs):
    return [{"TagKey": key, "TagValue": value} for key, value in pairs.items()]


def by_alias(method, **members):
    return lambda keys, kms: getattr(kms, method)(KeyId="alias/conditional/main", **members)


# Condition key, operator, what the request has, what it doesn't, the call.
CASES = [
    *(("kms:EncryptionContext:app", "StringEquals", "ledger", "Ledger", made) for made in WITH_CONTEXT.values()),
    *(("kms:EncryptionContextKeys", "ForAllValues:StringEquals", ["App", "unit", "more"], ["App"], made)
      for made in WITH_CONTEXT.values()),
    *(("kms:EncryptionAlgorithm", "StringEquals", "SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_256", made)
      for made in WITH_CONTEXT.values()),
    ("kms:EncryptionAlgorithm", "StringEquals", "RSAES_OAEP_SHA_256", "SYMMETRIC_DEFAULT",
     call("encrypt", "rsa", Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")),
    ("kms:CallerAccount", "StringEquals", ACCOUNT, "444455556666", DESCRIBE),
    ("kms:KeySpec", "StringEquals", "SYMMETRIC_DEFAULT", "RSA_2048", DESCRIBE),
    ("kms:KeySpec", "StringEquals", "SYMMETRIC_DEFAULT", "RSA_2048", create()),
    ("kms:KeySpec", "StringEquals", "RSA_3072", "RSA_2048", create(KeySpec="RSA_3072", KeyUsage="SIGN_VERIFY")),
    ("kms:CustomerMasterKeySpec", "StringEquals", "RSA_2048", "RSA_3072", call("get_public_key", "rsa")),
    ("kms:KeyUsage", "StringEquals", "SIGN_VERIFY", "ENCRYPT_DECRYPT", call("sign", "signer", **SIGN)),
    ("kms:KeyUsage", "StringEquals", "ENCRYPT_DECRYPT", "SIGN_VERIFY", create()),
    ("kms:CustomerMasterKeyUsage", "StringEquals", "ENCRYPT_DECRYPT", "SIGN_VERIFY", DESCRIBE),
    ("kms:KeyOrigin", "StringEquals", "EXTERNAL", "AWS_KMS", call("describe_key", "outside")),
    ("kms:KeyOrigin", "StringEquals", "EXTERNAL", "AWS_KMS", create(Origin="EXTERNAL")),
    ("kms:MultiRegion", "Bool", "true", "false", call("describe_key", "spread")),
    ("kms:MultiRegion", "Bool", "false", "true", create()),
    ("kms:MultiRegionKeyType", "StringEquals", "PRIMARY", "REPLICA", call("describe_key", "spread")),
    ("kms:MultiRegionKeyType", "StringEquals", "PRIMARY", "REPLICA", create(MultiRegion=True)),
    ("kms:SigningAlgorithm", "StringEquals", "ECDSA_SHA_256", "ECDSA_SHA_384", call("sign", "signer", **SIGN)),
    ("kms:SigningAlgorithm", "StringEquals", "ECDSA_SHA_256", "ECDSA_SHA_384", VERIFY),
    ("kms:MessageType", "StringEquals", "RAW", "DIGEST", call("sign", "signer", **SIGN)),
    ("kms:MessageType", "StringEquals", "RAW", "DIGEST", VERIFY),
    ("kms:MacAlgorithm", "StringEquals", "HMAC_SHA_256", "HMAC_SHA_512", MAC),
    ("kms:MacAlgorithm", "StringEquals", "HMAC_SHA_256", "HMAC_SHA_512", VERIFY_MAC),
    ("kms:KeyAgreementAlgorithm", "StringEquals", "ECDH", "other", AGREE),
    ("kms:DataKeyPairSpec", "StringEquals", "ECC_NIST_P256", "RSA_2048", WITH_CONTEXT["GenerateDataKeyPair"]),
    ("kms:DataKeyPairSpec", "StringEquals", "ECC_NIST_P256", "RSA_2048",
     WITH_CONTEXT["GenerateDataKeyPairWithoutPlaintext"]),
    ("kms:ReEncryptOnSameKey", "Bool", "true", "false", WITH_CONTEXT["ReEncrypt"]),
    ("kms:ReEncryptOnSameKey", "Bool", "false", "true", lambda keys, kms: kms.re_encrypt(
        CiphertextBlob=keys.bare, DestinationKeyId=keys.other)),
    *(("kms:RequestAlias", "StringEquals", "alias/conditional/main", "alias/conditional/other", made) for made in (
        by_alias("describe_key"), by_alias("encrypt", Plaintext=b"x"), by_alias("generate_data_key", KeySpec="AES_128"),
        lambda keys, kms: kms.decrypt(CiphertextBlob=keys.bare, KeyId="alias/conditional/main"),
        lambda _, kms: kms.describe_key(KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/conditional/main"),
    )),
    ("kms:ResourceAliases", "ForAnyValue:StringLike", "alias/conditional/*", "alias/other/*", DESCRIBE),
    ("kms:ResourceAliases", "ForAnyValue:StringLike", "alias/conditional/*", "alias/other/*",
     lambda keys, kms: kms.decrypt(CiphertextBlob=keys.bare)),
    ("kms:PolicyName", "StringEquals", "default", "other", call("get_key_policy")),
    ("kms:PolicyName", "StringEquals", "default", "other", call("get_key_policy", PolicyName="default")),
    ("kms:RotationPeriodInDays", "NumericLessThanEquals", "365", "364", call("enable_key_rotation", "other")),
    ("kms:RotationPeriodInDays", "NumericLessThanEquals", "100", "99",
     call("enable_key_rotation", "other", RotationPeriodInDays=100)),
    ("kms:WrappingAlgorithm", "StringEquals", "RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1",
     call("get_parameters_for_import", "outside", WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")),
    ("kms:WrappingKeySpec", "StringEquals", "RSA_2048", "RSA_4096",
     call("get_parameters_for_import", "outside", WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")),
    ("aws:ResourceTag/stage", "StringEquals", "prod", "test", DESCRIBE),
    ("aws:ResourceTag/stage", "StringEquals", "prod", "test", encrypt()),
    ("aws:RequestTag/cost", "StringEquals", "7", "8", create(Tags=tags(Cost="7"))),
    ("aws:RequestTag/cost", "StringEquals", "7", "8", call("tag_resource", "other", Tags=tags(Cost="7"))),
    ("aws:TagKeys", "ForAllValues:StringEquals", ["Cost", "More"], ["More"],
     call("tag_resource", "other", Tags=tags(Cost="7"))),
    ("aws:TagKeys", "ForAllValues:StringEquals", ["Cost", "More"], ["More"],
     call("untag_resource", "other", TagKeys=["Cost"])),
    ("aws:PrincipalArn", "ArnEquals", ARN, f"{ARN}x", DESCRIBE),
    ("aws:PrincipalAccount", "StringEquals", ACCOUNT, "444455556666", DESCRIBE),
    ("aws:PrincipalType", "StringEquals", "User", "Account", DESCRIBE),
    ("aws:PrincipalTag/team", "StringEquals", "red", "blue", DESCRIBE),
    ("aws:username", "StringEquals", USER, "somebody", DESCRIBE),
    ("aws:SourceIp", "IpAddress", ["127.0.0.0/8", "::1"], "192.0.2.0/24", DESCRIBE),
    ("aws:SecureTransport", "Bool", "true", "false", DESCRIBE),
    ("aws:RequestedRegion", "StringEquals", REGION, "eu-central-7", DESCRIBE),
    ("aws:ResourceAccount", "StringEquals", ACCOUNT, "444455556666", DESCRIBE),
    ("aws:UserAgent", "StringLike", "*Boto3*", "curl*", DESCRIBE),
    ("aws:ViaAWSService", "Bool", "false", "true", DESCRIBE),
    ("aws:PrincipalIsAWSService", "Bool", "false", "true", DESCRIBE),
]


@pytest.mark.parametrize(
    ("key", "operator", "right", "wrong", "made"), CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_a_condition_decides_the_operations_that_its_key_applies_to(caller, keys, key, operator, right, wrong, made):
    def calling(kms):
        return made(keys, kms)

    assert caller.may(calling, {operator: {key: right}})
    assert not caller.may(calling, {operator: {key: wrong}})
    assert not caller.may(calling, {operator: {key: right}}, effect="Deny")
    assert caller.may(calling, {operator: {key: wrong}}, effect="Deny")


@pytest.mark.parametrize("key", [
    "kms:EncryptionContext:app", "kms:RequestAlias", "kms:SigningAlgorithm", "kms:ViaService", "kms:MultiRegionKeyType",
    "kms:BypassPolicyLockoutSafetyCheck", "kms:GrantOperations", "kms:RecipientAttestation:ImageSha384", "kms:ValidTo",
    "aws:ResourceTag/none", "aws:RequestTag/cost", "aws:TagKeys", "aws:PrincipalTag/none", "aws:SourceVpce", "aws:SourceArn",
    "aws:CalledVia", "aws:PrincipalOrgID", "aws:MultiFactorAuthPresent", "aws:TokenIssueTime", "aws:FederatedProvider",
    "aws:SourceIdentity",
])
def test_a_key_that_a_request_has_nothing_for_is_absent(caller, keys, key):
    def calling(kms):
        return DESCRIBE(keys, kms)

    assert caller.may(calling, {"Null": {key: "true"}})
    assert not caller.may(calling, {"Null": {key: "false"}})
    assert not caller.may(calling, {"StringLike": {key: "*"}})
    assert caller.may(calling, {"StringNotLike": {key: "*"}})


def test_time_decides(caller, keys):
    now = datetime.datetime.now(datetime.timezone.utc)
    soon, before = ((now + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (1, -1))

    def calling(kms):
        return DESCRIBE(keys, kms)

    assert caller.may(calling, {"DateLessThan": {"aws:CurrentTime": soon}})
    assert not caller.may(calling, {"DateLessThan": {"aws:CurrentTime": before}})
    assert caller.may(calling, {"NumericLessThan": {"aws:EpochTime": str(int(now.timestamp()) + 3600)}})
    assert not caller.may(calling, {"NumericLessThan": {"aws:EpochTime": str(int(now.timestamp()) - 3600)}})


def test_the_waiting_period_of_a_deletion_decides(caller, keys):
    doomed = keys.make()

    def calling(kms):
        kms.schedule_key_deletion(KeyId=doomed)
        keys.kms.cancel_key_deletion(KeyId=doomed)

    key = "kms:ScheduleKeyDeletionPendingWindowInDays"
    assert caller.may(calling, {"NumericGreaterThanEquals": {key: "30"}})
    assert not caller.may(calling, {"NumericGreaterThanEquals": {key: "31"}})


def test_the_lockout_check_may_be_bypassed_by_those_who_may(caller, keys):
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}]})

    def changing(**members):
        return lambda kms: kms.put_key_policy(KeyId=keys.other, Policy=document, **members)

    key = "kms:BypassPolicyLockoutSafetyCheck"
    assert not caller.may(changing(BypassPolicyLockoutSafetyCheck=True), {"Bool": {key: "true"}}, effect="Deny")
    assert caller.may(changing(BypassPolicyLockoutSafetyCheck=False), {"Bool": {key: "true"}}, effect="Deny")
    assert caller.may(changing(), {"Bool": {key: "true"}}, effect="Deny")
    assert caller.may(changing(BypassPolicyLockoutSafetyCheck=False), {"BoolIfExists": {key: "false"}})
    assert not caller.may(changing(BypassPolicyLockoutSafetyCheck=False), {"Null": {key: "true"}})


def test_tags_decide_for_every_key_alike(caller, keys):
    """Attribute-based access: whoever has a team may use that team's keys."""
    red, blue = (keys.make(Tags=tags(Team=team)) for team in ("red", "blue"))
    condition = {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}
    assert caller.may(lambda kms: kms.encrypt(KeyId=red, Plaintext=b"x"), condition)
    assert not caller.may(lambda kms: kms.encrypt(KeyId=blue, Plaintext=b"x"), condition)
    keys.kms.tag_resource(KeyId=blue, Tags=tags(Team="red"))
    assert caller.may(lambda kms: kms.encrypt(KeyId=blue, Plaintext=b"x"), condition)


def test_replicas_are_made_where_a_policy_allows(caller, keys):
    regions = "kms:ReplicaRegion"
    family = keys.make(MultiRegion=True)

    def calling(kms):
        kms.replicate_key(KeyId=family, ReplicaRegion=OTHER_REGION)

    assert not caller.may(calling, {"StringEquals": {regions: REGION}})
    assert not caller.may(calling, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, effect="Deny")
    assert caller.may(calling, {"StringEqualsIfExists": {regions: OTHER_REGION}})


def test_two_contexts_of_one_reencryption_are_told_apart(caller, keys):
    def calling(kms):
        kms.re_encrypt(
            CiphertextBlob=keys.blob, SourceEncryptionContext=CONTEXT, DestinationEncryptionContext={"App": "new"},
            DestinationKeyId=keys.other)

    def document(source, destination):
        return [
            {"Effect": "Allow", "Action": "kms:ReEncryptFrom", "Resource": "*",
             "Condition": {"StringEquals": {"kms:EncryptionContext:App": source}}},
            {"Effect": "Allow", "Action": "kms:ReEncryptTo", "Resource": "*",
             "Condition": {"StringEquals": {"kms:EncryptionContext:App": destination}}},
        ]

    for source, destination, may in [("ledger", "new", True), ("new", "ledger", False), ("ledger", "ledger", False)]:
        caller.iam.put_user_policy(UserName=USER, PolicyName="conditional", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": document(source, destination)}))
        try:
            calling(caller.kms)
            done = True
        except caller.kms.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException"
            done = False
        assert done == may, (source, destination)


def test_an_expiring_import_may_be_asked_for(caller, keys):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    given = keys.kms.get_parameters_for_import(
        KeyId=keys.outside, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wrapped = serialization.load_der_public_key(given["PublicKey"]).encrypt(
        os.urandom(32), padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)

    def calling(kms):
        kms.import_key_material(
            KeyId=keys.outside, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, ValidTo=until,
            ExpirationModel="KEY_MATERIAL_EXPIRES")

    early = (until - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    late = (until + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert not caller.may(calling, {"StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}})
    assert not caller.may(calling, {"DateLessThan": {"kms:ValidTo": early}})
    assert caller.may(calling, {
        "DateLessThan": {"kms:ValidTo": late}, "StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_EXPIRES"}})
