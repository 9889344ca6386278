"""Starts the real binary on a data directory of its own, and makes clients for it."""

import base64
import configparser
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import threading
from contextlib import contextmanager

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("KEYSTEAD_BIN", ROOT / "target/debug/keystead"))
READY = re.compile(r"keystead is ready: (https?://\S+) \(admin (http://[^\s)]+)\)")
# Far above what any start takes; a server that hangs must fail a test, not the run.
PATIENCE = 60

ACCOUNT = "111122223333"
REGION = "us-east-1"
OTHER_REGION = "eu-central-1"

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ABSENT_ID = "00000000-1111-2222-3333-444444444444"
NO_MESSAGE = ""


class NotReady(Exception):
    """The server ended, or said nothing, before it was ready; holds what it said."""


class Server:
    """A running `keystead server`."""

    def __init__(self, data_dir, *options, regions=f"{REGION},{OTHER_REGION}", listen="127.0.0.1:0", env=None):
        self.data_dir = pathlib.Path(data_dir)
        self.command = [
            str(BINARY), "server", "--data-dir", str(data_dir), "--listen", listen,
            "--admin-listen", "127.0.0.1:0", "--regions", regions, *options,
        ]
        self.extra_env = env or {}
        self.log = []
        self.calls = []
        self.secrets = set()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=clean_env(self.extra_env), text=True, errors="replace",
        )
        ready = threading.Event()
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr, ready), daemon=True)
        self.reader.start()
        ready.wait(PATIENCE)
        line = next((found for found in map(READY.search, reversed(self.log)) if found), None)
        if not line:
            self.kill()
            raise NotReady("\n".join(self.log))
        self.url, self.admin = line.group(1), line.group(2)
        self.exports = exports(self.data_dir)
        return self

    def _read(self, stream, ready):
        for line in stream:
            self.log.append(line.rstrip("\n"))
            if READY.search(line):
                ready.set()
        ready.set()

    def stop(self):
        """Asks it to end, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self):
        """Ends it as a crash would."""
        if self.process.poll() is None:
            self.process.kill()
        return self._ended()

    def _ended(self):
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.reader.join(PATIENCE)
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    @property
    def ca(self):
        return self.exports["AWS_CA_BUNDLE"]

    @property
    def credentials(self):
        """The access key id and the secret access key of the account's root user."""
        file = configparser.ConfigParser()
        file.read(self.exports["AWS_SHARED_CREDENTIALS_FILE"])
        profile = file[self.exports["AWS_PROFILE"]]
        return profile["aws_access_key_id"], profile["aws_secret_access_key"]

    def client(self, service="kms", region=REGION, *, key=None, secret=None, token=None, **config):
        """A boto3 client. What it sends is remembered for the checks at the end of the run."""
        own_key, own_secret = self.credentials
        session = boto3.Session(
            aws_access_key_id=key or own_key, aws_secret_access_key=secret or own_secret, aws_session_token=token,
            region_name=region,
        )
        client = session.client(service, endpoint_url=self.url, verify=self.ca, config=Config(**config))
        client.meta.events.register("after-call", self._note)
        return client

    def loose(self, region=REGION, **credentials):
        """A client that sends what it is told, once: for input that boto3 itself would refuse."""
        return self.client(
            region=region, parameter_validation=False, retries={"total_max_attempts": 1}, **credentials
        )

    def _note(self, http_response, parsed, model, **_):
        code = parsed.get("Error", {}).get("Code")
        self.calls.append((parsed["ResponseMetadata"]["RequestId"], model.name, code))
        if isinstance(parsed.get("Plaintext"), bytes):
            self.secrets.add(parsed["Plaintext"])
        if "SecretAccessKey" in parsed.get("AccessKey", {}):
            self.secrets.add(parsed["AccessKey"]["SecretAccessKey"].encode())
        if "Base32StringSeed" in parsed.get("VirtualMFADevice", {}):
            letters = parsed["VirtualMFADevice"]["Base32StringSeed"]
            self.secrets |= {letters, base64.b32decode(letters)}
        for member in ("SecretAccessKey", "SessionToken"):
            if member in parsed.get("Credentials", {}):
                self.secrets.add(parsed["Credentials"][member].encode())

    def audit(self):
        """All records, oldest first."""
        done = run("audit", "tail", "--data-dir", str(self.data_dir))
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def exports(data_dir):
    """What `keystead env` exports, as a dictionary."""
    done = run("env", "--data-dir", str(data_dir))
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        export, assignment = shlex.split(line)
        assert export == "export"
        name, value = assignment.split("=", 1)
        found[name] = value
    return found


def run(*arguments, env=None, timeout=PATIENCE):
    """Runs the binary to its end."""
    return subprocess.run(
        [str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=clean_env(env or {}), timeout=timeout,
    )


def clean_env(extra):
    """This process's environment without what would steer an AWS client, and with what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KEYSTEAD_"))}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"} | extra


@contextmanager
def refused(code, message=None, status=400):
    """The call within is refused with this code (or one of these) and, when given, exactly this message.

    A compiled pattern as message must match the whole of it."""
    with pytest.raises(ClientError) as caught:
        yield caught
    response = caught.value.response
    error = response["Error"]
    codes = {code} if isinstance(code, str) else set(code)
    assert error["Code"] in codes, error
    text = error.get("Message") or NO_MESSAGE
    if isinstance(message, re.Pattern):
        assert message.fullmatch(text), text
    elif message is not None:
        assert text == message
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert UUID.fullmatch(response["ResponseMetadata"]["RequestId"])


def violation(*items):
    """The message of a ValidationException that lists these violations."""
    count = len(items)
    return f"{count} validation error{'s' if count > 1 else ''} detected: " + "; ".join(items)


def null(path):
    """The violation of a required member."""
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def key_arn(key_id, region=REGION, account=ACCOUNT):
    return f"arn:aws:kms:{region}:{account}:key/{key_id}"


def alias_arn(name, region=REGION, account=ACCOUNT):
    return f"arn:aws:kms:{region}:{account}:{name}"


def forms(secret):
    """The forms in which a secret might turn up in a file."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield base64.b64encode(secret).rstrip(b"=")
    yield base64.urlsafe_b64encode(secret).rstrip(b"=")

