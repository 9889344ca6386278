"""What an operator does: starting, stopping, and getting it wrong. Each mistake gets one line and a non-zero exit."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess

import boto3
import pytest

import harness
from harness import BINARY, NotReady, Server, clean_env, run


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def used(data_dir):
    """A data directory with a key in it, its server stopped."""
    with Server(data_dir) as running:
        key = running.client().create_key()["KeyMetadata"]
        assert running.stop() == 0
    return data_dir, key


def complaint(data_dir, *options, env=None, listen="127.0.0.1:0"):
    """Starts a server that must not start, and returns the one line it says."""
    command = [str(BINARY), "server", "--data-dir", str(data_dir), "--listen", listen, "--admin-listen", "127.0.0.1:0"]
    done = subprocess.run(
        [*command, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=clean_env(env or {})
    )
    assert done.returncode not in (0, -signal.SIGABRT, 101), done.stderr
    assert "panicked" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_server_stops_cleanly_on_sigterm_and_keeps_everything(used):
    data_dir, key = used
    with Server(data_dir) as running:
        assert running.client().describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key
        assert running.stop() == 0


def test_a_killed_server_keeps_everything(data_dir):
    with Server(data_dir) as running:
        client = running.client()
        key = client.create_key(Description="kept")["KeyMetadata"]
        client.create_alias(AliasName="alias/kept", TargetKeyId=key["KeyId"])
        blob = client.encrypt(KeyId="alias/kept", Plaintext=b"kept")["CiphertextBlob"]
        client.rotate_key_on_demand(KeyId=key["KeyId"])
        running.kill()
    with Server(data_dir) as running:
        client = running.client()
        assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"
        assert client.describe_key(KeyId="alias/kept")["KeyMetadata"]["Description"] == "kept"
        calls = [record["eventName"] for record in running.audit() if record["eventType"] == "AwsApiCall"]
        assert calls[:4] == ["CreateKey", "CreateAlias", "Encrypt", "RotateKeyOnDemand"]


def test_a_request_under_way_is_answered_before_the_end(data_dir):
    with Server(data_dir) as running:
        client = running.client(retries={"total_max_attempts": 1})
        client.list_keys()
        running.process.send_signal(signal.SIGTERM)
        assert running.stop() == 0


def test_the_account_is_chosen_at_random_unless_given(tmp_path):
    accounts = set()
    for number in range(2):
        with Server(tmp_path / str(number)) as running:
            accounts.add(running.client().create_key()["KeyMetadata"]["AWSAccountId"])
    assert len(accounts) == 2
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts)


def test_the_account_cannot_be_changed_later(used):
    data_dir, _ = used
    line = complaint(data_dir, "--account-id", "999988887777")
    assert "account" in line.lower()


def test_exports_are_for_eval(used):
    data_dir, key = used
    with Server(data_dir):
        script = f'eval "$({BINARY} env --data-dir {data_dir})" && env | grep ^AWS_'
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=clean_env({}), timeout=60)
        assert done.returncode == 0, done.stderr
        variables = dict(line.split("=", 1) for line in done.stdout.splitlines())
        assert variables["AWS_ENDPOINT_URL"].startswith("https://")
        off = run("env", "--data-dir", data_dir, "--unset")
        assert sorted(off.stdout.splitlines()) == sorted(f"unset {name}" for name in harness.exports(data_dir))


def test_an_unmodified_client_needs_only_the_exports(used, monkeypatch):
    data_dir, key = used
    with Server(data_dir) as running:
        for name, value in running.exports.items():
            monkeypatch.setenv(name, value)
        assert boto3.Session().client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key


def test_a_second_process_on_a_data_directory_is_refused(used):
    data_dir, _ = used
    with Server(data_dir) as running:
        line = complaint(data_dir)
        assert str(data_dir) in line
        running.client().list_keys()


def test_a_busy_port_is_refused(data_dir):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        line = complaint(data_dir, listen=f"127.0.0.1:{port}")
        assert str(port) in line


def test_a_missing_root_key_is_refused_and_never_remade(used):
    data_dir, _ = used
    (data_dir / "local/root.key").unlink()
    line = complaint(data_dir)
    assert "root" in line.lower()
    assert not (data_dir / "local/root.key").exists()


def test_a_wrong_root_key_is_refused(used, tmp_path):
    data_dir, _ = used
    with Server(tmp_path / "other") as other:
        other.stop()
    shutil.copy(tmp_path / "other/local/root.key", data_dir / "local/root.key")
    line = complaint(data_dir)
    assert "root key" in line.lower()


@pytest.mark.parametrize("content", [b"", b"short", b"z" * 64 + b"\n", os.urandom(64)])
def test_a_damaged_root_key_is_refused(used, content):
    data_dir, _ = used
    (data_dir / "local/root.key").write_bytes(content)
    assert "root" in complaint(data_dir).lower()


def test_a_passphrase_seals_the_store(data_dir):
    options = ("--root-key", "passphrase-env:SECRET_PHRASE")
    with Server(data_dir, *options, env={"SECRET_PHRASE": "correct horse"}) as running:
        key = running.client().create_key()["KeyMetadata"]
        running.stop()
    assert not (data_dir / "local/root.key").exists()
    with Server(data_dir, *options, env={"SECRET_PHRASE": "correct horse"}) as running:
        running.client().describe_key(KeyId=key["KeyId"])
        running.stop()
    line = complaint(data_dir, *options, env={"SECRET_PHRASE": "wrong horse"})
    assert "passphrase" in line.lower()
    assert "wrong horse" not in line
    assert "SECRET_PHRASE" in complaint(data_dir, *options)


@pytest.mark.parametrize("name", ["root.key", "credentials", "server.key"])
@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_secret_file_others_can_read_is_refused(used, name, mode):
    data_dir, _ = used
    path = data_dir / "local" / name
    path.chmod(mode)
    line = complaint(data_dir)
    assert name in line
    path.chmod(0o600)
    with Server(data_dir):
        pass


@pytest.mark.parametrize(
    "options", [["--no-such-flag"], ["--regions"], ["--tls", "sometimes"], ["--account-id", "12"], ["--regions", "Moon Base"],
                ["--root-key", "magic:x"], ["--store", "floppy"], ["--log", "loud"], ["--destruction-grace", "soon"]],
    ids=" ".join,
)
def test_an_option_that_is_none_is_refused(data_dir, options):
    line = complaint(data_dir, *options)
    assert options[0] in line or options[-1] in line
    assert not (data_dir / "local/root.key").exists()


def test_a_listening_address_that_is_none_is_refused(data_dir):
    assert "nowhere" in complaint(data_dir, listen="nowhere")


def test_plain_http_is_refused_off_loopback(data_dir):
    line = complaint(data_dir, "--tls", "off", listen="0.0.0.0:0")
    assert "loopback" in line.lower()


def test_plain_http_is_allowed_on_loopback(data_dir):
    with Server(data_dir, "--tls", "off") as running:
        assert running.url.startswith("http://")
        key, secret = running.credentials
        client = boto3.client(
            "kms", endpoint_url=running.url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
        )
        client.create_key()


def test_off_loopback_a_root_key_beside_its_store_needs_to_be_asked_for(data_dir):
    line = complaint(data_dir, listen="0.0.0.0:0")
    assert "--root-key" in line


def test_an_unknown_field_of_the_configuration_is_refused(data_dir, tmp_path):
    config = tmp_path / "keystead.toml"
    config.write_text("surprise = true\n")
    line = complaint(data_dir, "--config", str(config))
    assert "surprise" in line
    config.write_text("this is not toml")
    assert str(config) in complaint(data_dir, "--config", str(config))
    config.unlink()
    assert str(config) in complaint(data_dir, "--config", str(config))


def test_options_can_be_given_by_a_file(data_dir, tmp_path):
    config = tmp_path / "keystead.toml"
    config.write_text('account-id = "123456789012"\n')
    with Server(data_dir, "--config", str(config)) as running:
        assert running.client().create_key()["KeyMetadata"]["AWSAccountId"] == "123456789012"


def test_an_older_copy_of_the_store_is_refused(used, tmp_path):
    data_dir, _ = used
    shutil.copytree(data_dir / "store", tmp_path / "older")
    with Server(data_dir) as running:
        running.client().create_key()
        running.stop()
    shutil.rmtree(data_dir / "store")
    shutil.copytree(tmp_path / "older", data_dir / "store")
    assert re.search("older|behind|rolled back|rollback", complaint(data_dir))


def database(data_dir):
    (path,) = [path for path in (data_dir / "store").iterdir() if path.read_bytes()[:15] == b"SQLite format 3"]
    return path


LAST = "WHERE key = (SELECT max(key) FROM rows)"


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM rows {LAST}",
        f"UPDATE rows SET key = CAST(key || x'00' AS BLOB) {LAST}",
        f"UPDATE rows SET revision = revision - 1 {LAST}",
        f"UPDATE rows SET value = CAST(value || x'00' AS BLOB) {LAST}",
        f"UPDATE rows SET value = randomblob(length(value)) {LAST}",
        f"INSERT INTO rows SELECT CAST(key || x'00' AS BLOB), revision, value FROM rows {LAST}",
    ],
    ids=["removed", "moved", "made older", "extended", "replaced", "copied"],
)
def test_a_row_altered_in_the_store_is_noticed(used, statement):
    data_dir, _ = used
    connection = sqlite3.connect(database(data_dir))
    assert connection.execute(statement).rowcount == 1
    connection.commit()
    connection.close()
    assert "store" in complaint(data_dir)


def test_a_store_without_its_files_is_not_made_anew(used):
    data_dir, _ = used
    shutil.rmtree(data_dir / "store")
    line = complaint(data_dir)
    assert "store" in line


def test_a_data_directory_that_is_a_file_is_refused(data_dir):
    data_dir.write_text("x")
    assert str(data_dir) in complaint(data_dir)


def test_a_data_directory_that_cannot_be_made_is_refused():
    assert "/proc/keystead" in complaint("/proc/keystead")


def test_a_file_size_limit_stops_no_start_halfway(data_dir):
    """A disk that fills up during the first start leaves nothing that the next start trips over."""
    command = f"ulimit -f 64; exec {BINARY} server --data-dir {data_dir} --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, env=clean_env({}))
    assert done.returncode != 0
    assert "panicked" not in done.stderr
    with Server(data_dir) as running:
        running.client().create_key()


@pytest.mark.parametrize("command", [["env"], ["audit", "tail"]], ids=" ".join)
def test_commands_need_a_data_directory_that_is_one(tmp_path, command):
    done = run(*command, "--data-dir", tmp_path / "absent")
    assert done.returncode not in (0, 101)
    assert "absent" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_command_is_refused():
    done = run("frobnicate")
    assert done.returncode not in (0, 101)
    assert "frobnicate" in done.stderr.splitlines()[0]


def test_the_log_can_be_json(data_dir):
    with Server(data_dir, "--log", "json") as running:
        running.client().list_keys()
        running.stop()
        logged = [line for line in running.log if line.startswith("{")]
        assert all(json.loads(line) for line in logged)
        assert logged


def test_a_server_that_cannot_start_says_so_to_the_harness(data_dir):
    data_dir.write_text("x")
    with pytest.raises(NotReady):
        Server(data_dir).start()
