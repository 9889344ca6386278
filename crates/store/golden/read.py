#!/usr/bin/env python3
"""Opens the golden store beside it, from docs/store-format.md and nothing of the Rust code.

    python3 read.py           prints what each row holds
    python3 read.py --check   says nothing; fails like the other when a row does not open or the head does not count it

It needs the package `cryptography` (44 or later), whose OpenSSL computes SP 800-108, HMAC and AES-256-GCM apart
from aws-lc.
"""

import hmac
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

ROOT_KEY = bytes([7]) * 32
HEAD, DOMAIN_KEYS, META, OUTBOX = range(4)
SECRETS = {203}  # the tables of secrets; "jewels" is one of the tests'


def kdf(key, label, context=b"", length=32):
    return KBKDFHMAC(
        algorithm=hashes.SHA256(), mode=Mode.CounterMode, length=length, rlen=4, llen=4,
        location=CounterLocation.BeforeFixed, label=label.encode(), context=context, fixed=None,
    ).derive(key)


def open_sealed(key, label, prefix_length, parts, sealed):
    prefix, rest = sealed[:prefix_length], sealed[prefix_length:]
    message_key = kdf(key, label, prefix)
    associated = prefix + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return AESGCM(message_key).decrypt(bytes(12), rest, associated)


def unwrap(row, value):
    described, wrapped = value[:-73], value[-73:]
    assert described[0] == 1 and wrapped[0] == 1
    assert wrapped[1:9] == kdf(ROOT_KEY, "keystead 1 root id", length=8), "another root key"
    return open_sealed(ROOT_KEY, "keystead 1 root wrap", 25, [row, described], wrapped)


def open_row(keys, use, row, value):
    version = struct.unpack(">I", value[2:6])[0]
    assert value[1] == 1
    domain = struct.unpack(">I", row[1:5])[0]
    subkey = kdf(keys[domain, version], f"keystead 1 subkey {use}")
    return open_sealed(subkey, f"keystead 1 seal {use}", 21, [row, value[:1]], value[1:])


def main():
    lines = (Path(__file__).parent / "store-1.rows").read_text().split("\n")[:-1]
    rows = {}
    for line in lines:
        key, revision, value = line.split(" ")
        rows[bytes.fromhex(key)] = (int(revision), bytes.fromhex(value))

    keys = {}
    for row, (_, value) in rows.items():
        if row[0] == DOMAIN_KEYS:
            keys[struct.unpack(">II", row[1:9])] = unwrap(row, value)

    hash_key = kdf(keys[0, 1], "keystead 1 subkey row-hash")
    total, count = 0, 0
    for row, (revision, value) in rows.items():
        if row[0] == HEAD:
            text = open_row(keys, "head", row, value)
            said = struct.unpack(">QQQ", text[:24]), int.from_bytes(text[24:], "little")
        elif row[0] in (DOMAIN_KEYS, META):
            text = value
        else:
            text = open_row(keys, "material" if row[0] in SECRETS else "record", row, value)
        if row[0] != HEAD:
            content = value if row[0] < OUTBOX else value[-16:]
            term = struct.pack(">QI", revision, len(row)) + row + content
            total += int.from_bytes(hmac.digest(hash_key, term, "sha256"), "little")
            count += 1
        if "--check" not in sys.argv:
            print(row.hex(), revision, text)

    (revision, logged, counted), expected = said
    assert revision == max(revision for revision, _ in rows.values())
    assert counted == count and expected == total % 2**256, "the head does not count these rows"
    assert logged <= revision

    # The row of the note "alias/golden" in the regional domain is found by its name.
    names = kdf(keys[1, 1], "keystead 1 subkey row-name")
    name = hmac.digest(names, bytes([200]) + b"alias/golden", "sha256")
    assert bytes([200, 0, 0, 0, 1]) + name in rows


if __name__ == "__main__":
    main()
