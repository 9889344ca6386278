"""GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial, and what imported keys do."""

import datetime
import hashlib
import hmac
import json
import os
import re
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import harness
import keys_elsewhere as elsewhere
from harness import OTHER_REGION, key_arn, null, refused, violation

WAYS = [
    (algorithm, wrapping)
    for algorithm in ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256")
    for wrapping in ("RSA_2048", "RSA_3072", "RSA_4096")
]
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def make(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **members):
    made = kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage, **members)["KeyMetadata"]
    assert made["KeyState"] == "PendingImport" and made["Enabled"] is False
    return made["KeyId"]


def describe(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def materials(kms, key):
    """The state of each material, and whether it is imported."""
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    return [(entry["KeyMaterialState"], entry["ImportState"]) for entry in listed]


def members(answer):
    return set(answer) - {"ResponseMetadata"}


def following(server, name):
    """Waits for the record of this name."""
    command = [str(harness.BINARY), "audit", "tail", "--data-dir", str(server.data_dir), "--follow"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=harness.clean_env({}))
    stop = threading.Timer(harness.PATIENCE, follower.kill)
    stop.start()
    try:
        return next(record for record in map(json.loads, follower.stdout) if record["eventName"] == name)
    finally:
        stop.cancel()
        follower.kill()
        follower.wait()
        follower.stdout.close()


@pytest.fixture
def external(kms):
    """A key that waits for its material."""
    return make(kms)


@pytest.mark.parametrize("algorithm, wrapping", WAYS)
def test_material_is_wrapped_in_each_way(kms, external, algorithm, wrapping):
    answer = kms.get_parameters_for_import(
        KeyId=external, WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping
    )
    assert members(answer) == {"KeyId", "ImportToken", "PublicKey", "ParametersValidTo"}
    assert answer["KeyId"] == key_arn(external)
    assert abs(answer["ParametersValidTo"] - now() - DAY) < datetime.timedelta(minutes=5)
    public = serialization.load_der_public_key(answer["PublicKey"])
    assert public.key_size == int(wrapping[4:]) and public.public_numbers().e == 65537
    imported = elsewhere.import_key(kms, external, os.urandom(32), algorithm, wrapping)
    assert members(imported) == {"KeyId", "KeyMaterialId"}
    assert imported["KeyId"] == key_arn(external)
    assert re.fullmatch("[0-9a-f]{64}", imported["KeyMaterialId"])
    metadata = describe(kms, external)
    assert (metadata["KeyState"], metadata["CurrentKeyMaterialId"]) == ("Enabled", imported["KeyMaterialId"])
    sealed = kms.encrypt(KeyId=external, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"x", imported["KeyMaterialId"])


@pytest.mark.parametrize("spec, length, size", [
    ("HMAC_224", 28, "sha224"), ("HMAC_256", 32, "sha256"), ("HMAC_384", 48, "sha384"), ("HMAC_512", 64, "sha512"),
])
def test_an_imported_hmac_key_makes_the_macs_that_its_owner_makes(kms, spec, length, size):
    key, material = make(kms, spec, "GENERATE_VERIFY_MAC"), os.urandom(length)
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, key, material + b"x", "RSAES_OAEP_SHA_256")
    assert members(elsewhere.import_key(kms, key, material, "RSAES_OAEP_SHA_256")) == {"KeyId"}
    made = kms.generate_mac(KeyId=key, Message=b"message", MacAlgorithm=f"HMAC_SHA_{size[3:]}")["Mac"]
    assert made == hmac.new(material, b"message", getattr(hashlib, size)).digest()


@pytest.mark.parametrize("spec, algorithm", [
    ("RSA_2048", "RSASSA_PSS_SHA_256"), ("RSA_3072", "RSASSA_PKCS1_V1_5_SHA_384"), ("RSA_4096", "RSASSA_PSS_SHA_512"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"), ("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"), ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
    ("ML_DSA_65", "ML_DSA_SHAKE_256"), ("SM2", "SM2DSA"),
])
def test_an_imported_private_key_signs_as_its_owner_would(kms, tmp_path, spec, algorithm):
    key, material, other = make(kms, spec, "SIGN_VERIFY"), elsewhere.make(spec), elsewhere.make(spec)
    with refused("KMSInvalidStateException", f"{key_arn(key)} is pending import."):
        kms.sign(KeyId=key, Message=b"message", SigningAlgorithm=algorithm)
    assert members(elsewhere.import_key(kms, key, material)) == {"KeyId"}
    signed = kms.sign(KeyId=key, Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    public = kms.get_public_key(KeyId=key)["PublicKey"]
    elsewhere.verify(public, algorithm, b"message", signed, tmp_path)
    if spec != "SM2":
        assert public == elsewhere.public_of(material)
    # It stays the key's for good, in whatever way it comes again.
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, key, other)
    kms.delete_imported_key_material(KeyId=key)
    with refused("KMSInvalidStateException", f"{key_arn(key)} is pending import."):
        kms.get_public_key(KeyId=key)
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, key, other)
    elsewhere.import_key(kms, key, material, "RSA_AES_KEY_WRAP_SHA_1", "RSA_3072")
    kms.verify(KeyId=key, Message=b"message", SigningAlgorithm=algorithm, Signature=signed)


def test_an_rsa_key_with_an_unusual_exponent_is_refused(kms):
    key = make(kms, "RSA_2048", "SIGN_VERIFY")
    unusual = rsa.generate_private_key(3, 2048).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, key, unusual)
    elsewhere.import_key(kms, key, elsewhere.make("RSA_2048"))


@pytest.mark.parametrize("spec, wrapping", [
    ("ECC_NIST_P256", "RSA_2048"), ("ECC_NIST_P384", "RSA_2048"), ("ECC_NIST_P521", "RSA_3072"),
])
def test_the_keys_of_elliptic_curves_are_short_enough_to_be_wrapped_directly(kms, spec, wrapping):
    key, material = make(kms, spec, "KEY_AGREEMENT"), elsewhere.make(spec)
    elsewhere.import_key(kms, key, material, "RSAES_OAEP_SHA_256", wrapping)
    peer = elsewhere.make(spec)
    answer = kms.derive_shared_secret(
        KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=elsewhere.public_of(peer)
    )
    assert answer["SharedSecret"] == elsewhere.agree(peer, elsewhere.public_of(material))
    assert answer["KeyOrigin"] == "EXTERNAL"


@pytest.mark.parametrize("spec, algorithm, wrapping", [
    ("RSA_2048", "RSAES_OAEP_SHA_256", "RSA_4096"), ("RSA_4096", "RSAES_OAEP_SHA_1", "RSA_4096"),
    ("ECC_NIST_P521", "RSAES_OAEP_SHA_256", "RSA_2048"), ("ECC_NIST_P521", "RSAES_OAEP_SHA_1", "RSA_2048"),
    ("ECC_NIST_P256", "RSAES_PKCS1_V1_5", "RSA_2048"), ("ECC_NIST_P256", "SM2PKE", "SM2"),
])
def test_a_way_that_does_not_fit_is_refused(kms, spec, algorithm, wrapping):
    key = make(kms, spec, "SIGN_VERIFY")
    with refused("UnsupportedOperationException"):
        kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping)


def test_members_are_checked_as_the_model_says(loose, external):
    with refused("ValidationException", violation(null("wrappingAlgorithm"), null("wrappingKeySpec"))):
        loose.get_parameters_for_import(KeyId=external)
    with refused("ValidationException", re.compile(r".*Value 'RSA_1024' at 'wrappingKeySpec' failed.*enum value set.*")):
        loose.get_parameters_for_import(
            KeyId=external, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_1024"
        )
    with refused("ValidationException", violation(null("importToken"), null("encryptedKeyMaterial"))):
        loose.import_key_material(KeyId=external)
    rule = "Member must have length greater than or equal to 64"
    with refused("ValidationException", violation(f"Value '00' at 'keyMaterialId' failed to satisfy constraint: {rule}")):
        loose.delete_imported_key_material(KeyId=external, KeyMaterialId="00")


def test_a_key_of_another_origin_takes_no_material(kms, key):
    text = f"{key['Arn']} origin is AWS_KMS which is not valid for this operation."
    with refused("UnsupportedOperationException", text):
        kms.get_parameters_for_import(
            KeyId=key["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )
    with refused("UnsupportedOperationException", text):
        kms.import_key_material(
            KeyId=key["KeyId"], ImportToken=b"x", EncryptedKeyMaterial=b"x",
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
        )
    with refused("UnsupportedOperationException", text):
        kms.delete_imported_key_material(KeyId=key["KeyId"])


def test_the_terms_of_an_import(kms, external):
    material = os.urandom(32)

    def bring(**terms):
        return elsewhere.import_key(kms, external, material, "RSAES_OAEP_SHA_256", **terms)

    text = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
    with refused("ValidationException", text):
        bring(ExpirationModel="KEY_MATERIAL_EXPIRES")
    for terms in (
        {"ValidTo": now() - DAY}, {"ValidTo": now() + 366 * DAY},
        {"ValidTo": now() + DAY, "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
    ):
        with refused("ValidationException"):
            bring(**terms)
    assert not {"ExpirationModel", "ValidTo", "CurrentKeyMaterialId"} & set(describe(kms, external))
    end = (now() + 100 * DAY).replace(microsecond=0)
    bring(ValidTo=end)
    metadata = describe(kms, external)
    assert (metadata["ExpirationModel"], metadata["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", end)
    bring(ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    metadata = describe(kms, external)
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in metadata


def test_tokens_and_wrapped_material_have_to_belong_together(kms, external):
    first, second = (
        kms.get_parameters_for_import(
            KeyId=external, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        ) for _ in range(2)
    )
    wrapper = serialization.load_der_public_key(first["PublicKey"])
    wrapped = wrapper.encrypt(os.urandom(32), elsewhere.oaep("RSAES_OAEP_SHA_256"))

    def bring(token, blob, key=external):
        return kms.import_key_material(
            KeyId=key, ImportToken=token, EncryptedKeyMaterial=blob, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"
        )

    token = first["ImportToken"]
    for bad in (b"x", token[:-1], token + b"x", token[:40] + bytes([token[40] ^ 1]) + token[41:]):
        with refused("InvalidImportTokenException"):
            bring(bad, wrapped)
    with refused("InvalidImportTokenException"):
        bring(token, wrapped, make(kms))
    for bad in (b"x", wrapped[:-1], wrapped + b"x", wrapped[:-1] + bytes([wrapped[-1] ^ 1])):
        with refused("InvalidCiphertextException", harness.NO_MESSAGE):
            bring(token, bad)
    with refused("InvalidCiphertextException", harness.NO_MESSAGE):
        bring(second["ImportToken"], wrapped)
    bring(token, wrapped)


def test_material_comes_and_goes(kms, external):
    material = os.urandom(32)
    first = elsewhere.import_key(kms, external, material, KeyMaterialDescription="from the safe")["KeyMaterialId"]
    sealed = kms.encrypt(KeyId=external, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.delete_imported_key_material(KeyId=external)
    assert {name: answer[name] for name in members(answer)} == {"KeyId": key_arn(external), "KeyMaterialId": first}
    assert describe(kms, external)["KeyState"] == "PendingImport"
    assert describe(kms, external)["CurrentKeyMaterialId"] == first
    with refused("KMSInvalidStateException", f"{key_arn(external)} is pending import."):
        kms.decrypt(CiphertextBlob=sealed)
    assert members(kms.delete_imported_key_material(KeyId=external)) == {"KeyId", "KeyMaterialId"}
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, external, os.urandom(32))
    assert elsewhere.import_key(kms, external, material, KeyMaterialId=first)["KeyMaterialId"] == first
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    (entry,) = kms.list_key_rotations(KeyId=external, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert (entry["KeyMaterialDescription"], entry["ImportState"]) == ("from the safe", "IMPORTED")


def test_a_key_rotates_to_the_material_that_waits(kms, external):
    materials_of = [os.urandom(32) for _ in range(3)]
    first = elsewhere.import_key(kms, external, materials_of[0])["KeyMaterialId"]
    old = kms.encrypt(KeyId=external, Plaintext=b"old")["CiphertextBlob"]
    none = f"No available key material pending rotation for the key: {key_arn(external)}."
    with refused("KMSInvalidStateException", none):
        kms.rotate_key_on_demand(KeyId=external)
    second = elsewhere.import_key(kms, external, materials_of[1], ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    assert materials(kms, external) == [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")]
    assert describe(kms, external)["CurrentKeyMaterialId"] == first
    text = re.compile(
        rf"New key material \(id: [0-9a-f]{{64}}\) cannot be imported into KMS key {key_arn(external)}, because another key "
        rf"material \(id: {second}\) is pending rotation\."
    )
    with refused("KMSInvalidStateException", text):
        elsewhere.import_key(kms, external, materials_of[2], ImportType="NEW_KEY_MATERIAL")
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, external, materials_of[0], ImportType="NEW_KEY_MATERIAL")
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(kms, external, materials_of[2], ImportType="EXISTING_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=external)
    assert materials(kms, external) == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]
    new = kms.encrypt(KeyId=external, Plaintext=b"new")["CiphertextBlob"]
    for blob, text, material in ((old, b"old", first), (new, b"new", second)):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (text, material)
    kms.delete_imported_key_material(KeyId=external, KeyMaterialId=first)
    assert materials(kms, external) == [("NON_CURRENT", "PENDING_IMPORT"), ("CURRENT", "IMPORTED")]
    with refused("KMSInvalidStateException", f"{key_arn(external)} is pending import."):
        kms.decrypt(CiphertextBlob=new)
    elsewhere.import_key(kms, external, materials_of[0])
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


def test_imported_keys_do_not_rotate_by_themselves(kms, external):
    text = f"{key_arn(external)} origin is EXTERNAL which is not valid for this operation."
    for call in (kms.enable_key_rotation, kms.disable_key_rotation):
        with refused("UnsupportedOperationException", text):
            call(KeyId=external)
    assert kms.get_key_rotation_status(KeyId=external)["KeyRotationEnabled"] is False


def test_a_replica_is_given_the_same_material(kms, eu):
    key, material, later = make(kms, MultiRegion=True), os.urandom(32), os.urandom(32)
    elsewhere.import_key(kms, key, material)
    kms.replicate_key(KeyId=key, ReplicaRegion=OTHER_REGION)
    assert describe(eu, key)["KeyState"] == "PendingImport"
    with refused("IncorrectKeyMaterialException"):
        elsewhere.import_key(eu, key, later)
    elsewhere.import_key(eu, key, material)
    with refused(
        "UnsupportedOperationException", f"{key_arn(key, OTHER_REGION)} is not a multi-region primary key."
    ):
        elsewhere.import_key(eu, key, later, ImportType="NEW_KEY_MATERIAL")
    elsewhere.import_key(kms, key, later, ImportType="NEW_KEY_MATERIAL")
    waiting = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    assert materials(kms, key)[1] == (waiting, "IMPORTED")
    assert materials(eu, key)[1] == (waiting, "PENDING_IMPORT")
    with refused("KMSInvalidStateException"):
        kms.rotate_key_on_demand(KeyId=key)
    elsewhere.import_key(eu, key, later, ImportType="EXISTING_KEY_MATERIAL")
    assert materials(kms, key)[1] == materials(eu, key)[1] == ("PENDING_ROTATION", "IMPORTED")
    kms.rotate_key_on_demand(KeyId=key)
    for here, there in ((kms, eu), (eu, kms)):
        sealed = here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_tokens_outlive_a_restart_and_material_expires_and_is_destroyed(tmp_path):
    options = ("--account-id", harness.ACCOUNT, "--destruction-grace", "0s")
    with harness.Server(tmp_path / "data", *options) as server:
        kms = server.client()
        key, material = make(kms), os.urandom(32)
        parameters = kms.get_parameters_for_import(
            KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096"
        )
        assert server.stop() == 0
    wrapper = serialization.load_der_public_key(parameters["PublicKey"])
    with harness.Server(tmp_path / "data", *options) as server:
        kms = server.client()
        answer = kms.import_key_material(
            KeyId=key, ImportToken=parameters["ImportToken"],
            EncryptedKeyMaterial=wrapper.encrypt(material, elsewhere.oaep("RSAES_OAEP_SHA_256")),
            ValidTo=now() + datetime.timedelta(seconds=2),
        )
        sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        record = following(server, "DeleteExpiredKeyMaterial")
        assert record["eventType"] == "AwsServiceEvent"
        assert record["serviceEventDetails"] == {"keyId": key, "keyMaterialId": answer["KeyMaterialId"]}
        with refused("KMSInvalidStateException", f"{key_arn(key)} is pending import."):
            kms.decrypt(CiphertextBlob=sealed)
        assert materials(kms, key) == [("CURRENT", "PENDING_IMPORT")]
        elsewhere.import_key(kms, key, material)
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
        text = json.dumps(server.audit()).encode()
        for hidden in (material, parameters["ImportToken"], parameters["PublicKey"]):
            assert not any(form in text for form in harness.forms(hidden))
