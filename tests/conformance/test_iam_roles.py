"""Roles: who may take them on, and the policies that they have."""

import json
import re

import pytest

from harness import ACCOUNT, refused
from test_iam_users import allow, as_user, user  # noqa: F401

NOBODY = "The role with name nobody cannot be found."
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ABSENT = f"arn:aws:iam::{ACCOUNT}:policy/absent"


def trust(principal=None, action="sts:AssumeRole", **members):
    statement = {"Effect": "Allow", "Principal": principal or {"AWS": ROOT}, "Action": action} | members
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def loose(server):
    return server.client("iam", parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture
def role(iam, request):
    """A new role's name, which the account trusts; whatever it has is removed with it."""
    name = re.sub(r"[^\w]", "-", request.node.name)[-60:]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    yield name
    remove(iam, name)


@pytest.fixture
def managed(iam, request):
    """The ARN of a new managed policy, which lets keys be listed."""
    name = re.sub(r"[^\w]", "-", request.node.name)[-60:]
    arn = iam.create_policy(PolicyName=name, PolicyDocument=allow("kms:ListKeys"))["Policy"]["Arn"]
    yield arn
    iam.delete_policy(PolicyArn=arn)


def remove(iam, name):
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def test_a_role_is_made_found_changed_and_deleted(iam):
    made = iam.create_role(
        RoleName="Payroll", Path="/division/", AssumeRolePolicyDocument=trust(), Description="Pays",
        MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "payroll"}],
    )["Role"]
    assert re.fullmatch("AROA[A-Z2-7]{17}", made["RoleId"])
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/division/Payroll"
    assert (made["RoleName"], made["Path"], made["Description"]) == ("Payroll", "/division/", "Pays")
    assert made["MaxSessionDuration"] == 7200
    assert made["AssumeRolePolicyDocument"] == json.loads(trust())
    assert made["Tags"] == [{"Key": "team", "Value": "payroll"}]
    assert "PermissionsBoundary" not in made
    assert iam.get_role(RoleName="payroll")["Role"] == made
    with refused("EntityAlreadyExists", "Role with name PAYROLL already exists.", 409):
        iam.create_role(RoleName="PAYROLL", AssumeRolePolicyDocument=trust())
    iam.update_role(RoleName="Payroll", Description="Pays all", MaxSessionDuration=3600)
    told = iam.update_role_description(RoleName="Payroll", Description="Pays everybody")["Role"]
    assert (told["Description"], told["MaxSessionDuration"], told["RoleId"]) == ("Pays everybody", 3600, made["RoleId"])
    iam.delete_role(RoleName="Payroll")
    with refused("NoSuchEntity", "The role with name Payroll cannot be found.", 404):
        iam.get_role(RoleName="Payroll")


def test_a_session_of_a_role_lasts_an_hour_unless_it_is_said_otherwise(iam, role):
    assert iam.get_role(RoleName=role)["Role"]["MaxSessionDuration"] == 3600


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_how_long_a_session_may_last_has_bounds(loose, role, seconds):
    with refused("ValidationError", re.compile(f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' .*")):
        loose.update_role(RoleName=role, MaxSessionDuration=seconds)


def test_roles_are_listed_page_by_page_and_by_path(iam):
    names = [f"paged{number}" for number in range(5)]
    for number, name in enumerate(names):
        iam.create_role(RoleName=name, Path="/odds/" if number % 2 else "/evens/", AssumeRolePolicyDocument=trust())
    listed, marker = [], {}
    while True:
        page = iam.list_roles(PathPrefix="/evens", MaxItems=2, **marker)
        listed += [found["RoleName"] for found in page["Roles"]]
        if not page["IsTruncated"]:
            assert "Marker" not in page
            break
        marker = {"Marker": page["Marker"]}
    assert listed == ["paged0", "paged2", "paged4"]
    with refused("ValidationError", "Invalid Marker."):
        iam.list_roles(Marker="bm8")
    for name in names:
        iam.delete_role(RoleName=name)


@pytest.mark.parametrize(
    "operation, members",
    [
        ("get_role", {}),
        ("update_role", {}),
        ("update_role_description", {"Description": "x"}),
        ("update_assume_role_policy", {"PolicyDocument": trust()}),
        ("delete_role", {}),
        ("tag_role", {"Tags": [{"Key": "k", "Value": "v"}]}),
        ("untag_role", {"TagKeys": ["k"]}),
        ("list_role_tags", {}),
        ("put_role_policy", {"PolicyName": "p", "PolicyDocument": allow("kms:*")}),
        ("get_role_policy", {"PolicyName": "p"}),
        ("list_role_policies", {}),
        ("delete_role_policy", {"PolicyName": "p"}),
        ("list_attached_role_policies", {}),
        ("delete_role_permissions_boundary", {}),
    ],
)
def test_nothing_is_done_to_a_role_that_there_is_not(iam, operation, members):
    with refused("NoSuchEntity", NOBODY, 404):
        getattr(iam, operation)(RoleName="nobody", **members)


def test_a_policy_is_attached_to_no_role_that_there_is_not(iam, managed):
    for operation in (iam.attach_role_policy, iam.detach_role_policy):
        with refused("NoSuchEntity", NOBODY, 404):
            operation(RoleName="nobody", PolicyArn=managed)
    with refused("NoSuchEntity", NOBODY, 404):
        iam.put_role_permissions_boundary(RoleName="nobody", PermissionsBoundary=managed)


@pytest.mark.parametrize(
    "document, message",
    [
        ("no policy", "This policy contains invalid Json"),
        (trust(Resource="*"), "Has prohibited field Resource"),
        (trust(action="kms:Encrypt"), "AssumeRole policy may only specify STS AssumeRole actions."),
        ('{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}', "Missing required field Principal"),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"}),
         f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/eve"'),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:role/eve"}),
         f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:role/eve"'),
        (trust({"AWS": f"arn:aws:iam::{ACCOUNT}:group/all"}),
         f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:group/all"'),
        (trust({"AWS": "AIDAEXAMPLEEXAMPLE123"}), 'Invalid principal in policy: "AWS":"AIDAEXAMPLEEXAMPLE123"'),
        (trust({"AWS": "eve"}), 'Invalid principal in policy: "AWS":"eve"'),
    ],
)
def test_what_is_no_trust_policy_is_refused(iam, role, document, message):
    with refused("MalformedPolicyDocument", message):
        iam.create_role(RoleName="untrusted", AssumeRolePolicyDocument=document)
    with refused("MalformedPolicyDocument", message):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == json.loads(trust())


def test_a_trust_policy_has_a_quota(iam, role):
    long = trust(Condition={"StringEquals": {"sts:ExternalId": ["x" * 100] * 20}})
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=long)


def test_services_and_identity_providers_may_be_trusted(iam, role):
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/example"
    for principal in ({"Service": "ec2.amazonaws.com"}, {"Federated": provider}):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(principal))
        answered = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        assert answered["Statement"][0]["Principal"] == principal


def test_a_trust_policy_knows_whom_it_names_by_their_ids(iam, role):
    named = f"arn:aws:iam::{ACCOUNT}:user/named"
    id = iam.create_user(UserName="named")["User"]["UserId"]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust({"AWS": named}))

    def principal():
        return iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]

    assert principal() == {"AWS": named}
    iam.update_user(UserName="named", NewUserName="renamed")
    assert principal() == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/renamed"}
    iam.delete_user(UserName="renamed")
    iam.create_user(UserName="named")
    assert principal() == {"AWS": id}
    iam.delete_user(UserName="named")


def test_conditions_are_shown_as_they_were_given(iam, kms, key, policy, role):
    named = f"arn:aws:iam::{ACCOUNT}:user/compared"
    iam.create_user(UserName="compared")
    condition = {"ArnEquals": {"aws:PrincipalArn": named}}
    document = trust({"AWS": named}, Condition=condition)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=document)
    statement = {"Effect": "Allow", "Principal": {"AWS": [named]}, "Action": "kms:*", "Resource": "*", "Condition": condition}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    iam.update_user(UserName="compared", NewUserName="compared2")
    for shown in (
        iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0],
        json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])["Statement"][-1],
    ):
        assert shown["Condition"] == condition
        assert f"{named}2" in shown["Principal"]["AWS"]
    iam.delete_user(UserName="compared2")


def test_a_role_has_inline_policies(iam, role):
    document = allow("kms:Describe*", "kms:List*")
    iam.put_role_policy(RoleName=role, PolicyName="Read", PolicyDocument=document)
    iam.put_role_policy(RoleName=role, PolicyName="other", PolicyDocument=allow("kms:Encrypt"))
    answer = iam.get_role_policy(RoleName=role, PolicyName="read")
    assert (answer["RoleName"], answer["PolicyName"]) == (role, "Read")
    assert answer["PolicyDocument"] == json.loads(document)
    page = iam.list_role_policies(RoleName=role, MaxItems=1)
    assert (page["PolicyNames"], page["IsTruncated"]) == (["Read"], True)
    assert iam.list_role_policies(RoleName=role, Marker=page["Marker"])["PolicyNames"] == ["other"]
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_role(RoleName=role)
    iam.delete_role_policy(RoleName=role, PolicyName="other")
    with refused("NoSuchEntity", "The role policy with name other cannot be found.", 404):
        iam.get_role_policy(RoleName=role, PolicyName="other")
    with refused("NoSuchEntity", "The role policy with name other cannot be found.", 404):
        iam.delete_role_policy(RoleName=role, PolicyName="other")
    with refused("MalformedPolicyDocument", "Policy document should not specify a principal."):
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allow("kms:*")[:-3] + ',"Principal":"*"}]}')


def test_the_inline_policies_of_a_role_have_a_quota_together(iam, role):
    long = allow(*(f"kms:{'x' * 100}{number}" for number in range(45)))
    for name in ("one", "two"):
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=long)
    with refused("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role}", 409):
        iam.put_role_policy(RoleName=role, PolicyName="three", PolicyDocument=long)


def test_managed_policies_are_attached_to_a_role(iam, role, managed):
    iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": managed.rsplit("/", 1)[1], "PolicyArn": managed}]
    assert iam.get_policy(PolicyArn=managed)["Policy"]["AttachmentCount"] == 1
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=managed)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409):
        iam.delete_role(RoleName=role)
    iam.detach_role_policy(RoleName=role, PolicyArn=managed)
    with refused("NoSuchEntity", f"Policy {managed} was not found.", 404):
        iam.detach_role_policy(RoleName=role, PolicyArn=managed)
    with refused("NoSuchEntity", f"Policy {ABSENT} does not exist or is not attachable.", 404):
        iam.attach_role_policy(RoleName=role, PolicyArn=ABSENT)


def test_a_role_has_a_boundary(iam, role, managed):
    with refused("NoSuchEntity", status=404):
        iam.delete_role_permissions_boundary(RoleName=role)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=managed)
    boundary = iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]
    assert boundary == {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": managed}
    assert iam.get_policy(PolicyArn=managed)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    with refused("NoSuchEntity", f"Policy {ABSENT} does not exist or is not attachable.", 404):
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=ABSENT)
    iam.delete_role_permissions_boundary(RoleName=role)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=role)["Role"]
    with refused("NoSuchEntity", f"Scope ARN: {ABSENT} does not exist or is not attachable.", 404):
        iam.create_role(RoleName="unbound", AssumeRolePolicyDocument=trust(), PermissionsBoundary=ABSENT)


def test_a_role_has_tags(iam, role):
    iam.tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "payroll"}, {"Key": "cost", "Value": ""}])
    iam.tag_role(RoleName=role, Tags=[{"Key": "Team", "Value": "audit"}])
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=role)["Tags"]}
    assert tags == {"Team": "audit", "cost": ""}
    page = iam.list_role_tags(RoleName=role, MaxItems=1)
    rest = iam.list_role_tags(RoleName=role, Marker=page["Marker"])
    assert page["IsTruncated"] and not rest["IsTruncated"]
    assert {tag["Key"] for tag in page["Tags"] + rest["Tags"]} == {"Team", "cost"}
    iam.untag_role(RoleName=role, TagKeys=["TEAM", "absent"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "cost", "Value": ""}]
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    with refused("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50", 409):
        iam.tag_role(RoleName=role, Tags=many)
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])


def test_who_may_not_is_refused(server, iam, role, user):  # noqa: F811
    own = as_user(server, iam, user, "iam")
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: iam:GetRole on resource: {arn} "
        "because no identity-based policy allows the iam:GetRole action",
        403,
    ):
        own.get_role(RoleName=role)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:GetRole", "iam:AttachRolePolicy", resource=arn))
    assert own.get_role(RoleName=role)["Role"]["Arn"] == arn
    # Whether there is such a role is not told to those who may not ask.
    with refused("AccessDenied", status=403):
        own.get_role(RoleName="nobody")


def test_permissions_go_by_the_tags_of_roles(server, iam, role, managed, user):  # noqa: F811
    """Every operation on a role sees the role's tags."""
    own = as_user(server, iam, user, "iam")
    tagged = {"StringEquals": {"aws:ResourceTag/team": "payroll", "iam:ResourceTag/team": "payroll"}}
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": tagged}
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({"Statement": statement}))
    calls = [
        lambda: own.get_role(RoleName=role),
        lambda: own.attach_role_policy(RoleName=role, PolicyArn=managed),
        lambda: own.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=managed),
        lambda: own.delete_role_permissions_boundary(RoleName=role),
        lambda: own.detach_role_policy(RoleName=role, PolicyArn=managed),
    ]
    for call in calls:
        with refused("AccessDenied", status=403):
            call()
    iam.tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "payroll"}])
    for call in calls:
        call()


def test_a_key_policy_may_name_a_role(iam, kms, key, policy, role):
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    answered = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    assert answered["Statement"][-1]["Principal"] == {"AWS": arn}
    absent = statement | {"Principal": {"AWS": f"{arn}-absent"}}
    with refused(
        "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."
    ):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(absent))
