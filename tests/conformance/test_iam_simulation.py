"""Simulations of policies, and the condition keys that policies look at."""

import json

import pytest
from botocore.exceptions import ClientError

from harness import ACCOUNT, refused

KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


def as_user(server, iam, name, policy, service="kms"):
    """A new user with a policy, calling a service."""
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return server.client(service, key=made["AccessKeyId"], secret=made["SecretAccessKey"])


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, actions, resource="*", **more):
    return {"Effect": effect, "Action": actions, "Resource": resource} | more


def entry(name, kind, *values):
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}


def decisions(answer):
    return {
        (one["EvalActionName"], one["EvalResourceName"]): one["EvalDecision"] for one in answer["EvaluationResults"]
    }


def simulate(iam, policies, actions, **more):
    return iam.simulate_custom_policy(PolicyInputList=policies, ActionNames=actions, **more)


def test_policies_that_are_given_decide(iam):
    policies = [document(statement("Allow", "kms:*")), document(statement("Deny", "kms:Sign"))]
    answer = simulate(iam, policies, ["kms:Decrypt", "kms:Sign", "s3:GetObject"])
    assert decisions(answer) == {
        ("kms:Decrypt", "*"): "allowed", ("kms:Sign", "*"): "explicitDeny", ("s3:GetObject", "*"): "implicitDeny",
    }
    assert answer["IsTruncated"] is False
    allowed, denied, silent = answer["EvaluationResults"]
    assert [one["SourcePolicyId"] for one in allowed["MatchedStatements"]] == ["PolicyInputList.1"]
    assert [one["SourcePolicyId"] for one in denied["MatchedStatements"]] == ["PolicyInputList.2"]
    assert silent["MatchedStatements"] == [] and "ResourceSpecificResults" not in silent


def test_a_statement_is_told_by_its_place(iam):
    text = '{"Version": "2012-10-17",\n "Statement": [\n  {"Effect": "Allow", "Action": "kms:Decrypt",\n   "Resource": "*"}]}'
    (matched,) = simulate(iam, [text], ["kms:Decrypt"])["EvaluationResults"][0]["MatchedStatements"]
    assert (matched["StartPosition"], matched["EndPosition"]) == ({"Line": 3, "Column": 3}, {"Line": 4, "Column": 19})
    assert matched["SourcePolicyType"] == "IAM Policy"


def test_each_resource_has_a_result_of_its_own(iam):
    other = KEY.replace("1234abcd", "00000000")
    answer = simulate(iam, [document(statement("Allow", "kms:*", KEY))], ["kms:Decrypt", "kms:Encrypt"], ResourceArns=[KEY, other])
    assert decisions(answer) == {
        ("kms:Decrypt", KEY): "allowed", ("kms:Decrypt", other): "implicitDeny",
        ("kms:Encrypt", KEY): "allowed", ("kms:Encrypt", other): "implicitDeny",
    }
    (specific,) = answer["EvaluationResults"][1]["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (other, "implicitDeny")


def test_the_context_is_what_is_given_and_what_is_not_is_missing(iam):
    condition = {"StringEquals": {"kms:EncryptionContext:Team": "red"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    policy = document(statement("Allow", "kms:*", Condition=condition))
    (result,) = simulate(iam, [policy], ["kms:Decrypt"])["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert sorted(result["MissingContextValues"]) == ["aws:SourceIp", "kms:EncryptionContext:Team"]
    given = [entry("kms:encryptioncontext:team", "string", "red"), entry("aws:sourceip", "ip", "192.0.2.7")]
    (result,) = simulate(iam, [policy], ["kms:Decrypt"], ContextEntries=given)["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    given[1] = entry("aws:SourceIp", "ip", "198.51.100.1")
    assert simulate(iam, [policy], ["kms:Decrypt"], ContextEntries=given)["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"


def test_lists_of_values_are_lists(iam):
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}
    policy = document(statement("Allow", "kms:TagResource", Condition=condition))
    for values, decision in (("a", "b"), "allowed"), (("a", "c"), "implicitDeny"):
        given = [entry("aws:TagKeys", "stringList", *values)]
        answer = simulate(iam, [policy], ["kms:TagResource"], ContextEntries=given)
        assert answer["EvaluationResults"][0]["EvalDecision"] == decision


def test_a_boundary_bounds(iam):
    wide = [document(statement("Allow", "*"))]
    bounds = [document(statement("Allow", "kms:*"), statement("Deny", "kms:Sign"))]
    answer = simulate(
        iam, wide, ["kms:Decrypt", "kms:Sign", "iam:GetUser"], PermissionsBoundaryPolicyInputList=bounds
    )
    assert list(decisions(answer).values()) == ["allowed", "explicitDeny", "implicitDeny"]
    details = [one["PermissionsBoundaryDecisionDetail"] for one in answer["EvaluationResults"]]
    assert [one["AllowedByPermissionsBoundary"] for one in details] == [True, False, False]


def test_the_policy_of_a_resource_names_the_caller(iam):
    ada, other = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("simulated-ada", "simulated-other"))
    policy = document(statement("Allow", "kms:Decrypt", Principal={"AWS": ada}))
    nothing = [document(statement("Allow", "s3:GetObject"))]
    for caller, decision in (ada, "allowed"), (other, "implicitDeny"):
        answer = simulate(iam, nothing, ["kms:Decrypt"], ResourceArns=[KEY], ResourcePolicy=policy, CallerArn=caller)
        assert answer["EvaluationResults"][0]["EvalDecision"] == decision
    # Across accounts both sides have to allow.
    far = KEY.replace(ACCOUNT, "444455556666")
    answer = simulate(iam, nothing, ["kms:Decrypt"], ResourceArns=[far], ResourcePolicy=policy, CallerArn=ada)
    assert answer["EvaluationResults"][0]["EvalDecision"] == "implicitDeny"
    both = [document(statement("Allow", "kms:Decrypt"))]
    answer = simulate(iam, both, ["kms:Decrypt"], ResourceArns=[far], ResourcePolicy=policy, CallerArn=ada)
    assert answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_results_come_page_by_page(iam):
    policy = [document(statement("Allow", "kms:Decrypt"))]
    actions = [f"kms:Action{number}" for number in range(7)]
    seen, marker = [], {}
    while True:
        answer = simulate(iam, policy, actions, MaxItems=3, **marker)
        assert len(answer["EvaluationResults"]) <= 3
        seen += [one["EvalActionName"] for one in answer["EvaluationResults"]]
        if not answer["IsTruncated"]:
            break
        marker = {"Marker": answer["Marker"]}
    assert seen == actions
    # A marker goes on with the question that it was given for, and no other.
    marker = simulate(iam, policy, actions, MaxItems=3)["Marker"]
    with refused("ValidationError"):
        simulate(iam, policy, actions[:-1], MaxItems=3, Marker=marker)
    with refused("ValidationError"):
        simulate(iam, [document(statement("Allow", "kms:*"))], actions, MaxItems=3, Marker=marker)


def test_policies_that_take_much_work_come_on_smaller_pages(iam):
    filler = statement("Allow", [f"s3:Get{number}" for number in range(4000)])
    policy = [document(filler, statement("Allow", "kms:Decrypt"))] * 6
    answer = simulate(iam, policy, [f"kms:Action{number}" for number in range(900)], MaxItems=900)
    assert answer["IsTruncated"] and 0 < len(answer["EvaluationResults"]) < 900


def test_of_other_resources_the_policies_add_to_the_caller_s_own(iam):
    ada = f"arn:aws:iam::{ACCOUNT}:user/simulated-ada"
    bucket = "arn:aws:s3:::reports/a"
    of_bucket = document(statement("Allow", "s3:PutObject", bucket, Principal={"AWS": ada}))
    own = [document(statement("Allow", "s3:GetObject"))]
    answer = simulate(
        iam, own, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], ResourceArns=[bucket], ResourcePolicy=of_bucket,
        CallerArn=ada,
    )
    assert list(decisions(answer).values()) == ["allowed", "allowed", "implicitDeny"]


def test_what_a_user_has_is_simulated_with_its_groups_and_bounds(iam):
    arn = iam.create_user(UserName="simulated")["User"]["Arn"]
    iam.put_user_policy(UserName="simulated", PolicyName="own", PolicyDocument=document(statement("Allow", "kms:Decrypt")))
    iam.create_group(GroupName="simulated")
    iam.add_user_to_group(GroupName="simulated", UserName="simulated")
    iam.put_group_policy(GroupName="simulated", PolicyName="shared", PolicyDocument=document(statement("Allow", "kms:Encrypt")))
    iam.attach_user_policy(UserName="simulated", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")

    def asked(*actions, **more):
        return iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=list(actions), **more)

    answer = asked("kms:Decrypt", "kms:Encrypt", "iam:GetUser", "kms:Sign")
    assert list(decisions(answer).values()) == ["allowed", "allowed", "allowed", "implicitDeny"]
    ids = [one["MatchedStatements"][0]["SourcePolicyId"] for one in answer["EvaluationResults"][:3]]
    assert ids == ["user_simulated_own", "group_simulated_shared", "IAMReadOnlyAccess"]
    more = asked("kms:Sign", PolicyInputList=[document(statement("Allow", "kms:Sign"))])
    assert decisions(more) == {("kms:Sign", "*"): "allowed"}
    bounds = iam.create_policy(PolicyName="simulated-bounds", PolicyDocument=document(statement("Allow", "iam:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="simulated", PermissionsBoundary=bounds)
    answer = asked("kms:Decrypt", "iam:GetUser")
    assert list(decisions(answer).values()) == ["implicitDeny", "allowed"]
    answer = asked("kms:Decrypt", PermissionsBoundaryPolicyInputList=[document(statement("Allow", "kms:*"))])
    assert decisions(answer) == {("kms:Decrypt", "*"): "allowed"}
    group = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:group/simulated", ActionNames=["kms:Encrypt", "kms:Decrypt"]
    )
    assert list(decisions(group).values()) == ["allowed", "implicitDeny"]


def test_a_role_is_simulated(iam):
    trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="simulated", PolicyName="own", PolicyDocument=document(statement("Allow", "kms:Decrypt")))
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["kms:Decrypt", "kms:Encrypt"])
    assert list(decisions(answer).values()) == ["allowed", "implicitDeny"]
    assert answer["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == "role_simulated_own"


def test_simulations_decide_as_calls_are_decided(server, iam, kms):
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["Arn"]
    default = kms.get_key_policy(KeyId=key)["Policy"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    tagged = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    policies = {
        "nothing": [statement("Allow", "s3:GetObject")],
        "decrypt": [statement("Allow", "kms:Decrypt", key)],
        "every": [statement("Allow", "kms:*")],
        "but": [statement("Allow", "kms:*"), statement("Deny", "kms:Decrypt", key)],
        "tagged": [statement("Allow", "kms:*", Condition=tagged)],
        "not": [{"Effect": "Allow", "NotAction": ["kms:Decrypt", "iam:*"], "Resource": "*"}],
        "elsewhere": [statement("Allow", "kms:*", key.replace("key/", "key/0"))],
    }
    for name, statements in policies.items():
        user = f"agrees-{name}"
        client = as_user(server, iam, user, document(*statements))
        arn = iam.get_user(UserName=user)["User"]["Arn"]
        answer = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"], ResourceArns=[key],
            ResourcePolicy=default, ContextEntries=[entry("aws:ResourceTag/team", "string", "red")],
        )
        calls = (
            ("kms:Decrypt", lambda client=client: client.decrypt(KeyId=key, CiphertextBlob=sealed)),
            ("kms:Encrypt", lambda client=client: client.encrypt(KeyId=key, Plaintext=b"x")),
            ("kms:DescribeKey", lambda client=client: client.describe_key(KeyId=key)),
        )
        for action, call in calls:
            try:
                call()
                done = True
            except ClientError as error:
                assert error.response["Error"]["Code"] == "AccessDeniedException"
                done = False
            assert (decisions(answer)[(action, key)] == "allowed") is done, (name, action)


def test_the_keys_that_policies_look_at(iam):
    policies = [
        document(statement("Allow", "kms:*", Condition={"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}})),
        document(statement("Allow", "s3:*", "arn:aws:s3:::b/${aws:username}/*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
    ]
    names = iam.get_context_keys_for_custom_policy(PolicyInputList=policies)["ContextKeyNames"]
    assert sorted(names) == ["aws:PrincipalTag/Team", "aws:ResourceTag/Team", "aws:SecureTransport", "aws:username"]
    arn = iam.create_user(UserName="looks")["User"]["Arn"]
    iam.put_user_policy(UserName="looks", PolicyName="own", PolicyDocument=policies[0])
    names = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"]
    assert sorted(names) == ["aws:PrincipalTag/Team", "aws:ResourceTag/Team"]
    names = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=policies)["ContextKeyNames"]
    assert len(names) == 4
    with refused("InvalidInput"):
        iam.get_context_keys_for_custom_policy(PolicyInputList=["{"])


GOOD = [document(statement("Allow", "kms:*"))]


@pytest.mark.parametrize("request_, code", [
    ({"PolicyInputList": ["{}"]}, "InvalidInput"),
    ({"ActionNames": ["Decrypt"]}, "InvalidInput"),
    ({"ActionNames": ["kms:*"]}, "InvalidInput"),
    ({"ActionNames": ["kms:Decrypt", "kms:"], "MaxItems": 1}, "InvalidInput"),
    ({"ResourceArns": ["key/1"]}, "InvalidInput"),
    ({"ResourcePolicy": GOOD[0]}, "InvalidInput"),
    ({"CallerArn": "ada"}, "InvalidInput"),
    ({"CallerArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}, "InvalidInput"),
    ({"ResourceOwner": "me"}, "InvalidInput"),
    ({"PermissionsBoundaryPolicyInputList": GOOD * 2}, "InvalidInput"),
    ({"ContextEntries": [entry("aws:SourceIp", "ip", "192.0.2.7", "192.0.2.8")]}, "InvalidInput"),
    ({"ContextEntries": [entry("aws:SourceIp", "ip")]}, "InvalidInput"),
    ({"ContextEntries": [{"ContextKeyName": "aws:SourceIp"}]}, "InvalidInput"),
    ({"ContextEntries": [entry("aws:SourceIp", "address", "192.0.2.7")]}, "ValidationError"),
    ({"Marker": "x"}, "ValidationError"),
    ({"MaxItems": 1001}, "ValidationError"),
])
def test_what_can_not_be_simulated_is_refused(server, request_, code):
    iam = server.client("iam", parameter_validation=False)
    with refused(code):
        iam.simulate_custom_policy(**{"PolicyInputList": GOOD, "ActionNames": ["kms:Decrypt"]} | request_)


@pytest.mark.parametrize("arn, code", [
    (f"arn:aws:iam::{ACCOUNT}:user/never-made", "NoSuchEntity"),
    (f"arn:aws:iam::{ACCOUNT}:role/never-made", "NoSuchEntity"),
    (f"arn:aws:iam::{ACCOUNT}:root", "InvalidInput"),
    ("arn:aws:iam::444455556666:user/ada", "NoSuchEntity"),
    (f"arn:aws:iam::{ACCOUNT}:policy/p", "InvalidInput"),
])
def test_nobody_can_not_be_simulated(iam, arn, code):
    for call in (
        lambda: iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["kms:Decrypt"]),
        lambda: iam.get_context_keys_for_principal_policy(PolicySourceArn=arn),
    ):
        with refused(code, status=404 if code == "NoSuchEntity" else 400):
            call()


def test_simulations_are_allowed_as_everything_is(server, iam):
    own = f"arn:aws:iam::{ACCOUNT}:user/simulates"
    client = as_user(server, iam, "simulates", document(
        statement("Allow", ["iam:SimulatePrincipalPolicy", "iam:GetContextKeysForPrincipalPolicy"], own)
    ), "iam")
    client.simulate_principal_policy(PolicySourceArn=own, ActionNames=["kms:Decrypt"])
    client.get_context_keys_for_principal_policy(PolicySourceArn=own)
    other = iam.create_user(UserName="simulates-not")["User"]["Arn"]
    for call in (
        lambda: client.simulate_principal_policy(PolicySourceArn=other, ActionNames=["kms:Decrypt"]),
        lambda: client.get_context_keys_for_principal_policy(PolicySourceArn=other),
        lambda: client.simulate_custom_policy(PolicyInputList=GOOD, ActionNames=["kms:Decrypt"]),
        lambda: client.get_context_keys_for_custom_policy(PolicyInputList=GOOD),
    ):
        with refused("AccessDenied", status=403):
            call()
