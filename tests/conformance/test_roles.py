"""Roles and sessions: who takes a role on, what a session may, and when it is over."""

import json
import re

import pytest

from harness import ACCOUNT, OTHER_REGION, refused
from test_iam_users import allow, as_user

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
INVALID = "The security token included in the request is invalid."


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def user(server, iam):
    """A user who may do nothing yet."""
    iam.create_user(UserName="taker", Tags=[{"Key": "team", "Value": "red"}])
    return f"arn:aws:iam::{ACCOUNT}:user/taker"


@pytest.fixture(scope="module")
def sts(server, iam, user):
    return as_user(server, iam, "taker", "sts")


def trust(principal, condition=None, actions=("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions)}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(iam, user, request):
    """Makes a role that the user may take on."""
    name = "r-" + re.sub(r"[^\w]", "-", request.node.name)[-50:]

    def make(document=None, **members):
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document or trust(user), **members)["Role"]

    return make


def session_client(server, credentials, service="kms"):
    return server.client(
        service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"], token=credentials["SessionToken"])


def may(client, method="list_keys", **members):
    try:
        getattr(client, method)(**members)
    except client.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), error
        return False
    return True


def test_a_role_is_made_found_changed_and_deleted(iam, user):
    made = iam.create_role(
        RoleName="Keeper", Path="/apps/", AssumeRolePolicyDocument=trust(user), Description="keeps",
        MaxSessionDuration=7200, Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert re.fullmatch("AROA[A-Z2-7]{17}", made["RoleId"])
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/apps/Keeper"
    assert made["AssumeRolePolicyDocument"] == json.loads(trust(user))
    assert iam.get_role(RoleName="keeper")["Role"] == made
    assert [one["RoleName"] for one in iam.list_roles(PathPrefix="/apps/")["Roles"]] == ["Keeper"]
    with refused("EntityAlreadyExists", "Role with name KEEPER already exists.", 409):
        iam.create_role(RoleName="KEEPER", AssumeRolePolicyDocument=trust(user))
    iam.update_role(RoleName="Keeper", Description="keeps on", MaxSessionDuration=3600)
    told = iam.update_role_description(RoleName="Keeper", Description="still keeps")["Role"]
    assert (told["Description"], told["MaxSessionDuration"]) == ("still keeps", 3600)
    iam.update_assume_role_policy(RoleName="Keeper", PolicyDocument=trust(ROOT))
    assert iam.get_role(RoleName="Keeper")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust(ROOT))
    iam.put_role_policy(RoleName="Keeper", PolicyName="p", PolicyDocument=allow("kms:*"))
    assert iam.list_role_policies(RoleName="Keeper")["PolicyNames"] == ["p"]
    assert iam.get_role_policy(RoleName="Keeper", PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"] == ["kms:*"]
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_role(RoleName="Keeper")
    iam.delete_role_policy(RoleName="Keeper", PolicyName="p")
    policy = iam.create_policy(PolicyName="of-keeper", PolicyDocument=allow("kms:*"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="Keeper", PolicyArn=policy)
    assert iam.list_attached_role_policies(RoleName="Keeper")["AttachedPolicies"][0]["PolicyArn"] == policy
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409):
        iam.delete_role(RoleName="Keeper")
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=policy)
    iam.detach_role_policy(RoleName="Keeper", PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName="Keeper", PermissionsBoundary=policy)
    assert iam.get_role(RoleName="Keeper")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    iam.delete_role_permissions_boundary(RoleName="Keeper")
    iam.delete_role(RoleName="Keeper")
    with refused("NoSuchEntity", "The role with name Keeper cannot be found.", 404):
        iam.get_role(RoleName="Keeper")


def test_tags_of_roles_and_users_are_set_listed_and_taken(iam, role, user):
    name = role()["RoleName"]
    for tag, untag, listed, member in [
        (iam.tag_role, iam.untag_role, iam.list_role_tags, {"RoleName": name}),
        (iam.tag_user, iam.untag_user, iam.list_user_tags, {"UserName": "taker"}),
    ]:
        tag(Tags=[{"Key": "One", "Value": "1"}, {"Key": "two", "Value": "2"}], **member)
        tag(Tags=[{"Key": "ONE", "Value": "3"}], **member)
        tags = {one["Key"]: one["Value"] for one in listed(**member)["Tags"]}
        assert (tags["ONE"], tags["two"]) == ("3", "2")
        page = listed(MaxItems=1, **member)
        assert page["IsTruncated"] and len(page["Tags"]) == 1
        assert len(listed(Marker=page["Marker"], **member)["Tags"]) == len(tags) - 1
        untag(TagKeys=["one", "TWO", "none"], **member)
        assert not {"ONE", "two"} & {one["Key"] for one in listed(**member)["Tags"]}
        with refused("LimitExceeded", status=409):
            tag(Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)], **member)
            tag(Tags=[{"Key": "k50", "Value": ""}], **member)
        untag(TagKeys=[f"k{n}" for n in range(50)], **member)


@pytest.mark.parametrize(("document", "message"), [
    ("{", None),
    (trust(f"arn:aws:iam::{ACCOUNT}:user/nobody"),
     f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/nobody"'),
    (allow("sts:AssumeRole"), None),
    (json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*"}]}), None),
])
def test_what_is_no_trust_policy_is_refused(iam, document, message):
    with refused("MalformedPolicyDocument", *([message] if message else []), status=400):
        iam.create_role(RoleName="never", AssumeRolePolicyDocument=document)


def test_a_session_may_what_its_role_may(server, iam, sts, role):
    made = role()
    taken = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")
    credentials = taken["Credentials"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert len(credentials["SessionToken"]) <= 4096
    assert taken["AssumedRoleUser"] == {
        "AssumedRoleId": f"{made['RoleId']}:work",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{made['RoleName']}/work",
    }
    identity = session_client(server, credentials, "sts").get_caller_identity()
    assert identity["Arn"] == taken["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == taken["AssumedRoleUser"]["AssumedRoleId"]
    kms = session_client(server, credentials)
    assert not may(kms)
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="list", PolicyDocument=allow("kms:ListKeys"))
    assert may(kms)
    iam.delete_role_policy(RoleName=made["RoleName"], PolicyName="list")
    assert not may(kms)


def test_trust_names_who_may_take_a_role_on(server, iam, sts, role, user):
    made = role(trust(ROOT))
    denied = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {made['Arn']}"
    # The account was named, so its policies decide.
    assert not may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="work")
    iam.put_user_policy(UserName="taker", PolicyName="assume", PolicyDocument=allow("sts:AssumeRole"))
    assert may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="work")
    iam.update_assume_role_policy(
        RoleName=made["RoleName"], PolicyDocument=trust(iam.get_role(RoleName=made["RoleName"])["Role"]["Arn"]))
    with refused("AccessDenied", denied, 403):
        sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")
    iam.delete_user_policy(UserName="taker", PolicyName="assume")
    with refused("AccessDenied", denied.replace(made["RoleName"], "none"), 403):
        sts.assume_role(RoleArn=made["Arn"].replace(made["RoleName"], "none"), RoleSessionName="work")
    with refused("AccessDenied", "Roles may not be assumed by root accounts.", 403):
        iam.update_assume_role_policy(RoleName=made["RoleName"], PolicyDocument=trust(ROOT))
        server.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="work")
    with refused("ValidationError", "not-an-arn-at-all-but-long is invalid", 400):
        sts.assume_role(RoleArn="not-an-arn-at-all-but-long", RoleSessionName="work")


def test_an_external_id_and_the_sessions_name_may_be_asked_for(sts, role, user):
    made = role(trust(user, {"StringEquals": {"sts:ExternalId": "ours", "sts:RoleSessionName": "work"}}))
    assert not may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="work")
    assert not may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="work", ExternalId="theirs")
    assert not may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="play", ExternalId="ours")
    assert may(sts, "assume_role", RoleArn=made["Arn"], RoleSessionName="work", ExternalId="ours")


def test_policies_that_are_passed_bound_a_session(server, iam, sts, role):
    made = role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    policy = iam.create_policy(PolicyName="passed", PolicyDocument=allow("kms:ListAliases"))["Policy"]["Arn"]

    def session(**members):
        taken = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work", **members)
        return session_client(server, taken["Credentials"]), taken

    kms, taken = session()
    assert may(kms) and may(kms, "list_aliases")
    assert "PackedPolicySize" not in taken
    kms, taken = session(Policy=allow("kms:ListKeys"))
    assert may(kms) and not may(kms, "list_aliases")
    assert taken["PackedPolicySize"] > 0
    kms, _ = session(Policy=allow("kms:ListKeys"), PolicyArns=[{"arn": policy}])
    assert may(kms) and may(kms, "list_aliases") and not may(kms, "create_key")
    kms, _ = session(Policy=allow("iam:*"))
    assert not may(kms)
    with refused("MalformedPolicyDocument", status=400):
        session(Policy="{}x")
    with refused("PackedPolicyTooLarge", status=400):
        session(Policy=allow(*[f"kms:Action{n}" for n in range(200)]))


def test_a_boundary_bounds_a_role(server, iam, sts, role):
    bound = iam.create_policy(PolicyName="bound-role", PolicyDocument=allow("kms:ListKeys"))["Policy"]["Arn"]
    made = role(PermissionsBoundary=bound)
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    kms = session_client(server, sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")["Credentials"])
    assert may(kms) and not may(kms, "list_aliases")


def test_a_key_policy_names_a_role_and_a_session(server, iam, sts, role, kms, key, policy, statement):
    made = role()

    def session(name, **members):
        taken = sts.assume_role(RoleArn=made["Arn"], RoleSessionName=name, **members)
        return session_client(server, taken["Credentials"])

    naming_role = policy(statement("Allow", "kms:DescribeKey", Principal={"AWS": made["Arn"]}))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=naming_role)
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == json.loads(naming_role)
    assert may(session("work"), "describe_key", KeyId=key["KeyId"])
    # What is given to the role is bounded by what was passed to the session.
    assert not may(session("work", Policy=allow("kms:ListKeys")), "describe_key", KeyId=key["KeyId"])
    assert may(session("work", Policy=allow("kms:DescribeKey")), "describe_key", KeyId=key["KeyId"])
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{made['RoleName']}/work"
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement("Allow", "kms:DescribeKey", Principal={"AWS": arn})))
    assert may(session("work"), "describe_key", KeyId=key["KeyId"])
    assert may(session("work", Policy=allow("kms:ListKeys")), "describe_key", KeyId=key["KeyId"])
    assert not may(session("play"), "describe_key", KeyId=key["KeyId"])


def test_a_grant_to_a_role_is_its_sessions(server, sts, role, kms, key):
    made = role()
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=made["Arn"], Operations=["Encrypt"])

    def encrypts(**members):
        taken = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work", **members)
        return may(session_client(server, taken["Credentials"]), "encrypt", KeyId=key["KeyId"], Plaintext=b"x")

    assert encrypts()
    assert not encrypts(Policy=allow("kms:ListKeys"))


def test_tags_of_a_session_come_before_its_roles_and_are_passed_on(server, iam, sts, role, user):
    made = role(Tags=[{"Key": "team", "Value": "blue"}])
    document = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["kms:ListKeys", "sts:*"], "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}]})
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="red", PolicyDocument=document)

    def session(**members):
        return sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work", **members)["Credentials"]

    assert not may(session_client(server, session()))
    red = session(Tags=[{"Key": "Team", "Value": "red"}], TransitiveTagKeys=["Team"])
    assert may(session_client(server, red))
    next_role = iam.create_role(RoleName="next-" + made["RoleName"][-40:], AssumeRolePolicyDocument=trust(ROOT))["Role"]
    iam.put_role_policy(RoleName=next_role["RoleName"], PolicyName="red", PolicyDocument=document)
    chained = session_client(server, red, "sts").assume_role(RoleArn=next_role["Arn"], RoleSessionName="on")["Credentials"]
    assert may(session_client(server, chained))
    with refused("InvalidParameterValue", status=400):
        session_client(server, red, "sts").assume_role(
            RoleArn=next_role["Arn"], RoleSessionName="on", Tags=[{"Key": "TEAM", "Value": "blue"}])
    with refused("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
                 "role chaining.", 400):
        session_client(server, red, "sts").assume_role(
            RoleArn=next_role["Arn"], RoleSessionName="on", DurationSeconds=3601)
    with refused("InvalidParameterValue",
                 "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400):
        session(Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])
    with refused("InvalidParameterValue",
                 "The specified transitive tag key must be included in the requested tags.", 400):
        session(TransitiveTagKeys=["none"])


def test_tags_and_a_source_identity_have_to_be_admitted(sts, role, user, server, iam):
    made = role(trust(user, actions=["sts:AssumeRole"]))
    members = {"RoleArn": made["Arn"], "RoleSessionName": "work"}
    assert may(sts, "assume_role", **members)
    assert not may(sts, "assume_role", Tags=[{"Key": "a", "Value": "b"}], **members)
    assert not may(sts, "assume_role", SourceIdentity="ada", **members)
    iam.update_assume_role_policy(RoleName=made["RoleName"], PolicyDocument=trust(user))
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="ada", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*",
                                                "Condition": {"StringEquals": {"aws:SourceIdentity": "ada"}}}]}))
    taken = sts.assume_role(SourceIdentity="ada", **members)
    assert taken["SourceIdentity"] == "ada"
    assert may(session_client(server, taken["Credentials"]))


def test_a_role_bounds_how_long_its_sessions_last(sts, role):
    made = role()
    members = {"RoleArn": made["Arn"], "RoleSessionName": "work"}
    with refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400):
        sts.assume_role(DurationSeconds=3601, **members)
    with refused("ValidationError", status=400):
        sts.assume_role(DurationSeconds=43201, **members)
    sts.assume_role(DurationSeconds=900, **members)


def test_sessions_end_with_their_role_and_do_not_come_back(server, iam, sts, role, user):
    made = role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    kms = session_client(server, sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")["Credentials"])
    assert may(kms)
    iam.delete_role_policy(RoleName=made["RoleName"], PolicyName="all")
    iam.delete_role(RoleName=made["RoleName"])
    with refused("UnrecognizedClientException", INVALID):
        kms.list_keys()
    role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    with refused("UnrecognizedClientException", INVALID):
        kms.list_keys()


def test_a_token_is_its_keys_own(server, iam, sts, role, user):
    made = role()
    one, other = (sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")["Credentials"] for _ in range(2))

    def fails(**changed):
        with refused("UnrecognizedClientException", INVALID):
            session_client(server, one | changed).list_keys()

    fails(SessionToken=other["SessionToken"])
    fails(SessionToken=one["SessionToken"][:-4] + "AAAA")
    fails(SessionToken="nonsense")
    with refused("UnrecognizedClientException", INVALID):
        server.client("kms", key=one["AccessKeyId"], secret=one["SecretAccessKey"]).list_keys()
    with refused("InvalidSignatureException"):
        session_client(server, one | {"SecretAccessKey": other["SecretAccessKey"]}).list_keys()
    long_term = iam.create_access_key(UserName="taker")["AccessKey"]
    with refused("UnrecognizedClientException", INVALID):
        session_client(server, one | {
            "AccessKeyId": long_term["AccessKeyId"], "SecretAccessKey": long_term["SecretAccessKey"]}).list_keys()
    iam.delete_access_key(UserName="taker", AccessKeyId=long_term["AccessKeyId"])


def test_a_users_own_session_may_what_the_user_may_but_not_iam(server, iam, sts, user):
    credentials = sts.get_session_token(DurationSeconds=900)["Credentials"]
    identity = session_client(server, credentials, "sts").get_caller_identity()
    assert identity["Arn"] == user
    kms = session_client(server, credentials)
    assert not may(kms)
    iam.put_user_policy(UserName="taker", PolicyName="list", PolicyDocument=allow("kms:ListKeys", "iam:*", "sts:*"))
    assert may(kms)
    assert not may(session_client(server, credentials, "iam"), "list_users")
    assert not may(session_client(server, credentials, "sts"), "get_access_key_info", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        session_client(server, credentials, "sts").get_session_token()
    iam.delete_user_policy(UserName="taker", PolicyName="list")
    assert not may(kms)


def test_a_user_who_is_gone_has_no_session_any_more(server, iam):
    iam.create_user(UserName="leaves")
    made = iam.create_access_key(UserName="leaves")["AccessKey"]
    sts = server.client("sts", key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    session = session_client(server, sts.get_session_token()["Credentials"], "sts")
    session.get_caller_identity()
    iam.delete_access_key(UserName="leaves", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="leaves")
    with refused("InvalidClientTokenId", INVALID, 403):
        session.get_caller_identity()


def test_a_federated_session_may_what_was_passed_and_its_user_may(server, iam, sts, user, kms, key, policy, statement):
    iam.put_user_policy(UserName="taker", PolicyName="federate", PolicyDocument=allow(
        "sts:GetFederationToken", "kms:ListKeys", "kms:DescribeKey"))

    def session(**members):
        made = sts.get_federation_token(Name="guest", DurationSeconds=900, **members)
        assert made["FederatedUser"] == {
            "FederatedUserId": f"{ACCOUNT}:guest", "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest"}
        return made["Credentials"]

    credentials = session(Policy=allow("kms:ListKeys", "kms:ListAliases"))
    assert may(session_client(server, credentials))
    assert not may(session_client(server, credentials), "list_aliases")
    assert not may(session_client(server, session()))
    guest = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    naming = policy(statement("Allow", "kms:GetKeyPolicy", Principal={"AWS": guest}))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=naming)
    assert may(session_client(server, session()), "get_key_policy", KeyId=key["KeyId"])
    assert not may(session_client(server, credentials, "iam"), "list_users")
    with refused("AccessDenied", "Cannot call GetFederationToken with session credentials", 403):
        session_client(server, credentials, "sts").get_federation_token(Name="guest")
    iam.delete_user_policy(UserName="taker", PolicyName="federate")
    assert not may(session_client(server, credentials))
    assert not may(sts, "get_federation_token", Name="guest")


def test_the_root_users_session_lasts_an_hour_at_most(server):
    root = server.client("sts")
    credentials = root.get_session_token(DurationSeconds=43200)["Credentials"]
    session = session_client(server, credentials, "sts")
    assert session.get_caller_identity()["Arn"] == ROOT
    left = credentials["Expiration"].timestamp() - __import__("time").time()
    assert 3500 < left <= 3600
    assert may(session_client(server, credentials))
    assert not may(session_client(server, credentials, "iam"), "list_users")


def test_a_role_session_is_nobody_with_access_keys(server, iam, sts, role):
    made = role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("iam:*"))
    session = session_client(server, sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")["Credentials"], "iam")
    for call in (session.get_user, session.create_access_key, session.list_access_keys):
        with refused("ValidationError", "Must specify userName when calling with non-User credentials", 400):
            call()


def test_sessions_work_in_every_region(server, sts, role, iam):
    made = role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    credentials = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")["Credentials"]
    client = server.client("kms", region=OTHER_REGION, key=credentials["AccessKeyId"],
                           secret=credentials["SecretAccessKey"], token=credentials["SessionToken"])
    assert may(client)


def test_records_tell_of_the_session_and_its_role(server, sts, role, iam):
    made = role()
    iam.put_role_policy(RoleName=made["RoleName"], PolicyName="all", PolicyDocument=allow("kms:*"))
    taken = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="work")
    kms = session_client(server, taken["Credentials"])
    request_id = kms.list_keys()["ResponseMetadata"]["RequestId"]
    [record] = [one for one in server.audit() if one.get("requestID") == request_id]
    identity = record["userIdentity"]
    context = identity.pop("sessionContext")
    assert identity == {
        "type": "AssumedRole", "principalId": f"{made['RoleId']}:work", "arn": taken["AssumedRoleUser"]["Arn"],
        "accountId": ACCOUNT, "accessKeyId": taken["Credentials"]["AccessKeyId"],
    }
    assert context["sessionIssuer"] == {
        "type": "Role", "principalId": made["RoleId"], "arn": made["Arn"], "accountId": ACCOUNT,
        "userName": made["RoleName"],
    }
    assert context["attributes"]["mfaAuthenticated"] == "false"
    request_id = taken["ResponseMetadata"]["RequestId"]
    [record] = [one for one in server.audit() if one.get("requestID") == request_id]
    assert taken["Credentials"]["SessionToken"] not in json.dumps(record)
    assert taken["Credentials"]["SecretAccessKey"] not in json.dumps(record)


@pytest.mark.parametrize("least", [0, 1, 1000, 1001, 4095, 4096])
def test_a_token_has_the_size_that_is_asked_for(server, sts, least):
    made = sts.get_session_token(MinimumSessionTokenSize=least)
    token = made["Credentials"]["SessionToken"]
    assert least <= len(token) <= 4096
    assert (made["SessionTokenSize"], made["SessionTokenUtilization"]) == (len(token), len(token) * 100 // 4096)
    session_client(server, made["Credentials"], "sts").get_caller_identity()


def test_assertions_of_others_are_refused(sts, role):
    with refused("ValidationError", "ProvidedContexts are not supported.", 400):
        sts.assume_role(RoleArn=role()["Arn"], RoleSessionName="work", ProvidedContexts=[
            {"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "assertion"}])
