"""An account as a whole: its alias, what it has, and all that gives rights in it."""

import json
import re
import urllib.parse

import pytest

from harness import ACCOUNT, Server, refused
from test_iam_roles import trust
from test_iam_users import allow, as_user, user  # noqa: F401

QUOTAS = {
    "UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "VersionsPerPolicyQuota": 5,
    "PolicySizeQuota": 6144, "UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120, "RolePolicySizeQuota": 10240,
    "AssumeRolePolicySizeQuota": 2048, "AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10, "GroupsPerUserQuota": 10, "AccessKeysPerUserQuota": 2,
}


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def loose(server):
    return server.client("iam", parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """IAM of an account of its own with a few of everything."""
    with Server(tmp_path_factory.mktemp("town") / "data", "--account-id", ACCOUNT) as server:
        iam = server.client("iam")
        arn = iam.create_policy(PolicyName="use", PolicyDocument=allow("kms:Encrypt"), Description="Use")["Policy"]["Arn"]
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allow("kms:Decrypt"), SetAsDefault=True)
        iam.create_group(GroupName="staff", Path="/all/")
        iam.put_group_policy(GroupName="staff", PolicyName="own", PolicyDocument=allow("kms:ListKeys"))
        iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
        for name in ("ada", "bob", "cyd"):
            iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": name}], PermissionsBoundary=arn)
        iam.add_user_to_group(GroupName="staff", UserName="ada")
        iam.put_user_policy(UserName="ada", PolicyName="own", PolicyDocument=allow("kms:ListAliases"))
        iam.attach_user_policy(UserName="ada", PolicyArn=arn)
        iam.create_role(RoleName="pay", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ada"}))
        iam.put_role_policy(RoleName="pay", PolicyName="own", PolicyDocument=allow("kms:Sign"))
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
        yield iam


# Aliases


def test_an_account_has_one_alias(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="acme-pay")
    listed = iam.list_account_aliases()
    assert (listed["AccountAliases"], listed["IsTruncated"]) == (["acme-pay"], False)
    with refused("EntityAlreadyExists", "The account alias acme-pay already exists.", 409):
        iam.create_account_alias(AccountAlias="acme-pay")
    # Another takes its place.
    iam.create_account_alias(AccountAlias="acme")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme"]
    with refused("NoSuchEntity", "The account alias with name acme-pay cannot be found.", 404):
        iam.delete_account_alias(AccountAlias="acme-pay")
    iam.create_account_alias(AccountAlias="acme-pay")
    iam.delete_account_alias(AccountAlias="acme-pay")
    assert iam.list_account_aliases()["AccountAliases"] == []
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias="acme-pay")


@pytest.mark.parametrize("alias", ["ab", "x" * 64, "Acme", "-acme", "acme-", "ac--me", "ac_me", "123456789012"])
def test_what_no_alias_can_be_is_refused(loose, alias):
    for call in (loose.create_account_alias, loose.delete_account_alias):
        with refused("ValidationError"):
            call(AccountAlias=alias)


def test_the_pattern_of_an_alias_is_told(loose):
    with refused(
        "ValidationError",
        "1 validation error detected: Value 'ac--me' at 'accountAlias' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
    ):
        loose.create_account_alias(AccountAlias="ac--me")


def test_a_user_without_policies_learns_nothing_of_the_account(server, iam, user):  # noqa: F811
    own = as_user(server, iam, user, "iam")
    for call in (
        lambda: own.create_account_alias(AccountAlias="mine"), own.list_account_aliases,
        lambda: own.delete_account_alias(AccountAlias="mine"), own.get_account_summary,
        own.get_account_authorization_details, own.get_account_password_policy, own.update_account_password_policy,
        own.delete_account_password_policy,
    ):
        with refused("AccessDenied", re.compile(".*because no identity-based policy allows the iam:.* action"), 403):
            call()


# Summary


def test_the_summary_counts(town):
    summary = town.get_account_summary()["SummaryMap"]
    model = town.meta.service_model.shape_for("summaryKeyType")
    assert set(summary) == set(model.enum)
    counts = {
        "Users": 3, "Groups": 1, "Roles": 1, "Policies": 1, "PolicyVersionsInUse": 2, "MFADevices": 1, "MFADevicesInUse": 0,
        "AccountAccessKeysPresent": 1, "AccountMFAEnabled": 0, "AccountPasswordPresent": 0,
    }
    assert {name: summary[name] for name in counts | QUOTAS} == counts | QUOTAS


# Details


LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def details(iam, size=100, **wanted):
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        PaginationConfig={"PageSize": size}, **wanted
    )
    found = {name: [] for name in LISTS}
    for page in pages:
        assert sum(len(page[name]) for name in LISTS) <= size
        for name in LISTS:
            found[name] += page[name]
    return found


def test_the_details_tell_all_that_gives_rights(town):
    found = details(town)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/use"
    attached = [{"PolicyName": "use", "PolicyArn": arn}]
    ada, bob, cyd = found["UserDetailList"]
    assert ada["UserPolicyList"] == [{"PolicyName": "own", "PolicyDocument": json.loads(allow("kms:ListAliases"))}]
    assert (ada["GroupList"], ada["AttachedManagedPolicies"]) == (["staff"], attached)
    assert ada["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert ada["Tags"] == [{"Key": "team", "Value": "ada"}]
    assert ada["UserId"] == town.get_user(UserName="ada")["User"]["UserId"]
    assert (bob["UserName"], bob["GroupList"], bob["UserPolicyList"]) == ("bob", [], [])
    staff, = found["GroupDetailList"]
    assert (staff["Arn"], staff["AttachedManagedPolicies"]) == (f"arn:aws:iam::{ACCOUNT}:group/all/staff", attached)
    assert staff["GroupPolicyList"] == [{"PolicyName": "own", "PolicyDocument": json.loads(allow("kms:ListKeys"))}]
    pay, = found["RoleDetailList"]
    assert pay["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ada"}
    assert pay["RolePolicyList"] == [{"PolicyName": "own", "PolicyDocument": json.loads(allow("kms:Sign"))}]
    use, = found["Policies"]
    assert (use["DefaultVersionId"], use["AttachmentCount"], use["PermissionsBoundaryUsageCount"]) == ("v2", 2, 3)
    versions = [(version["VersionId"], version["IsDefaultVersion"]) for version in use["PolicyVersionList"]]
    assert versions == [("v2", True), ("v1", False)]
    document = use["PolicyVersionList"][0]["Document"]
    document = json.loads(urllib.parse.unquote(document)) if isinstance(document, str) else document
    assert document == json.loads(allow("kms:Decrypt"))


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_the_details_come_page_by_page(town, size):
    assert details(town, size) == details(town)


def test_the_details_are_filtered(town):
    everything = details(town)
    for kind, name in zip(("User", "Group", "Role", "LocalManagedPolicy"), LISTS):
        assert details(town, 1, Filter=[kind]) == {other: everything[other] if other == name else [] for other in LISTS}
    both = details(town, 2, Filter=["LocalManagedPolicy", "User"])
    assert (both["UserDetailList"], both["Policies"]) == (everything["UserDetailList"], everything["Policies"])
    assert not both["GroupDetailList"] and not both["RoleDetailList"]
    assert not any(details(town, Filter=["AWSManagedPolicy"]).values())
    marker = town.get_account_authorization_details(MaxItems=1)["Marker"]
    with refused("ValidationError", "Invalid Marker."):
        town.get_account_authorization_details(MaxItems=1, Marker=marker, Filter=["User"])


def test_what_is_no_kind_is_refused(loose):
    with refused("ValidationError"):
        loose.get_account_authorization_details(Filter=["Key"])
