"""Users, their access keys and their inline policies."""

import datetime
import json
import re

import pytest

from harness import ACCOUNT, OTHER_REGION, Server, refused

NOBODY = "The user with name nobody cannot be found."


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def loose(server):
    return server.client("iam", parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture
def user(iam, request):
    """A new user's name; whatever it has is removed with it."""
    name = re.sub(r"[^\w]", "-", request.node.name)[-60:]
    iam.create_user(UserName=name)
    yield name
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def as_user(server, iam, name, service="kms", **config):
    """A client that signs as a user."""
    made = iam.create_access_key(UserName=name)["AccessKey"]
    assert (made["UserName"], made["Status"]) == (name, "Active")
    assert re.fullmatch("AKIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert re.fullmatch("[A-Za-z0-9/+]{40}", made["SecretAccessKey"])
    return server.client(service, key=made["AccessKeyId"], secret=made["SecretAccessKey"], **config)


def allow(*actions, effect="Allow", resource="*"):
    statement = {"Sid": f"{effect}s", "Effect": effect, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_user_is_made_found_renamed_and_deleted(iam):
    made = iam.create_user(UserName="Ada", Path="/division/", Tags=[{"Key": "team", "Value": "payroll"}])["User"]
    assert re.fullmatch("AIDA[A-Z2-7]{17}", made["UserId"])
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/division/Ada"
    assert (made["UserName"], made["Path"], made["Tags"]) == ("Ada", "/division/", [{"Key": "team", "Value": "payroll"}])
    assert iam.get_user(UserName="Ada")["User"] == made
    with refused("EntityAlreadyExists", "User with name ADA already exists.", 409):
        iam.create_user(UserName="ADA")
    iam.update_user(UserName="Ada", NewUserName="Ada.Lovelace", NewPath="/")
    renamed = iam.get_user(UserName="Ada.Lovelace")["User"]
    assert (renamed["UserId"], renamed["Arn"]) == (made["UserId"], f"arn:aws:iam::{ACCOUNT}:user/Ada.Lovelace")
    iam.delete_user(UserName="Ada.Lovelace")
    for gone in ("Ada", "Ada.Lovelace"):
        with refused("NoSuchEntity", f"The user with name {gone} cannot be found.", 404):
            iam.get_user(UserName=gone)


def test_users_are_listed_page_by_page_and_by_path(iam):
    names = [f"page{number}" for number in range(5)]
    for number, name in enumerate(names):
        iam.create_user(UserName=name, Path="/odd/" if number % 2 else "/even/")
    listed, marker = [], {}
    while True:
        page = iam.list_users(PathPrefix="/even", MaxItems=2, **marker)
        listed += [user["UserName"] for user in page["Users"]]
        if not page["IsTruncated"]:
            assert "Marker" not in page
            break
        marker = {"Marker": page["Marker"]}
    assert listed == ["page0", "page2", "page4"]
    with refused("ValidationError", "Invalid Marker."):
        iam.list_users(PathPrefix="/odd", **marker)
    everybody = {user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}
    assert set(names) <= everybody
    for name in names:
        iam.delete_user(UserName=name)


def test_what_breaks_the_model_is_refused(loose, iam):
    with refused(
        "ValidationError",
        "1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [\\w+=,.@-]+",
    ):
        loose.create_user(UserName="a b")
    with refused("ValidationError"):
        loose.create_user(UserName="x" * 65)
    with refused("ValidationError"):
        loose.create_user(UserName="x", Path="no/slash")
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        iam.create_user(UserName="x", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    with refused("ValidationError"):
        iam.create_user(UserName="x", Tags=[{"Key": "<", "Value": "1"}])
    with refused("NoSuchEntity", status=404):
        iam.create_user(UserName="x", PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/none")


@pytest.mark.parametrize(
    "operation, members",
    [
        ("get_user", {}), ("update_user", {}), ("delete_user", {}), ("create_access_key", {}), ("list_access_keys", {}),
        ("update_access_key", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"}),
        ("delete_access_key", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
        ("put_user_policy", {"PolicyName": "p", "PolicyDocument": allow("kms:*")}),
        ("get_user_policy", {"PolicyName": "p"}), ("delete_user_policy", {"PolicyName": "p"}), ("list_user_policies", {}),
    ],
)
def test_nobody_of_that_name_is_found(iam, operation, members):
    with refused("NoSuchEntity", NOBODY, 404):
        getattr(iam, operation)(UserName="nobody", **members)


def test_access_keys_come_and_go(server, iam, user):
    kms = as_user(server, iam, user)
    first = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert [(key["UserName"], key["Status"]) for key in first] == [(user, "Active")]
    as_user(server, iam, user)
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        iam.create_access_key(UserName=user)
    with refused("DeleteConflict", "Cannot delete entity, must remove referenced objects first.", 409):
        iam.delete_user(UserName=user)
    key = first[0]["AccessKeyId"]
    with refused("AccessDeniedException"):
        kms.list_keys()
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    with refused("UnrecognizedClientException", "The security token included in the request is invalid."):
        kms.list_keys()
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")
    with refused("AccessDeniedException"):
        kms.list_keys()
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    with refused("UnrecognizedClientException"):
        kms.list_keys()
    with refused("NoSuchEntity", f"The Access Key with id {key} cannot be found.", 404):
        iam.delete_access_key(UserName=user, AccessKeyId=key)
    root_key, _ = server.credentials
    with refused("NoSuchEntity", status=404):
        iam.delete_access_key(UserName=user, AccessKeyId=root_key)


def test_the_secret_is_shown_once_and_recorded_nowhere(server, iam, user):
    made = iam.create_access_key(UserName=user)["AccessKey"]
    records = [record for record in server.audit() if record["eventName"] == "CreateAccessKey"]
    assert records[-1]["responseElements"]["accessKey"]["accessKeyId"] == made["AccessKeyId"]
    assert made["SecretAccessKey"] not in json.dumps(records)


def test_users_know_themselves(server, iam, user):
    sts, own = as_user(server, iam, user, "sts"), as_user(server, iam, user, "iam")
    identity = sts.get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/{user}")
    assert identity["UserId"] == iam.get_user(UserName=user)["User"]["UserId"]
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: iam:GetUser on resource: "
        f"arn:aws:iam::{ACCOUNT}:user/{user} because no identity-based policy allows the iam:GetUser action",
        403,
    ):
        own.get_user()
    iam.put_user_policy(UserName=user, PolicyName="self", PolicyDocument=allow("iam:GetUser"))
    assert own.get_user()["User"]["UserName"] == user


def test_inline_policies_say_what_a_user_may(server, iam, user, key):
    kms = as_user(server, iam, user)

    def encrypt():
        return kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")

    denied = (
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: kms:Encrypt on resource: {key['Arn']} "
    )
    with refused("AccessDeniedException", f"{denied}because no identity-based policy allows the kms:Encrypt action"):
        encrypt()
    iam.put_user_policy(UserName=user, PolicyName="use", PolicyDocument=allow("kms:*", resource=key["Arn"]))
    encrypt()
    with refused("AccessDeniedException"):
        kms.list_keys()
    iam.put_user_policy(UserName=user, PolicyName="not", PolicyDocument=allow("kms:Enc*", effect="Deny"))
    with refused("AccessDeniedException", f"{denied}with an explicit deny in an identity-based policy"):
        encrypt()
    assert iam.list_user_policies(UserName=user)["PolicyNames"] == ["not", "use"]
    iam.delete_user_policy(UserName=user, PolicyName="not")
    encrypt()
    iam.put_user_policy(UserName=user, PolicyName="use", PolicyDocument=allow("kms:Decrypt"))
    with refused("AccessDeniedException"):
        encrypt()


def test_a_document_comes_back_as_it_was_given(iam, user):
    document = allow("kms:Describe*", "kms:List*")
    iam.put_user_policy(UserName=user, PolicyName="Read", PolicyDocument=document)
    answer = iam.get_user_policy(UserName=user, PolicyName="read")
    # boto3 resolves the escapes and the JSON.
    assert answer["PolicyDocument"] == json.loads(document)
    assert (answer["PolicyName"], answer["UserName"]) == ("Read", user)
    with refused("NoSuchEntity", "The user policy with name other cannot be found.", 404):
        iam.get_user_policy(UserName=user, PolicyName="other")


@pytest.mark.parametrize(
    "document, message",
    [
        ("no policy", "This policy contains invalid Json"),
        ('{"Statement":{"Effect":"Allow","Action":"kms:*"}}', "Policy statement must contain resources."),
        ('{"Statement":{"Effect":"Allow","Resource":"*"}}', "Policy statement must contain actions."),
        ('{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"key"}}',
         'Resource key must be in ARN format or "*".'),
        ('{"Statement":{"Effect":"Allow","Action":"encrypt","Resource":"*"}}',
         "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ('{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":"*"}}',
         "Policy document should not specify a principal."),
    ],
)
def test_what_is_no_policy_of_a_user_is_refused(iam, user, document, message):
    with refused("MalformedPolicyDocument", message):
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)


def test_inline_policies_have_a_quota_together(iam, user):
    long = allow(*(f"kms:{'x' * 100}{number}" for number in range(8)))
    for name in ("one", "two"):
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=long)
    with refused("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user}", 409):
        iam.put_user_policy(UserName=user, PolicyName="three", PolicyDocument=long)
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_user(UserName=user)


def test_records_name_the_user(server, iam, user, key):
    kms = as_user(server, iam, user)
    with refused("AccessDeniedException"):
        kms.describe_key(KeyId=key["KeyId"])
    record = [record for record in server.audit() if record["eventName"] == "DescribeKey"][-1]
    identity = record["userIdentity"]
    assert (identity["type"], identity["userName"], identity["accountId"]) == ("IAMUser", user, ACCOUNT)
    assert identity["principalId"] == iam.get_user(UserName=user)["User"]["UserId"]
    assert identity["arn"] == f"arn:aws:iam::{ACCOUNT}:user/{user}"


def test_a_user_made_again_is_another_user(server, iam):
    iam.create_user(UserName="again")
    first = as_user(server, iam, "again", "sts")
    assert first.get_caller_identity()
    (key,) = iam.list_access_keys(UserName="again")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="again", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="again")
    iam.create_user(UserName="again")
    with refused("InvalidClientTokenId", status=403):
        first.get_caller_identity()
    iam.delete_user(UserName="again")


def test_an_access_key_tells_when_it_last_signed(server, iam):
    iam.create_user(UserName="signs")
    made = iam.create_access_key(UserName="signs")["AccessKey"]
    known = made["AccessKeyId"]
    told = iam.get_access_key_last_used(AccessKeyId=known)
    assert (told["UserName"], told["AccessKeyLastUsed"]) == ("signs", {"ServiceName": "N/A", "Region": "N/A"})
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    kms = server.client(region=OTHER_REGION, key=known, secret=made["SecretAccessKey"])
    # A refusal is a use, and a signature that is wrong is none.
    with refused("AccessDeniedException"):
        kms.list_keys()
    with refused("InvalidClientTokenId", status=403):
        server.client("iam", key="AKIAABCDEFGHIJKLMNOP", secret="x" * 40).list_users()
    used = iam.get_access_key_last_used(AccessKeyId=known)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("kms", OTHER_REGION)
    assert before <= used["LastUsedDate"] <= datetime.datetime.now(datetime.timezone.utc)
    iam_of_user = server.client("iam", key=known, secret=made["SecretAccessKey"])
    with refused("AccessDenied", status=403):
        iam_of_user.create_group(GroupName="signs-not")
    assert iam.get_access_key_last_used(AccessKeyId=known)["AccessKeyLastUsed"]["ServiceName"] == "iam"
    # A call that changes something counts as well.
    iam.put_user_policy(UserName="signs", PolicyName="own", PolicyDocument=allow("sts:*", "kms:CreateKey"))
    server.client(key=known, secret=made["SecretAccessKey"]).create_key()
    assert iam.get_access_key_last_used(AccessKeyId=known)["AccessKeyLastUsed"]["ServiceName"] == "kms"
    with refused("NoSuchEntity", "The Access Key with id AKIAABCDEFGHIJKLMNOP cannot be found.", 404):
        iam.get_access_key_last_used(AccessKeyId="AKIAABCDEFGHIJKLMNOP")
    own = server.credentials[0]
    assert iam.get_access_key_last_used(AccessKeyId=own)["AccessKeyLastUsed"]["ServiceName"] == "iam"


def test_when_keys_signed_outlives_a_restart(tmp_path):
    with Server(tmp_path / "data") as server:
        iam = server.client("iam")
        iam.create_user(UserName="ada")
        made = iam.create_access_key(UserName="ada")["AccessKey"]
        with refused("AccessDenied", status=403):
            server.client("iam", key=made["AccessKeyId"], secret=made["SecretAccessKey"]).list_users()
        before = iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])["AccessKeyLastUsed"]
        server.kill()
        server.start()
        after = server.client("iam").get_access_key_last_used(AccessKeyId=made["AccessKeyId"])["AccessKeyLastUsed"]
    assert before["ServiceName"] == "iam" and after == before
