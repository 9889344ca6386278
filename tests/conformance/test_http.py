"""What is refused below the service model: targets, bodies, JSON, HTTP itself."""

import json
import re

import pytest

from harness import UUID
from raw import JSON_1_1, Request, read_answer

LIMIT = 1024 * 1024


@pytest.fixture(autouse=True)
def still_well(server, kms):
    """Whatever a test sent, the server answers the next caller."""
    yield
    assert server.process.poll() is None
    kms.list_keys(Limit=1)


def test_a_success_carries_aws_headers(raw):
    answer = raw.call("ListKeys", {"Limit": 1})
    assert answer.status == 200
    assert answer.headers["content-type"] == JSON_1_1
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert answer.headers["cache-control"] == "no-cache, no-store, must-revalidate, private"
    assert (answer.headers["pragma"], answer.headers["expires"]) == ("no-cache", "0")
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


def test_a_refusal_carries_aws_headers(raw):
    answer = raw.call("DescribeKey", {"KeyId": "nonsense"})
    assert answer.status == 400
    assert answer.headers["content-type"] == JSON_1_1
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
    assert "date" in answer.headers
    assert answer.json == {"__type": "NotFoundException", "message": "Invalid keyId 'nonsense'"}


def test_an_operation_without_output_answers_with_an_empty_body(raw, key):
    answer = raw.call("DisableKey", {"KeyId": key["KeyId"]})
    assert (answer.status, answer.body) == (200, b"")
    assert UUID.fullmatch(answer.headers["x-amzn-requestid"])


def test_an_error_without_a_message_has_none(raw, shared_key):
    answer = raw.call("Decrypt", {"KeyId": shared_key["KeyId"], "CiphertextBlob": "eA=="})
    assert (answer.status, answer.json) == (400, {"__type": "InvalidCiphertextException"})


def test_a_denial_spells_its_message_with_a_capital(raw, shared_key):
    foreign = shared_key["Arn"].replace(shared_key["AWSAccountId"], "999988887777")
    answer = raw.call("DescribeKey", {"KeyId": foreign})
    assert answer.status == 400
    assert set(answer.json) == {"__type", "Message"}


def test_timestamps_are_numbers_with_three_decimals_at_most(raw, shared_key):
    answer = raw.call("DescribeKey", {"KeyId": shared_key["KeyId"]})
    (date,) = re.findall(rb'"CreationDate":\s*([0-9.E]+)', answer.body)
    assert re.fullmatch(rb"\d{10}\.\d{1,3}", date)


def test_request_ids_differ(raw):
    assert len({raw.call("ListKeys").headers["x-amzn-requestid"] for _ in range(5)}) == 5


@pytest.mark.parametrize("operation", ["NoSuchOperation", "listkeys", "List Keys", "", "Encrypt.x", "ListKeysListKeys" * 20])
def test_an_unknown_operation_is_unknown(raw, operation):
    answer = raw.call(operation)
    assert (answer.status, answer.json) in [
        (400, {"__type": "UnknownOperationException"}), (404, {"__type": "UnknownOperationException"}),
    ]


@pytest.mark.parametrize(
    "target", [None, "", "ListKeys", "TrentService", "DynamoDB_20120810.ListTables", "trentservice.ListKeys", ".", "a.b.c"]
)
def test_a_target_that_names_no_operation_here_is_not_found(raw, target):
    request = Request(operation=None, headers={"X-Amz-Target": target})
    answer = raw.send(request, raw.signed(request))
    assert (answer.status, answer.json) == (404, {"__type": "UnknownOperationException"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"])
def test_only_post_runs_an_operation(raw, key, method):
    request = Request("DisableKey", json.dumps({"KeyId": key["KeyId"]}).encode(), method=method)
    answer = raw.send(request, raw.signed(request))
    assert answer.status in (404, 405)
    assert raw.call("DescribeKey", {"KeyId": key["KeyId"]}).json["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize("path", ["/x", "//", "/healthz", "/metrics", "/index.html", "/%2e"])
def test_only_the_root_path_runs_an_operation(raw, key, path):
    request = Request("DisableKey", json.dumps({"KeyId": key["KeyId"]}).encode(), path=path)
    answer = raw.send(request, raw.signed(request))
    assert answer.status in (400, 404)
    assert raw.call("DescribeKey", {"KeyId": key["KeyId"]}).json["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize(
    "kind", [JSON_1_1, "application/x-amz-json-1.0", "application/x-amz-json-1.1; charset=utf-8", "Application/X-Amz-JSON-1.1"]
)
def test_both_versions_of_the_content_type_are_taken(raw, kind):
    assert raw.call("ListKeys", headers={"Content-Type": kind}).status == 200


@pytest.mark.parametrize("kind", [None, "", "application/json", "text/xml"])
def test_another_content_type_is_not_found(raw, kind):
    answer = raw.call("ListKeys", headers={"Content-Type": kind})
    assert (answer.status, answer.json) == (404, {"__type": "UnknownOperationException"})


def test_a_form_is_of_the_other_protocol(raw):
    answer = raw.call("ListKeys", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 400 and b"<Code>MissingAction</Code>" in answer.body


@pytest.mark.parametrize("body", [b"", b"{}", b" {} ", b"\n{\n}\n"])
def test_an_empty_body_is_an_empty_object(raw, body):
    assert raw.call("ListKeys", body).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"}", b"null", b"[]", b'"x"', b"7", b"true", b"{}{}", b"{} x", b"{'Limit': 1}", b'{"Limit": 1,}', b'{"Limit" 1}',
        b'{"Limit": 01}', b'{"Limit": NaN}', b'{"Limit": +1}', b'{"Limit": 0x1}', b'{"Marker": "\xff"}', b'{"Marker": "\\ud800"}',
        b'{"Marker": "\\x"}', b'{"Marker": "a\nb"}', b'\xef\xbb\xbf{}', b"\xff\xfe{\x00}\x00", b"<xml/>", b"Limit=1", b"\0",
    ],
)
def test_what_is_not_a_json_object_is_refused(raw, body):
    answer = raw.call("ListKeys", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize(
    "operation, body",
    [
        ("ListKeys", {"Limit": "1"}),
        ("ListKeys", {"Limit": 1.5}),
        ("ListKeys", {"Limit": True}),
        ("ListKeys", {"Limit": [1]}),
        ("ListKeys", {"Limit": 2**31}),
        ("ListKeys", {"Limit": 10**30}),
        ("ListKeys", {"Marker": 7}),
        ("ListKeys", {"ResourceOwners": "SELF"}),
        ("DescribeKey", {"KeyId": {"x": "y"}}),
        ("DescribeKey", {"KeyId": ["x"]}),
        ("DescribeKey", {"KeyId": "x", "GrantTokens": [7]}),
        ("CreateKey", {"Tags": {"TagKey": "k", "TagValue": "v"}}),
        ("CreateKey", {"Tags": ["k"]}),
        ("CreateKey", {"Tags": [[]]}),
        ("CreateKey", {"MultiRegion": "false"}),
        ("CreateKey", {"MultiRegion": 0}),
        ("Encrypt", {"KeyId": "x", "Plaintext": 7}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "not base64!"}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "eA"}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "eA==="}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "eB=="}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "e A=="}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "__8="}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": []}),
        ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "DryRun": "yes"}),
    ],
    ids=str,
)
def test_a_member_of_the_wrong_type_is_refused(raw, operation, body):
    answer = raw.call(operation, body)
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize(
    "body",
    [
        b'{"Limit": 1, "Limit": 2}', b'{"Limit": 1, "Limit": 1}', b'{"Limit": null, "Limit": 1}', b'{"Limit": 1, "L\\u0069mit": 2}',
    ],
)
def test_duplicate_members_are_refused(raw, body):
    answer = raw.call("ListKeys", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_a_duplicate_key_of_a_map_is_refused(raw, shared_key):
    body = b'{"KeyId": "%s", "Plaintext": "eA==", "EncryptionContext": {"a": "1", "a": "2"}}' % shared_key["KeyId"].encode()
    answer = raw.call("Encrypt", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


@pytest.mark.parametrize("depth", [200, 5_000, 150_000])
@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")], ids=["arrays", "objects"])
def test_deep_json_is_refused(raw, depth, opening, closing):
    body = b'{"Unknown":' + opening * depth + b"1" + closing * depth + b"}"
    assert len(body) < LIMIT
    answer = raw.call("ListKeys", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_deep_json_left_open_is_refused(raw):
    answer = raw.call("ListKeys", b"[" * 500_000)
    assert (answer.status, answer.code) == (400, "SerializationException")


def test_a_body_of_one_mebibyte_is_read(raw):
    body = b'{"Unknown":"' + b"x" * (LIMIT - 14) + b'"}'
    assert len(body) == LIMIT
    assert raw.call("ListKeys", body).status == 200


def test_a_larger_body_is_refused_and_the_connection_closed(raw):
    body = b'{"Unknown":"' + b"x" * LIMIT + b'"}'
    answer = raw.call("ListKeys", body)
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")
    assert answer.closed


def test_a_body_said_to_be_larger_is_refused_before_it_is_sent(raw):
    request = Request()
    headers = raw.signed(request) | {"Content-Length": str(10 * LIMIT)}
    answer = raw.send(request, headers)
    assert answer.status == 413


def chunked(raw, request, chunks):
    headers = raw.signed(request) | {"Transfer-Encoding": "chunked"}
    lines = [f"{request.method} {request.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    return raw.exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + chunks)


def test_a_chunked_body_is_read_up_to_the_same_limit(raw):
    answer = chunked(raw, Request(body=b'{"Limit":1}'), b'4\r\n{"Li\r\n7\r\nmit":1}\r\n0\r\n\r\n')
    assert answer.status == 200
    big = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = chunked(raw, Request(body=b"x"), big * 17 + b"0\r\n\r\n")
    assert answer is None or answer.status == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_refused(raw, coding):
    answer = raw.call("ListKeys", headers={"Content-Encoding": coding})
    assert answer.status == 400


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST\r\n\r\n",
        b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nX-\xc3\xa9: \xff\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 5_000 + b"\r\n",
        b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 4096,
        bytes(range(256)) * 64,
    ],
    ids=range(17),
)
def test_what_is_not_http_is_refused_or_dropped(raw, data):
    with raw.connect() as stream:
        stream.settimeout(20)
        try:
            stream.sendall(data)
            stream.unwrap()
        except OSError:
            pass
    # The answer, if any, is a refusal; that no operation ran and the server lives is checked by the fixture.


def test_a_garbage_request_line_gets_a_refusal(raw):
    answer = raw.exchange(b"NONSENSE\r\n\r\n")
    assert answer is None or answer.status == 400


def test_headers_too_large_get_431(raw):
    answer = raw.exchange(b"POST / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n")
    assert answer is None or answer.status == 431


def test_a_connection_serves_many_requests(raw):
    request = Request()
    with raw.connect() as stream:
        for _ in range(3):
            headers = raw.signed(request) | {"Content-Length": str(len(request.body))}
            lines = ["POST / HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
            stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + request.body)
            assert read_answer(stream).status == 200


def test_a_connection_that_ends_within_a_request_hurts_nobody(raw):
    request = Request(body=b'{"Limit":1}')
    headers = raw.signed(request) | {"Content-Length": "11"}
    lines = ["POST / HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body
    for end in range(0, len(data), 37):
        with raw.connect() as stream:
            stream.sendall(data[:end])


def test_expect_continue_is_answered(raw):
    request = Request(body=b'{"Limit":1}')
    headers = raw.signed(request) | {"Content-Length": "11", "Expect": "100-continue"}
    lines = ["POST / HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
    with raw.connect() as stream:
        stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        assert read_answer(stream).status == 100
        stream.sendall(request.body)
        assert read_answer(stream).status == 200


def test_http_2_is_spoken(raw):
    import h2.config
    import h2.connection
    import h2.events

    request = Request(body=b'{"Limit":1}')
    signed = raw.signed(request)
    host = signed.pop("Host")
    headers = [(":method", "POST"), (":scheme", "https"), (":authority", host), (":path", "/")]
    headers += [(name.lower(), value) for name, value in signed.items()]
    with raw.connect(alpn=["h2"]) as stream:
        assert stream.selected_alpn_protocol() == "h2"
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        connection.send_headers(1, headers)
        connection.send_data(1, request.body, end_stream=True)
        stream.sendall(connection.data_to_send())
        status, body, ended = None, b"", False
        while not ended:
            data = stream.recv(65536)
            assert data, "closed before it answered"
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[":status"]
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                ended |= isinstance(event, h2.events.StreamEnded)
            stream.sendall(connection.data_to_send())
    assert status == "200", body
    assert "Keys" in json.loads(body)
