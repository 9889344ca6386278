"""The same algorithms as Keystead's, by independent implementations: what Keystead signs is verified here, and the reverse."""

import os
import subprocess

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from Crypto.Hash import SHA512
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {
    "ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1(),
    "ECC_SECG_P256K1": ec.SECP256K1(),
}
ML_DSA = {"ML_DSA_44": mldsa.MLDSA44PrivateKey, "ML_DSA_65": mldsa.MLDSA65PrivateKey, "ML_DSA_87": mldsa.MLDSA87PrivateKey}

# Every algorithm to sign with, by key spec.
SIGNING = [
    *((f"RSA_{bits}", f"RSASSA_{scheme}_SHA_{size}")
      for bits in (2048, 3072, 4096) for scheme in ("PKCS1_V1_5", "PSS") for size in (256, 384, 512)),
    ("ECC_NIST_P256", "ECDSA_SHA_256"), ("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"), ("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512"),
    ("ML_DSA_44", "ML_DSA_SHAKE_256"), ("ML_DSA_65", "ML_DSA_SHAKE_256"), ("ML_DSA_87", "ML_DSA_SHAKE_256"),
    ("SM2", "SM2DSA"),
]


def digest(algorithm, message):
    """The digest of a message for an algorithm that has one."""
    hasher = hashes.Hash(HASHES[algorithm[-3:]])
    hasher.update(message)
    return hasher.finalize()


def forms(algorithm, message):
    """What of the message is signed here, with its MessageType: one or two forms that must come to the same."""
    if algorithm == "ED25519_PH_SHA_512":
        return [("DIGEST", digest("SHA_512", message))]
    if algorithm.startswith(("RSASSA", "ECDSA")):
        return [("RAW", message), ("DIGEST", digest(algorithm, message))]
    return [("RAW", message)]


def rsa_padding(algorithm):
    size = HASHES[algorithm[-3:]]
    if "PKCS1" in algorithm:
        return padding.PKCS1v15(), size
    return padding.PSS(mgf=padding.MGF1(size), salt_length=padding.PSS.DIGEST_LENGTH), size


def make(spec):
    """A new private key of a spec, as PKCS#8 in DER."""
    if spec == "SM2":
        made = openssl("genpkey", "-algorithm", "SM2")
        return openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", given=made)
    if spec.startswith("RSA"):
        key = rsa.generate_private_key(65537, int(spec[4:]))
    elif spec in CURVES:
        key = ec.generate_private_key(CURVES[spec])
    elif spec in ML_DSA:
        key = ML_DSA[spec].generate()
    else:
        key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def sign(pkcs8, algorithm, message, place):
    """Signs elsewhere with a private key in PKCS#8."""
    if algorithm == "SM2DSA":
        key, text = place / "sm2.key", place / "text"
        key.write_bytes(pkcs8)
        text.write_bytes(message)
        return openssl("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", key, "-keyform", "DER", "-in", text, *SM2_ID)
    if algorithm == "ED25519_PH_SHA_512":
        hashed = SHA512.new(digest("SHA_512", message))
        return eddsa.new(ECC.import_key(pkcs8), "rfc8032").sign(hashed)
    key = serialization.load_der_private_key(pkcs8, None)
    if algorithm.startswith("RSASSA"):
        return key.sign(message, *rsa_padding(algorithm))
    if algorithm.startswith("ECDSA"):
        return key.sign(message, ec.ECDSA(HASHES[algorithm[-3:]]))
    return key.sign(message)


def verify(spki, algorithm, message, signature, place):
    """Verifies elsewhere with a SubjectPublicKeyInfo; raises where it does not verify."""
    if algorithm == "SM2DSA":
        key, text, made = place / "sm2.pub", place / "text", place / "signature"
        key.write_bytes(spki)
        text.write_bytes(message)
        made.write_bytes(signature)
        openssl("pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", key, "-keyform", "DER", "-in", text,
                "-sigfile", made, *SM2_ID)
        return
    if algorithm == "ED25519_PH_SHA_512":
        hashed = SHA512.new(digest("SHA_512", message))
        eddsa.new(ECC.import_key(spki), "rfc8032").verify(hashed, signature)
        return
    key = serialization.load_der_public_key(spki)
    if algorithm.startswith("RSASSA"):
        key.verify(signature, message, *rsa_padding(algorithm))
    elif algorithm.startswith("ECDSA"):
        key.verify(signature, message, ec.ECDSA(HASHES[algorithm[-3:]]))
    else:
        key.verify(signature, message)


def encrypt(spki, algorithm, plaintext, place):
    """Encrypts elsewhere to a SubjectPublicKeyInfo."""
    if algorithm == "SM2PKE":
        key, text = place / "sm2.pub", place / "text"
        key.write_bytes(spki)
        text.write_bytes(plaintext)
        return openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", key, "-keyform", "DER", "-in", text)
    return serialization.load_der_public_key(spki).encrypt(plaintext, oaep(algorithm))


def decrypt(pkcs8, algorithm, ciphertext, place):
    """Decrypts elsewhere with a private key in PKCS#8."""
    if algorithm == "SM2PKE":
        key, sealed = place / "sm2.key", place / "sealed"
        key.write_bytes(pkcs8)
        sealed.write_bytes(ciphertext)
        return openssl("pkeyutl", "-decrypt", "-inkey", key, "-keyform", "DER", "-in", sealed)
    return serialization.load_der_private_key(pkcs8, None).decrypt(ciphertext, oaep(algorithm))


def oaep(algorithm):
    size = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    return padding.OAEP(mgf=padding.MGF1(size), algorithm=size, label=None)


def public_of(pkcs8):
    """The SubjectPublicKeyInfo of a private key."""
    key = serialization.load_der_private_key(pkcs8, None)
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def agree(pkcs8, spki):
    """The X coordinate that a private key shares with a public one."""
    peer = serialization.load_der_public_key(spki)
    return serialization.load_der_private_key(pkcs8, None).exchange(ec.ECDH(), peer)


def import_key(kms, key, material, algorithm="RSA_AES_KEY_WRAP_SHA_256", wrapping="RSA_2048", **members):
    """Imports material into a key of origin EXTERNAL, as AWS documents it."""
    if not members.keys() & {"ExpirationModel", "ValidTo"}:
        members["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    parameters = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping)
    wrapper = serialization.load_der_public_key(parameters["PublicKey"])
    if algorithm.startswith("RSA_AES"):
        between = os.urandom(32)
        blob = wrapper.encrypt(between, oaep(algorithm)) + keywrap.aes_key_wrap_with_padding(between, material)
    else:
        blob = wrapper.encrypt(material, oaep(algorithm))
    return kms.import_key_material(
        KeyId=key, ImportToken=parameters["ImportToken"], EncryptedKeyMaterial=blob, **members
    )


SM2_ID = ("-pkeyopt", "distid:1234567812345678")


def openssl(*arguments, given=b""):
    """Runs OpenSSL's command on what is given, and gives what it prints."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, input=given, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout
