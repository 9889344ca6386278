"""Key states: which operation runs in which, and the way from one to the next."""

import datetime

import pytest

from harness import refused

# What each operation needs besides the key.
USES = {
    "encrypt": {"Plaintext": b"x"},
    "generate_data_key": {"KeySpec": "AES_256"},
    "generate_data_key_without_plaintext": {"NumberOfBytes": 32},
}
READS = ["describe_key", "get_key_policy", "list_resource_tags", "list_key_policies", "get_key_rotation_status",
         "list_key_rotations", "list_aliases"]


def refusal_of(key, how):
    if how == "disabled":
        return refused("DisabledException", f"{key['Arn']} is disabled.")
    return refused("KMSInvalidStateException", f"{key['Arn']} is {how}.")


@pytest.fixture
def blob(kms, key):
    return kms.encrypt(KeyId=key["KeyId"], Plaintext=b"before")["CiphertextBlob"]


@pytest.mark.parametrize("operation", USES)
def test_a_disabled_key_cannot_be_used(kms, disabled_key, operation):
    with refusal_of(disabled_key, "disabled"):
        getattr(kms, operation)(KeyId=disabled_key["KeyId"], **USES[operation])


def test_a_disabled_key_does_not_decrypt(kms, key, shared_key, blob):
    kms.disable_key(KeyId=key["KeyId"])
    with refusal_of(key, "disabled"):
        kms.decrypt(CiphertextBlob=blob)
    with refusal_of(key, "disabled"):
        kms.decrypt(CiphertextBlob=blob, KeyId=key["Arn"])
    with refusal_of(key, "disabled"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=shared_key["KeyId"])
    with refusal_of(key, "disabled"):
        own = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
        kms.re_encrypt(CiphertextBlob=own, DestinationKeyId=key["KeyId"])
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"


@pytest.mark.parametrize("operation", ["enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"])
def test_the_rotation_of_a_disabled_key_does_not_change(kms, disabled_key, operation):
    with refusal_of(disabled_key, "disabled"):
        getattr(kms, operation)(KeyId=disabled_key["KeyId"])


@pytest.mark.parametrize("operation", READS)
def test_a_disabled_key_can_be_read(kms, disabled_key, operation):
    getattr(kms, operation)(KeyId=disabled_key["KeyId"])


def test_a_disabled_key_can_be_managed(kms, key, alias):
    kms.disable_key(KeyId=key["KeyId"])
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "k", "TagValue": "v"}])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["k"])
    kms.update_key_description(KeyId=key["KeyId"], Description="asleep")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    metadata = kms.describe_key(KeyId=alias)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"], metadata["Description"]) == ("Disabled", False, "asleep")
    kms.schedule_key_deletion(KeyId=key["KeyId"])


def test_enabling_and_disabling_are_idempotent(kms, key):
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    for _ in range(2):
        kms.disable_key(KeyId=key["KeyId"])
        assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"


@pytest.mark.parametrize("operation", USES)
def test_a_key_pending_deletion_cannot_be_used(kms, dying_key, operation):
    with refusal_of(dying_key, "pending deletion"):
        getattr(kms, operation)(KeyId=dying_key["KeyId"], **USES[operation])


def test_a_key_pending_deletion_does_not_decrypt(kms, dying_key, shared_key):
    with refusal_of(dying_key, "pending deletion"):
        kms.decrypt(CiphertextBlob=dying_key["Blob"])
    with refusal_of(dying_key, "pending deletion"):
        kms.re_encrypt(CiphertextBlob=dying_key["Blob"], DestinationKeyId=shared_key["KeyId"])


@pytest.mark.parametrize(
    "operation, members",
    [
        ("enable_key", {}),
        ("disable_key", {}),
        ("enable_key_rotation", {}),
        ("disable_key_rotation", {}),
        ("rotate_key_on_demand", {}),
        ("schedule_key_deletion", {}),
        ("tag_resource", {"Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ("untag_resource", {"TagKeys": ["k"]}),
        ("update_key_description", {"Description": "x"}),
    ],
)
def test_a_key_pending_deletion_cannot_be_changed(kms, dying_key, operation, members):
    with refusal_of(dying_key, "pending deletion"):
        getattr(kms, operation)(KeyId=dying_key["KeyId"], **members)


@pytest.mark.parametrize("operation", READS)
def test_a_key_pending_deletion_can_be_read(kms, dying_key, operation):
    getattr(kms, operation)(KeyId=dying_key["KeyId"])


def test_a_key_pending_deletion_keeps_its_policy_changeable(kms, dying_key):
    kms.put_key_policy(KeyId=dying_key["KeyId"], Policy=kms.get_key_policy(KeyId=dying_key["KeyId"])["Policy"])


def test_no_alias_can_be_pointed_at_a_key_pending_deletion(kms, key, dying_key, alias):
    with refusal_of(dying_key, "pending deletion"):
        kms.create_alias(AliasName=alias, TargetKeyId=dying_key["KeyId"])
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    with refusal_of(dying_key, "pending deletion"):
        kms.update_alias(AliasName=alias, TargetKeyId=dying_key["KeyId"])


def test_an_alias_can_be_taken_away_from_a_key_pending_deletion(kms, key, other_key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=other_key["KeyId"])
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == other_key["KeyId"]


@pytest.mark.parametrize("window, expected", [(None, 30), (7, 7), (30, 30)])
def test_deletion_is_scheduled_after_a_window(kms, key, window, expected):
    members = {} if window is None else {"PendingWindowInDays": window}
    answer = kms.schedule_key_deletion(KeyId=key["KeyId"], **members)
    answer.pop("ResponseMetadata")
    date = answer.pop("DeletionDate")
    assert answer == {"KeyId": key["Arn"], "KeyState": "PendingDeletion", "PendingWindowInDays": expected}
    wait = date - datetime.datetime.now(datetime.timezone.utc)
    assert abs(wait - datetime.timedelta(days=expected)) < datetime.timedelta(days=1)
    metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("PendingDeletion", False)
    assert metadata["DeletionDate"] == date
    assert "PendingDeletionWindowInDays" not in metadata


@pytest.mark.parametrize("window", [1, 6, 31, 365])
def test_the_service_admits_fewer_windows_than_the_model(kms, key, window):
    with refused("ValidationException", "PendingWindowInDays must be between 7 and 30"):
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=window)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize("window, rule", [(0, "greater than or equal to 1"), (366, "less than or equal to 365")])
def test_the_model_bounds_the_window_too(loose, key, window, rule):
    with refused(
        "ValidationException",
        f"1 validation error detected: Value '{window}' at 'pendingWindowInDays' failed to satisfy constraint: "
        f"Member must have value {rule}",
    ):
        loose.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=window)


def test_a_cancelled_deletion_leaves_the_key_disabled(kms, key, blob):
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    answer = kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert answer["KeyId"] == key["Arn"]
    metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Disabled", False)
    assert "DeletionDate" not in metadata
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"


def test_only_a_scheduled_deletion_can_be_cancelled(kms, shared_key, disabled_key):
    for key in (shared_key, disabled_key):
        with refusal_of(key, "not pending deletion"):
            kms.cancel_key_deletion(KeyId=key["KeyId"])


def test_a_scheduled_deletion_keeps_aliases_and_tags(kms, key, alias):
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "k", "TagValue": "v"}])
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]] == [alias]
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "k", "TagValue": "v"}]
