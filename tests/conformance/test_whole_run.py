"""What must hold of the whole run, looked at after all other tests."""

import pytest

import harness

pytestmark = pytest.mark.last

# Shorter needles turn up by chance.
SHORTEST = 12


def test_every_call_of_the_run_left_exactly_one_record(server):
    counts, elsewhere = {}, {}
    for record in server.audit():
        told = (record["eventName"], record.get("errorCode"))
        account = record["recipientAccountId"]
        if record["userIdentity"].get("accountId", account) == account:
            counts.setdefault(record.get("requestID"), []).append(told)
        else:
            # A use across accounts is told of in the account of what was used too, once.
            elsewhere.setdefault((record["requestID"], account), []).append(told)
    for (request_id, _), records in elsewhere.items():
        assert records == counts[request_id]
    assert len(server.calls) > 500
    unauthenticated = {
        "InvalidSignatureException", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidClientTokenId",
    }
    # What awsQuery calls otherwise than a record does.
    recorded_as = {"AccessDeniedException": "AccessDenied", "ValidationError": "ValidationException"}
    for request_id, operation, code in server.calls:
        recorded = counts.get(request_id, [])
        if code in unauthenticated:
            assert recorded == []
            continue
        assert recorded == [(operation, recorded_as.get(code, code))]


def find(needles, haystack):
    """The needles that are in the haystack, by one pass over it."""
    starts = {}
    for needle in needles:
        starts.setdefault(needle[:SHORTEST], []).append(needle)
    for position in range(len(haystack) - SHORTEST + 1):
        for needle in starts.get(haystack[position : position + SHORTEST], ()):
            if haystack.startswith(needle, position):
                yield needle


def files(server, *folders):
    for folder in folders:
        for path in sorted((server.data_dir / folder).rglob("*")):
            if path.is_file():
                yield path, path.read_bytes().rstrip(b"\0")


def needles(secrets):
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in harness.forms(secret)}
    return {form for form in forms if len(form) >= SHORTEST}


@pytest.fixture(scope="module")
def secrets(server):
    """What must be nowhere: plaintexts, data keys, the secret access key, the root key."""
    _, secret_key = server.credentials
    root_key = (server.data_dir / "local/root.key").read_bytes().strip()
    fixed = {secret_key.encode(), root_key, b"a known plaintext", b"made before the end", b"tamper with me"}
    if len(root_key) == 64:
        fixed.add(bytes.fromhex(root_key.decode()))
    return fixed | server.secrets


def test_the_search_finds_what_is_there():
    assert list(find({b"a needle in the hay"}, b"some hay, a needle in the hay, more hay")) == [b"a needle in the hay"]


def test_no_secret_is_in_store_audit_or_log(server, secrets):
    sought = needles(secrets)
    assert len(sought) > 100
    for path, content in files(server, "store", "audit"):
        assert not list(find(sought, content)), path
    log = "\n".join(server.log).encode()
    assert not list(find(sought, log))


def test_no_name_or_description_is_in_the_store(server, kms):
    aliases = [entry["AliasName"] for page in kms.get_paginator("list_aliases").paginate() for entry in page["Aliases"]]
    names = {name.removeprefix("alias/").encode() for name in aliases} | {name.encode() for name in aliases}
    names |= {b"Enable IAM User Permissions", b"arn:aws:kms:us-east-1", "Überweisungen".encode()}
    sought = {name for name in names if len(name) >= SHORTEST}
    assert len(sought) > 5
    for path, content in files(server, "store"):
        assert not list(find(sought, content)), path


def test_the_log_holds_no_key(server):
    log = "\n".join(server.log)
    assert "PRIVATE KEY" not in log
    assert "panicked" not in log
