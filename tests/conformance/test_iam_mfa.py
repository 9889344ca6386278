"""Virtual MFA devices, and sessions with a second factor."""

import datetime
import json
import re
import struct
import threading
import zlib

import pytest

from harness import ACCOUNT, Server, refused
from mfa import Authenticator, enable, remove_all
from test_iam_roles import remove, trust
from test_iam_users import allow, as_user, user as plain_user  # noqa: F401
from test_sts_sessions import as_session, assume, name_of, short

INVALID_CODE = "Authentication code for device is not valid."
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code."
HALF = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def loose(server):
    return server.client("iam", parameter_validation=False, retries={"total_max_attempts": 1})


@pytest.fixture
def user(iam, plain_user):  # noqa: F811
    yield plain_user
    remove_all(iam, plain_user)


@pytest.fixture
def ada(server, iam, user):
    """STS as a user calls it who has no policies."""
    return as_user(server, iam, user, "sts")


@pytest.fixture
def device(iam, request):
    """A device that is nobody's."""
    name = name_of(request)
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    yield made
    iam.delete_virtual_mfa_device(SerialNumber=made["SerialNumber"])


@pytest.fixture
def role(iam, request, user):
    """The ARN of a role that trusts the user, with a second factor alone."""
    name = name_of(request)
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/{user}"}
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
    document = trust(who, Condition=condition)
    yield iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    remove(iam, name)


@pytest.fixture
def server_of_its_own(tmp_path):
    with Server(tmp_path / "data", "--account-id", ACCOUNT) as running:
        yield running


def absent(serial):
    return f"VirtualMFADevice with serial number {serial} doesn't exist."


def serial_of(name):
    return f"arn:aws:iam::{ACCOUNT}:mfa/{name}"


# Devices


def test_a_device_shows_its_seed_once(iam):
    made = iam.create_virtual_mfa_device(
        VirtualMFADeviceName="Phone", Path="/phones/", Tags=[{"Key": "team", "Value": "payroll"}]
    )["VirtualMFADevice"]
    serial = serial_of("phones/Phone")
    assert made["SerialNumber"] == serial
    assert re.fullmatch(rb"[A-Z2-7]{64}", made["Base32StringSeed"])
    assert "User" not in made and "EnableDate" not in made
    picture = made["QRCodePNG"]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, rest = {}, picture[8:]
    while rest:
        (length,), name = struct.unpack(">I", rest[:4]), rest[4:8]
        body, check = rest[8:8 + length], rest[8 + length:12 + length]
        assert struct.unpack(">I", check)[0] == zlib.crc32(name + body)
        chunks[name], rest = body, rest[12 + length:]
    width, height, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    assert width == height > 100 and depth == 1
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + (width + 7) // 8)
    listed = [found for found in devices(iam) if found["SerialNumber"] == serial]
    assert listed == [{"SerialNumber": serial}]
    with refused("EntityAlreadyExists", "MFADevice entity at the same path and name already exists.", 409):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="PHONE")
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    with refused("NoSuchEntity", absent(serial), 404):
        iam.delete_virtual_mfa_device(SerialNumber=serial)


def devices(iam, **wanted):
    pages = iam.get_paginator("list_virtual_mfa_devices").paginate(PaginationConfig={"PageSize": 2}, **wanted)
    return [device for page in pages for device in page["VirtualMFADevices"]]


def test_a_device_is_enabled_listed_and_deactivated(iam, user):
    serial, phone = enable(iam, user)
    one, = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert (one["UserName"], one["SerialNumber"]) == (user, serial)
    age = datetime.datetime.now(datetime.timezone.utc) - one["EnableDate"]
    assert datetime.timedelta(seconds=-2) < age < datetime.timedelta(minutes=2)
    found = iam.get_mfa_device(SerialNumber=serial, UserName=user)
    assert (found["UserName"], found["SerialNumber"], found["EnableDate"]) == (user, serial, one["EnableDate"])
    assigned = {found["SerialNumber"]: found for found in devices(iam, AssignmentStatus="Assigned")}
    assert assigned[serial]["User"]["UserName"] == user
    assert serial not in {found["SerialNumber"] for found in devices(iam, AssignmentStatus="Unassigned")}
    with refused("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.", 409):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    with refused("DeleteConflict", status=409):
        iam.delete_user(UserName=user)
    with refused("EntityAlreadyExists", status=409):
        iam.enable_mfa_device(UserName=user, SerialNumber=serial, **phone.pair(0))
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    assert serial in {found["SerialNumber"] for found in devices(iam, AssignmentStatus="Unassigned")}
    for operation in (iam.deactivate_mfa_device, iam.get_mfa_device):
        with refused("NoSuchEntity", "MFA Device invalid for user.", 404):
            operation(UserName=user, SerialNumber=serial)
    # Codes that were used stay used.
    with refused("InvalidAuthenticationCode", INVALID_CODE, 403):
        iam.enable_mfa_device(UserName=user, SerialNumber=serial, **phone.pair(-3))
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **phone.pair(1))


def test_codes_that_are_no_pair_enable_nothing(iam, user, device):
    phone, serial = Authenticator(device["Base32StringSeed"]), device["SerialNumber"]
    for one, other in ((phone.code(), phone.code()), (phone.code(1), phone.code()), (phone.code(-1), phone.wrong())):
        with refused("InvalidAuthenticationCode", INVALID_CODE, 403):
            iam.enable_mfa_device(
                UserName=user, SerialNumber=serial, AuthenticationCode1=one, AuthenticationCode2=other
            )
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []


def test_what_there_is_not_is_not_found(iam, user):
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "123457"}
    other = f"arn:aws:iam::444455556666:mfa/{user}"
    for serial in (serial_of("none"), other, "GAHT12345678"):
        with refused("NoSuchEntity", absent(serial), 404):
            iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)
        for operation in (iam.delete_virtual_mfa_device, iam.list_mfa_device_tags):
            with refused("NoSuchEntity", absent(serial), 404):
                operation(SerialNumber=serial)
        with refused("NoSuchEntity", status=404):
            iam.resync_mfa_device(UserName=user, SerialNumber=serial, **codes)
    with refused("NoSuchEntity", "The user with name nobody cannot be found.", 404):
        iam.enable_mfa_device(UserName="nobody", SerialNumber=serial_of("none"), **codes)
    with refused("NoSuchEntity", "The user with name nobody cannot be found.", 404):
        iam.list_mfa_devices(UserName="nobody")


def test_what_breaks_the_model_is_refused(loose, user, device):
    with refused("ValidationError"):
        loose.create_virtual_mfa_device(VirtualMFADeviceName="a b")
    with refused("ValidationError"):
        loose.create_virtual_mfa_device(VirtualMFADeviceName="x" * 129)
    with refused("InvalidInput"):
        loose.create_virtual_mfa_device(
            VirtualMFADeviceName="x", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
        )
    for codes in (("12345", "123456"), ("123456", "12345x")):
        with refused("ValidationError"):
            loose.enable_mfa_device(
                UserName=user, SerialNumber=device["SerialNumber"],
                AuthenticationCode1=codes[0], AuthenticationCode2=codes[1],
            )
    with refused("ValidationError"):
        loose.list_virtual_mfa_devices(AssignmentStatus="Some")


def test_a_user_has_eight_devices_at_most(iam, user):
    for number in range(8):
        enable(iam, user, f"{user}-{number}")
    ninth = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{user}-9")["VirtualMFADevice"]
    phone = Authenticator(ninth["Base32StringSeed"])
    with refused("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8", 409):
        iam.enable_mfa_device(UserName=user, SerialNumber=ninth["SerialNumber"], **phone.pair())
    iam.delete_virtual_mfa_device(SerialNumber=ninth["SerialNumber"])
    pages = iam.get_paginator("list_mfa_devices").paginate(UserName=user, PaginationConfig={"PageSize": 3})
    listed = [device["SerialNumber"] for page in pages for device in page["MFADevices"]]
    assert listed == [serial_of(f"{user}-{number}") for number in range(8)]


def test_tags_of_a_device(iam, device, server, user):
    serial = device["SerialNumber"]
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "team", "Value": "a"}, {"Key": "other", "Value": ""}])
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "Team", "Value": "payroll"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["OTHER", "none"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "Team", "Value": "payroll"}]
    with refused("LimitExceeded", status=409):
        iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    # Policies see them.
    statement = {
        "Effect": "Allow", "Action": "iam:*MFADevice*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "payroll"}},
    }
    iam.put_user_policy(
        UserName=user, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    own = as_user(server, iam, user, "iam")
    assert own.list_mfa_device_tags(SerialNumber=serial)["Tags"]
    with refused("AccessDenied", status=403):
        own.delete_virtual_mfa_device(SerialNumber=serial_of("none"))


def test_a_user_without_policies_manages_no_devices(server, iam, user, device):
    own = as_user(server, iam, user, "iam")
    serial = device["SerialNumber"]
    for call in (
        lambda: own.create_virtual_mfa_device(VirtualMFADeviceName="mine"),
        lambda: own.enable_mfa_device(
            UserName=user, SerialNumber=serial, **Authenticator(device["Base32StringSeed"]).pair()
        ),
        own.list_virtual_mfa_devices,
        own.list_mfa_devices,
        lambda: own.delete_virtual_mfa_device(SerialNumber=serial),
    ):
        with refused("AccessDenied", re.compile(".*because no identity-based policy allows the iam:.* action"), 403):
            call()


# Sessions


def test_a_session_with_a_second_factor_says_so(server, iam, ada, user):
    serial, phone = enable(iam, user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=allow("iam:GetUser"))
    plain = as_session(server, ada.get_session_token(), "iam")
    with refused("AccessDenied", status=403):
        plain.get_user()
    answer = ada.get_session_token(SerialNumber=serial, TokenCode=phone.code())
    own = as_session(server, answer, "iam")
    assert own.get_user()["User"]["UserName"] == user
    key = answer["Credentials"]["AccessKeyId"]
    record, = [record for record in server.audit() if record["userIdentity"].get("accessKeyId") == key]
    assert record["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


def test_a_code_works_once(iam, ada, user):
    serial, phone = enable(iam, user)
    code = phone.code()
    ada.get_session_token(SerialNumber=serial, TokenCode=code)
    for used in (code, phone.code(-1)):
        with refused("AccessDenied", WRONG, 403):
            ada.get_session_token(SerialNumber=serial, TokenCode=used)
    ada.get_session_token(SerialNumber=serial, TokenCode=phone.code(1))


def test_a_code_works_once_for_many_who_try_at_a_time(server, iam, user):
    serial, phone = enable(iam, user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    code, outcomes = phone.code(), []

    def call(client):
        try:
            client.get_session_token(SerialNumber=serial, TokenCode=code)
            outcomes.append("ok")
        except client.exceptions.ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    clients = [
        server.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]) for _ in range(4)
    ]
    threads = [threading.Thread(target=call, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["AccessDenied"] * 3 + ["ok"]


def test_a_role_is_taken_on_with_a_second_factor(server, iam, ada, user, role):
    serial, phone = enable(iam, user)
    with refused("AccessDenied", status=403):
        assume(ada, role)
    with refused("AccessDenied", WRONG, 403):
        assume(ada, role, SerialNumber=serial, TokenCode=phone.wrong())
    answer = assume(ada, role, SerialNumber=serial, TokenCode=phone.code())
    # What the session itself may do can rest on it.
    statement = {
        "Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=short(role), PolicyName="list", PolicyDocument=document)
    as_session(server, answer).list_keys()


def test_codes_of_others_and_half_a_factor_are_refused(server, iam, ada, user, role):
    other = f"{user}-other"
    iam.create_user(UserName=other)
    serial, phone = enable(iam, other)
    for members in ({"SerialNumber": serial, "TokenCode": phone.code()}, {"SerialNumber": "x" * 9, "TokenCode": "123456"}):
        with refused("AccessDenied", WRONG, 403):
            ada.get_session_token(**members)
        with refused("AccessDenied", WRONG, 403):
            assume(ada, role, **members)
    for half in ({"SerialNumber": serial}, {"TokenCode": phone.code()}):
        with refused("AccessDenied", HALF, 403):
            ada.get_session_token(**half)
        with refused("AccessDenied", HALF, 403):
            assume(ada, role, **half)
    # The code was not used up by somebody whose device it is not.
    own = as_user(server, iam, other, "sts")
    own.get_session_token(SerialNumber=serial, TokenCode=phone.code())
    remove_all(iam, other)
    for key in iam.list_access_keys(UserName=other)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=other, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=other)


def test_too_many_wrong_codes_bring_a_pause_that_outlasts_a_restart(server_of_its_own):
    server = server_of_its_own
    iam = server.client("iam")
    iam.create_user(UserName="ada")
    serial, phone = enable(iam, "ada")
    ada = as_user(server, iam, "ada", "sts")
    key = ada._request_signer._credentials
    for _ in range(5):
        with refused("AccessDenied", WRONG, 403):
            ada.get_session_token(SerialNumber=serial, TokenCode=phone.wrong())
    with refused("AccessDenied", WRONG, 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=phone.code())
    server.kill()
    server.start()
    ada = server.client("sts", key=key.access_key, secret=key.secret_key)
    with refused("AccessDenied", WRONG, 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=phone.code(1))
    with refused("InvalidAuthenticationCode", INVALID_CODE, 403):
        server.client("iam").resync_mfa_device(UserName="ada", SerialNumber=serial, **phone.pair(1))


def test_a_used_code_stays_used_across_a_restart(server_of_its_own):
    server = server_of_its_own
    iam = server.client("iam")
    iam.create_user(UserName="ada")
    serial, phone = enable(iam, "ada")
    ada = as_user(server, iam, "ada", "sts")
    key, code = ada._request_signer._credentials, phone.code()
    ada.get_session_token(SerialNumber=serial, TokenCode=code)
    server.kill()
    server.start()
    ada = server.client("sts", key=key.access_key, secret=key.secret_key)
    with refused("AccessDenied", WRONG, 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=code)


def test_a_device_that_is_ahead_is_brought_into_step(iam, ada, user):
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{user}-phone")["VirtualMFADevice"]
    serial, phone = device["SerialNumber"], Authenticator(device["Base32StringSeed"])
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **phone.pair())
    phone.ahead = 8
    with refused("AccessDenied", WRONG, 403):
        ada.get_session_token(SerialNumber=serial, TokenCode=phone.code())
    with refused("InvalidAuthenticationCode", INVALID_CODE, 403):
        iam.resync_mfa_device(
            UserName=user, SerialNumber=serial, AuthenticationCode1=phone.code(), AuthenticationCode2=phone.code()
        )
    iam.resync_mfa_device(UserName=user, SerialNumber=serial, **phone.pair(-1))
    ada.get_session_token(SerialNumber=serial, TokenCode=phone.code(1))


def test_nothing_secret_is_recorded(server, iam, user):
    serial, phone = enable(iam, user)
    code = phone.code(3)
    with refused("AccessDenied", WRONG, 403):
        as_user(server, iam, user, "sts").get_session_token(SerialNumber=serial, TokenCode=code)
    records = [json.dumps(record) for record in server.audit() if serial in json.dumps(record)]
    assert records
    assert not [record for record in records if f'"{code}"' in record or "Base32" in record or "QRCode" in record]
