#!/usr/bin/env python3
"""Makes the vectors beside it, from the written formats and nothing of the Rust code.

    python3 make.py           writes ciphertext.json and store.json
    python3 make.py --check   fails when they differ from what it would write

It needs the package `cryptography` (44 or later), whose OpenSSL computes SP 800-108, HMAC, AES-256-GCM and
Argon2id apart from aws-lc. What looks random follows from names, so that every run gives the same bytes.
"""

import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

ZERO_NONCE = bytes(12)


def made(name: str, length: int) -> bytes:
    """Bytes that follow from a name."""
    blocks = (length + 31) // 32
    return b"".join(hashlib.sha256(f"{name}/{i}".encode()).digest() for i in range(blocks))[:length]


def kdf(key: bytes, label: str, context: bytes, length: int = 32) -> bytes:
    """SP 800-108r1 in counter mode: [i]32 || label || 0x00 || context || [L]32."""
    return KBKDFHMAC(
        algorithm=hashes.SHA256(),
        mode=Mode.CounterMode,
        length=length,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label.encode(),
        context=context,
        fixed=None,
    ).derive(key)


def counted(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


# The ciphertext of symmetric keys: docs/ciphertext-format.md.


def canonical(context: dict[str, str]) -> bytes:
    pairs = sorted((k.encode(), v.encode()) for k, v in context.items())
    return struct.pack(">I", len(pairs)) + b"".join(counted(k) + counted(v) for k, v in pairs)


def header_of(account: str, key_id: str, material_id: bytes) -> bytes:
    multi_region = key_id.startswith("mrk-")
    digits = key_id.removeprefix("mrk-") if multi_region else key_id.replace("-", "")
    return (
        bytes([1, 1])
        + struct.pack(">Q", int(account))
        + bytes([1 if multi_region else 0])
        + bytes.fromhex(digits)
        + material_id
    )


def encrypt(material: bytes, header: bytes, salt: bytes, context: dict[str, str], plaintext: bytes, aad=None):
    derivation = header + salt + hashlib.sha256(canonical(context)).digest()
    key = kdf(material, "keystead ciphertext 1 encryption", derivation)
    commitment = kdf(material, "keystead ciphertext 1 commitment", derivation)
    sealed = AESGCM(key).encrypt(ZERO_NONCE, plaintext, header if aad is None else aad)
    return key, commitment, header + salt + commitment + sealed


SINGLE = "1234abcd-12ab-34cd-56ef-1234567890ab"
MULTI = "mrk-1234abcd12ab34cd56ef1234567890ab"


def ciphertexts() -> dict:
    cases = [
        ("a data key of 32 bytes, no context", "111122223333", SINGLE, {}, made("data key", 32)),
        ("one pair", "111122223333", SINGLE, {"purpose": "test"}, b"plaintext"),
        (
            "pairs in the order of their bytes, not of their letters",
            "111122223333",
            SINGLE,
            {"b": "1", "a": "2", "B": "3", "é": "4", "": "5", "aa": "", "\U0001f511": "key", "\uff21": "wide"},
            b"plaintext",
        ),
        ("a multi-Region key", "111122223333", MULTI, {"purpose": "test"}, b"plaintext"),
        ("an account with leading zeros", "000000000001", SINGLE, {}, b"plaintext"),
        ("the greatest account", "999999999999", SINGLE, {}, b"plaintext"),
        ("one byte", "111122223333", SINGLE, {}, b"\0"),
        ("no byte at all", "111122223333", SINGLE, {}, b""),
        ("the longest plaintext of Encrypt", "111122223333", SINGLE, {}, made("long", 4096)),
        ("the longest ciphertext", "111122223333", MULTI, {}, made("longest", 6144 - 123)),
    ]
    valid = []
    for number, (name, account, key_id, context, plaintext) in enumerate(cases):
        material = made(f"material {number}", 32)
        material_id = made(f"material id {number}", 32)
        salt = made(f"salt {number}", 16)
        header = header_of(account, key_id, material_id)
        key, commitment, blob = encrypt(material, header, salt, context, plaintext)
        valid.append(
            {
                "name": name,
                "account": account,
                "key_id": key_id,
                "material_id": material_id.hex(),
                "material": material.hex(),
                "salt": salt.hex(),
                "context": context,
                "canonical_context": canonical(context).hex(),
                "encryption_key": key.hex(),
                "commitment": commitment.hex(),
                "plaintext": plaintext.hex(),
                "ciphertext": blob.hex(),
            }
        )

    material = made("material", 32)
    material_id = made("material id", 32)
    context = {"purpose": "test"}
    header = header_of("111122223333", SINGLE, material_id)
    _, commitment, blob = encrypt(material, header, made("salt", 16), context, b"plaintext")
    assert len(blob) == 9 + 123

    def changed(at: int, to: bytes) -> bytes:
        return blob[:at] + to + blob[at + len(to) :]

    def flipped(at: int) -> bytes:
        return changed(at, bytes([blob[at] ^ 1]))

    other_key, _, _ = encrypt(made("other material", 32), header, made("salt", 16), context, b"plaintext")
    under_other_key = AESGCM(other_key).encrypt(ZERO_NONCE, b"plaintext", header)
    _, _, too_long = encrypt(material, header, made("salt", 16), context, bytes(6144 - 123 + 1))
    _, _, without_aad = encrypt(material, header, made("salt", 16), context, b"plaintext", aad=b"")
    malformed = [
        ("nothing", b""),
        ("a header alone", blob[:59]),
        ("one byte less than an empty plaintext needs", blob[:122]),
        ("one byte more than the longest ciphertext", too_long),
        ("version 0", changed(0, b"\0")),
        ("version 2", changed(0, b"\2")),
        ("suite 0", changed(1, b"\0")),
        ("suite 2", changed(1, b"\2")),
        ("an account of 13 digits", changed(2, struct.pack(">Q", 10**12))),
        ("a key kind of 2", changed(10, b"\2")),
        ("the start of a ciphertext of AWS KMS", changed(0, bytes.fromhex("0101020078"))),
    ]
    unopenable = [
        ("another account", flipped(9), context),
        ("another kind of key", flipped(10), context),
        ("another key", flipped(26), context),
        ("another material id", flipped(27), context),
        ("another salt", flipped(59), context),
        ("another commitment", flipped(75), context),
        ("a commitment of zeros", changed(75, bytes(32)), context),
        ("another ciphertext", flipped(107), context),
        ("another tag", flipped(len(blob) - 1), context),
        ("a byte cut off", blob[:-1], context),
        ("a byte put on", blob + b"\0", context),
        ("cut down to no plaintext", blob[:107] + blob[-16:], context),
        ("a right commitment before a text under another key", blob[:107] + under_other_key, context),
        ("a header that is no associated data", without_aad, context),
        ("no context", blob, {}),
        ("a pair more", blob, {"purpose": "test", "": ""}),
        ("another value", blob, {"purpose": "Test"}),
        ("another key of the pair", blob, {"Purpose": "test"}),
        ("a letter moved from value to key", blob, {"purposet": "est"}),
    ]
    invalid = [
        {"name": n, "result": "malformed", "material": material.hex(), "context": context, "ciphertext": b.hex()}
        for n, b in malformed
    ] + [
        {"name": n, "result": "unopenable", "material": material.hex(), "context": c, "ciphertext": b.hex()}
        for n, b, c in unopenable
    ]
    invalid.append(
        {
            "name": "another material",
            "result": "unopenable",
            "material": made("other material", 32).hex(),
            "context": context,
            "ciphertext": blob.hex(),
        }
    )
    return {"format": "keystead symmetric ciphertext, version 1, suite 1", "valid": valid, "invalid": invalid}


# What the store keeps: the module documentation of crates/crypto/src/{subkey,seal,root}.rs.

LABELS = ["record", "material", "token", "marker", "row-name", "head", "row-hash"]


def seal(key: bytes, label: str, prefix: bytes, aad: list[bytes], plaintext: bytes) -> bytes:
    message_key = kdf(key, label, prefix)
    associated = prefix + b"".join(counted(part) for part in aad)
    return prefix + AESGCM(message_key).encrypt(ZERO_NONCE, plaintext, associated)


def store() -> dict:
    domain_key = made("domain key", 32)
    version = 0x01020304
    subkeys = {label: kdf(domain_key, f"keystead 1 subkey {label}", b"") for label in LABELS}
    seals = []
    for number, (label, aad, plaintext) in enumerate(
        [
            ("record", [b"row key", b"\x14", b"\x01"], b"a record"),
            ("material", [b"row key"], b"\x01" + made("stored material", 32)),
            ("token", [], b""),
            ("marker", [b""], made("marker", 100)),
            ("head", [b"", b""], made("head", 48)),
        ]
    ):
        salt = made(f"seal salt {number}", 16)
        prefix = b"\x01" + struct.pack(">I", version) + salt
        seals.append(
            {
                "use": label,
                "salt": salt.hex(),
                "associated": [part.hex() for part in aad],
                "plaintext": plaintext.hex(),
                "sealed": seal(subkeys[label], f"keystead 1 seal {label}", prefix, aad, plaintext).hex(),
            }
        )
    root_key = made("root key", 32)
    root_id = kdf(root_key, "keystead 1 root id", b"", 8)
    salt = made("wrap salt", 16)
    aad = [b"domain", struct.pack(">I", version)]
    wrapped = seal(root_key, "keystead 1 root wrap", b"\x01" + root_id + salt, aad, domain_key)
    passphrases = []
    for passphrase, memory_kib, passes, lanes in [
        ("correct horse battery staple", 8192, 1, 1),
        ("Grüße, Welt", 16384, 2, 4),
    ]:
        argon_salt = made(f"argon salt {passphrase}", 16)
        key = Argon2id(
            salt=argon_salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib
        ).derive(passphrase.encode())
        passphrases.append(
            {
                "passphrase": passphrase,
                "parameters": (b"\x01" + struct.pack(">III", memory_kib, passes, lanes) + argon_salt).hex(),
                "root_key_file": key.hex() + "\n",
            }
        )
    names = [b"", b"alias/a", made("name", 200)]
    return {
        "domain_key": domain_key.hex(),
        "domain_key_version": version,
        "subkeys": {label: key.hex() for label, key in subkeys.items()},
        "names": [
            {"name": n.hex(), "hash": hmac.digest(subkeys["row-name"], n, "sha256").hex()} for n in names
        ],
        "row_hash": {
            "text": names[2].hex(),
            "hash": hmac.digest(subkeys["row-hash"], names[2], "sha256").hex(),
        },
        "seals": seals,
        "root": {
            "file": root_key.hex() + "\n",
            "id": root_id.hex(),
            "salt": salt.hex(),
            "associated": [part.hex() for part in aad],
            "wrapped": wrapped.hex(),
        },
        "passphrases": passphrases,
    }


def main() -> int:
    here = Path(__file__).parent
    stale = []
    for name, content in [("ciphertext.json", ciphertexts()), ("store.json", store())]:
        text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
        path = here / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    for name in stale:
        print(f"{name} is not what make.py makes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
