"""When users and roles last called which service."""

import datetime
import json
import re

import pytest

from harness import ACCOUNT, OTHER_REGION, refused

ALL = {"iam", "kms", "sts"}


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


def allow(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def caller(server, iam, name, *actions):
    """A user and what makes its clients."""
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if actions:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=allow(*actions))
    key = iam.create_access_key(UserName=name)["AccessKey"]

    def client(service="kms", **more):
        return server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"], **more)

    return arn, client


def report(iam, arn, **more):
    job = iam.generate_service_last_accessed_details(Arn=arn, **more)["JobId"]
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", job)
    return job


def services(iam, job):
    told = iam.get_service_last_accessed_details(JobId=job)
    assert told["JobStatus"] == "COMPLETED" and told["JobCreationDate"] <= told["JobCompletionDate"]
    return {one["ServiceNamespace"]: one for one in told["ServicesLastAccessed"]}


def test_a_report_tells_when_a_user_last_called_each_service_that_it_may_call(server, iam):
    arn, client = caller(server, iam, "accessed", "kms:ListKeys", "sts:*")
    job = report(iam, arn)
    before = services(iam, job)
    assert set(before) == {"kms", "sts"}
    assert before["kms"]["ServiceName"] == "AWS Key Management Service"
    assert "LastAuthenticated" not in before["kms"] and before["kms"]["TotalAuthenticatedEntities"] == 0
    began = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    client(region=OTHER_REGION).list_keys()
    after = services(iam, report(iam, arn))
    assert "LastAuthenticated" not in after["sts"]
    kms = after["kms"]
    assert (kms["LastAuthenticatedEntity"], kms["LastAuthenticatedRegion"]) == (arn, OTHER_REGION)
    assert kms["TotalAuthenticatedEntities"] == 1 and kms["LastAuthenticated"] >= began


def test_a_session_counts_for_its_role(server, iam):
    trust = json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}})
    role = iam.create_role(RoleName="accessed", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="accessed", PolicyName="own", PolicyDocument=allow("kms:*"))
    _, client = caller(server, iam, "takes-on", "sts:AssumeRole")
    taken = client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    session = server.client(key=taken["AccessKeyId"], secret=taken["SecretAccessKey"], token=taken["SessionToken"])
    session.list_keys()
    told = services(iam, report(iam, role))
    assert set(told) == {"kms"} and told["kms"]["LastAuthenticatedEntity"] == role


def test_groups_and_policies_tell_of_everybody_who_has_them(server, iam):
    iam.create_group(GroupName="accessed")
    policy = iam.create_policy(PolicyName="accessed", PolicyDocument=allow("kms:ListKeys"))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="accessed", PolicyArn=policy)
    made = {}
    for name in ("accessed-a", "accessed-b", "accessed-c"):
        made[name] = caller(server, iam, name)
        iam.add_user_to_group(GroupName="accessed", UserName=name)
    made["accessed-a"][1]().list_keys()
    made["accessed-b"][1]().list_keys()
    for arn in (f"arn:aws:iam::{ACCOUNT}:group/accessed", policy):
        job = report(iam, arn)
        kms = services(iam, job)["kms"]
        assert (kms["TotalAuthenticatedEntities"], kms["LastAuthenticatedEntity"]) == (2, made["accessed-b"][0])
        details = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="kms")
        listed = details["EntityDetailsList"]
        assert [one["EntityInfo"]["Name"] for one in listed] == sorted(made)
        assert ["LastAuthenticated" in one for one in listed] == [True, True, False]
        assert {one["EntityInfo"]["Type"] for one in listed} == {"USER"}
        page = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="kms", MaxItems=2)
        assert page["IsTruncated"] and len(page["EntityDetailsList"]) == 2
        rest = iam.get_service_last_accessed_details_with_entities(
            JobId=job, ServiceNamespace="kms", MaxItems=2, Marker=page["Marker"]
        )
        assert not rest["IsTruncated"]
        assert [one["EntityInfo"]["Name"] for one in rest["EntityDetailsList"]] == ["accessed-c"]


def test_services_come_page_by_page_and_all_of_them_for_who_may_all(server, iam):
    arn, _ = caller(server, iam, "accesses-all", "*")
    job = report(iam, arn, Granularity="ACTION_LEVEL")
    assert set(services(iam, job)) == ALL
    seen, marker = [], {}
    while True:
        page = iam.get_service_last_accessed_details(JobId=job, MaxItems=1, **marker)
        assert page["JobType"] == "ACTION_LEVEL"
        seen += [one["ServiceNamespace"] for one in page["ServicesLastAccessed"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == sorted(ALL)
    aws = report(iam, "arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert "iam" in services(iam, aws)


def test_what_is_no_report_is_refused(server, iam):
    loose = server.client("iam", parameter_validation=False)
    absent = "12345678-1234-8234-9234-123456789012"
    for job in (absent, "12345678-1234-4234-9234-123456789012", "x" * 36):
        with refused("NoSuchEntity", status=404):
            loose.get_service_last_accessed_details(JobId=job)
        with refused("NoSuchEntity", status=404):
            loose.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="kms")
    arn, _ = caller(server, iam, "accessed-gone")
    job = report(iam, arn)
    with refused("InvalidInput"):
        loose.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="ec2")
    for key in iam.list_access_keys(UserName="accessed-gone")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="accessed-gone", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="accessed-gone")
    with refused("NoSuchEntity", status=404):
        iam.get_service_last_accessed_details(JobId=job)
    with refused("NoSuchEntity", status=404):
        iam.generate_service_last_accessed_details(Arn=arn)
    with refused("InvalidInput"):
        iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{ACCOUNT}:root")
    with refused("ValidationError"):
        loose.generate_service_last_accessed_details(Arn=arn, Granularity="FINE")
    with refused("ValidationError"):
        loose.get_service_last_accessed_details(JobId="short")


def test_reports_of_one_account_are_nothing_to_another(server, iam):
    from test_accounts import as_root, create

    arn, _ = caller(server, iam, "accessed-here", "kms:*")
    job = report(iam, arn)
    other = as_root(server, create(server), "iam")
    with refused("NoSuchEntity", status=404):
        other.get_service_last_accessed_details(JobId=job)
    with refused("NoSuchEntity", status=404):
        other.generate_service_last_accessed_details(Arn=arn)


def test_reports_are_allowed_as_everything_is(server, iam):
    arn, client = caller(server, iam, "reports-not", "kms:*")
    job = report(iam, arn)
    for call in (
        lambda own: own.generate_service_last_accessed_details(Arn=arn),
        lambda own: own.get_service_last_accessed_details(JobId=job),
        lambda own: own.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="kms"),
    ):
        with refused("AccessDenied", status=403):
            call(client("iam"))
