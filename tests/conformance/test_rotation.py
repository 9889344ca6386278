"""EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations."""

import datetime
import re

import pytest

from harness import refused, violation

SOON = datetime.timedelta(hours=1)


def status(client, key):
    answer = client.get_key_rotation_status(KeyId=key["KeyId"])
    answer.pop("ResponseMetadata")
    return answer


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_a_new_key_does_not_rotate(kms, key):
    answer = status(kms, key)
    assert answer.pop("KeyId") in (key["KeyId"], key["Arn"])
    assert answer == {"KeyRotationEnabled": False}


@pytest.mark.parametrize("period, expected", [(None, 365), (90, 90), (2560, 2560)])
def test_rotation_is_enabled_with_a_period(kms, key, period, expected):
    members = {} if period is None else {"RotationPeriodInDays": period}
    assert set(kms.enable_key_rotation(KeyId=key["KeyId"], **members)) == {"ResponseMetadata"}
    answer = status(kms, key)
    assert answer["KeyRotationEnabled"] is True
    assert answer["RotationPeriodInDays"] == expected
    assert abs(answer["NextRotationDate"] - now() - datetime.timedelta(days=expected)) < SOON
    assert "OnDemandRotationStartDate" not in answer


def test_enabling_again_changes_the_period(kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"])
    kms.enable_key_rotation(KeyId=key["Arn"], RotationPeriodInDays=100)
    answer = status(kms, key)
    assert answer["RotationPeriodInDays"] == 100
    assert abs(answer["NextRotationDate"] - now() - datetime.timedelta(days=100)) < SOON


@pytest.mark.parametrize(
    "period, rule", [(89, "greater than or equal to 90"), (2561, "less than or equal to 2560"), (0, "greater than or equal to 90")]
)
def test_a_period_has_90_to_2560_days(loose, key, period, rule):
    with refused(
        "ValidationException",
        violation(
            f"Value '{period}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value {rule}"
        ),
    ):
        loose.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=period)


def test_disabling_rotation_is_idempotent(kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"])
    for _ in range(2):
        assert set(kms.disable_key_rotation(KeyId=key["KeyId"])) == {"ResponseMetadata"}
        answer = status(kms, key)
        answer.pop("KeyId")
        assert answer == {"KeyRotationEnabled": False}


def test_a_key_pending_deletion_reports_no_rotation_and_gets_it_back(kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=200)
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert status(kms, key)["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    answer = status(kms, key)
    assert (answer["KeyRotationEnabled"], answer["RotationPeriodInDays"]) == (True, 200)


def test_a_rotation_on_demand_makes_new_material_and_keeps_the_old(kms, key):
    first = key["CurrentKeyMaterialId"]
    before = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"before")["CiphertextBlob"]
    answer = kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert {name: answer[name] for name in set(answer) - {"ResponseMetadata"}} == {"KeyId": key["Arn"]}
    second = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    assert re.fullmatch("[0-9a-f]{64}", second) and second != first
    after = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    assert after["KeyMaterialId"] == second
    opened = kms.decrypt(CiphertextBlob=before)
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"before", first)
    opened = kms.decrypt(CiphertextBlob=after["CiphertextBlob"])
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (after["Plaintext"], second)


def test_rotation_changes_nothing_else(kms, key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    before = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    after = kms.describe_key(KeyId=alias)["KeyMetadata"]
    before.pop("CurrentKeyMaterialId")
    after.pop("CurrentKeyMaterialId")
    assert after == before


def test_reencrypt_moves_to_the_current_material(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    current = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key["KeyId"])
    assert answer["SourceKeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert answer["DestinationKeyMaterialId"] == current


def test_a_rotation_on_demand_leaves_the_schedule_alone(kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    before = status(kms, key)
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    after = status(kms, key)
    assert after["NextRotationDate"] == before["NextRotationDate"]


def test_rotations_are_listed(kms, key):
    answer = kms.list_key_rotations(KeyId=key["KeyId"])
    assert (answer["Rotations"], answer["Truncated"]) == ([], False)
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    current = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    rotations = kms.list_key_rotations(KeyId=key["Arn"], IncludeKeyMaterial="ROTATIONS_ONLY")["Rotations"]
    assert len(rotations) == 2
    assert {entry["KeyId"] for entry in rotations} <= {key["KeyId"], key["Arn"]}
    for entry in rotations:
        assert entry["RotationType"] == "ON_DEMAND"
        assert abs(entry["RotationDate"] - now()) < SOON
        assert "ImportState" not in entry and "ExpirationModel" not in entry
    everything = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    states = {entry["KeyMaterialId"]: entry["KeyMaterialState"] for entry in everything}
    assert len(states) == 3
    assert states[current] == "CURRENT"
    assert states[key["CurrentKeyMaterialId"]] == "NON_CURRENT"
    (first,) = [entry for entry in everything if entry["KeyMaterialId"] == key["CurrentKeyMaterialId"]]
    assert "RotationDate" not in first and "RotationType" not in first


def test_the_choice_of_rotations_is_an_enumeration(loose, key):
    with refused("ValidationException"):
        loose.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="SOME")


def test_a_key_rotates_on_demand_25_times_at_most(kms, key):
    blobs = []
    for number in range(25):
        blobs.append(kms.encrypt(KeyId=key["KeyId"], Plaintext=str(number).encode())["CiphertextBlob"])
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    with refused(
        "LimitExceededException",
        "The on-demand rotations limit has been reached for the given keyId. "
        f"No more on-demand rotations can be performed for this key: {key['Arn']}",
    ):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in blobs] == [
        str(number).encode() for number in range(25)
    ]
