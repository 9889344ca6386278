"""Encrypt, Decrypt, ReEncrypt: the ciphertext, its context, and what happens when either is wrong."""

import base64
import os

import pytest

from harness import NO_MESSAGE, OTHER_REGION, null, refused, violation

INCORRECT = "The key ID in the request does not identify a CMK that can perform this operation."
UNKNOWN_KEY = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)
CONTEXT = {"purpose": "test", "Zürich": "grüezi", "": "empty key", "empty value": ""}


@pytest.fixture
def blob(kms, shared_key):
    return kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"a known plaintext", EncryptionContext=CONTEXT)[
        "CiphertextBlob"
    ]


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 1024, 4095, 4096])
def test_what_was_encrypted_is_decrypted(kms, server, shared_key, size):
    plaintext = os.urandom(size)
    server.secrets.add(plaintext)
    sealed = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=plaintext)
    sealed.pop("ResponseMetadata")
    blob = sealed.pop("CiphertextBlob")
    assert sealed == {"KeyId": shared_key["Arn"], "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    assert size < len(blob) <= 6144
    opened = kms.decrypt(CiphertextBlob=blob)
    opened.pop("ResponseMetadata")
    assert opened == {
        "KeyId": shared_key["Arn"],
        "Plaintext": plaintext,
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "KeyMaterialId": shared_key["CurrentKeyMaterialId"],
    }


def test_the_same_plaintext_never_gives_the_same_ciphertext(kms, shared_key):
    blobs = {kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"same")["CiphertextBlob"] for _ in range(5)}
    assert len(blobs) == 5


@pytest.mark.parametrize(
    "plaintext, rule", [(b"", "greater than or equal to 1"), (b"x" * 4097, "less than or equal to 4096")]
)
def test_a_plaintext_has_1_to_4096_bytes(loose, shared_key, plaintext, rule):
    with refused(
        "ValidationException",
        violation(f"Value at 'plaintext' failed to satisfy constraint: Member must have length {rule}"),
    ):
        loose.encrypt(KeyId=shared_key["KeyId"], Plaintext=plaintext)


def test_encrypt_needs_key_and_plaintext(loose):
    with refused("ValidationException") as caught:
        loose.encrypt()
    text = caught.value.response["Error"]["Message"]
    assert text.startswith("2 validation errors detected: ")
    assert null("keyId") in text and null("plaintext") in text


@pytest.mark.parametrize("operation", ["encrypt", "decrypt"])
def test_an_algorithm_must_fit_the_key(kms, shared_key, blob, operation):
    members = {"Plaintext": b"x"} if operation == "encrypt" else {"CiphertextBlob": blob}
    with refused(
        "InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."
    ):
        getattr(kms, operation)(KeyId=shared_key["KeyId"], EncryptionAlgorithm="RSAES_OAEP_SHA_256", **members)


def test_the_context_must_be_the_same_but_in_any_order(kms, blob):
    backwards = dict(reversed(CONTEXT.items()))
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=backwards)["Plaintext"] == b"a known plaintext"


@pytest.mark.parametrize(
    "context",
    [
        {},
        {**CONTEXT, "more": "x"},
        {name: value for name, value in CONTEXT.items() if name != "purpose"},
        {**CONTEXT, "purpose": "Test"},
        {**{name: value for name, value in CONTEXT.items() if name != "purpose"}, "Purpose": "test"},
        {**CONTEXT, "purpose": "test "},
    ],
    ids=["none", "more", "less", "other value", "other case", "other end"],
)
def test_another_context_does_not_decrypt(kms, shared_key, blob, context):
    for key in ({}, {"KeyId": shared_key["KeyId"]}):
        with refused("InvalidCiphertextException", NO_MESSAGE):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, **key)


def test_contexts_that_join_to_the_same_text_differ(kms, shared_key):
    blob = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x", EncryptionContext={"ab": "c"})["CiphertextBlob"]
    for context in ({"a": "bc"}, {"abc": ""}, {"ab": "", "c": ""}, {"c": "ab"}):
        with refused("InvalidCiphertextException", NO_MESSAGE):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)


def test_an_empty_context_is_no_context(kms, shared_key):
    blob = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x", EncryptionContext={})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_context_has_8192_bytes_at_most(kms, shared_key):
    kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x", EncryptionContext={"k": "v" * 8000})
    with refused("ValidationException"):
        kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x", EncryptionContext={"k": "v" * 8192})


def test_context_values_are_strings(raw_call, shared_key):
    for value in (1, True, ["x"], {"a": "b"}):
        answer = raw_call(
            "Encrypt", {"KeyId": shared_key["KeyId"], "Plaintext": "eA==", "EncryptionContext": {"k": value}}
        )
        assert (answer.status, answer.code) == (400, "SerializationException")


def test_decrypt_takes_any_form_of_the_key(kms, shared_key, alias, blob):
    kms.create_alias(AliasName=alias, TargetKeyId=shared_key["KeyId"])
    account = shared_key["AWSAccountId"]
    for form in (shared_key["KeyId"], shared_key["Arn"], alias, f"arn:aws:kms:us-east-1:{account}:{alias}"):
        answer = kms.decrypt(CiphertextBlob=blob, KeyId=form, EncryptionContext=CONTEXT)
        assert (answer["KeyId"], answer["Plaintext"]) == (shared_key["Arn"], b"a known plaintext")


def test_only_the_named_key_is_tried(kms, key, shared_key, blob):
    with refused("IncorrectKeyException", INCORRECT):
        kms.decrypt(CiphertextBlob=blob, KeyId=key["KeyId"], EncryptionContext=CONTEXT)
    with refused("IncorrectKeyException", INCORRECT):
        kms.re_encrypt(
            CiphertextBlob=blob, SourceKeyId=key["KeyId"], DestinationKeyId=shared_key["KeyId"],
            SourceEncryptionContext=CONTEXT,
        )


def test_every_byte_of_a_ciphertext_counts(kms, loose, shared_key):
    blob = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"tamper with me")["CiphertextBlob"]
    for position in range(len(blob)):
        altered = blob[:position] + bytes([blob[position] ^ 0x40]) + blob[position + 1 :]
        # A header that names no key here reads like a ciphertext of somebody else's key.
        with refused({"InvalidCiphertextException", "AccessDeniedException"}) as caught:
            loose.decrypt(CiphertextBlob=altered)
        error = caught.value.response["Error"]
        expected = UNKNOWN_KEY if error["Code"] == "AccessDeniedException" else NO_MESSAGE
        assert (error.get("Message") or "") == expected


def test_a_ciphertext_cannot_be_cut_or_extended(kms, shared_key):
    blob = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"whole")["CiphertextBlob"]
    for wrong in (blob[:-1], blob[: len(blob) // 2], blob[:1], blob[1:], blob + b"\0", blob + blob):
        with refused({"InvalidCiphertextException", "AccessDeniedException"}):
            kms.decrypt(CiphertextBlob=wrong)


@pytest.mark.parametrize("junk", [b"x", b"\x01", b"\0" * 200, bytes(range(256)), b"\xff" * 6144])
def test_junk_is_no_ciphertext(kms, shared_key, junk):
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.decrypt(CiphertextBlob=junk)
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.decrypt(CiphertextBlob=junk, KeyId=shared_key["KeyId"])


@pytest.mark.parametrize(
    "blob, rule", [(b"", "greater than or equal to 1"), (b"x" * 6145, "less than or equal to 6144")]
)
def test_a_ciphertext_has_1_to_6144_bytes(loose, blob, rule):
    with refused(
        "ValidationException",
        violation(f"Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length {rule}"),
    ):
        loose.decrypt(CiphertextBlob=blob)


def test_decrypt_needs_a_ciphertext(kms, shared_key):
    with refused("ValidationException"):
        kms.decrypt(KeyId=shared_key["KeyId"])
    with refused("ValidationException"):
        kms.re_encrypt(DestinationKeyId=shared_key["KeyId"])


def test_a_ciphertext_of_another_region_is_of_an_unknown_key(kms, eu, shared_key, blob):
    with refused("AccessDeniedException", UNKNOWN_KEY):
        eu.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
    with refused("NotFoundException", f"Invalid arn {OTHER_REGION}"):
        kms.decrypt(CiphertextBlob=blob, KeyId=shared_key["Arn"].replace("us-east-1", OTHER_REGION))


def test_a_wrong_blob_says_nothing_about_the_key_state(kms, disabled_key, loose):
    with refused({"InvalidCiphertextException", "DisabledException"}):
        loose.decrypt(CiphertextBlob=b"junk", KeyId=disabled_key["KeyId"])


@pytest.mark.parametrize("operation", ["encrypt", "decrypt", "generate_data_key", "describe_key"])
def test_ten_grant_tokens_are_the_most(loose, shared_key, operation):
    members = {
        "encrypt": {"Plaintext": b"x"}, "decrypt": {"CiphertextBlob": b"x"}, "generate_data_key": {"KeySpec": "AES_256"},
        "describe_key": {},
    }[operation]
    with refused("ValidationException") as caught:
        getattr(loose, operation)(KeyId=shared_key["KeyId"], GrantTokens=["t"] * 11, **members)
    assert caught.value.response["Error"]["Message"].endswith(
        "at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10"
    )


def test_a_malformed_grant_token_is_refused(kms, shared_key):
    with refused("InvalidGrantTokenException"):
        kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"x", GrantTokens=["not a token"])


def test_an_attestation_document_that_cannot_be_verified_is_refused(kms, shared_key, blob):
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"no document"}
    for call in (
        lambda: kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, Recipient=recipient),
        lambda: kms.generate_data_key(KeyId=shared_key["KeyId"], KeySpec="AES_256", Recipient=recipient),
        lambda: kms.generate_random(NumberOfBytes=8, Recipient=recipient),
    ):
        with refused("ValidationException"):
            call()


def test_reencrypt_moves_a_ciphertext_to_another_key(kms, key, shared_key, blob):
    answer = kms.re_encrypt(
        CiphertextBlob=blob, DestinationKeyId=key["KeyId"], SourceEncryptionContext=CONTEXT,
        DestinationEncryptionContext={"new": "context"},
    )
    answer.pop("ResponseMetadata")
    moved = answer.pop("CiphertextBlob")
    assert answer == {
        "SourceKeyId": shared_key["Arn"],
        "KeyId": key["Arn"],
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "SourceKeyMaterialId": shared_key["CurrentKeyMaterialId"],
        "DestinationKeyMaterialId": key["CurrentKeyMaterialId"],
    }
    opened = kms.decrypt(CiphertextBlob=moved, EncryptionContext={"new": "context"}, KeyId=key["KeyId"])
    assert opened["Plaintext"] == b"a known plaintext"
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.decrypt(CiphertextBlob=moved, EncryptionContext=CONTEXT)


def test_reencrypt_can_stay_on_one_key(kms, shared_key, blob):
    answer = kms.re_encrypt(
        CiphertextBlob=blob, SourceKeyId=shared_key["Arn"], DestinationKeyId=shared_key["KeyId"],
        SourceEncryptionContext=CONTEXT,
    )
    assert answer["CiphertextBlob"] != blob
    assert kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == b"a known plaintext"


def test_reencrypt_checks_its_source(kms, shared_key, blob):
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=shared_key["KeyId"])
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.re_encrypt(CiphertextBlob=b"junk", DestinationKeyId=shared_key["KeyId"])
    with refused("InvalidKeyUsageException"):
        kms.re_encrypt(
            CiphertextBlob=blob, DestinationKeyId=shared_key["KeyId"], SourceEncryptionContext=CONTEXT,
            DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_1",
        )


def test_reencrypt_needs_a_destination(loose, blob):
    with refused("ValidationException", violation(null("destinationKeyId"))):
        loose.re_encrypt(CiphertextBlob=blob)


def test_a_refusal_never_repeats_a_plaintext(raw_call, shared_key):
    secret = "a plaintext that must not come back"
    for body in (
        {"KeyId": shared_key["KeyId"], "Plaintext": base64.b64encode(secret.encode() * 200).decode()},
        {"KeyId": shared_key["KeyId"], "Plaintext": secret},
        {"KeyId": shared_key["KeyId"], "Plaintext": {"x": secret}},
        {"KeyId": 7, "Plaintext": secret},
    ):
        answer = raw_call("Encrypt", body)
        assert answer.status == 400
        assert secret.encode() not in answer.body
        assert base64.b64encode(secret.encode())[:20] not in answer.body
