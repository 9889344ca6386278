"""AWS's managed policies, and who has a managed policy; tags of managed policies."""

import json

import pytest
from botocore.exceptions import ClientError

from harness import ACCOUNT, refused

AWS = "arn:aws:iam::aws:policy/"
KEYS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
TRUST = {"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}}


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def users(iam):
    """Makes users, each of its own name."""
    names = iter(f"managed-{number}" for number in range(1000))

    def make():
        name = next(names)
        iam.create_user(UserName=name)
        return name

    return make


def as_user(server, iam, name, service="kms"):
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return server.client(service, key=made["AccessKeyId"], secret=made["SecretAccessKey"])


def code_of(call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def names_of(iam, **arguments):
    pages = iam.get_paginator("list_policies").paginate(**arguments)
    return [policy["Arn"] for page in pages for policy in page["Policies"]]


def test_awss_policies_are_told_of(iam):
    policy = iam.get_policy(PolicyArn=AWS + "AdministratorAccess")["Policy"]
    assert policy["PolicyName"] == "AdministratorAccess" and policy["Path"] == "/" and policy["IsAttachable"]
    assert policy["Arn"] == AWS + "AdministratorAccess" and policy["PolicyId"].startswith("ANPA")
    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert version["IsDefaultVersion"]
    assert iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"][0]["VersionId"] == "v1"
    code, message = code_of(lambda: iam.get_policy(PolicyArn=AWS + "NoSuchAccess"))
    assert code == "NoSuchEntity" and AWS + "NoSuchAccess" in message


def test_lists_have_them_by_scope(iam, users):
    own = iam.create_policy(PolicyName="scope", PolicyDocument=json.dumps(KEYS))["Policy"]["Arn"]
    of_aws, local, everything = names_of(iam, Scope="AWS"), names_of(iam, Scope="Local"), names_of(iam)
    assert AWS + "ReadOnlyAccess" in of_aws and own not in of_aws and all(arn.startswith(AWS) for arn in of_aws)
    assert own in local and not any(arn.startswith(AWS) for arn in local)
    assert everything == local + of_aws
    assert names_of(iam, PaginationConfig={"PageSize": 3}) == everything
    user = users()
    iam.attach_user_policy(UserName=user, PolicyArn=AWS + "AmazonSSMReadOnlyAccess")
    assert names_of(iam, Scope="AWS", OnlyAttached=True) == [AWS + "AmazonSSMReadOnlyAccess"]
    assert iam.get_policy(PolicyArn=AWS + "AmazonSSMReadOnlyAccess")["Policy"]["AttachmentCount"] == 1
    iam.detach_user_policy(UserName=user, PolicyArn=AWS + "AmazonSSMReadOnlyAccess")
    assert names_of(iam, Scope="AWS", OnlyAttached=True) == []


def test_one_that_is_attached_gives_rights(server, iam, users):
    user = users()
    kms = as_user(server, iam, user)
    with refused("AccessDeniedException"):
        kms.create_key()
    iam.attach_user_policy(UserName=user, PolicyArn=AWS + "AWSKeyManagementServicePowerUser")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("AccessDeniedException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    attached = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    assert attached == [
        {"PolicyName": "AWSKeyManagementServicePowerUser", "PolicyArn": AWS + "AWSKeyManagementServicePowerUser"}
    ]
    iam.detach_user_policy(UserName=user, PolicyArn=AWS + "AWSKeyManagementServicePowerUser")
    with refused("AccessDeniedException"):
        kms.create_key()


def test_one_bounds_a_user_and_a_session(server, iam, users, kms):
    user = users()
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(KEYS))
    as_bounded = as_user(server, iam, user)
    as_bounded.create_key()
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=AWS + "ReadOnlyAccess")
    as_bounded.list_keys()
    with refused("AccessDeniedException"):
        as_bounded.create_key()
    assert iam.get_policy(PolicyArn=AWS + "ReadOnlyAccess")["Policy"]["PermissionsBoundaryUsageCount"] == 1
    iam.create_role(RoleName="managed-session", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="managed-session", PolicyArn=AWS + "AdministratorAccess")
    other = users()
    iam.attach_user_policy(UserName=other, PolicyArn=AWS + "AdministratorAccess")
    taken = as_user(server, iam, other, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/managed-session", RoleSessionName="session",
        PolicyArns=[{"arn": AWS + "ReadOnlyAccess"}],
    )["Credentials"]
    session = server.client(key=taken["AccessKeyId"], secret=taken["SecretAccessKey"], token=taken["SessionToken"])
    session.list_keys()
    with refused("AccessDeniedException"):
        session.create_key()


def test_a_variable_in_one_stands_for_the_caller(server, iam, users):
    user, other = users(), users()
    iam.attach_user_policy(UserName=user, PolicyArn=AWS + "IAMUserChangePassword")
    own = as_user(server, iam, user, "iam")
    # Allowed, and then refused for what was given.
    code, _ = code_of(lambda: own.change_password(OldPassword="Wrong-1-wrong", NewPassword="Right-1-right"))
    assert code in ("AccessDenied", "NoSuchEntity", "AccessDeniedException")
    assert code_of(lambda: own.get_user(UserName=other))[0] == "AccessDenied"


@pytest.mark.parametrize("change", [
    lambda iam, arn: iam.delete_policy(PolicyArn=arn),
    lambda iam, arn: iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(KEYS)),
    lambda iam, arn: iam.delete_policy_version(PolicyArn=arn, VersionId="v1"),
    lambda iam, arn: iam.set_default_policy_version(PolicyArn=arn, VersionId="v1"),
    lambda iam, arn: iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "b"}]),
    lambda iam, arn: iam.untag_policy(PolicyArn=arn, TagKeys=["a"]),
])
def test_nobody_changes_them(iam, change):
    code, message = code_of(lambda: change(iam, AWS + "AdministratorAccess"))
    assert code.startswith("AccessDenied") and message == "Policy is outside your own account."
    assert iam.get_policy(PolicyArn=AWS + "AdministratorAccess")["Policy"]["DefaultVersionId"] == "v1"


def test_the_details_of_an_account_have_those_in_use(iam, users):
    user = users()
    iam.attach_user_policy(UserName=user, PolicyArn=AWS + "SecurityAudit")
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["AWSManagedPolicy"])
    policies = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert AWS + "SecurityAudit" in policies and AWS + "AmazonS3FullAccess" not in policies
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2})
    policies = [policy["Arn"] for page in pages for policy in page["Policies"]]
    assert policies.count(AWS + "SecurityAudit") == 1


def test_the_entities_of_a_policy(iam, users):
    arn = iam.create_policy(PolicyName="entities", PolicyDocument=json.dumps(KEYS))["Policy"]["Arn"]
    everything = iam.list_entities_for_policy(PolicyArn=arn)
    assert everything["PolicyUsers"] == everything["PolicyGroups"] == everything["PolicyRoles"] == []
    attached, bound = users(), users()
    iam.create_user(UserName="below", Path="/division/")
    iam.create_group(GroupName="entities")
    iam.create_role(RoleName="entities", AssumeRolePolicyDocument=json.dumps(TRUST))
    for name in [attached, "below"]:
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName=bound, PermissionsBoundary=arn)
    iam.attach_group_policy(GroupName="entities", PolicyArn=arn)
    iam.attach_role_policy(RoleName="entities", PolicyArn=arn)

    def entities(**arguments):
        found = {"PolicyUsers": [], "PolicyGroups": [], "PolicyRoles": []}
        for page in iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn, **arguments):
            for kind, members in found.items():
                members += [one[kind[6:-1] + "Name"] for one in page[kind]]
        return {kind: set(members) for kind, members in found.items()}

    users_of = {attached, bound, "below"}
    expected = {"PolicyUsers": users_of, "PolicyGroups": {"entities"}, "PolicyRoles": {"entities"}}
    assert entities() == expected
    assert entities(PaginationConfig={"PageSize": 1}) == expected
    nobody = {"PolicyUsers": set(), "PolicyGroups": set(), "PolicyRoles": set()}
    assert entities(EntityFilter="Role") == nobody | {"PolicyRoles": {"entities"}}
    assert entities(PolicyUsageFilter="PermissionsBoundary") == nobody | {"PolicyUsers": {bound}}
    assert entities(PolicyUsageFilter="PermissionsPolicy") == expected | {"PolicyUsers": {attached, "below"}}
    assert entities(PathPrefix="/division/") == nobody | {"PolicyUsers": {"below"}}
    ids = {one["UserId"] for one in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]}
    assert iam.get_user(UserName=attached)["User"]["UserId"] in ids
    code, _ = code_of(lambda: iam.list_entities_for_policy(PolicyArn=arn + "-none"))
    assert code == "NoSuchEntity"


def test_tags_of_a_policy(iam):
    arn = iam.create_policy(
        PolicyName="tagged", PolicyDocument=json.dumps(KEYS), Tags=[{"Key": "Team", "Value": "a"}]
    )["Policy"]["Arn"]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "b"}, {"Key": "Cost", "Value": "c"}])
    tags = iam.list_policy_tags(PolicyArn=arn)["Tags"]
    assert {tag["Key"].lower(): tag["Value"] for tag in tags} == {"team": "b", "cost": "c"}
    pages = iam.get_paginator("list_policy_tags").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 1})
    assert [tag for page in pages for tag in page["Tags"]] == tags
    iam.untag_policy(PolicyArn=arn, TagKeys=["COST", "none"])
    assert [tag["Key"].lower() for tag in iam.get_policy(PolicyArn=arn)["Policy"]["Tags"]] == ["team"]
    code, _ = code_of(lambda: iam.tag_policy(
        PolicyArn=arn, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)]))
    assert code == "LimitExceeded"
    code, _ = code_of(lambda: iam.tag_policy(PolicyArn=arn + "-none", Tags=[{"Key": "a", "Value": "b"}]))
    assert code == "NoSuchEntity"


def test_a_tag_of_a_policy_decides(server, iam, users):
    arn = iam.create_policy(PolicyName="by-tag", PolicyDocument=json.dumps(KEYS))["Policy"]["Arn"]
    user = users()
    condition = {"StringEquals": {"aws:ResourceTag/team": "pay"}}
    document = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "iam:GetPolicy", "Resource": "*", "Condition": condition}}
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(document))
    reader = as_user(server, iam, user, "iam")
    assert code_of(lambda: reader.get_policy(PolicyArn=arn))[0] == "AccessDenied"
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "pay"}])
    assert reader.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
