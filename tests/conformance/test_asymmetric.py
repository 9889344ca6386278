"""Every asymmetric and HMAC algorithm, held against independent implementations over the wire."""

import hashlib
import hmac
import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem

import keys_elsewhere as elsewhere
from harness import ACCOUNT, NO_MESSAGE, refused

MESSAGE = b"signed on one side, verified on the other"
AGREEING = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"]
ENCRYPTING = [
    *((f"RSA_{bits}", f"RSAES_OAEP_SHA_{size}", bits // 8 - 2 * length - 2)
      for bits in (2048, 3072, 4096) for size, length in ((1, 20), (256, 32))),
    ("SM2", "SM2PKE", 1024),
]
MACS = [("HMAC_224", 28), ("HMAC_256", 32), ("HMAC_384", 48), ("HMAC_512", 64)]
PAIRS = [
    "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519", "SM2", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024",
]
_keys = {}


@pytest.fixture
def made(kms):
    """Makes a key of a spec and usage, once for the whole run; its id."""

    def of(spec, usage, origin="AWS_KMS"):
        place = (spec, usage, origin)
        if place not in _keys or origin == "EXTERNAL":
            _keys[place] = kms.create_key(KeySpec=spec, KeyUsage=usage, Origin=origin)["KeyMetadata"]["KeyId"]
        return _keys[place]

    return of


def public_key(kms, key):
    return kms.get_public_key(KeyId=key)["PublicKey"]


@pytest.mark.parametrize("spec, algorithm", elsewhere.SIGNING)
def test_what_is_signed_here_is_verified_elsewhere(kms, made, tmp_path, spec, algorithm):
    key = made(spec, "SIGN_VERIFY")
    for form, message in elsewhere.forms(algorithm, MESSAGE):
        answer = kms.sign(KeyId=key, Message=message, MessageType=form, SigningAlgorithm=algorithm)
        assert answer["SigningAlgorithm"] == algorithm and answer["KeyId"].endswith(key)
        elsewhere.verify(public_key(kms, key), algorithm, MESSAGE, answer["Signature"], tmp_path)


@pytest.mark.parametrize("spec, algorithm", elsewhere.SIGNING)
def test_what_is_signed_elsewhere_is_verified_here(kms, made, tmp_path, spec, algorithm):
    private = elsewhere.make(spec)
    key = made(spec, "SIGN_VERIFY", "EXTERNAL")
    elsewhere.import_key(kms, key, private)
    signature = elsewhere.sign(private, algorithm, MESSAGE, tmp_path)
    for form, message in elsewhere.forms(algorithm, MESSAGE):
        members = dict(KeyId=key, MessageType=form, SigningAlgorithm=algorithm)
        assert kms.verify(Message=message, Signature=signature, **members)["SignatureValid"] is True
        other = bytes([message[0] ^ 1]) + message[1:]
        for bad in (dict(Message=other, Signature=signature), dict(Message=message, Signature=signature[:-1] + b"\0\0")):
            with refused("KMSInvalidSignatureException", NO_MESSAGE):
                kms.verify(**members, **bad)


@pytest.mark.parametrize("spec", elsewhere.ML_DSA)
def test_the_representative_of_a_message_is_signed_as_the_message(kms, made, spec):
    key = made(spec, "SIGN_VERIFY")
    public = serialization.load_der_public_key(public_key(kms, key))
    mu = representative(public, MESSAGE)
    members = dict(KeyId=key, SigningAlgorithm="ML_DSA_SHAKE_256")
    of_mu = kms.sign(Message=mu, MessageType="EXTERNAL_MU", **members)["Signature"]
    public.verify(of_mu, MESSAGE)
    of_message = kms.sign(Message=MESSAGE, MessageType="RAW", **members)["Signature"]
    for message, form in ((MESSAGE, "RAW"), (mu, "EXTERNAL_MU")):
        for signature in (of_mu, of_message):
            assert kms.verify(Message=message, MessageType=form, Signature=signature, **members)["SignatureValid"]
    with refused("ValidationException"):
        kms.sign(Message=mu[1:], MessageType="EXTERNAL_MU", **members)
    with refused("ValidationException"):
        kms.sign(Message=mu, MessageType="DIGEST", **members)


def representative(public, message):
    """FIPS 204, algorithm 7, line 6, for an empty context."""
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    return hashlib.shake_256(tr + b"\0\0" + message).digest(64)


@pytest.mark.parametrize("spec, algorithm, most", ENCRYPTING)
def test_what_is_encrypted_elsewhere_is_decrypted_here(kms, made, tmp_path, spec, algorithm, most):
    key = made(spec, "ENCRYPT_DECRYPT")
    for length in (1, most):
        plaintext = os.urandom(length)
        sealed = elsewhere.encrypt(public_key(kms, key), algorithm, plaintext, tmp_path)
        answer = kms.decrypt(KeyId=key, CiphertextBlob=sealed, EncryptionAlgorithm=algorithm)
        assert answer["Plaintext"] == plaintext and answer["EncryptionAlgorithm"] == algorithm
        assert "KeyMaterialId" not in answer
    bent = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for bad in (bent, sealed[1:], b"nonsense"):
        with refused("InvalidCiphertextException", NO_MESSAGE):
            kms.decrypt(KeyId=key, CiphertextBlob=bad, EncryptionAlgorithm=algorithm)


@pytest.mark.parametrize("spec, algorithm, most", ENCRYPTING)
def test_what_is_encrypted_here_is_decrypted_elsewhere(kms, made, tmp_path, spec, algorithm, most):
    private = elsewhere.make(spec)
    key = made(spec, "ENCRYPT_DECRYPT", "EXTERNAL")
    elsewhere.import_key(kms, key, private)
    for length in (1, most):
        plaintext = os.urandom(length)
        sealed = kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        assert elsewhere.decrypt(private, algorithm, sealed, tmp_path) == plaintext
    text = f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {most} bytes."
    with refused("ValidationException", text):
        kms.encrypt(KeyId=key, Plaintext=os.urandom(most + 1), EncryptionAlgorithm=algorithm)


@pytest.mark.parametrize("spec", AGREEING)
def test_both_sides_derive_one_secret(kms, made, spec):
    peer = elsewhere.make(spec)
    key = made(spec, "KEY_AGREEMENT")
    answer = kms.derive_shared_secret(
        KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=elsewhere.public_of(peer)
    )
    assert answer["SharedSecret"] == elsewhere.agree(peer, public_key(kms, key))
    assert answer["KeyOrigin"] == "AWS_KMS" and answer["KeyAgreementAlgorithm"] == "ECDH"
    imported = made(spec, "KEY_AGREEMENT", "EXTERNAL")
    elsewhere.import_key(kms, imported, peer)
    answer = kms.derive_shared_secret(
        KeyId=imported, KeyAgreementAlgorithm="ECDH", PublicKey=public_key(kms, key)
    )
    assert answer["SharedSecret"] == elsewhere.agree(peer, public_key(kms, key))
    assert answer["KeyOrigin"] == "EXTERNAL"


def test_sm2_keys_derive_one_secret(kms, made):
    one, other = made("SM2", "KEY_AGREEMENT"), made("SM2", "KEY_AGREEMENT", "EXTERNAL")
    elsewhere.import_key(kms, other, elsewhere.make("SM2"))
    secrets = [
        kms.derive_shared_secret(KeyId=own, KeyAgreementAlgorithm="ECDH", PublicKey=public_key(kms, peer))["SharedSecret"]
        for own, peer in ((one, other), (other, one))
    ]
    assert secrets[0] == secrets[1] and len(secrets[0]) == 32


def test_a_public_key_that_does_not_fit_is_refused_without_a_word(kms, made):
    key = made("ECC_NIST_P256", "KEY_AGREEMENT")
    own = public_key(kms, key)
    foreign = elsewhere.public_of(elsewhere.make("ECC_NIST_P384"))
    off_curve = own[:-1] + bytes([own[-1] ^ 1])
    for bad in (foreign, off_curve, own[:-1], own + b"\0", b"nonsense", own[26:]):
        with refused("ValidationException", NO_MESSAGE):
            kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=bad)


@pytest.mark.parametrize("spec, form", [("ML_KEM_768", mlkem.MLKEM768PublicKey), ("ML_KEM_1024", mlkem.MLKEM1024PublicKey)])
def test_what_is_encapsulated_elsewhere_is_decapsulated_here(kms, made, spec, form):
    key = made(spec, "ENCAPSULATE_DECAPSULATE")
    public = serialization.load_der_public_key(public_key(kms, key))
    assert isinstance(public, form)
    secret, ciphertext = public.encapsulate()
    members = dict(KeyId=key, EncapsulationAlgorithm="ML_KEM")
    assert kms.decapsulate(SharedSecretCiphertextBlob=ciphertext, **members)["SharedSecret"] == secret
    bent = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1])
    rejected = kms.decapsulate(SharedSecretCiphertextBlob=bent, **members)["SharedSecret"]
    assert len(rejected) == 32 and rejected != secret
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.decapsulate(SharedSecretCiphertextBlob=ciphertext[1:], **members)


@pytest.mark.parametrize("spec, form", [("ML_KEM_768", mlkem.MLKEM768PrivateKey), ("ML_KEM_1024", mlkem.MLKEM1024PrivateKey)])
def test_a_data_key_pair_decapsulates_elsewhere(kms, shared_key, spec, form):
    pair = kms.generate_data_key_pair(KeyId=shared_key["KeyId"], KeyPairSpec=spec)
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    assert isinstance(private, form) and len(pair["PrivateKeyPlaintext"]) == 86
    secret, ciphertext = serialization.load_der_public_key(pair["PublicKey"]).encapsulate()
    assert private.decapsulate(ciphertext) == secret


@pytest.mark.parametrize("spec, length", [("ML_KEM_512", 768), ("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)])
def test_what_is_encapsulated_here_is_decapsulated_here(kms, made, spec, length):
    key = made(spec, "ENCAPSULATE_DECAPSULATE")
    answer = kms.encapsulate(KeyId=key, EncapsulationAlgorithm="ML_KEM")
    assert len(answer["SharedSecret"]) == 32 and len(answer["SharedSecretCiphertextBlob"]) == length
    opened = kms.decapsulate(
        KeyId=key, EncapsulationAlgorithm="ML_KEM", SharedSecretCiphertextBlob=answer["SharedSecretCiphertextBlob"]
    )
    assert opened["SharedSecret"] == answer["SharedSecret"]
    assert opened["KeyId"] == answer["KeyId"] and opened["EncapsulationAlgorithm"] == "ML_KEM"


@pytest.mark.parametrize("spec, length", MACS)
def test_a_mac_is_the_one_that_others_make(kms, made, spec, length):
    algorithm = f"HMAC_SHA_{spec[5:]}"
    secret = bytes(range(length))
    key = made(spec, "GENERATE_VERIFY_MAC", "EXTERNAL")
    elsewhere.import_key(kms, key, secret, "RSAES_OAEP_SHA_256")
    expected = hmac.new(secret, MESSAGE, f"sha{spec[5:]}").digest()
    members = dict(KeyId=key, Message=MESSAGE, MacAlgorithm=algorithm)
    assert kms.generate_mac(**members)["Mac"] == expected and len(expected) == length
    assert kms.verify_mac(Mac=expected, **members)["MacValid"] is True
    for bad in (expected[:-1], expected + b"\0", bytes(length), b"x"):
        with refused("KMSInvalidMacException", NO_MESSAGE):
            kms.verify_mac(Mac=bad, **members)
    with refused("KMSInvalidMacException", NO_MESSAGE):
        kms.verify_mac(Mac=expected, **(members | {"Message": MESSAGE + b"."}))


@pytest.mark.parametrize("spec", PAIRS)
def test_a_data_key_pair_is_a_pair_and_its_private_key_opens(kms, shared_key, spec):
    members = dict(KeyId=shared_key["KeyId"], KeyPairSpec=spec, EncryptionContext={"a": "b"})
    pair = kms.generate_data_key_pair(**members)
    opened = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == pair["PrivateKeyPlaintext"] and pair["KeyPairSpec"] == spec
    if spec not in ("SM2", "ML_KEM_512"):  # the library here has neither
        assert elsewhere.public_of(pair["PrivateKeyPlaintext"]) == pair["PublicKey"]
    if spec == "SM2":
        assert pair["PublicKey"][-65:] in pair["PrivateKeyPlaintext"]
    bare = kms.generate_data_key_pair_without_plaintext(**members)
    assert "PrivateKeyPlaintext" not in bare and bare["PublicKey"] != pair["PublicKey"]
    with refused("InvalidCiphertextException", NO_MESSAGE):
        kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])


@pytest.mark.parametrize(
    "spec, usage, lists",
    [
        ("RSA_2048", "ENCRYPT_DECRYPT", {"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]}),
        ("ECC_NIST_P256", "SIGN_VERIFY", {"SigningAlgorithms": ["ECDSA_SHA_256"]}),
        ("ECC_NIST_P256", "KEY_AGREEMENT", {"KeyAgreementAlgorithms": ["ECDH"]}),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", {"EncapsulationAlgorithms": ["ML_KEM"]}),
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", {"SigningAlgorithms": ["ED25519_SHA_512", "ED25519_PH_SHA_512"]}),
    ],
)
def test_a_public_key_tells_what_it_is_for(kms, made, spec, usage, lists):
    key = made(spec, usage)
    answer = kms.get_public_key(KeyId=key)
    answer.pop("ResponseMetadata")
    expected = {"KeySpec": spec, "KeyUsage": usage} | lists
    if spec.startswith(("RSA", "ECC_NIST_P")):
        expected["CustomerMasterKeySpec"] = spec
    assert answer.pop("KeyId").endswith(f":{ACCOUNT}:key/{key}")
    assert isinstance(answer.pop("PublicKey"), bytes)
    assert answer == expected
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert {name: described.get(name) for name in lists} == lists


def test_usage_comes_before_the_algorithm_and_both_are_named(kms, made):
    signing, encrypting = made("RSA_2048", "SIGN_VERIFY"), made("RSA_2048", "ENCRYPT_DECRYPT")
    arn = kms.describe_key(KeyId=signing)["KeyMetadata"]["Arn"]
    with refused("InvalidKeyUsageException", f"{arn} key usage is SIGN_VERIFY which is not valid for Encrypt."):
        kms.encrypt(KeyId=signing, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."):
        kms.encrypt(KeyId=encrypting, Plaintext=b"x")
    with refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec RSA_2048."):
        kms.sign(KeyId=signing, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("InvalidKeyUsageException", "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224."):
        kms.generate_mac(KeyId=made("HMAC_224", "GENERATE_VERIFY_MAC"), Message=b"x", MacAlgorithm="HMAC_SHA_256")
    with refused("ValidationException", "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."):
        kms.sign(KeyId=signing, Message=b"x", MessageType="DIGEST", SigningAlgorithm="RSASSA_PSS_SHA_256")


def test_a_ciphertext_moves_between_kinds_of_keys(kms, made, shared_key):
    rsa = made("RSA_3072", "ENCRYPT_DECRYPT")
    sealed = kms.encrypt(KeyId=shared_key["KeyId"], Plaintext=b"moves", EncryptionContext={"a": "b"})["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=sealed, SourceEncryptionContext={"a": "b"}, DestinationKeyId=rsa,
        DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256",
    )
    assert "SourceKeyMaterialId" in moved and "DestinationKeyMaterialId" not in moved
    back = kms.re_encrypt(
        CiphertextBlob=moved["CiphertextBlob"], SourceKeyId=rsa, SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
        DestinationKeyId=shared_key["KeyId"],
    )
    assert "SourceKeyMaterialId" not in back and "DestinationKeyMaterialId" in back
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"moves"
    with refused("ValidationException"):
        kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("ValidationException"):
        kms.encrypt(
            KeyId=rsa, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256", EncryptionContext={"a": "b"}
        )


def test_a_dry_run_of_each_ends_before_the_work(kms, made):
    signing, mac = made("ECC_NIST_P256", "SIGN_VERIFY"), made("HMAC_256", "GENERATE_VERIFY_MAC")
    kem, agreeing = made("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"), made("ECC_NIST_P256", "KEY_AGREEMENT")
    public = kms.get_public_key(KeyId=agreeing)["PublicKey"]
    calls = [
        lambda: kms.sign(KeyId=signing, Message=b"x", SigningAlgorithm="ECDSA_SHA_256", DryRun=True),
        lambda: kms.verify(KeyId=signing, Message=b"x", Signature=b"x", SigningAlgorithm="ECDSA_SHA_256", DryRun=True),
        lambda: kms.generate_mac(KeyId=mac, Message=b"x", MacAlgorithm="HMAC_SHA_256", DryRun=True),
        lambda: kms.verify_mac(KeyId=mac, Message=b"x", Mac=b"x", MacAlgorithm="HMAC_SHA_256", DryRun=True),
        lambda: kms.encapsulate(KeyId=kem, EncapsulationAlgorithm="ML_KEM", DryRun=True),
        lambda: kms.decapsulate(
            KeyId=kem, SharedSecretCiphertextBlob=bytes(768), EncapsulationAlgorithm="ML_KEM", DryRun=True
        ),
        lambda: kms.derive_shared_secret(
            KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=public, DryRun=True
        ),
    ]
    for call in calls:
        with refused("DryRunOperationException", "The request would have succeeded, but the DryRun option is set."):
            call()


def test_nothing_secret_of_these_calls_is_recorded(server, kms, made):
    key = made("ECC_NIST_P256", "SIGN_VERIFY")
    signature = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")["ResponseMetadata"]["RequestId"]
    record = next(record for record in reversed(server.audit()) if record.get("requestID") == signature)
    assert record["requestParameters"] == {
        "keyId": key, "messageType": "RAW", "signingAlgorithm": "ECDSA_SHA_256"
    }
    assert record["responseElements"] is None and record["readOnly"] is True
