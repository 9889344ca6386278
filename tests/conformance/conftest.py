"""Fixtures: one server for the whole run, and things to do with it."""

import itertools
import json
import os
import subprocess

import pytest

import harness
from raw import Raw

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def pytest_configure(config):
    config.addinivalue_line("markers", "last: looks back at the whole run, so it runs after all others")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that most tests share."""
    data_dir = tmp_path_factory.mktemp("keystead") / "data"
    with harness.Server(data_dir, "--account-id", harness.ACCOUNT) as running:
        yield running
        ended = running.process.poll()
        assert ended is None, "\n".join([f"the server ended by itself: {ended}", *running.log[-20:]])


@pytest.fixture(scope="session")
def kms(server):
    """A client as an application would make it."""
    return server.client()


@pytest.fixture(scope="session")
def loose(server):
    """A client that checks nothing and tries once."""
    return server.loose()


@pytest.fixture(scope="session")
def eu(server):
    """A client in the other Region."""
    return server.client(region=harness.OTHER_REGION)


@pytest.fixture
def key(kms):
    """A new key's metadata."""
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def other_key(kms):
    """Another new key's metadata."""
    return kms.create_key()["KeyMetadata"]


@pytest.fixture(scope="session")
def shared_key(kms):
    """A key that stays enabled and under its default policy, for tests that only use it."""
    return kms.create_key(Description="shared")["KeyMetadata"]


@pytest.fixture(scope="session")
def disabled_key(kms):
    """A key that stays disabled."""
    made = kms.create_key()["KeyMetadata"]
    kms.disable_key(KeyId=made["KeyId"])
    return made


@pytest.fixture(scope="session")
def dying_key(kms):
    """A key whose deletion stays scheduled; `Blob` is a ciphertext under it."""
    made = kms.create_key()["KeyMetadata"]
    made["Blob"] = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"made before the end")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=made["KeyId"])
    return made


_numbers = itertools.count(1)


@pytest.fixture
def alias(kms):
    """An alias name nobody has used."""
    return f"alias/conformance/name_{next(_numbers)}-x"


@pytest.fixture
def root():
    """The only principal there is so far."""
    return f"arn:aws:iam::{harness.ACCOUNT}:root"


@pytest.fixture
def policy(root):
    """Makes a key policy: all for the account, and these statements besides."""

    def make(*statements, everything=True):
        allow = {"Sid": "all", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        chosen = ([allow] if everything else []) + list(statements)
        return json.dumps({"Version": "2012-10-17", "Statement": chosen})

    return make


@pytest.fixture
def statement(root):
    """Makes one statement about the account's root."""

    def make(effect, *actions, **members):
        plain = {"Effect": effect, "Principal": {"AWS": root}, "Action": list(actions), "Resource": "*"}
        return plain | members

    return make


@pytest.fixture(scope="session")
def raw(server):
    """A client below the SDKs."""
    return Raw(server)


@pytest.fixture(scope="session")
def raw_call(raw):
    """Signs and sends an operation with any JSON value as its body."""
    return raw.call


@pytest.fixture(scope="session")
def schemas():
    """The shapes of every operation that is built, by service."""
    program = os.environ.get("KEYSTEAD_SCHEMAS", harness.ROOT / "target/debug/schemas")
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=harness.PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
