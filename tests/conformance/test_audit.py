"""Every call leaves exactly one record, and what is in it."""

import json
import re
import subprocess
import threading

import pytest

import harness
from harness import ACCOUNT, UUID, alias_arn, refused
from keys_elsewhere import import_key
from raw import Raw, Request

DATE = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M")


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A server of its own, so that reading its whole log stays cheap."""
    with harness.Server(tmp_path_factory.mktemp("audited") / "data", "--account-id", ACCOUNT) as running:
        yield running


@pytest.fixture(scope="module")
def client(audited):
    return audited.loose()


@pytest.fixture(scope="module")
def subject(client):
    return client.create_key()["KeyMetadata"]


def record_of(audited, answer):
    """The one record of an answered call."""
    request_id = answer["ResponseMetadata"]["RequestId"]
    records = [record for record in audited.audit() if record.get("requestID") == request_id]
    assert len(records) == 1, records
    return records[0]


def test_a_record_has_cloudtrails_fields(audited, client, subject):
    record = record_of(audited, client.encrypt(KeyId=subject["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"}))
    access_key, _ = audited.credentials
    assert record["eventVersion"] == "1.11"
    identity = record["userIdentity"]
    assert {name: identity[name] for name in ("type", "principalId", "arn", "accountId", "accessKeyId")} == {
        "type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT,
        "accessKeyId": access_key,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
    assert UUID.fullmatch(record["eventID"])
    fixed = {
        "eventSource": "kms.amazonaws.com", "eventName": "Encrypt", "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1", "eventType": "AwsApiCall", "managementEvent": True, "eventCategory": "Management",
        "recipientAccountId": ACCOUNT, "readOnly": True, "responseElements": None,
    }
    assert {name: record[name] for name in fixed} == fixed
    assert record["userAgent"].startswith("Boto3/")
    assert record["requestParameters"] == {
        "keyId": subject["KeyId"], "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": {"a": "b"},
    }
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": subject["Arn"]}]
    assert record["additionalEventData"]["keyMaterialId"] == subject["CurrentKeyMaterialId"]
    tls = record["tlsDetails"]
    assert tls["tlsVersion"] in ("TLSv1.3", "TLSv1.2")
    assert tls["cipherSuite"].startswith("TLS_")
    assert tls["clientProvidedHostHeader"] == audited.url.removeprefix("https://")
    assert "errorCode" not in record and "errorMessage" not in record


def walk(client, subject):
    """Calls of every operation: name, call, parameters recorded, whether it only reads, answer recorded."""
    key_id, arn = subject["KeyId"], subject["Arn"]
    blob = client.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    mutation = {"keyId": arn}
    algorithm = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    policy = client.get_key_policy(KeyId=key_id)["Policy"]
    tags = [{"tagKey": "k", "tagValue": "v"}]
    external = client.create_key(Origin="EXTERNAL")["KeyMetadata"]
    way = {"wrappingAlgorithm": "RSAES_OAEP_SHA_256", "wrappingKeySpec": "RSA_2048"}
    material = bytes(32)
    imported = import_key(client, external["KeyId"], material)["KeyMaterialId"]
    of_material = {"keyId": external["Arn"], "keyMaterialId": imported}
    return [
        ("DescribeKey", lambda: client.describe_key(KeyId=key_id), {"keyId": key_id}, True, None),
        ("ListKeys", lambda: client.list_keys(Limit=5), {"limit": 5}, True, None),
        ("UpdateKeyDescription", lambda: client.update_key_description(KeyId=key_id, Description="d"),
         {"keyId": key_id, "description": "d"}, False, mutation),
        ("DisableKey", lambda: client.disable_key(KeyId=key_id), {"keyId": key_id}, False, mutation),
        ("EnableKey", lambda: client.enable_key(KeyId=arn), {"keyId": arn}, False, mutation),
        ("CreateAlias", lambda: client.create_alias(AliasName="alias/walk", TargetKeyId=key_id),
         {"aliasName": "alias/walk", "targetKeyId": key_id}, False, mutation),
        ("UpdateAlias", lambda: client.update_alias(AliasName="alias/walk", TargetKeyId=key_id),
         {"aliasName": "alias/walk", "targetKeyId": key_id}, False, mutation),
        ("ListAliases", lambda: client.list_aliases(KeyId=key_id), {"keyId": key_id}, True, None),
        ("DeleteAlias", lambda: client.delete_alias(AliasName="alias/walk"), {"aliasName": "alias/walk"}, False, mutation),
        ("TagResource", lambda: client.tag_resource(KeyId=key_id, Tags=[{"TagKey": "k", "TagValue": "v"}]),
         {"keyId": key_id, "tags": tags}, False, mutation),
        ("ListResourceTags", lambda: client.list_resource_tags(KeyId=key_id), {"keyId": key_id}, True, None),
        ("UntagResource", lambda: client.untag_resource(KeyId=key_id, TagKeys=["k"]),
         {"keyId": key_id, "tagKeys": ["k"]}, False, mutation),
        ("GetKeyPolicy", lambda: client.get_key_policy(KeyId=key_id, PolicyName="default"),
         {"keyId": key_id, "policyName": "default"}, True, None),
        ("PutKeyPolicy", lambda: client.put_key_policy(KeyId=key_id, Policy=policy, PolicyName="default"),
         {"keyId": key_id, "policyName": "default", "policy": policy, "bypassPolicyLockoutSafetyCheck": False}, False,
         mutation),
        ("ListKeyPolicies", lambda: client.list_key_policies(KeyId=key_id), {"keyId": key_id}, True, None),
        ("Decrypt", lambda: client.decrypt(CiphertextBlob=blob), algorithm, True, None),
        ("Decrypt", lambda: client.decrypt(CiphertextBlob=blob, KeyId=arn), {"keyId": arn, **algorithm}, True, None),
        ("ReEncrypt", lambda: client.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id),
         {"destinationKeyId": key_id, "sourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
          "destinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, True, None),
        ("GenerateDataKey", lambda: client.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
         {"keyId": key_id, "keySpec": "AES_256"}, True, None),
        ("GenerateDataKeyWithoutPlaintext",
         lambda: client.generate_data_key_without_plaintext(KeyId=key_id, NumberOfBytes=8, EncryptionContext={"a": "b"}),
         {"keyId": key_id, "numberOfBytes": 8, "encryptionContext": {"a": "b"}}, True, None),
        ("GenerateRandom", lambda: client.generate_random(NumberOfBytes=8), None, True, None),
        ("EnableKeyRotation", lambda: client.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=99),
         {"keyId": key_id, "rotationPeriodInDays": 99}, False, mutation),
        ("GetKeyRotationStatus", lambda: client.get_key_rotation_status(KeyId=key_id), {"keyId": key_id}, True, None),
        ("DisableKeyRotation", lambda: client.disable_key_rotation(KeyId=key_id), {"keyId": key_id}, False, mutation),
        ("RotateKeyOnDemand", lambda: client.rotate_key_on_demand(KeyId=key_id), {"keyId": key_id}, False, mutation),
        ("ListKeyRotations", lambda: client.list_key_rotations(KeyId=key_id), {"keyId": key_id}, True, None),
        ("GetParametersForImport",
         lambda: client.get_parameters_for_import(
             KeyId=external["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
         ), {"keyId": external["KeyId"], **way}, True, None),
        ("ImportKeyMaterial",
         lambda: import_key(client, external["KeyId"], material, ImportType="EXISTING_KEY_MATERIAL", KeyMaterialDescription="d"),
         {"keyId": external["KeyId"], "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
          "importType": "EXISTING_KEY_MATERIAL", "keyMaterialDescription": "d"}, False, of_material),
        ("DeleteImportedKeyMaterial",
         lambda: client.delete_imported_key_material(KeyId=external["KeyId"], KeyMaterialId=imported),
         {"keyId": external["KeyId"], "keyMaterialId": imported}, False, of_material),
    ]


def test_each_operation_records_its_parameters_and_answer(audited, client, subject):
    expected = {}
    for name, call, parameters, read_only, response in walk(client, subject):
        expected[call()["ResponseMetadata"]["RequestId"]] = (name, parameters, read_only, response)
    found = {}
    for record in audited.audit():
        request_id = record.get("requestID")
        if request_id in expected:
            assert request_id not in found, "recorded twice"
            found[request_id] = tuple(
                record.get(name) for name in ("eventName", "requestParameters", "readOnly", "responseElements")
            )
    assert list(found.values()) == list(expected.values())


def test_create_key_records_the_new_key(audited, client):
    answer = client.create_key(Description="recorded", Tags=[{"TagKey": "k", "TagValue": "v"}])
    made = answer["KeyMetadata"]
    record = record_of(audited, answer)
    assert record["requestParameters"]["description"] == "recorded"
    assert record["requestParameters"]["tags"] == [{"tagKey": "k", "tagValue": "v"}]
    assert record["requestParameters"]["bypassPolicyLockoutSafetyCheck"] is False
    recorded = record["responseElements"]["keyMetadata"]
    assert {name: recorded[name] for name in ("keyId", "arn", "keyState", "enabled", "keyManager")} == {
        "keyId": made["KeyId"], "arn": made["Arn"], "keyState": "Enabled", "enabled": True, "keyManager": "CUSTOMER",
    }
    assert DATE.fullmatch(recorded["creationDate"])
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": made["Arn"]}]


def test_schedule_key_deletion_records_the_date(audited, client):
    made = client.create_key()["KeyMetadata"]
    record = record_of(audited, client.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7))
    response = record["responseElements"]
    assert DATE.fullmatch(response.pop("deletionDate"))
    assert response == {"keyId": made["Arn"], "keyState": "PendingDeletion", "pendingWindowInDays": 7}
    record = record_of(audited, client.cancel_key_deletion(KeyId=made["KeyId"]))
    assert record["responseElements"] == {"keyId": made["Arn"]}


def test_resources_name_alias_and_key(audited, client, subject):
    record = record_of(audited, client.create_alias(AliasName="alias/resources", TargetKeyId=subject["KeyId"]))
    assert {resource["ARN"] for resource in record["resources"]} == {alias_arn("alias/resources"), subject["Arn"]}
    assert {resource["type"] for resource in record["resources"]} == {"AWS::KMS::Key"}


def test_resources_of_reencrypt_are_source_then_destination(audited, client, subject):
    other = client.create_key()["KeyMetadata"]
    blob = client.encrypt(KeyId=subject["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    record = record_of(audited, client.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"]))
    assert [resource["ARN"] for resource in record["resources"]] == [subject["Arn"], other["Arn"]]


@pytest.mark.parametrize(
    "call, code, message",
    [
        (lambda c, k: c.describe_key(KeyId="nonsense"), "NotFoundException", "Invalid keyId 'nonsense'"),
        (lambda c, k: c.encrypt(KeyId=k["KeyId"], Plaintext=b"x", DryRun=True), "DryRunOperationException",
         "The request would have succeeded, but the DryRun option is set."),
        (lambda c, k: c.generate_random(), "ValidationException", "NumberOfBytes is required."),
        (lambda c, k: c.encrypt(KeyId=k["KeyId"], Plaintext=b""), "ValidationException", None),
        (lambda c, k: c.decrypt(CiphertextBlob=b"junk"), "InvalidCiphertextException", None),
        (lambda c, k: c.describe_key(KeyId=k["Arn"].replace(ACCOUNT, "999988887777")), "AccessDenied", None),
    ],
    ids=["not found", "dry run", "semantics", "validation", "ciphertext", "denied"],
)
def test_a_refused_call_is_recorded_with_its_error(audited, client, subject, call, code, message):
    with refused({code, code + "Exception"}) as caught:
        call(client, subject)
    record = record_of(audited, caught.value.response)
    assert record["errorCode"] == code
    if message is not None:
        assert record["errorMessage"] == message
    assert record["responseElements"] is None


def test_a_request_that_cannot_be_decoded_is_recorded(audited):
    raw = Raw(audited)
    for body in (b"{", b"[]", b'{"KeyId": 7}'):
        answer = raw.call("DescribeKey", body)
        (record,) = [r for r in audited.audit() if r.get("requestID") == answer.headers["x-amzn-requestid"]]
        assert (record["eventName"], record["errorCode"]) == ("DescribeKey", "SerializationException")


def test_a_caller_that_is_not_authenticated_leaves_no_record(audited):
    raw = Raw(audited)
    before = len(audited.audit())
    for _ in range(20):
        raw.send(Request())
        raw.send(Request(), raw.signed(Request(), service="s3"))
    assert len(audited.audit()) == before


def test_records_hold_no_secret(audited, client, subject):
    secret = b"plaintext-that-must-not-be-recorded"
    blob = client.encrypt(KeyId=subject["KeyId"], Plaintext=secret)["CiphertextBlob"]
    client.decrypt(CiphertextBlob=blob)
    data_key = client.generate_data_key(KeyId=subject["KeyId"], KeySpec="AES_256")
    random = client.generate_random(NumberOfBytes=32)["Plaintext"]
    with refused("ValidationException"):
        client.encrypt(KeyId=subject["KeyId"], Plaintext=secret * 200)
    text = json.dumps(audited.audit()).encode()
    for hidden in (secret, blob, data_key["Plaintext"], data_key["CiphertextBlob"], random):
        assert not any(form in text for form in harness.forms(hidden))


def test_event_ids_are_unique_and_records_are_in_order(audited):
    records = audited.audit()
    assert len({record["eventID"] for record in records}) == len(records)
    times = [record["eventTime"] for record in records]
    assert all(later >= earlier[:-4] for earlier, later in zip(times, times[1:]))


def test_calls_at_once_leave_one_record_each(audited, client, subject):
    ids, lock = [], threading.Lock()

    def work():
        own = audited.loose()
        for _ in range(10):
            answer = own.generate_data_key(KeyId=subject["KeyId"], KeySpec="AES_128")
            with lock:
                ids.append(answer["ResponseMetadata"]["RequestId"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorded = [record.get("requestID") for record in audited.audit()]
    assert len(ids) == 80
    assert all(recorded.count(request_id) == 1 for request_id in ids)


def test_the_tail_can_be_followed(audited, client):
    command = [str(harness.BINARY), "audit", "tail", "--data-dir", str(audited.data_dir), "--follow"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=harness.clean_env({}))
    stop = threading.Timer(30, follower.kill)
    stop.start()
    try:
        request_id = client.generate_random(NumberOfBytes=8)["ResponseMetadata"]["RequestId"]
        assert any(json.loads(line).get("requestID") == request_id for line in follower.stdout)
    finally:
        stop.cancel()
        follower.kill()
        follower.wait()


def denial_of(server, key, caller):
    """What the record of a denied call says of it."""
    with refused("AccessDeniedException") as caught:
        caller.encrypt(KeyId=key, Plaintext=b"x")
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    record = next(record for record in reversed(server.audit()) if record.get("requestID") == request_id)
    return record.get("additionalEventData", {}).get("denial")


def test_the_record_of_a_denial_names_what_decided(server, kms):
    iam = server.client("iam")
    iam.create_user(UserName="denied-in-records")
    made = iam.create_access_key(UserName="denied-in-records")["AccessKey"]
    caller = server.client(key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    action = {"action": "kms:Encrypt"}
    assert denial_of(server, key, caller) == action | {"by": "identity-based policy"}

    def statement(effect, **more):
        return {"Effect": effect, "Action": "kms:*", "Resource": "*"} | more

    for statements, named in [
        ([statement("Allow"), statement("Deny", Sid="Never")], "Never"),
        ([statement("Allow"), statement("Deny")], "statement 2"),
    ]:
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName="denied-in-records", PolicyName="own", PolicyDocument=json.dumps(document))
        expected = action | {"by": "identity-based policy", "statement": named}
        assert denial_of(server, key, caller) == expected
    document = {"Version": "2012-10-17", "Statement": [statement("Allow")]}
    iam.put_user_policy(UserName="denied-in-records", PolicyName="own", PolicyDocument=json.dumps(document))
    policy = {"Version": "2012-10-17", "Statement": [
        statement("Allow", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        statement("Deny", Principal="*", Action="kms:Encrypt", Sid="NotHere"),
    ]}
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    assert denial_of(server, key, caller) == action | {"by": "resource-based policy", "statement": "NotHere"}
