"""Key policies that name users: the walk of a finance team with the `aws` command alone, and who a name stands for."""

import base64
import json
import pathlib
import subprocess
import sys

import pytest

from harness import ACCOUNT, PATIENCE, REGION, clean_env, refused
from test_iam_users import allow, as_user

AWS = pathlib.Path(sys.executable).parent / "aws"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
INVALID = "Policy contains a statement with one or more invalid principals."
ADMINISTER = [
    "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*",
    "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
]
USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def arn(user):
    return f"arn:aws:iam::{ACCOUNT}:user/{user}"


def key_policy(administrators, users):
    def statement(sid, principals, actions):
        return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions, "Resource": "*"}

    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            statement("Administer", [ROOT, *map(arn, administrators)], ADMINISTER),
            statement("Use", list(map(arn, users)), USE),
        ],
    })


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


class Cli:
    """The `aws` command, as somebody."""

    def __init__(self, server, key=None, secret=None):
        self.environment = clean_env(server.exports)
        if key:
            self.environment |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": REGION}
            self.environment.pop("AWS_PROFILE")

    def __call__(self, *arguments):
        done = subprocess.run(
            [sys.executable, str(AWS), *arguments, "--output", "json"], capture_output=True, text=True, timeout=PATIENCE,
            env=self.environment, stdin=subprocess.DEVNULL,
        )
        return json.loads(done.stdout or "{}") if done.returncode == 0 else done.stderr.strip()

    def someone(self, server, name):
        """Makes a user, who signs with a key of their own."""
        self("iam", "create-user", "--user-name", name)
        made = self("iam", "create-access-key", "--user-name", name)["AccessKey"]
        return Cli(server, made["AccessKeyId"], made["SecretAccessKey"])


def test_the_walk_of_a_finance_team(server, tmp_path):
    root = Cli(server)
    administrator, analyst, compliance = (
        root.someone(server, name) for name in ("finance-admin", "finance-analyst", "finance-compliance")
    )
    root("iam", "put-user-policy", "--user-name", "finance-admin", "--policy-name", "keys", "--policy-document",
         allow("kms:CreateKey", "kms:CreateAlias", "kms:ListAliases"))
    (tmp_path / "report").write_bytes(b"revenue 42")

    made = administrator("kms", "create-key", "--policy", key_policy(["finance-admin"], ["finance-analyst"]))
    assert isinstance(made, dict), made
    key = made["KeyMetadata"]["KeyId"]
    assert administrator("kms", "create-alias", "--alias-name", "alias/Financial_Report", "--target-key-id", key) == {}
    # Who administers a key does not use it.
    encrypt = ("kms", "encrypt", "--key-id", "alias/Financial_Report", "--plaintext", f"fileb://{tmp_path / 'report'}")
    assert "AccessDeniedException" in administrator(*encrypt)

    sealed = analyst(*encrypt)["CiphertextBlob"]
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed))
    decrypt = ("kms", "decrypt", "--ciphertext-blob", f"fileb://{tmp_path / 'sealed'}")
    assert "AccessDeniedException" in compliance(*decrypt)
    named = compliance(*decrypt, "--key-id", made["KeyMetadata"]["Arn"])
    assert "no resource-based policy allows the kms:Decrypt action" in named

    def put(*users):
        answer = administrator("kms", "put-key-policy", "--key-id", key, "--policy", key_policy(["finance-admin"], users))
        assert answer == {}

    put("finance-analyst", "finance-compliance")
    assert base64.b64decode(compliance(*decrypt)["Plaintext"]) == b"revenue 42"
    put("finance-analyst")
    assert "AccessDeniedException" in compliance(*decrypt)
    assert base64.b64decode(analyst(*decrypt)["Plaintext"]) == b"revenue 42"

    told = [
        (record["userIdentity"]["userName"], record["eventName"], record.get("errorCode"))
        for record in server.audit()
        if record["userIdentity"].get("userName", "").startswith("finance-")
    ]
    assert told == [
        ("finance-admin", "CreateKey", None), ("finance-admin", "CreateAlias", None),
        ("finance-admin", "Encrypt", "AccessDenied"), ("finance-analyst", "Encrypt", None),
        ("finance-compliance", "Decrypt", "AccessDenied"), ("finance-compliance", "Decrypt", "AccessDenied"),
        ("finance-admin", "PutKeyPolicy", None), ("finance-compliance", "Decrypt", None), ("finance-admin", "PutKeyPolicy", None),
        ("finance-compliance", "Decrypt", "AccessDenied"), ("finance-analyst", "Decrypt", None),
    ]


def test_who_is_named_must_exist(iam, kms, key):
    iam.create_user(UserName="known", Path="/path/")
    for principal in (
        {"AWS": arn("nobody")}, {"AWS": arn("known")}, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/path/KNOWN"},
        {"AWS": "arn:aws:iam::444455556666:user/known"}, {"AWS": "444455556666"}, {"AWS": "AIDAEXAMPLEEXAMPLEEX"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/none"}, {"Service": "s3.amazonaws.com"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"},
    ):
        statements = [
            {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"},
        ]
        with refused("MalformedPolicyDocumentException", INVALID):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps({"Statement": statements}))
    iam.delete_user(UserName="known")


def test_a_name_stands_for_the_one_who_had_it(server, iam, kms, key):
    iam.create_user(UserName="keeper")
    first = as_user(server, iam, "keeper")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy([], ["keeper"]))
    id = iam.get_user(UserName="keeper")["User"]["UserId"]
    assert first.describe_key(KeyId=key["KeyId"])

    def named():
        policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
        return policy["Statement"][1]["Principal"]["AWS"]

    assert named() == [arn("keeper")]
    iam.update_user(UserName="keeper", NewUserName="guardian")
    assert named() == [arn("guardian")]
    assert first.describe_key(KeyId=key["KeyId"])
    iam.create_user(UserName="keeper")
    other = as_user(server, iam, "keeper")
    with refused("AccessDeniedException"):
        other.describe_key(KeyId=key["KeyId"])
    for name in ("guardian", "keeper"):
        (made,) = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
        iam.delete_user(UserName=name)
    assert named() == [id]
    # What is shown of somebody who is gone can't be given again.
    with refused("MalformedPolicyDocumentException", INVALID):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=kms.get_key_policy(KeyId=key["KeyId"])["Policy"])


def test_an_explicit_deny_of_a_users_own_wins_over_the_key_policy(server, iam, kms, key):
    iam.create_user(UserName="bounded")
    user = as_user(server, iam, "bounded")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy([], ["bounded"]))
    assert user.describe_key(KeyId=key["KeyId"])
    iam.put_user_policy(UserName="bounded", PolicyName="no", PolicyDocument=allow("kms:DescribeKey", effect="Deny"))
    with refused("AccessDeniedException"):
        user.describe_key(KeyId=key["KeyId"])
    iam.delete_user_policy(UserName="bounded", PolicyName="no")
    # Whoever the key's policy names itself needs nothing else, not even of a boundary.
    boundary = iam.create_policy(PolicyName="nothing-of-kms", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    assert user.describe_key(KeyId=key["KeyId"])


def test_a_user_is_not_locked_out_unawares(server, iam, kms):
    iam.create_user(UserName="locker")
    user = as_user(server, iam, "locker")
    iam.put_user_policy(UserName="locker", PolicyName="make", PolicyDocument=allow("kms:CreateKey"))
    with refused(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    ):
        user.create_key(Policy=key_policy([], ["locker"]))
    assert user.create_key(Policy=key_policy(["locker"], []).replace(', {"Sid": "Use", "Effect": "Allow", "Principal": '
                           '{"AWS": []}, "Action": ' + json.dumps(USE) + ', "Resource": "*"}', ""))
