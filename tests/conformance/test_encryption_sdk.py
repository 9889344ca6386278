"""The AWS Encryption SDK for Python on a Keystead key: the main job of a KMS."""

import os

import aws_encryption_sdk
import pytest
from aws_encryption_sdk.identifiers import CommitmentPolicy

SIZE = 10 * 1024 * 1024
CONTEXT = {"purpose": "conformance"}


@pytest.fixture
def sdk():
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


@pytest.fixture
def provider(server, key, monkeypatch):
    """A key provider that knows of Keystead by the exported environment alone."""
    for name, value in server.exports.items():
        monkeypatch.setenv(name, value)

    def make():
        return aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]])

    return make


def copy(sdk, mode, source, target, provider, **more):
    with open(source, "rb") as reader, open(target, "wb") as writer:
        with sdk.stream(mode=mode, source=reader, key_provider=provider, **more) as stream:
            for chunk in stream:
                writer.write(chunk)
        return stream.header


def test_a_file_of_10_mib_survives_encryption_and_a_rotation(kms, key, sdk, provider, tmp_path):
    plain, sealed, opened = tmp_path / "plain", tmp_path / "sealed", tmp_path / "opened"
    content = os.urandom(SIZE)
    plain.write_bytes(content)

    copy(sdk, "e", plain, sealed, provider(), encryption_context=CONTEXT)
    assert content[:64] not in sealed.read_bytes()
    header = copy(sdk, "d", sealed, opened, provider())
    assert opened.read_bytes() == content
    assert CONTEXT.items() <= header.encryption_context.items()

    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    copy(sdk, "d", sealed, opened, provider())
    assert opened.read_bytes() == content
    copy(sdk, "e", plain, sealed, provider(), encryption_context=CONTEXT)
    copy(sdk, "d", sealed, opened, provider())
    assert opened.read_bytes() == content


def test_a_disabled_key_opens_no_file(kms, key, sdk, provider):
    sealed, _ = sdk.encrypt(source=b"content", key_provider=provider(), encryption_context=CONTEXT)
    kms.disable_key(KeyId=key["KeyId"])
    with pytest.raises(aws_encryption_sdk.exceptions.DecryptKeyError):
        sdk.decrypt(source=sealed, key_provider=provider())
    kms.enable_key(KeyId=key["KeyId"])
    assert sdk.decrypt(source=sealed, key_provider=provider())[0] == b"content"


def test_another_key_opens_no_file(other_key, sdk, provider):
    sealed, _ = sdk.encrypt(source=b"content", key_provider=provider())
    wrong = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[other_key["Arn"]])
    with pytest.raises(aws_encryption_sdk.exceptions.AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=wrong)
