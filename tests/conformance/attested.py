"""Attestation documents as a Nitro enclave or a NitroTPM has them, under authorities made here."""

import datetime
import itertools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID

import keys_elsewhere

BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
END = datetime.datetime(2120, 1, 1, tzinfo=datetime.timezone.utc)
ES384 = -35


def cbor(value):
    """CBOR (RFC 8949) of what documents are made of."""

    def head(kind, number):
        for place, size in enumerate((1, 2, 4, 8)):
            if number < 24:
                return bytes([kind << 5 | number])
            if number < 1 << 8 * size:
                return bytes([kind << 5 | 24 + place]) + number.to_bytes(size, "big")
        raise OverflowError(number)

    match value:
        case None:
            return b"\xf6"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return head(5, len(value)) + b"".join(map(cbor, itertools.chain.from_iterable(value.items())))
    raise TypeError(value)


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(name, key, issuer=None, ca=True, begin=BEGIN, end=END):
    """A certificate for `key`; `issuer` is a pair of a certificate and its key, or None for one that signs itself."""
    above, signer = issuer or (None, key)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
         "decipher_only"), False)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(above.subject if above else named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, **usage), critical=True)
        .sign(signer, hashes.SHA384())
    )


def der(one):
    return one.public_bytes(serialization.Encoding.DER)


class Authority:
    """A root that enclaves' certificates lead to."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.certificate = certificate("root", self.key)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Enclave:
    """What has documents, and the key pair that it reads answers with."""

    def __init__(self, authority, **validity):
        self.authority = authority
        middle = ec.generate_private_key(ec.SECP384R1())
        self.middle = certificate("zone", middle, (authority.certificate, authority.key))
        self.signer = ec.generate_private_key(ec.SECP384R1())
        self.leaf = certificate("enclave", self.signer, (self.middle, middle), ca=False, **validity)
        self.key = rsa.generate_private_key(65537, 2048)
        self.pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def document(self, pcrs="pcrs", measured=None, **changes):
        payload = {
            "module_id": "i-0123456789abcdef0-enc0123456789abcdef",
            "digest": "SHA384",
            "timestamp": 1_700_000_000_000,
            pcrs: measured or {number: bytes([number]) * 48 for number in range(16)},
            "certificate": der(self.leaf),
            "cabundle": [der(self.authority.certificate), der(self.middle)],
            "public_key": self.key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
            "user_data": None,
            "nonce": None,
        } | changes
        protected, payload = cbor({1: ES384}), cbor(payload)
        signed = self.signer.sign(cbor(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA384()))
        signature = b"".join(number.to_bytes(48, "big") for number in utils.decode_dss_signature(signed))
        return cbor([protected, {}, payload, signature])

    def read(self, envelope, directory):
        """What is in a CMS envelope, by OpenSSL."""
        (directory / "enclave.pem").write_bytes(self.pem)
        return keys_elsewhere.openssl(
            "cms", "-decrypt", "-binary", "-inform", "DER", "-inkey", directory / "enclave.pem", given=envelope
        )
