"""`keystead policy`: what it tells is what calls then do."""

import json
import re

import pytest

from harness import ACCOUNT, alias_arn, key_arn, refused, run
from test_accounts import administer, allow, as_root, as_user, create, operator, share  # noqa: F401

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ABSENT = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


def policy(server, *arguments):
    done = run("policy", *arguments, "--data-dir", str(server.data_dir))
    assert done.returncode == 0, done.stderr
    return done.stdout


def explain(server, principal, action, resource="*", context=()):
    given = [argument for pair in context for argument in ("--context", pair)]
    told = policy(
        server, "explain", "--principal", principal, "--action", action, "--resource", resource, *given, "--json"
    )
    return json.loads(told)


def who_can(server, resource, *actions):
    asked = [argument for action in actions for argument in ("--action", action)]
    told = json.loads(policy(server, "who-can", "--key", resource, *asked, "--json"))
    return {one["Principal"]: one["Access"] for one in told["Principals"]}, told


def key_policy(*statements):
    own = {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})


def names(told):
    return [(one["Effect"], one["Statement"], one["PolicyType"]) for one in told["Statements"]]


def test_a_user_is_allowed_by_the_key_s_policy_and_its_own(server, kms):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    user, arn = as_user(server, None, "explained", allow("kms:Decrypt"))
    told = explain(server, arn, "kms:Decrypt", key)
    assert told["Decision"] == "Allowed"
    assert names(told) == [
        ("Allow", "Enable IAM User Permissions", "Resource"), ("Allow", "statement 1", "Identity"),
    ]
    assert told["Statements"][1]["Policy"] == "own"
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert user.decrypt(CiphertextBlob=sealed, KeyId=key)["Plaintext"] == b"x"
    told = explain(server, arn, "kms:Encrypt", key)
    assert (told["Decision"], told["DeniedBy"]) == ("Denied", "identity-based policy")
    with refused("AccessDeniedException"):
        user.encrypt(KeyId=key, Plaintext=b"x")


def test_the_lines_say_who_may_and_by_what(server, kms):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    _, arn = as_user(server, None, "lined", allow("kms:Decrypt"))
    lines = policy(server, "explain", "--principal", arn, "--action", "kms:Decrypt", "--resource", key).splitlines()
    assert lines == [
        f"Allowed: {arn} kms:Decrypt {key}",
        '  allows: "Enable IAM User Permissions" of the resource\'s policy',
        '  allows: "statement 1" of policy own',
    ]
    lines = policy(server, "explain", "--principal", arn, "--action", "kms:Sign", "--resource", key).splitlines()
    assert lines[0] == f"Denied: {arn} kms:Sign {key}" and lines[-1] == "No identity-based policy allows it."


def test_a_deny_is_named(server, kms, iam):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    user, arn = as_user(server, None, "denied", allow("kms:*"))
    statement = {"Sid": "NotThem", "Effect": "Deny", "Principal": {"AWS": arn}, "Action": "kms:Decrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=key_policy(statement))
    told = explain(server, arn, "kms:Decrypt", key)
    assert (told["Decision"], told["DeniedBy"], told["DeniedByStatement"]) == ("Denied", "resource-based policy", "NotThem")
    text = policy(server, "explain", "--principal", arn, "--action", "kms:Decrypt", "--resource", key)
    assert text.splitlines()[-1] == '"NotThem" of the resource-based policy denies it.'
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException", re.compile(".*explicit deny in a resource-based policy")):
        user.decrypt(CiphertextBlob=sealed, KeyId=key)
    # A boundary that leaves the action out, and one that is a Deny of its own.
    bounds = iam.create_policy(PolicyName="explained-bounds", PolicyDocument=allow("kms:DescribeKey"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="denied", PermissionsBoundary=bounds)
    told = explain(server, arn, "kms:Encrypt", key)
    assert (told["Decision"], told["DeniedBy"]) == ("Denied", "permissions boundary")
    assert explain(server, arn, "kms:DescribeKey", key)["Decision"] == "Allowed"


def test_it_depends_on_what_only_the_call_can_tell(server, kms):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    condition = {"StringEquals": {"kms:EncryptionContext:team": "red"}}
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition}
    _, arn = as_user(server, None, "explained-conditional", json.dumps({"Version": "2012-10-17", "Statement": statement}))
    told = explain(server, arn, "kms:Decrypt", key)
    assert (told["Decision"], told["UnknownKeys"]) == ("Depends", ["kms:encryptioncontext:team"])
    own = told["Statements"][1]
    assert not own["Certain"] and json.loads(own["Condition"]) == condition
    assert explain(server, arn, "kms:Decrypt", key, ["kms:EncryptionContext:team=red"])["Decision"] == "Allowed"
    assert explain(server, arn, "kms:Decrypt", key, ["kms:EncryptionContext:Team=blue"])["Decision"] == "Denied"
    text = policy(server, "explain", "--principal", arn, "--action", "kms:Decrypt", "--resource", key)
    assert text.splitlines()[-1] == "It depends on kms:encryptioncontext:team."


def test_what_is_known_of_caller_and_key_is_not_asked_for(server, kms):
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["Arn"]
    known = {
        "StringEquals": {"aws:ResourceTag/team": "red", "aws:username": "explained-known", "kms:KeySpec": "SYMMETRIC_DEFAULT"},
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"},
    }
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key, "Condition": known}
    _, arn = as_user(server, None, "explained-known", json.dumps({"Version": "2012-10-17", "Statement": statement}))
    told = explain(server, arn, "kms:Decrypt", key)
    assert (told["Decision"], told["UnknownKeys"]) == ("Allowed", [])


def test_grants_count_with_their_constraints(server, kms):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    _, arn = as_user(server, None, "granted")
    plain = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt"])["GrantId"]
    bound = kms.create_grant(
        KeyId=key, GranteePrincipal=arn, Operations=["Decrypt", "DescribeKey"],
        Constraints={"EncryptionContextSubset": {"team": "red"}},
    )["GrantId"]
    told = explain(server, arn, "kms:Encrypt", key)
    assert (told["Decision"], [grant["GrantId"] for grant in told["Grants"]]) == ("Allowed", [plain])
    told = explain(server, arn, "kms:Decrypt", key)
    assert (told["Decision"], told["Grants"][0]["GrantId"]) == ("Depends", bound)
    assert json.loads(told["Grants"][0]["Constraints"]) == {"EncryptionContextSubset": {"team": "red"}}
    assert explain(server, arn, "kms:DescribeKey", key)["Decision"] == "Allowed"
    assert explain(server, arn, "kms:Sign", key)["Decision"] == "Denied"
    kms.revoke_grant(KeyId=key, GrantId=plain)
    assert explain(server, arn, "kms:Encrypt", key)["Decision"] == "Denied"


def test_everybody_who_can_is_listed_with_what_says_so(server, kms, iam):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    _, owner = as_user(server, None, "lists-owner", allow("kms:Decrypt", key))
    _, nobody = as_user(server, None, "lists-nobody")
    _, user = as_user(server, None, "lists-user")
    iam.create_group(GroupName="lists")
    iam.put_group_policy(GroupName="lists", PolicyName="shared", PolicyDocument=allow("kms:Verify*"))
    trust = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="lists-role", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )["Role"]["Arn"]
    kms.put_key_policy(KeyId=key, Policy=key_policy(
        {"Sid": "Use", "Effect": "Allow", "Principal": {"AWS": [user, role]}, "Action": ["kms:Decrypt", "kms:Encrypt"],
         "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ))
    grant = kms.create_grant(KeyId=key, GranteePrincipal=nobody, Operations=["Decrypt"])["GrantId"]
    found, told = who_can(server, key, "kms:Decrypt", "kms:PutKeyPolicy")
    assert [(one["Actions"], one["Decision"]) for one in found[ROOT]] == [(["kms:Decrypt", "kms:PutKeyPolicy"], "Allowed")]
    assert [(one["Actions"], one["Decision"]) for one in found[owner]] == [(["kms:Decrypt"], "Allowed")]
    for principal in (user, role):
        (access,) = found[principal]
        assert (access["Actions"], access["Decision"]) == (["kms:Decrypt"], "Depends")
        said = {one["Statement"]: one for one in access["Statements"]}
        assert json.loads(said["Use"]["Condition"]) == {"Bool": {"aws:SecureTransport": "true"}}
    (access,) = found[nobody]
    assert access["Decision"] == "Allowed" and [one["GrantId"] for one in access["Grants"]] == [grant]
    assert told["OtherGrants"] == []
    iam.delete_access_key(UserName="lists-nobody", AccessKeyId=iam.list_access_keys(
        UserName="lists-nobody")["AccessKeyMetadata"][0]["AccessKeyId"])
    iam.delete_user(UserName="lists-nobody")
    found, told = who_can(server, key, "kms:Decrypt")
    assert nobody not in found and [one["GrantId"] for one in told["OtherGrants"]] == [grant]


def test_without_actions_all_that_the_key_is_for_is_asked(server, kms):
    kms.create_alias(
        AliasName="alias/explained", TargetKeyId=kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    )
    found, told = who_can(server, alias_arn("alias/explained"))
    actions = {action for access in found[ROOT] for action in access["Actions"]}
    assert {"kms:Sign", "kms:Verify", "kms:GetPublicKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= actions
    assert "kms:Decrypt" not in actions and ":key/" in told["Resource"]
    lines = policy(server, "who-can", "--key", alias_arn("alias/explained"), "--action", "kms:Sign").splitlines()
    at = lines.index(ROOT)
    assert lines[at + 1: at + 3] == [
        "  may kms:Sign", '    allows: "Enable IAM User Permissions" of the resource\'s policy',
    ]


def test_the_list_reaches_into_other_accounts(server, kms):
    tenant = create(server)
    stranger, arn = as_user(server, tenant, "foreign", allow("kms:Decrypt"))
    key = kms.create_key()["KeyMetadata"]
    assert arn not in who_can(server, key["Arn"], "kms:Decrypt")[0]
    share(kms, key["KeyId"], f"arn:aws:iam::{tenant[0]}:root")
    found, _ = who_can(server, key["Arn"], "kms:Decrypt", "kms:Encrypt")
    assert [one["Actions"] for one in found[arn]] == [["kms:Decrypt"]]
    assert [one["Actions"] for one in found[f"arn:aws:iam::{tenant[0]}:root"]] == [["kms:Decrypt", "kms:Encrypt"]]
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert stranger.decrypt(CiphertextBlob=sealed, KeyId=key["Arn"])["Plaintext"] == b"x"


def test_roles_tell_who_may_take_them_on(server, iam):
    _, arn = as_user(server, None, "explained-taker", allow("sts:AssumeRole"))
    trust = {"Sid": "Trust", "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="taken", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )["Role"]["Arn"]
    told = explain(server, arn, "sts:AssumeRole", role)
    assert told["Decision"] == "Allowed" and ("Allow", "Trust", "Resource") in names(told)
    found, _ = who_can(server, role, "sts:AssumeRole")
    assert set(found) == {arn}
    # A role stands for any session of it.
    iam.put_role_policy(RoleName="taken", PolicyName="own", PolicyDocument=allow("kms:CreateKey"))
    assert explain(server, role, "kms:CreateKey")["Decision"] == "Allowed"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/taken/one"
    assert explain(server, session, "kms:CreateKey")["Decision"] == "Allowed"
    assert explain(server, session, "iam:CreateUser")["Decision"] == "Denied"


def test_the_list_comes_page_by_page(server, kms, iam, operator):  # noqa: F811
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for name in ("page-a", "page-b", "page-c"):
        as_user(server, None, name, allow("kms:Decrypt", key))
    whole, _ = who_can(server, key, "kms:Decrypt")
    seen, token, pages = [], None, 0
    while True:
        body = {"Resource": key, "Actions": ["kms:Decrypt"], "MaxResults": 2} | ({"NextToken": token} if token else {})
        status, page = administer(server, operator, "WhoCan", body)
        assert status == 200 and len(page["Principals"]) <= 2
        seen += [one["Principal"] for one in page["Principals"]]
        pages += 1
        token = page.get("NextToken")
        if not token:
            break
    assert pages > 2 and len(seen) == len(set(seen)) and set(seen) == set(whole)
    status, answer = administer(server, operator, "WhoCan", {"Resource": key, "NextToken": "x"})
    assert (status, answer["__type"]) == (400, "InvalidNextTokenException")


@pytest.mark.parametrize("arguments, complaint", [
    (("explain", "--principal", "ada", "--action", "kms:Decrypt"), "There is no principal ada"),
    (("explain", "--principal", f"arn:aws:iam::{ACCOUNT}:user/nobody", "--action", "kms:Decrypt"), "There is no principal"),
    (("explain", "--principal", ROOT, "--action", "Decrypt"), "There is no action Decrypt"),
    (("explain", "--principal", ROOT, "--action", "kms:*"), "There is no action kms:*"),
    (("explain", "--principal", ROOT, "--action", "kms:Decrypt", "--resource", key_arn(ABSENT)), "There is no key"),
    (("explain", "--principal", ROOT, "--action", "kms:Decrypt", "--context", "red"), "give a condition key"),
    (("who-can", "--key", ABSENT), "is not an ARN"),
    (("who-can", "--key", key_arn(ABSENT)), "There is no key"),
    (("who-can", "--key", f"arn:aws:iam::{ACCOUNT}:user/ada"), "name the actions"),
])
def test_what_cannot_be_asked_says_what_can(server, arguments, complaint):
    done = run("policy", *arguments, "--data-dir", str(server.data_dir))
    assert done.returncode != 0 and complaint in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_only_the_operator_is_told(server):
    credentials = server.credentials
    for operation in ("ExplainAccess", "WhoCan"):
        body = {"Principal": ROOT, "Action": "kms:Decrypt"} if operation == "ExplainAccess" else {"Resource": key_arn(ABSENT)}
        status, answer = administer(server, credentials, operation, body)
        assert (status, answer["__type"]) == (400, "AccessDeniedException")


def test_a_question_is_recorded_as_the_operator_s(server, kms):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    explain(server, ROOT, "kms:Decrypt", key)
    record = [record for record in server.audit() if record["eventName"] == "ExplainAccess"][-1]
    assert record["requestParameters"] == {"principal": ROOT, "action": "kms:Decrypt", "resource": key}
    assert record["readOnly"] is True and record["eventSource"] == "keystead.internal"
