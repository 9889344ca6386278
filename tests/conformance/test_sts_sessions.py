"""Sessions: AssumeRole, GetSessionToken and GetFederationToken, what their credentials may do, and when they end."""

import base64
import datetime
import json
import re
import ssl
import urllib.request

import pytest

import harness
from harness import ACCOUNT, refused
from test_iam_roles import remove, trust
from test_iam_users import allow, as_user, user  # noqa: F401

INVALID = "The security token included in the request is invalid."
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def sts(server):
    """STS as the root user calls it."""
    return server.client("sts")


@pytest.fixture
def ada(server, iam, user):  # noqa: F811
    """STS as a user calls it who has no policies."""
    return as_user(server, iam, user, "sts")


@pytest.fixture
def named(user):  # noqa: F811
    """The user's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:user/{user}"


@pytest.fixture
def role(iam, request, named):
    """The ARN of a new role that trusts the user itself, and may list keys."""
    name = name_of(request)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": named}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="list", PolicyDocument=allow("kms:ListKeys", "kms:ListAliases"))
    yield arn
    remove(iam, name)


@pytest.fixture
def other_role(iam, request, role):
    """The ARN of a role that trusts the first."""
    name = f"{name_of(request)}-2"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": role}, actions))["Role"]["Arn"]
    yield arn
    remove(iam, name)


@pytest.fixture
def managed(iam, request):
    """Makes a managed policy and tells its ARN."""
    made = []

    def make(*actions):
        name = f"{name_of(request)}-{len(made)}"
        made.append(iam.create_policy(PolicyName=name, PolicyDocument=allow(*actions))["Policy"]["Arn"])
        return made[-1]

    yield make
    for arn in made:
        iam.delete_policy(PolicyArn=arn)


def name_of(request):
    return re.sub(r"[^\w]", "-", request.node.name)[-50:]


def short(arn):
    return arn.rsplit("/", 1)[1]


def assume(client, role, **members):
    return client.assume_role(**{"RoleArn": role, "RoleSessionName": "session"} | members)


def as_session(server, answer, service="kms", **changed):
    """A client that signs with session credentials."""
    made = answer["Credentials"]
    given = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]}
    return server.client(service, **given | changed)


def denied(caller, action, resource, why=None):
    text = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    return text if why is None else f"{text} {why}"


def lasts(answer):
    """How long credentials last, from about now."""
    return answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)


def is_about(duration, wanted):
    return wanted - datetime.timedelta(minutes=2) < duration <= wanted


# AssumeRole: who may


def test_a_user_whom_a_role_trusts_takes_it_on(server, iam, ada, role):
    answer = assume(ada, role)
    made = answer["Credentials"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert re.fullmatch("[A-Za-z0-9/+]{40}", made["SecretAccessKey"])
    assert len(made["SessionToken"]) <= 4096
    assert is_about(lasts(answer), HOUR)
    id = iam.get_role(RoleName=short(role))["Role"]["RoleId"]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{short(role)}/session"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": f"{id}:session", "Arn": session}
    assert "PackedPolicySize" not in answer and "SourceIdentity" not in answer
    identity = as_session(server, answer, "sts").get_caller_identity()
    assert (identity["UserId"], identity["Account"], identity["Arn"]) == (f"{id}:session", ACCOUNT, session)


def test_a_session_has_the_rights_of_its_role_and_no_others(server, ada, role, key):
    kms = as_session(server, assume(ada, role))
    kms.list_keys()
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{short(role)}/session"
    with refused(
        "AccessDeniedException",
        denied(session, "kms:Encrypt", key["Arn"], "because no identity-based policy allows the kms:Encrypt action"),
    ):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_what_a_role_may_changes_for_its_sessions_at_once(server, iam, ada, role, managed):
    kms = as_session(server, assume(ada, role))
    kms.list_keys()
    iam.put_role_policy(RoleName=short(role), PolicyName="deny", PolicyDocument=allow("kms:ListKeys", effect="Deny"))
    with refused("AccessDeniedException", re.compile(".*with an explicit deny in an identity-based policy")):
        kms.list_keys()
    iam.delete_role_policy(RoleName=short(role), PolicyName="deny")
    kms.list_keys()
    iam.put_role_permissions_boundary(RoleName=short(role), PermissionsBoundary=managed("kms:ListAliases"))
    with refused("AccessDeniedException", re.compile(".*because no permissions boundary allows the kms:ListKeys action")):
        kms.list_keys()
    kms.list_aliases()
    iam.delete_role_permissions_boundary(RoleName=short(role))
    iam.delete_role_policy(RoleName=short(role), PolicyName="list")
    with refused("AccessDeniedException"):
        kms.list_keys()
    arn = managed("kms:ListKeys")
    iam.attach_role_policy(RoleName=short(role), PolicyArn=arn)
    kms.list_keys()
    iam.detach_role_policy(RoleName=short(role), PolicyArn=arn)


def test_a_role_that_trusts_the_account_leaves_it_to_the_policies_of_users(iam, ada, role, user, named):  # noqa: F811
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=trust({"AWS": ROOT}))
    why = "because no identity-based policy allows the sts:AssumeRole action"
    with refused("AccessDenied", denied(named, "sts:AssumeRole", role, why), 403):
        assume(ada, role)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:AssumeRole", resource=f"{role}-other"))
    with refused("AccessDenied", denied(named, "sts:AssumeRole", role, why), 403):
        assume(ada, role)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:AssumeRole", resource=role))
    assume(ada, role)
    # The policies of a user are not enough for a role that trusts somebody else.
    somebody = iam.create_role(RoleName="somebody", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    try:
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:*"))
        arn = somebody["Role"]["Arn"]
        with refused("AccessDenied", denied(named, "sts:AssumeRole", arn), 403):
            assume(ada, arn)
    finally:
        iam.delete_role(RoleName="somebody")


def test_a_deny_on_either_side_wins(iam, ada, role, user, named):  # noqa: F811
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:AssumeRole", effect="Deny"))
    why = "with an explicit deny in an identity-based policy"
    with refused("AccessDenied", denied(named, "sts:AssumeRole", role, why), 403):
        assume(ada, role)
    iam.delete_user_policy(UserName=user, PolicyName="p")
    both = json.loads(trust({"AWS": named}))
    both["Statement"].append(both["Statement"][0] | {"Effect": "Deny"})
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=json.dumps(both))
    with refused("AccessDenied", re.compile(re.escape(denied(named, "sts:AssumeRole", role)) + ".*"), 403):
        assume(ada, role)


def test_which_roles_there_are_is_not_told(ada, named):
    for arn in (f"arn:aws:iam::{ACCOUNT}:role/absent", "arn:aws:iam::444455556666:role/absent"):
        with refused("AccessDenied", denied(named, "sts:AssumeRole", arn), 403):
            assume(ada, arn)


@pytest.mark.parametrize(
    "arn", ["not an arn at all, that is", f"arn:aws:iam::{ACCOUNT}:user/ada", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b"]
)
def test_what_names_no_role_is_refused(ada, arn):
    with refused("ValidationError", f"{arn} is invalid"):
        assume(ada, arn)


def test_a_role_is_found_by_its_whole_arn_alone(iam, ada, named):
    iam.create_role(RoleName="Deep", Path="/a/", AssumeRolePolicyDocument=trust({"AWS": named}))
    try:
        assume(ada, f"arn:aws:iam::{ACCOUNT}:role/a/Deep")
        for wrong in ("Deep", "b/Deep", "a/deep"):
            with refused("AccessDenied", status=403):
                assume(ada, f"arn:aws:iam::{ACCOUNT}:role/{wrong}")
    finally:
        iam.delete_role(RoleName="Deep")


def test_the_root_user_takes_on_no_role(server, iam, sts, role):
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=trust({"AWS": ROOT}))
    own = as_session(server, sts.get_session_token(), "sts")
    for client in (sts, own):
        with refused("AccessDenied", "Roles may not be assumed by root accounts.", 403):
            assume(client, role)


# AssumeRole: its parameters


@pytest.mark.parametrize(
    "members, message",
    [
        ({"RoleSessionName": "Session1:2"},
         "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must "
         r"satisfy regular expression pattern: [\w+=,.@-]*"),
        ({"RoleSessionName": "x"}, re.compile("1 validation error detected: Value 'x' at 'roleSessionName' .*")),
        ({"DurationSeconds": 899}, re.compile("1 validation error detected: Value '899' at 'durationSeconds' .*")),
        ({"DurationSeconds": 43201}, re.compile("1 validation error detected: Value '43201' at 'durationSeconds' .*")),
        ({"DurationSeconds": 3601}, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ({"ExternalId": "!!"}, re.compile("1 validation error detected: Value '!!' at 'externalId' .*")),
        ({"SourceIdentity": "a:b"}, re.compile("1 validation error detected: Value 'a:b' at 'sourceIdentity' .*")),
        ({"PolicyArns": [{"arn": "short"}]}, re.compile("1 validation error detected: Value 'short' at .*")),
        ({"Tags": [{"Key": "k!", "Value": "v"}]}, None),
        ({"Tags": [{"Key": "k", "Value": "v<"}]}, None),
        ({"ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter",
                                "ContextAssertion": "assertion"}]}, None),
    ],
)
def test_values_that_do_not_fit_are_refused(server, iam, user, role, members, message):  # noqa: F811
    loose = as_user(server, iam, user, "sts", parameter_validation=False)
    with refused("ValidationError", message):
        assume(loose, role, **members)


def test_a_session_lasts_as_long_as_its_role_admits(iam, ada, role):
    iam.update_role(RoleName=short(role), MaxSessionDuration=7200)
    assert is_about(lasts(assume(ada, role)), HOUR)
    assert is_about(lasts(assume(ada, role, DurationSeconds=7200)), 2 * HOUR)
    assert is_about(lasts(assume(ada, role, DurationSeconds=900)), HOUR / 4)
    with refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."):
        assume(ada, role, DurationSeconds=7201)


@pytest.mark.parametrize(
    "key, right, wrong",
    [
        ("sts:ExternalId", {"ExternalId": "agreed"}, {"ExternalId": "other"}),
        ("sts:RoleSessionName", {"RoleSessionName": "agreed"}, {"RoleSessionName": "other"}),
    ],
)
def test_a_trust_policy_asks_for_values_of_the_request(iam, ada, role, named, key, right, wrong):
    document = trust({"AWS": named}, Condition={"StringEquals": {key: "agreed"}})
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=document)
    assume(ada, role, **right)
    for members in (wrong, {}):
        with refused("AccessDenied", status=403):
            assume(ada, role, **members)


def test_a_trust_policy_bounds_the_duration(iam, ada, role, named):
    document = trust({"AWS": named}, Condition={"NumericLessThanEquals": {"sts:DurationSeconds": "1800"}})
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=document)
    assume(ada, role, DurationSeconds=1800)
    for members in ({}, {"DurationSeconds": 1801}):
        with refused("AccessDenied", status=403):
            assume(ada, role, **members)


def test_a_second_factor_that_is_asked_for_cannot_be_left_out(iam, ada, role, named):
    document = trust({"AWS": named}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=document)
    with refused("AccessDenied", status=403):
        assume(ada, role)


def test_a_code_of_no_second_factor_is_refused(ada, role):
    factor = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/absent", "TokenCode": "123456"}
    with refused("AccessDenied", re.compile("MultiFactorAuthentication failed.*"), 403):
        assume(ada, role, **factor)
    with refused("AccessDenied", re.compile("MultiFactorAuthentication failed.*"), 403):
        ada.get_session_token(**factor)


# Session policies


def test_a_session_policy_bounds_a_session(server, ada, role):
    answer = assume(ada, role, Policy=allow("kms:ListKeys", "kms:CreateKey"))
    assert 0 < answer["PackedPolicySize"] <= 100
    kms = as_session(server, answer)
    kms.list_keys()
    with refused("AccessDeniedException", re.compile(".*because no session policy allows the kms:ListAliases action")):
        kms.list_aliases()
    # It gives nothing that the role has not.
    with refused("AccessDeniedException", re.compile(".*because no identity-based policy allows the kms:CreateKey action")):
        kms.create_key()


def test_a_deny_in_a_session_policy_wins(server, ada, role):
    statements = [json.loads(allow("kms:*"))["Statement"][0], json.loads(allow("kms:ListKeys", effect="Deny"))["Statement"][0]]
    kms = as_session(server, assume(ada, role, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})))
    kms.list_aliases()
    with refused("AccessDeniedException", re.compile(".*with an explicit deny in a session policy")):
        kms.list_keys()


def test_session_policies_give_together(server, iam, ada, role, managed):
    arn = managed("kms:ListAliases")
    kms = as_session(server, assume(ada, role, Policy=allow("kms:ListKeys"), PolicyArns=[{"arn": arn}]))
    kms.list_keys()
    kms.list_aliases()
    kms = as_session(server, assume(ada, role, PolicyArns=[{"arn": arn}]))
    kms.list_aliases()
    with refused("AccessDeniedException"):
        kms.list_keys()


def test_a_session_policy_that_is_deleted_gives_nothing_any_more(server, iam, ada, role):
    arn = iam.create_policy(PolicyName="passing", PolicyDocument=allow("kms:*"))["Policy"]["Arn"]
    kms = as_session(server, assume(ada, role, PolicyArns=[{"arn": arn}]))
    kms.list_keys()
    iam.delete_policy(PolicyArn=arn)
    with refused("AccessDeniedException"):
        kms.list_keys()


@pytest.mark.parametrize(
    "policy, message",
    [
        ("no policy", "This policy contains invalid Json"),
        ('{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":"*"}}',
         "Policy document should not specify a principal."),
    ],
)
def test_what_is_no_session_policy_is_refused(server, iam, ada, role, user, policy, message):  # noqa: F811
    with refused("MalformedPolicyDocument", message):
        assume(ada, role, Policy=policy)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:GetFederationToken"))
    with refused("MalformedPolicyDocument", message):
        ada.get_federation_token(Name="bob", Policy=policy)


def test_session_policies_have_to_be_there_and_not_too_long(ada, role, managed):
    with refused("MalformedPolicyDocument"):
        assume(ada, role, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/absent"}])
    with refused("PackedPolicyTooLarge"):
        assume(ada, role, Policy=allow(*(f"kms:{'x' * 100}{number}" for number in range(30))))
    with refused("ValidationError"):
        assume(ada, role, PolicyArns=[{"arn": managed("kms:ListKeys")}] * 11)


# Tags, and who is behind a session


def test_tags_have_to_be_admitted_by_the_role(iam, ada, role, named):
    tags = [{"Key": "team", "Value": "payroll"}]
    with refused("AccessDenied", denied(named, "sts:TagSession", role), 403):
        assume(ada, role, Tags=tags)
    iam.update_assume_role_policy(
        RoleName=short(role), PolicyDocument=trust({"AWS": named}, ["sts:AssumeRole", "sts:TagSession"])
    )
    assert assume(ada, role, Tags=tags)["PackedPolicySize"] > 0
    only = {"StringEquals": {"aws:RequestTag/team": "audit"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    document = trust({"AWS": named}, ["sts:AssumeRole", "sts:TagSession"], Condition=only)
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=document)
    assume(ada, role, Tags=[{"Key": "team", "Value": "audit"}])
    for wrong in (tags, [{"Key": "team", "Value": "audit"}, {"Key": "cost", "Value": "1"}], []):
        with refused("AccessDenied", status=403):
            assume(ada, role, Tags=wrong)


def test_tags_of_a_session_go_before_those_of_its_role(server, iam, ada, role, named):
    iam.tag_role(RoleName=short(role), Tags=[{"Key": "team", "Value": "audit"}, {"Key": "cost", "Value": "1"}])
    iam.update_assume_role_policy(
        RoleName=short(role), PolicyDocument=trust({"AWS": named}, ["sts:AssumeRole", "sts:TagSession"])
    )
    wanted = {"StringEquals": {"aws:PrincipalTag/team": "payroll", "aws:PrincipalTag/cost": "1"}}
    statement = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": wanted}
    iam.put_role_policy(RoleName=short(role), PolicyName="list", PolicyDocument=json.dumps({"Statement": statement}))
    with refused("AccessDeniedException"):
        as_session(server, assume(ada, role)).list_keys()
    as_session(server, assume(ada, role, Tags=[{"Key": "Team", "Value": "payroll"}])).list_keys()


def test_tags_that_contradict_each_other_are_refused(iam, ada, role, named):
    iam.update_assume_role_policy(
        RoleName=short(role), PolicyDocument=trust({"AWS": named}, ["sts:AssumeRole", "sts:TagSession"])
    )
    with refused(
        "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    ):
        assume(ada, role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    with refused(
        "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
    ):
        assume(ada, role, Tags=[{"Key": "a", "Value": "1"}], TransitiveTagKeys=["b"])


def test_transitive_tags_are_passed_on(server, iam, ada, role, other_role, named):
    iam.update_assume_role_policy(
        RoleName=short(role), PolicyDocument=trust({"AWS": named}, ["sts:AssumeRole", "sts:TagSession"])
    )
    tags = [{"Key": "team", "Value": "payroll"}, {"Key": "cost", "Value": "1"}]
    first = as_session(server, assume(ada, role, Tags=tags, TransitiveTagKeys=["Team"]), "sts")
    wanted = {"StringEquals": {"aws:PrincipalTag/team": "payroll"}, "Null": {"aws:PrincipalTag/cost": "true"}}
    statement = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": wanted}
    iam.put_role_policy(RoleName=short(other_role), PolicyName="p", PolicyDocument=json.dumps({"Statement": statement}))
    as_session(server, assume(first, other_role)).list_keys()
    with refused(
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
        "calling session.",
    ):
        assume(first, other_role, Tags=[{"Key": "TEAM", "Value": "audit"}])
    # What is passed on has to be admitted as well.
    iam.update_assume_role_policy(RoleName=short(other_role), PolicyDocument=trust({"AWS": role}))
    with refused("AccessDenied", re.compile(".*sts:TagSession.*"), 403):
        assume(first, other_role)


def test_who_is_behind_a_session_is_admitted_passed_on_and_recorded(server, iam, ada, role, other_role, named):
    with refused("AccessDenied", denied(named, "sts:SetSourceIdentity", role), 403):
        assume(ada, role, SourceIdentity="ada")
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=trust({"AWS": named}, actions))
    answer = assume(ada, role, SourceIdentity="ada")
    assert answer["SourceIdentity"] == "ada"
    first = as_session(server, answer, "sts")
    # It goes on to the next role, which has to admit it.
    with refused("AccessDenied", re.compile(".*sts:SetSourceIdentity.*"), 403):
        assume(first, other_role)
    only = {"StringEquals": {"sts:SourceIdentity": "ada"}}
    document = trust({"AWS": role}, actions, Condition=only)
    iam.update_assume_role_policy(RoleName=short(other_role), PolicyDocument=document)
    second = assume(first, other_role)
    assert second["SourceIdentity"] == "ada"
    with refused("AccessDenied", status=403):
        assume(first, other_role, SourceIdentity="eve")
    request = as_session(server, second, "sts").get_caller_identity()["ResponseMetadata"]["RequestId"]
    (record,) = [record for record in server.audit() if record.get("requestID") == request]
    assert record["userIdentity"]["sessionContext"]["sourceIdentity"] == "ada"


def test_a_role_session_takes_on_another_role_for_an_hour_at_most(server, iam, ada, role, other_role):
    iam.update_role(RoleName=short(other_role), MaxSessionDuration=43200)
    first = as_session(server, assume(ada, role), "sts")
    second = assume(first, other_role, DurationSeconds=3600)
    with refused(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    ):
        assume(first, other_role, DurationSeconds=3601)
    arn = as_session(server, second, "sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/{short(other_role)}/session"


# Sessions and key policies


def test_a_key_policy_that_names_a_role_is_enough_for_its_sessions(server, kms, ada, role, key, policy):
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement, everything=True))
    as_session(server, assume(ada, role)).encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    bounded = as_session(server, assume(ada, role, Policy=allow("kms:ListKeys")))
    with refused("AccessDeniedException", re.compile(".*because no session policy allows the kms:Encrypt action")):
        bounded.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_boundary_bounds_what_a_key_policy_gives_to_a_role(server, iam, kms, ada, role, key, policy, managed):
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    iam.put_role_permissions_boundary(RoleName=short(role), PermissionsBoundary=managed("kms:ListKeys"))
    own = as_session(server, assume(ada, role))
    with refused("AccessDeniedException", re.compile(".*because no permissions boundary allows the kms:Encrypt action")):
        own.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    iam.delete_role_permissions_boundary(RoleName=short(role))
    own.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_key_policy_may_name_one_session(server, kms, ada, role, key, policy):
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{short(role)}/chosen"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    # What names the session itself is not bounded by its policies.
    chosen = as_session(server, assume(ada, role, RoleSessionName="chosen", Policy=allow("kms:ListKeys")))
    chosen.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        as_session(server, assume(ada, role, RoleSessionName="other")).encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_session_that_is_named_is_known_by_its_role(server, iam, kms, ada, named, key, policy):
    """A role of the same name has not the rights that were given to a session of the first."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/renewed/chosen"

    def make():
        return iam.create_role(RoleName="renewed", AssumeRolePolicyDocument=trust({"AWS": named}))["Role"]

    def encrypt(role):
        chosen = as_session(server, assume(ada, role["Arn"], RoleSessionName="chosen"))
        chosen.encrypt(KeyId=key["KeyId"], Plaintext=b"x")

    first = make()
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    granted = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_grant(KeyId=granted, GranteePrincipal=arn, Operations=["Decrypt", "Encrypt"])
    encrypt(first)
    as_session(server, assume(ada, first["Arn"], RoleSessionName="chosen")).encrypt(KeyId=granted, Plaintext=b"x")
    assert shown_principal(kms, key) == {"AWS": arn}
    iam.delete_role(RoleName="renewed")
    assert shown_principal(kms, key) == {"AWS": f"{first['RoleId']}:chosen"}
    second = make()
    try:
        with refused("AccessDeniedException"):
            encrypt(second)
        with refused("AccessDeniedException"):
            chosen = as_session(server, assume(ada, second["Arn"], RoleSessionName="chosen"))
            chosen.encrypt(KeyId=granted, Plaintext=b"x")
    finally:
        iam.delete_role(RoleName="renewed")


def shown_principal(kms, key):
    return json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])["Statement"][-1]["Principal"]


def test_what_is_given_to_everybody_is_bounded_by_session_policies(server, kms, ada, broker, role, key, policy):
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    as_session(server, assume(ada, role)).encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    for answer in (assume(ada, role, Policy=allow("kms:ListKeys")), broker.get_federation_token(Name="bob")):
        with refused("AccessDeniedException", re.compile(".*because no session policy allows the kms:Encrypt action")):
            as_session(server, answer).encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_role_made_again_has_not_the_keys_of_the_first(server, iam, kms, ada, named, key, policy):
    def make():
        return iam.create_role(RoleName="again", AssumeRolePolicyDocument=trust({"AWS": named}))["Role"]

    first = make()
    statement = {"Effect": "Allow", "Principal": {"AWS": first["Arn"]}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    old = as_session(server, assume(ada, first["Arn"]))
    old.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    iam.delete_role(RoleName="again")
    with refused("UnrecognizedClientException", INVALID):
        old.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    second = make()
    try:
        # A role of the same name revives neither the old sessions nor their rights.
        with refused("UnrecognizedClientException", INVALID):
            old.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
        with refused("AccessDeniedException"):
            as_session(server, assume(ada, second["Arn"])).encrypt(KeyId=key["KeyId"], Plaintext=b"x")
        shown = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
        assert shown["Statement"][-1]["Principal"] == {"AWS": first["RoleId"]}
    finally:
        iam.delete_role(RoleName="again")


# Tokens


def test_a_token_belongs_to_its_key_alone(server, ada, role):
    answer, other = assume(ada, role), assume(ada, role)
    as_session(server, answer).list_keys()
    for changed in (
        {"token": None},
        {"token": "no token"},
        {"token": other["Credentials"]["SessionToken"]},
        {"key": other["Credentials"]["AccessKeyId"]},
        {"key": "ASIAIOSFODNN7EXAMPLE"},
        {"token": answer["Credentials"]["SessionToken"] + "AAAA"},
        {"token": answer["Credentials"]["SessionToken"][:-4]},
        {"token": "A" * 5000},
    ):
        with refused("UnrecognizedClientException", INVALID):
            as_session(server, answer, **changed).list_keys()
    with refused("InvalidSignatureException"):
        as_session(server, answer, secret="x" * 40).list_keys()
    with refused("InvalidClientTokenId", INVALID, 403):
        as_session(server, answer, "sts", token="no token").get_caller_identity()


def test_a_token_that_was_altered_anywhere_is_refused(server, ada, role):
    answer = assume(ada, role)
    sealed = base64.b64decode(answer["Credentials"]["SessionToken"])
    for at in range(0, len(sealed), 23):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
        with refused("UnrecognizedClientException", INVALID):
            as_session(server, answer, token=base64.b64encode(altered).decode()).list_keys()
    as_session(server, answer).list_keys()


def test_a_long_term_key_has_no_token(server, iam, user, ada, role):  # noqa: F811
    token = assume(ada, role)["Credentials"]["SessionToken"]
    made = iam.create_access_key(UserName=user)["AccessKey"]
    client = server.client(key=made["AccessKeyId"], secret=made["SecretAccessKey"], token=token)
    with refused("UnrecognizedClientException", INVALID):
        client.list_keys()


def test_a_token_travels_in_a_query_as_well(server, ada, role):
    sts = as_session(server, assume(ada, role), "sts")
    url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    assert "X-Amz-Security-Token" in url
    context = ssl.create_default_context(cafile=server.ca)
    with urllib.request.urlopen(url, context=context, timeout=harness.PATIENCE) as answer:
        assert f"assumed-role/{short(role)}/session".encode() in answer.read()


def test_sessions_that_are_too_old_can_be_shut_out(server, iam, ada, role):
    """As the console revokes sessions: a Deny of those that were issued before a time."""
    kms = as_session(server, assume(ada, role))

    def deny(before):
        condition = {"DateLessThan": {"aws:TokenIssueTime": before.strftime("%Y-%m-%dT%H:%M:%SZ")}}
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_role_policy(RoleName=short(role), PolicyName="old", PolicyDocument=document)

    now = datetime.datetime.now(datetime.timezone.utc)
    deny(now - HOUR)
    kms.list_keys()
    deny(now + HOUR)
    with refused("AccessDeniedException", re.compile(".*with an explicit deny in an identity-based policy")):
        kms.list_keys()


def test_a_session_outlives_a_restart_and_no_other_server_knows_it(tmp_path):
    options = ("--account-id", ACCOUNT)
    with harness.Server(tmp_path / "one", *options) as first:
        answer = first.client("sts").get_session_token()
        assert as_session(first, answer, "sts").get_caller_identity()["Account"] == ACCOUNT
        first.stop()
        first.start()
        assert as_session(first, answer, "sts").get_caller_identity()["Account"] == ACCOUNT
    with harness.Server(tmp_path / "two", *options) as second:
        with refused("InvalidClientTokenId", INVALID, 403):
            as_session(second, answer, "sts").get_caller_identity()


# GetSessionToken


def test_a_user_has_a_session_of_its_own(server, iam, ada, user, named):  # noqa: F811
    answer = ada.get_session_token()
    assert is_about(lasts(answer), 12 * HOUR)
    assert is_about(lasts(ada.get_session_token(DurationSeconds=129600)), 36 * HOUR)
    assert is_about(lasts(ada.get_session_token(DurationSeconds=900)), HOUR / 4)
    identity = as_session(server, answer, "sts").get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (named, iam.get_user(UserName=user)["User"]["UserId"])
    kms = as_session(server, answer)
    with refused("AccessDeniedException"):
        kms.list_keys()
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("kms:ListKeys"))
    kms.list_keys()


@pytest.mark.parametrize("seconds", [899, 129601])
def test_the_duration_of_a_users_session_has_bounds(server, seconds):
    loose = server.client("sts", parameter_validation=False)
    for call in (loose.get_session_token, lambda **members: loose.get_federation_token(Name="bob", **members)):
        with refused("ValidationError", re.compile(f"1 validation error detected: Value '{seconds}' at 'durationSeconds' .*")):
            call(DurationSeconds=seconds)


def test_the_root_users_sessions_last_an_hour_at_most(server, sts):
    answer = sts.get_session_token(DurationSeconds=43200)
    assert is_about(lasts(answer), HOUR)
    assert as_session(server, answer, "sts").get_caller_identity()["Arn"] == ROOT
    as_session(server, answer).list_keys()
    assert is_about(lasts(sts.get_federation_token(Name="bob", DurationSeconds=43200)), HOUR)


def test_a_session_of_its_own_calls_no_iam_and_little_of_sts(server, iam, ada, user, role):  # noqa: F811
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:*", "sts:*"))
    answer = ada.get_session_token()
    own, own_iam = as_session(server, answer, "sts"), as_session(server, answer, "iam")
    with refused("AccessDenied", status=403):
        own_iam.get_user(UserName=user)
    with refused("AccessDenied", status=403):
        own_iam.list_users()
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        own.get_session_token()
    with refused("AccessDenied", "Cannot call GetFederationToken with session credentials", 403):
        own.get_federation_token(Name="bob")
    with refused("AccessDenied", status=403):
        own.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    own.get_caller_identity()
    assume(own, role)


def test_a_session_of_its_own_takes_on_roles_with_all_that_goes_with_it(server, iam, ada, role, named):
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    iam.update_assume_role_policy(RoleName=short(role), PolicyDocument=trust({"AWS": named}, actions))
    own = as_session(server, ada.get_session_token(), "sts")
    assume(own, role, Tags=[{"Key": "team", "Value": "payroll"}], SourceIdentity="ada", DurationSeconds=3600)


def test_a_role_session_begins_no_session_of_a_user(server, iam, ada, role):
    iam.put_role_policy(RoleName=short(role), PolicyName="p", PolicyDocument=allow("sts:*", "iam:GetRole"))
    answer = assume(ada, role)
    session = as_session(server, answer, "sts")
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        session.get_session_token()
    with refused("AccessDenied", "Cannot call GetFederationToken with session credentials", 403):
        session.get_federation_token(Name="bob")
    # A role's session may call IAM.
    as_session(server, answer, "iam").get_role(RoleName=short(role))
    with refused("ValidationError", "Must specify userName when calling with non-User credentials"):
        as_session(server, answer, "iam").get_user()


def test_a_users_sessions_end_with_the_user(server, iam):
    iam.create_user(UserName="leaving")
    sts = as_user(server, iam, "leaving", "sts")
    own = as_session(server, sts.get_session_token(), "sts")
    own.get_caller_identity()
    (key,) = iam.list_access_keys(UserName="leaving")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="leaving", AccessKeyId=key["AccessKeyId"])
    # Without the key that began it, it goes on; without the user it does not.
    own.get_caller_identity()
    iam.delete_user(UserName="leaving")
    with refused("InvalidClientTokenId", INVALID, 403):
        own.get_caller_identity()
    iam.create_user(UserName="leaving")
    with refused("InvalidClientTokenId", INVALID, 403):
        own.get_caller_identity()
    iam.delete_user(UserName="leaving")


# GetFederationToken


@pytest.fixture
def broker(iam, ada, user):  # noqa: F811
    """A user that may speak for others, and list keys and aliases."""
    may = allow("sts:GetFederationToken", "sts:TagSession", "kms:ListKeys", "kms:ListAliases", "iam:GetUser", "sts:AssumeRole")
    iam.put_user_policy(UserName=user, PolicyName="broker", PolicyDocument=may)
    return ada


def test_a_user_speaks_for_somebody(server, broker):
    answer = broker.get_federation_token(Name="bob", Policy=allow("kms:ListKeys", "kms:CreateKey"))
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    assert 0 < answer["PackedPolicySize"] <= 100
    assert is_about(lasts(answer), 12 * HOUR)
    identity = as_session(server, answer, "sts").get_caller_identity()
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (arn, f"{ACCOUNT}:bob", ACCOUNT)
    kms = as_session(server, answer)
    kms.list_keys()
    with refused("AccessDeniedException", re.compile(f"User: {arn} .*because no session policy allows the kms:ListAliases action")):
        kms.list_aliases()
    with refused("AccessDeniedException", re.compile(".*because no identity-based policy allows the kms:CreateKey action")):
        kms.create_key()


def test_without_a_policy_somebody_has_what_names_them_alone(server, kms, broker, key, policy):
    answer = broker.get_federation_token(Name="carol")
    assert "PackedPolicySize" not in answer
    own = as_session(server, answer)
    with refused("AccessDeniedException"):
        own.list_keys()
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/carol"
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(statement))
    own.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("AccessDeniedException"):
        as_session(server, broker.get_federation_token(Name="dave")).encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_who_may_not_speak_for_others_is_refused(server, ada, named):
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    why = "because no identity-based policy allows the sts:GetFederationToken action"
    with refused("AccessDenied", denied(named, "sts:GetFederationToken", arn, why), 403):
        ada.get_federation_token(Name="bob")


def test_somebody_calls_no_iam_and_nothing_of_sts_but_who_they_are(server, broker, role, user):  # noqa: F811
    answer = broker.get_federation_token(Name="bob", Policy=allow("*"))
    own = as_session(server, answer, "sts")
    own.get_caller_identity()
    for call in (
        lambda: assume(own, role),
        own.get_session_token,
        lambda: own.get_federation_token(Name="eve"),
        lambda: own.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE"),
        lambda: as_session(server, answer, "iam").get_user(UserName=user),
    ):
        with refused("AccessDenied", status=403):
            call()


@pytest.mark.parametrize("name", ["x", "x" * 33, "a b"])
def test_somebody_has_a_name(server, name):
    loose = server.client("sts", parameter_validation=False)
    with refused("ValidationError", re.compile(f"1 validation error detected: Value '{name}' at 'name' .*")):
        loose.get_federation_token(Name=name)


def test_the_root_user_may_speak_for_somebody(server, sts):
    kms = as_session(server, sts.get_federation_token(Name="bob", Policy=allow("kms:ListKeys")))
    kms.list_keys()
    with refused("AccessDeniedException"):
        kms.list_aliases()


def test_tags_of_somebody_are_seen_by_policies(server, iam, broker, user):  # noqa: F811
    wanted = {"StringEquals": {"aws:PrincipalTag/team": "payroll"}}
    statement = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": wanted}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    tags = [{"Key": "team", "Value": "payroll"}]
    as_session(server, broker.get_federation_token(Name="bob", Policy=document, Tags=tags)).list_keys()
    with refused("AccessDeniedException"):
        as_session(server, broker.get_federation_token(Name="bob", Policy=document)).list_keys()
    iam.put_user_policy(UserName=user, PolicyName="broker", PolicyDocument=allow("sts:GetFederationToken"))
    with refused("AccessDenied", re.compile(".*sts:TagSession.*"), 403):
        broker.get_federation_token(Name="bob", Tags=tags)


# Messages of refusals


def test_no_message_of_a_refusal_is_encoded(server, iam, sts, ada, user, named):  # noqa: F811
    with refused("InvalidAuthorizationMessageException", "Message is not valid"):
        sts.decode_authorization_message(EncodedMessage="a message")
    why = "because no identity-based policy allows the sts:DecodeAuthorizationMessage action"
    with refused("AccessDenied", denied(named, "sts:DecodeAuthorizationMessage", "*", why), 403):
        ada.decode_authorization_message(EncodedMessage="a message")
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("sts:DecodeAuthorizationMessage"))
    with refused("InvalidAuthorizationMessageException"):
        ada.decode_authorization_message(EncodedMessage="a message")
    loose = server.client("sts", parameter_validation=False)
    for wrong in ("", "x" * 10241):
        with refused("ValidationError"):
            loose.decode_authorization_message(EncodedMessage=wrong)


# Records


def record_of(server, answer):
    id = answer["ResponseMetadata"]["RequestId"]
    (record,) = [record for record in server.audit() if record.get("requestID") == id]
    return record


def test_records_tell_of_sessions(server, iam, ada, role, user, named):  # noqa: F811
    made = assume(ada, role)
    record = record_of(server, made)
    assert record["eventName"] == "AssumeRole"
    assert record["userIdentity"]["type"] == "IAMUser"
    assert record["resources"] == [{"ARN": role, "accountId": ACCOUNT, "type": "AWS::IAM::Role"}]
    assert record["requestParameters"]["roleSessionName"] == "session"
    assert record["responseElements"]["credentials"]["accessKeyId"] == made["Credentials"]["AccessKeyId"]
    identity = record_of(server, as_session(server, made).list_keys())["userIdentity"]
    id = iam.get_role(RoleName=short(role))["Role"]["RoleId"]
    assert (identity["type"], identity["principalId"]) == ("AssumedRole", f"{id}:session")
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{short(role)}/session"
    assert identity["accessKeyId"] == made["Credentials"]["AccessKeyId"]
    context = identity["sessionContext"]
    assert context["sessionIssuer"] == {
        "type": "Role", "principalId": id, "arn": role, "accountId": ACCOUNT, "userName": short(role),
    }
    assert context["attributes"]["mfaAuthenticated"] == "false"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", context["attributes"]["creationDate"])
    own = ada.get_session_token()
    identity = record_of(server, as_session(server, own, "sts").get_caller_identity())["userIdentity"]
    assert (identity["type"], identity["userName"], identity["arn"]) == ("IAMUser", user, named)
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"


def test_records_tell_of_somebody_whom_a_user_speaks_for(server, broker, named):
    answer = broker.get_federation_token(Name="bob", Policy=allow("kms:ListKeys"))
    identity = record_of(server, as_session(server, answer).list_keys())["userIdentity"]
    assert (identity["type"], identity["principalId"]) == ("FederatedUser", f"{ACCOUNT}:bob")
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"]) == ("IAMUser", named)


def test_secrets_and_tokens_are_recorded_nowhere(server, ada, role):
    made = assume(ada, role)["Credentials"]
    as_session(server, {"Credentials": made}).list_keys()
    records = json.dumps(server.audit())
    assert made["AccessKeyId"] in records
    assert made["SecretAccessKey"] not in records and made["SessionToken"] not in records
