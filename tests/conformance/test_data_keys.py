"""GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom."""

import pytest

from harness import refused, violation

BOTH = ["generate_data_key", "generate_data_key_without_plaintext"]
ONE_SIZE = "Please specify either number of bytes or key spec."


@pytest.mark.parametrize(
    "size, length",
    [({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32), ({"NumberOfBytes": 1}, 1), ({"NumberOfBytes": 1024}, 1024)],
)
def test_a_data_key_comes_in_clear_and_sealed(kms, shared_key, size, length):
    context = {"file": "report"}
    answer = kms.generate_data_key(KeyId=shared_key["KeyId"], EncryptionContext=context, **size)
    answer.pop("ResponseMetadata")
    assert set(answer) == {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"}
    assert len(answer["Plaintext"]) == length
    assert answer["KeyId"] == shared_key["Arn"]
    assert answer["KeyMaterialId"] == shared_key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == answer["Plaintext"]
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])


@pytest.mark.parametrize("size, length", [({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 77}, 77)])
def test_a_data_key_can_come_sealed_only(kms, shared_key, size, length):
    answer = kms.generate_data_key_without_plaintext(KeyId=shared_key["KeyId"], **size)
    answer.pop("ResponseMetadata")
    assert set(answer) == {"CiphertextBlob", "KeyId", "KeyMaterialId"}
    assert len(kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"]) == length


def test_no_two_data_keys_are_alike(kms, shared_key):
    keys = {kms.generate_data_key(KeyId=shared_key["KeyId"], KeySpec="AES_256")["Plaintext"] for _ in range(10)}
    assert len(keys) == 10


@pytest.mark.parametrize("operation", BOTH)
def test_exactly_one_size_must_be_given(kms, shared_key, operation):
    for size in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        with refused("ValidationException", ONE_SIZE):
            getattr(kms, operation)(KeyId=shared_key["KeyId"], **size)


@pytest.mark.parametrize("operation", [*BOTH, "generate_random"])
@pytest.mark.parametrize(
    "size, rule", [(0, "greater than or equal to 1"), (1025, "less than or equal to 1024"), (-1, "greater than or equal to 1")]
)
def test_sizes_are_bounded(loose, shared_key, operation, size, rule):
    key = {} if operation == "generate_random" else {"KeyId": shared_key["KeyId"]}
    with refused(
        "ValidationException",
        violation(f"Value '{size}' at 'numberOfBytes' failed to satisfy constraint: Member must have value {rule}"),
    ):
        getattr(loose, operation)(NumberOfBytes=size, **key)


@pytest.mark.parametrize("operation", BOTH)
def test_an_unknown_key_spec_is_refused(loose, shared_key, operation):
    with refused("ValidationException") as caught:
        getattr(loose, operation)(KeyId=shared_key["KeyId"], KeySpec="AES_192")
    assert "Value 'AES_192' at 'keySpec'" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("size", [1, 32, 1024])
def test_random_bytes_have_the_size_asked_for(kms, size):
    answer = kms.generate_random(NumberOfBytes=size)
    assert len(answer["Plaintext"]) == size
    assert set(answer) == {"Plaintext", "ResponseMetadata"}


def test_random_bytes_differ(kms):
    assert len({kms.generate_random(NumberOfBytes=16)["Plaintext"] for _ in range(20)}) == 20


def test_generate_random_needs_a_size(kms):
    with refused("ValidationException", "NumberOfBytes is required."):
        kms.generate_random()


def test_there_is_no_custom_key_store_to_ask(kms):
    with refused({"UnsupportedOperationException", "CustomKeyStoreNotFoundException"}):
        kms.generate_random(NumberOfBytes=8, CustomKeyStoreId="cks-1234567890abcdef0")
