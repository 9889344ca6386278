"""Several accounts in one installation, the operator who makes them, and keys that are used across them."""

import configparser
import json
import os
import ssl
import stat
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness import ACCOUNT, PATIENCE, REGION, Server, refused, run

ALL = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
DENIED = "is not authorized to perform"


@pytest.fixture
def shared(kms):
    """The id of a key of the first account's."""
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="module")
def operator(server):
    """The operator's access key, as the server left it."""
    path = os.path.join(str(server.data_dir), "local", "operator-credentials")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    file = configparser.ConfigParser()
    file.read(path)
    profile = file["keystead"]
    return profile["aws_access_key_id"], profile["aws_secret_access_key"]


def administer(server, credentials, operation, body=None):
    """A call of the administration, as somebody: the status and the answer."""
    request = AWSRequest(
        "POST", server.url + "/", data=json.dumps(body or {}),
        headers={"content-type": "application/x-amz-json-1.1", "x-amz-target": f"Keystead.{operation}"},
    )
    SigV4Auth(Credentials(*credentials), "keystead", REGION).add_auth(request)
    sent = urllib.request.Request(request.url, data=request.data.encode(), headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, context=ssl.create_default_context(cafile=server.ca), timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def create(server, *arguments):
    """A new account, by the command: its number and its root access key."""
    done = run("account", "create", "--data-dir", str(server.data_dir), *arguments)
    assert done.returncode == 0, done.stderr
    file = configparser.ConfigParser()
    file.read_string(done.stdout)
    (number,) = file.sections()
    profile = file[number]
    server.secrets.add(profile["aws_secret_access_key"].encode())
    return number, profile["aws_access_key_id"], profile["aws_secret_access_key"]


@pytest.fixture(scope="module")
def tenant(server):
    return create(server)


def as_root(server, tenant, service="kms"):
    _, key, secret = tenant
    return server.client(service, key=key, secret=secret)


def as_user(server, tenant, name, policy=None):
    """A new user of an account, calling KMS; and its ARN."""
    iam = as_root(server, tenant, "iam") if tenant else server.client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return server.client(key=made["AccessKeyId"], secret=made["SecretAccessKey"]), arn


def allow(actions, resource="*"):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def share(kms, key, principals, actions=("kms:Encrypt", "kms:Decrypt", "kms:DescribeKey")):
    """Lets others use a key, beside the account that owns it."""
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    others = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": list(actions), "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [owner, others]}
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))


def test_an_account_is_at_work_as_soon_as_it_is_made(server, tenant):
    number = tenant[0]
    assert as_root(server, tenant, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{number}:root"
    kms = as_root(server, tenant)
    key = kms.create_key()["KeyMetadata"]
    assert key["AWSAccountId"] == number
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"ours")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"ours"


def test_an_account_may_be_given_its_number_and_only_once(server):
    assert create(server, "--account-id", "210987654321")[0] == "210987654321"
    again = run("account", "create", "--data-dir", str(server.data_dir), "--account-id", "210987654321")
    assert again.returncode == 1
    assert again.stderr == "keystead: CreateAccount was refused: AlreadyExistsException, Account 210987654321 already exists.\n"
    odd = run("account", "create", "--data-dir", str(server.data_dir), "--account-id", "12")
    assert odd.returncode == 2 and "12" in odd.stderr


def test_the_list_has_the_tenants_and_not_the_operator(server, tenant, operator):
    done = run("account", "list", "--data-dir", str(server.data_dir))
    assert done.returncode == 0, done.stderr
    numbers = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert {ACCOUNT, tenant[0]} <= set(numbers) and numbers == sorted(numbers)
    sts = server.client("sts", key=operator[0], secret=operator[1])
    assert sts.get_caller_identity()["Account"] not in numbers


def test_the_list_comes_page_by_page(server, tenant, operator):
    create(server)
    seen, token = [], None
    while True:
        status, page = administer(server, operator, "ListAccounts", {"MaxResults": 1} | ({"NextToken": token} if token else {}))
        assert status == 200 and len(page["Accounts"]) == 1
        seen += [account["AccountId"] for account in page["Accounts"]]
        token = page.get("NextToken")
        if not token:
            break
    assert len(seen) >= 3 and seen == sorted(set(seen))
    status, answer = administer(server, operator, "ListAccounts", {"NextToken": "x"})
    assert (status, answer["__type"]) == (400, "InvalidNextTokenException")


def test_without_a_server_the_command_says_what_to_do(tmp_path):
    done = run("account", "list", "--data-dir", str(tmp_path / "none"))
    assert done.returncode == 1 and "there is no Keystead data directory" in done.stderr


@pytest.mark.parametrize("operation", ["CreateAccount", "ListAccounts"])
def test_nobody_else_administers_the_installation(server, tenant, operation):
    iam = server.client("iam")
    name = f"everything-{operation}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=ALL)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    for credentials in [server.credentials, tenant[1:], (made["AccessKeyId"], made["SecretAccessKey"])]:
        status, answer = administer(server, credentials, operation)
        assert (status, answer["__type"]) == (400, "AccessDeniedException")
        assert f"{DENIED}: keystead:{operation} on resource: *" in answer["Message"]


def test_the_operator_does_nothing_but_administer(server, operator, shared):
    key_id, secret = operator

    def client(service, **more):
        return server.client(service, key=key_id, secret=secret, **more)

    for call in [
        lambda: client("kms").list_keys(),
        lambda: client("kms").create_key(),
        lambda: client("kms").describe_key(KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}"),
        lambda: client("kms").generate_random(NumberOfBytes=8),
    ]:
        with refused("AccessDeniedException"):
            call()
    for call in [
        lambda: client("iam").create_user(UserName="x"),
        lambda: client("iam").list_users(),
        lambda: client("sts").get_federation_token(Name="xy"),
    ]:
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_there_are_no_sessions_of_the_operator(server, operator):
    sts = server.client("sts", key=operator[0], secret=operator[1])
    with refused("AccessDenied", "Cannot call GetSessionToken with the credentials of the operator", 403):
        sts.get_session_token()


def test_a_key_policy_cannot_open_a_key_to_the_operator(server, kms, operator, shared):
    account = server.client("sts", key=operator[0], secret=operator[1]).get_caller_identity()["Account"]
    with refused("MalformedPolicyDocumentException"):
        share(kms, shared, f"arn:aws:iam::{account}:root")
    share(kms, shared, "*")
    as_operator = server.client(key=operator[0], secret=operator[1])
    with refused("AccessDeniedException"):
        as_operator.encrypt(KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}", Plaintext=b"x")


def test_accounts_see_nothing_of_each_other(server, kms, tenant, shared, alias):
    other = as_root(server, tenant)
    assert shared not in [one["KeyId"] for page in other.get_paginator("list_keys").paginate() for one in page["Keys"]]
    assert alias not in [
        one["AliasName"] for page in other.get_paginator("list_aliases").paginate() for one in page["Aliases"]
    ]
    with refused("NotFoundException"):
        other.describe_key(KeyId=shared)
    with refused("AccessDeniedException"):
        other.describe_key(KeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}")
    server.client("iam").create_user(UserName="ours-alone")
    with pytest.raises(ClientError) as caught:
        as_root(server, tenant, "iam").get_user(UserName="ours-alone")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"


def test_across_accounts_the_keys_policy_and_the_callers_own_have_to_allow(server, kms, tenant, shared):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}"
    root = f"arn:aws:iam::{tenant[0]}:root"
    neither, _ = as_user(server, tenant, "neither")
    both, _ = as_user(server, tenant, "both", allow("kms:Encrypt", arn))
    for caller in [neither, both]:
        with refused("AccessDeniedException"):
            caller.encrypt(KeyId=arn, Plaintext=b"x")
    share(kms, shared, root)
    with refused("AccessDeniedException"):
        neither.encrypt(KeyId=arn, Plaintext=b"x")
    both.encrypt(KeyId=arn, Plaintext=b"x")
    with refused("AccessDeniedException"):
        both.decrypt(CiphertextBlob=kms.encrypt(KeyId=shared, Plaintext=b"x")["CiphertextBlob"], KeyId=arn)
    share(kms, shared, f"arn:aws:iam::{ACCOUNT}:root")
    with refused("AccessDeniedException"):
        both.encrypt(KeyId=arn, Plaintext=b"x")


def test_a_user_of_another_account_may_be_named(server, kms, tenant, shared):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}"
    named, named_arn = as_user(server, tenant, "named", allow("kms:*"))
    unnamed, _ = as_user(server, tenant, "unnamed", allow("kms:*"))
    share(kms, shared, named_arn)
    named.encrypt(KeyId=arn, Plaintext=b"x")
    with refused("AccessDeniedException"):
        unnamed.encrypt(KeyId=arn, Plaintext=b"x")
    # What administers a key never reaches across accounts.
    share(kms, shared, named_arn, ["kms:*"])
    with refused("AccessDeniedException"):
        named.disable_key(KeyId=arn)


def test_a_grant_reaches_across_accounts(server, kms, tenant, shared):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}"
    grantee, grantee_arn = as_user(server, tenant, "grantee", allow("kms:Encrypt", arn))
    grant = kms.create_grant(KeyId=shared, GranteePrincipal=grantee_arn, Operations=["Encrypt"])["GrantId"]
    grantee.encrypt(KeyId=arn, Plaintext=b"x")
    kms.revoke_grant(KeyId=shared, GrantId=grant)
    with refused("AccessDeniedException"):
        grantee.encrypt(KeyId=arn, Plaintext=b"x")


def test_both_accounts_have_a_record_of_a_use_across_them(server, kms, tenant, shared):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{shared}"
    share(kms, shared, f"arn:aws:iam::{tenant[0]}:root")
    answer = as_root(server, tenant).encrypt(KeyId=arn, Plaintext=b"x")
    request_id = answer["ResponseMetadata"]["RequestId"]
    records = [record for record in server.audit() if record.get("requestID") == request_id]
    assert {record["recipientAccountId"] for record in records} == {ACCOUNT, tenant[0]}
    assert len({record["sharedEventID"] for record in records}) == 1
    assert len({record["eventID"] for record in records}) == 2
    assert all(record["userIdentity"]["accountId"] == tenant[0] for record in records)


def test_the_operators_calls_are_recorded(server, operator):
    number = create(server)[0]
    record = next(record for record in reversed(server.audit()) if record["eventName"] == "CreateAccount")
    assert record["eventSource"] == "keystead.internal"
    assert record["responseElements"]["accountId"] == number
    assert "secretAccessKey" not in record["responseElements"]
    assert record["userIdentity"]["accessKeyId"] == operator[0]


def test_the_operator_and_the_accounts_outlast_a_restart(tmp_path):
    with Server(tmp_path / "data", "--account-id", ACCOUNT) as first:
        number, key, secret = create(first)
        first.stop()
        with Server(tmp_path / "data") as second:
            sts = second.client("sts", key=key, secret=secret)
            assert sts.get_caller_identity()["Account"] == number
            done = run("account", "list", "--data-dir", str(tmp_path / "data"))
            assert {line.split("  ")[0] for line in done.stdout.splitlines()} == {ACCOUNT, number}


def recover(directory, *arguments):
    return run("recover", "credentials", "--data-dir", str(directory), *arguments)


def test_lost_credentials_are_recovered_on_a_stopped_server(tmp_path):
    directory = tmp_path / "data"
    with Server(directory, "--account-id", ACCOUNT) as server:
        number, key, secret = create(server)
        lost = server.credentials
        running = recover(directory)
        assert running.returncode == 1 and "keystead" in running.stderr and lost == server.credentials
        made = server.client().create_key()["KeyMetadata"]["KeyId"]
    done = recover(directory)
    assert done.returncode == 0 and f"account {ACCOUNT}" in done.stdout, done.stderr
    done = recover(directory, "--operator")
    assert done.returncode == 0, done.stderr
    done = recover(directory, "--account-id", number)
    file = configparser.ConfigParser()
    file.read_string(done.stdout)
    unknown = recover(directory, "--account-id", "999999999998")
    assert unknown.returncode == 1 and "there is no such account" in unknown.stderr
    with Server(directory) as server:
        assert server.credentials != lost
        assert server.client().describe_key(KeyId=made)["KeyMetadata"]["KeyId"] == made
        for old in [lost, (key, secret)]:
            with refused("UnrecognizedClientException"):
                server.client(key=old[0], secret=old[1]).list_keys()
        renewed = file[number]
        sts = server.client("sts", key=renewed["aws_access_key_id"], secret=renewed["aws_secret_access_key"])
        assert sts.get_caller_identity()["Account"] == number
        assert run("account", "list", "--data-dir", str(directory)).returncode == 0
        told = [record for record in server.audit() if record["eventName"] == "RecoverCredentials"]
        assert len(told) == 3 and {ACCOUNT, number} < {record["recipientAccountId"] for record in told}


def test_what_is_no_data_directory_stays_none(tmp_path):
    done = recover(tmp_path / "none")
    assert done.returncode == 1 and "there is no Keystead data directory" in done.stderr
    assert not (tmp_path / "none").exists()
