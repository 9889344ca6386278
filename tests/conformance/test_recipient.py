"""Answers that only the holder of an attestation document can read."""

import datetime
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import harness
from attested import Authority, Enclave
from harness import refused

PAST = datetime.datetime(2021, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def trusting(authority, tmp_path_factory):
    """A server that trusts the authority in place of AWS's."""
    directory = tmp_path_factory.mktemp("attested")
    (directory / "roots.pem").write_bytes(authority.pem())
    options = ("--account-id", harness.ACCOUNT, "--attestation-roots", str(directory / "roots.pem"))
    with harness.Server(directory / "data", *options) as server:
        yield server


@pytest.fixture(scope="module")
def calls(trusting):
    return trusting.client()


@pytest.fixture(scope="module")
def symmetric(calls):
    return calls.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="module")
def enclave(authority):
    return Enclave(authority)


def recipient(document):
    return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}


def test_every_operation_answers_the_recipient_and_nobody_else(calls, symmetric, enclave, tmp_path):
    to = recipient(enclave.document())

    def read(answer, *absent):
        assert not {"KeyMaterialId", *absent} & answer.keys()
        return enclave.read(answer["CiphertextForRecipient"], tmp_path)

    sealed = calls.encrypt(KeyId=symmetric, Plaintext=b"secret")["CiphertextBlob"]
    answer = calls.decrypt(CiphertextBlob=sealed, Recipient=to)
    assert read(answer, "Plaintext") == b"secret"
    assert answer["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"

    answer = calls.generate_data_key(KeyId=symmetric, KeySpec="AES_256", Recipient=to)
    data_key = read(answer, "Plaintext")
    assert len(data_key) == 32
    assert calls.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == data_key

    for spec in ("ECC_NIST_P256", "RSA_4096"):
        answer = calls.generate_data_key_pair(KeyId=symmetric, KeyPairSpec=spec, Recipient=to)
        private = read(answer, "PrivateKeyPlaintext")
        assert calls.decrypt(CiphertextBlob=answer["PrivateKeyCiphertextBlob"])["Plaintext"] == private
        public = serialization.load_der_private_key(private, None).public_key()
        assert answer["PublicKey"] == public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    answer = calls.generate_random(NumberOfBytes=1024, Recipient=to)
    assert len(read(answer, "Plaintext")) == 1024

    agreeing = calls.create_key(KeySpec="ECC_NIST_P384", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    other = ec.generate_private_key(ec.SECP384R1())
    answer = calls.derive_shared_secret(
        KeyId=agreeing, KeyAgreementAlgorithm="ECDH", Recipient=to,
        PublicKey=other.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )
    ours = serialization.load_der_public_key(calls.get_public_key(KeyId=agreeing)["PublicKey"])
    assert read(answer, "SharedSecret") == other.exchange(ec.ECDH(), ours)


@pytest.mark.parametrize(
    "pcrs, shown",
    [
        ("pcrs", {"EnclaveImageDigest": 0, **{f"EnclavePCR{pcr}": pcr for pcr in (1, 2, 3, 4, 8)}}),
        ("nitrotpm_pcrs", {f"NitroTPMPCR{pcr}": pcr for pcr in (4, 7, 8, 9)}),
    ],
)
def test_the_record_tells_what_was_attested(trusting, calls, symmetric, enclave, pcrs, shown):
    document = enclave.document(pcrs=pcrs)
    answer = calls.generate_data_key(KeyId=symmetric, KeySpec="AES_128", Recipient=recipient(document))
    request = answer["ResponseMetadata"]["RequestId"]
    (record,) = [record for record in trusting.audit() if record.get("requestID") == request]
    assert record["additionalEventData"]["recipient"] == {
        "attestationDocumentModuleId": "i-0123456789abcdef0-enc0123456789abcdef",
        **{f"attestationDocument{name}": f"{pcr:02x}" * 48 for name, pcr in shown.items()},
    }
    assert record["requestParameters"] == {"keyId": symmetric, "keySpec": "AES_128"}
    assert "iphertextForRecipient" not in json.dumps(record)


def test_what_is_not_attested_gets_nothing(calls, symmetric, authority, enclave):
    sealed = calls.encrypt(KeyId=symmetric, Plaintext=b"secret")["CiphertextBlob"]
    good = enclave.document()
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for document, message in (
        (b"no document", None),
        (good[:-1], None),
        (flipped, "The attestation document's signature does not verify."),
        (Enclave(Authority()).document(), None),
        (Enclave(authority, end=PAST).document(),
         "A certificate of the attestation document is not valid at this time."),
        (enclave.document(public_key=None),
         "The attestation document has no RSA public key of 2048 to 4096 bits."),
        (enclave.document(digest="SHA256"), None),
        (enclave.document(surprise=1), None),
        (enclave.document(measured={0: b"short"}), None),
    ):
        for call in (
            lambda to: calls.decrypt(CiphertextBlob=sealed, Recipient=to),
            lambda to: calls.generate_data_key(KeyId=symmetric, KeySpec="AES_256", Recipient=to),
            lambda to: calls.generate_random(NumberOfBytes=8, Recipient=to),
        ):
            with refused("ValidationException", message):
                call(recipient(document))
    assert calls.decrypt(CiphertextBlob=sealed, Recipient=recipient(good))["CiphertextForRecipient"]


def test_a_recipient_needs_its_members(calls, symmetric, enclave):
    for member in ("KeyEncryptionAlgorithm", "AttestationDocument"):
        lacking = {name: value for name, value in recipient(enclave.document()).items() if name != member}
        with refused("ValidationException", f"Recipient.{member} is required."):
            calls.generate_data_key(KeyId=symmetric, KeySpec="AES_256", Recipient=lacking)


def test_a_document_is_no_way_around_authorization_or_the_state_of_a_key(calls, enclave):
    key = calls.create_key()["KeyMetadata"]["KeyId"]
    calls.disable_key(KeyId=key)
    with refused("DisabledException"):
        calls.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=recipient(enclave.document()))


def test_roots_made_elsewhere_are_not_trusted_unless_configured(kms, shared_key, enclave):
    with refused("ValidationException"):
        kms.generate_data_key(
            KeyId=shared_key["KeyId"], KeySpec="AES_256", Recipient=recipient(enclave.document())
        )


@pytest.mark.parametrize("text", [None, "no certificate", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"])
def test_roots_that_cannot_be_used_stop_the_server(tmp_path, text):
    roots = tmp_path / "roots.pem"
    if text:
        roots.write_text(text)
    with pytest.raises(harness.NotReady, match="give a PEM file of certificates with --attestation-roots"):
        harness.Server(tmp_path / "data", "--attestation-roots", str(roots)).start()
