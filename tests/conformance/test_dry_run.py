"""DryRun: every check, and no result."""

import pytest

from harness import refused

WOULD = "The request would have succeeded, but the DryRun option is set."
OPERATIONS = ["encrypt", "decrypt", "re_encrypt", "generate_data_key", "generate_data_key_without_plaintext"]


def arguments(kms, operation, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"dry")["CiphertextBlob"]
    return {
        "encrypt": {"KeyId": key["KeyId"], "Plaintext": b"dry"},
        "decrypt": {"KeyId": key["KeyId"], "CiphertextBlob": blob},
        "re_encrypt": {"SourceKeyId": key["KeyId"], "DestinationKeyId": key["KeyId"], "CiphertextBlob": blob},
        "generate_data_key": {"KeyId": key["KeyId"], "KeySpec": "AES_256"},
        "generate_data_key_without_plaintext": {"KeyId": key["KeyId"], "KeySpec": "AES_256"},
    }[operation]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_dry_run_of_what_would_succeed_says_so(kms, shared_key, operation):
    with refused("DryRunOperationException", WOULD):
        getattr(kms, operation)(**arguments(kms, operation, shared_key), DryRun=True)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_dry_run_is_the_default(kms, shared_key, operation):
    answer = getattr(kms, operation)(**arguments(kms, operation, shared_key), DryRun=False)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_dry_run_of_what_would_fail_says_why(kms, key, root, policy, statement, operation):
    given = arguments(kms, operation, key)
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException", f"{key['Arn']} is disabled."):
        getattr(kms, operation)(**given, DryRun=True)
    deny = statement("Deny", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(deny))
    with refused("AccessDeniedException"):
        getattr(kms, operation)(**given, DryRun=True)


def test_a_dry_run_checks_its_members(loose, shared_key):
    with refused("ValidationException"):
        loose.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"", DryRun=True)
    with refused("ValidationException"):
        loose.generate_data_key(KeyId=shared_key["KeyId"], DryRun=True)
    with refused("NotFoundException"):
        loose.encrypt(KeyId="nonsense", Plaintext=b"x", DryRun=True)


def test_authorization_alone_can_be_tried(kms, shared_key):
    with refused("DryRunOperationException", WOULD):
        kms.decrypt(KeyId=shared_key["KeyId"], DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"])
    with refused("DryRunOperationException", WOULD):
        kms.decrypt(
            KeyId=shared_key["KeyId"], CiphertextBlob=b"anything", DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"]
        )
    with refused("DryRunOperationException", WOULD):
        kms.re_encrypt(
            SourceKeyId=shared_key["KeyId"], DestinationKeyId=shared_key["KeyId"], DryRun=True,
            DryRunModifiers=["IGNORE_CIPHERTEXT"],
        )


def test_modifiers_need_a_dry_run_and_a_key(kms, shared_key):
    with refused("ValidationException"):
        kms.decrypt(KeyId=shared_key["KeyId"], CiphertextBlob=b"x", DryRunModifiers=["IGNORE_CIPHERTEXT"])
    with refused("ValidationException"):
        kms.decrypt(DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"])


def test_a_dry_run_checks_all_that_needs_no_private_key(kms):
    def made(spec, usage):
        return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]

    agreeing = made("ECC_NIST_P256", "KEY_AGREEMENT")
    own = kms.get_public_key(KeyId=agreeing)["PublicKey"]
    for wrong in (b"zz", own[:-1] + bytes([own[-1] ^ 1])):
        with refused("ValidationException"):
            kms.derive_shared_secret(KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=wrong, DryRun=True)
    with refused("DryRunOperationException", WOULD):
        kms.derive_shared_secret(KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=own, DryRun=True)
    encapsulating = made("ML_KEM_512", "ENCAPSULATE_DECAPSULATE")
    decrypting = made("RSA_2048", "ENCRYPT_DECRYPT")
    for length, code in ((1, "InvalidCiphertextException"), (768, "DryRunOperationException")):
        with refused(code):
            kms.decapsulate(
                KeyId=encapsulating, EncapsulationAlgorithm="ML_KEM", SharedSecretCiphertextBlob=bytes(length), DryRun=True
            )
    for length, code in ((2, "InvalidCiphertextException"), (256, "DryRunOperationException")):
        with refused(code):
            kms.decrypt(
                KeyId=decrypting, EncryptionAlgorithm="RSAES_OAEP_SHA_256", CiphertextBlob=bytes(length), DryRun=True
            )
