"""CreateKey with MultiRegion, ReplicateKey, UpdatePrimaryRegion, and what the keys of a family share."""

import pytest

from harness import ACCOUNT, OTHER_REGION, REGION, key_arn, null, refused, violation


@pytest.fixture
def primary(kms):
    """A multi-Region primary key without replicas."""
    return kms.create_key(MultiRegion=True)["KeyMetadata"]


@pytest.fixture
def family(kms, primary):
    """A multi-Region key with a replica in the other Region; its id."""
    kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion=OTHER_REGION)
    return primary["KeyId"]


def test_a_multi_region_key_says_so(primary):
    assert primary["KeyId"].startswith("mrk-") and len(primary["KeyId"]) == 36
    assert primary["Arn"] == key_arn(primary["KeyId"])
    assert primary["MultiRegion"] is True
    assert primary["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": REGION},
        "ReplicaKeys": [],
    }


def test_a_replica_answers_as_aws_documents_it(kms, eu, primary):
    answer = kms.replicate_key(
        KeyId=primary["Arn"], ReplicaRegion=OTHER_REGION, Description="the other one",
        Tags=[{"TagKey": "a", "TagValue": "b"}],
    )
    metadata = answer["ReplicaKeyMetadata"]
    assert metadata["KeyState"] == "Creating" and metadata["Enabled"] is False
    assert metadata["AWSAccountId"] == ACCOUNT and metadata["Description"] == "the other one"
    assert metadata["Arn"] == key_arn(primary["KeyId"], OTHER_REGION)
    assert metadata["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": REGION},
        "ReplicaKeys": [{"Arn": metadata["Arn"], "Region": OTHER_REGION}],
    }
    assert answer["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert "key-default-1" in answer["ReplicaPolicy"]
    seen = eu.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert seen["KeyState"] == "Enabled" and seen["CurrentKeyMaterialId"] == primary["CurrentKeyMaterialId"]


def test_a_ciphertext_opens_in_the_other_region_before_and_after_rotation_and_a_change_of_the_primary(kms, eu, family):
    context = {"purpose": "test"}
    blobs = [client.encrypt(KeyId=family, Plaintext=b"text", EncryptionContext=context)["CiphertextBlob"]
             for client in (kms, eu)]
    kms.rotate_key_on_demand(KeyId=family)
    kms.update_primary_region(KeyId=family, PrimaryRegion=OTHER_REGION)
    eu.rotate_key_on_demand(KeyId=family)
    blobs += [client.encrypt(KeyId=family, Plaintext=b"text", EncryptionContext=context)["CiphertextBlob"]
              for client in (kms, eu)]
    for blob in blobs:
        opened = [client.decrypt(CiphertextBlob=blob, EncryptionContext=context) for client in (kms, eu)]
        assert [answer["Plaintext"] for answer in opened] == [b"text", b"text"]
        assert opened[0]["KeyMaterialId"] == opened[1]["KeyMaterialId"]
        assert [answer["KeyId"] for answer in opened] == [key_arn(family), key_arn(family, OTHER_REGION)]
    roles = [client.describe_key(KeyId=family)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]
             for client in (kms, eu)]
    assert roles == ["REPLICA", "PRIMARY"]


def test_what_can_not_be_replicated_is_refused(kms, eu, key, family):
    for client, name, arn in ((kms, key["KeyId"], key["Arn"]), (eu, family, key_arn(family, OTHER_REGION))):
        with refused("UnsupportedOperationException", f"{arn} is not a multi-region primary key."):
            client.replicate_key(KeyId=name, ReplicaRegion="ap-southeast-2")
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=family, ReplicaRegion=OTHER_REGION)
    with refused("ValidationException"):
        kms.replicate_key(KeyId=family, ReplicaRegion="us-west-2")


def test_the_primary_moves_to_an_existing_replica_alone(kms, eu, family):
    with refused("NotFoundException"):
        kms.update_primary_region(KeyId=family, PrimaryRegion="us-west-2")
    with refused("UnsupportedOperationException"):
        kms.update_primary_region(KeyId=family, PrimaryRegion=REGION)
    with refused("UnsupportedOperationException"):
        eu.update_primary_region(KeyId=family, PrimaryRegion=REGION)


def test_a_primary_with_replicas_waits_for_them(kms, eu, family):
    answer = kms.schedule_key_deletion(KeyId=family, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in answer
    metadata = kms.describe_key(KeyId=family)["KeyMetadata"]
    assert metadata["PendingDeletionWindowInDays"] == 7 and "DeletionDate" not in metadata
    assert eu.describe_key(KeyId=family)["KeyMetadata"]["KeyState"] == "Enabled"
    kms.cancel_key_deletion(KeyId=family)
    assert kms.describe_key(KeyId=family)["KeyMetadata"]["KeyState"] == "Disabled"


def test_members_are_checked(loose, family):
    with refused("ValidationException", violation(null("replicaRegion"))):
        loose.replicate_key(KeyId=family)
    with refused("ValidationException", violation(
        "Value 'Here' at 'primaryRegion' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        "^([a-z]+-){2,3}\\d+$"
    )):
        loose.update_primary_region(KeyId=family, PrimaryRegion="Here")
