"""Groups and managed policies, and what they let their members do."""

import json
import re

import pytest

from harness import ACCOUNT, refused
from test_iam_users import allow, as_user

POLICY = f"arn:aws:iam::{ACCOUNT}:policy"


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture
def user(iam, request):
    """A new user's name; whatever it has is removed with it."""
    name = re.sub(r"[^\w]", "-", request.node.name)[-60:]
    iam.create_user(UserName=name)
    yield name
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


@pytest.fixture
def group(iam, request):
    name = "g-" + re.sub(r"[^\w]", "-", request.node.name)[-60:]
    iam.create_group(GroupName=name)
    yield name
    for user in iam.get_group(GroupName=name)["Users"]:
        iam.remove_user_from_group(UserName=user["UserName"], GroupName=name)
    for policy in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        iam.detach_group_policy(GroupName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_group_policies(GroupName=name)["PolicyNames"]:
        iam.delete_group_policy(GroupName=name, PolicyName=policy)
    iam.delete_group(GroupName=name)


@pytest.fixture
def policy(iam, request):
    """The ARN of a new managed policy that allows all of KMS; deleted once nobody uses it."""
    name = "p-" + re.sub(r"[^\w]", "-", request.node.name)[-60:]
    arn = iam.create_policy(PolicyName=name, PolicyDocument=allow("kms:*"))["Policy"]["Arn"]
    yield arn
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


def may(kms):
    """Whether a caller may list keys."""
    try:
        kms.list_keys()
    except kms.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
    return True


def test_a_group_is_made_found_renamed_and_deleted(iam):
    made = iam.create_group(GroupName="Auditors", Path="/finance/")["Group"]
    assert re.fullmatch("AGPA[A-Z2-7]{17}", made["GroupId"])
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/finance/Auditors"
    with refused("EntityAlreadyExists", "Group with name auditors already exists.", 409):
        iam.create_group(GroupName="auditors")
    assert iam.get_group(GroupName="auditors")["Group"] == made
    listed = iam.list_groups(PathPrefix="/finance/")
    assert (listed["Groups"], listed["IsTruncated"]) == ([made], False)
    iam.update_group(GroupName="Auditors", NewGroupName="Compliance", NewPath="/")
    assert iam.get_group(GroupName="Compliance")["Group"]["GroupId"] == made["GroupId"]
    iam.delete_group(GroupName="Compliance")
    with refused("NoSuchEntity", "The group with name Compliance cannot be found.", 404):
        iam.get_group(GroupName="Compliance")


def test_members_have_the_policies_of_their_groups(server, iam, user, group, policy):
    kms = as_user(server, iam, user)
    for _ in range(2):
        iam.add_user_to_group(GroupName=group, UserName=user)
    assert [one["UserName"] for one in iam.get_group(GroupName=group)["Users"]] == [user]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    assert not may(kms)
    iam.put_group_policy(GroupName=group, PolicyName="list", PolicyDocument=allow("kms:ListKeys"))
    assert may(kms)
    iam.delete_group_policy(GroupName=group, PolicyName="list")
    assert not may(kms)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    assert may(kms)
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first.", 409):
        iam.delete_group(GroupName=group)
    with refused("DeleteConflict", status=409):
        iam.delete_user(UserName=user)
    for _ in range(2):
        iam.remove_user_from_group(GroupName=group, UserName=user)
    assert not may(kms)
    iam.detach_group_policy(GroupName=group, PolicyArn=policy)


def test_a_user_is_in_ten_groups_at_most(iam, user):
    for number in range(11):
        iam.create_group(GroupName=f"ten{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"ten{number}", UserName=user)
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409):
        iam.add_user_to_group(GroupName="ten10", UserName=user)
    for number in range(11):
        iam.remove_user_from_group(GroupName=f"ten{number}", UserName=user)
        iam.delete_group(GroupName=f"ten{number}")


def test_a_managed_policy_is_made_attached_and_deleted(server, iam, user):
    kms = as_user(server, iam, user)
    made = iam.create_policy(
        PolicyName="Lists", Path="/keys/", PolicyDocument=allow("kms:ListKeys"), Description="Lets keys be listed",
        Tags=[{"Key": "team", "Value": "security"}],
    )["Policy"]
    arn = f"{POLICY}/keys/Lists"
    assert re.fullmatch("ANPA[A-Z2-7]{17}", made["PolicyId"])
    assert (made["Arn"], made["DefaultVersionId"], made["AttachmentCount"]) == (arn, "v1", 0)
    assert made["IsAttachable"] is True and made["Description"] == "Lets keys be listed"
    with refused(
        "EntityAlreadyExists", "A policy called lists already exists. Duplicate names are not allowed.", 409
    ):
        iam.create_policy(PolicyName="lists", PolicyDocument=allow("kms:*"))
    for _ in range(2):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    assert may(kms)
    assert iam.list_attached_user_policies(UserName=user)["AttachedPolicies"] == [{"PolicyName": "Lists", "PolicyArn": arn}]
    assert iam.list_attached_user_policies(UserName=user, PathPrefix="/other/")["AttachedPolicies"] == []
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_user_policy(UserName=user, PolicyArn=arn)
    assert not may(kms)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.detach_user_policy(UserName=user, PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.get_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)


def test_the_version_in_force_decides(server, iam, user, policy):
    kms = as_user(server, iam, user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    assert may(kms)
    second = iam.create_policy_version(PolicyArn=policy, PolicyDocument=allow("kms:Encrypt"))["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    assert may(kms)
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v2")
    assert not may(kms)
    document = iam.get_policy_version(PolicyArn=policy, VersionId="v2")["PolicyVersion"]
    assert (document["Document"], document["IsDefaultVersion"]) == (json.loads(allow("kms:Encrypt")), True)
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    third = iam.create_policy_version(PolicyArn=policy, PolicyDocument=allow("kms:List*"), SetAsDefault=True)
    assert third["PolicyVersion"]["IsDefaultVersion"] is True and may(kms)
    for _ in range(2):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=allow("kms:*"))
    with refused(
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        409,
    ):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=allow("kms:*"))
    iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
    sixth = iam.create_policy_version(PolicyArn=policy, PolicyDocument=allow("kms:*"))["PolicyVersion"]
    assert sixth["VersionId"] == "v6"
    versions = [version["VersionId"] for version in iam.list_policy_versions(PolicyArn=policy)["Versions"]]
    assert versions == ["v6", "v5", "v4", "v3", "v2"]
    with refused("NoSuchEntity", status=404):
        iam.get_policy_version(PolicyArn=policy, VersionId="v1")


def test_a_boundary_bounds_and_gives_nothing(server, iam, user, policy):
    kms = as_user(server, iam, user)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    assert not may(kms)
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=allow("*"))
    assert may(kms)
    own = as_user(server, iam, user, "iam")
    with refused(
        "AccessDenied",
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: iam:GetUser on resource: "
        f"arn:aws:iam::{ACCOUNT}:user/{user} because no permissions boundary allows the iam:GetUser action",
        403,
    ):
        own.get_user()
    assert iam.get_policy(PolicyArn=policy)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_user_permissions_boundary(UserName=user)
    assert own.get_user()["User"]["UserName"] == user


def test_policies_are_listed_by_use_and_path(iam, user, policy):
    def listed(**filters):
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 1}, **filters)
        return {one["Arn"] for page in pages for one in page["Policies"]}

    assert policy in listed() and policy in listed(Scope="Local") and policy not in listed(Scope="AWS")
    assert policy not in listed(OnlyAttached=True)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    assert policy in listed(OnlyAttached=True)
    assert policy not in listed(PolicyUsageFilter="PermissionsBoundary")
    assert policy not in listed(PathPrefix="/other/")


def test_what_names_no_policy_is_refused(iam, user):
    with refused("ValidationError", "Invalid ARN:  Could not be parsed!"):
        iam.get_policy(PolicyArn="not an arn at all, really")
    for foreign in ("arn:aws:iam::444455556666:policy/p", "arn:aws:iam::aws:policy/None", f"{POLICY}/none"):
        with refused("NoSuchEntity", status=404):
            iam.attach_user_policy(UserName=user, PolicyArn=foreign)
    with refused("MalformedPolicyDocument"):
        iam.create_policy(PolicyName="p", PolicyDocument="{}")
    long = allow(*(f"kms:{'x' * 100}{number}" for number in range(60)))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        iam.create_policy(PolicyName="p", PolicyDocument=long)


def test_ten_policies_are_attached_at_most(iam, user):
    arns = [
        iam.create_policy(PolicyName=f"eleven{number}", PolicyDocument=allow("kms:*"))["Policy"]["Arn"] for number in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10", 409):
        iam.attach_user_policy(UserName=user, PolicyArn=arns[10])
    pages = list(iam.get_paginator("list_attached_user_policies").paginate(UserName=user, PaginationConfig={"PageSize": 3}))
    assert [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]] == arns[:10] and len(pages) == 4
