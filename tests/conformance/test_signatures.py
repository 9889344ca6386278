"""Who is calling: SigV4 in headers and in the query, and every way to get it wrong."""

import datetime
import json
import re

import pytest
from botocore.credentials import Credentials

from harness import refused
from raw import Request, utc

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
UNKNOWN = "The security token included in the request is invalid."


def send(raw, headers, request=None):
    return raw.send(request or Request(), headers)


def test_a_signed_request_is_answered(raw):
    assert send(raw, raw.signed(Request())).status == 200


def test_an_unsigned_request_is_refused(raw):
    request = Request()
    headers = {"Host": raw.host, "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    answer = send(raw, headers, request)
    assert (answer.status, answer.json) == (
        400, {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"},
    )


@pytest.mark.parametrize(
    "part, message",
    [
        ("Credential", "Authorization header requires 'Credential' parameter."),
        ("Signature", "Authorization header requires 'Signature' parameter."),
        ("SignedHeaders", "Authorization header requires 'SignedHeaders' parameter."),
    ],
)
def test_an_incomplete_header_is_named(raw, part, message):
    headers = raw.signed(Request())
    scheme, _, rest = headers["Authorization"].partition(" ")
    parts = [text for text in rest.split(", ") if not text.startswith(part + "=")]
    headers["Authorization"] = f"{scheme} {', '.join(parts)}"
    answer = send(raw, headers)
    assert (answer.status, answer.code) == (400, "IncompleteSignatureException")
    # The header is repeated to its sender as AWS does; a signature in it opens nothing.
    assert answer.json["message"] == f"{message} Authorization={headers['Authorization']}"


def test_a_missing_date_is_named(raw):
    headers = raw.signed(Request(), drop=("x-amz-date",))
    answer = send(raw, headers)
    assert (answer.status, answer.code) == (400, "IncompleteSignatureException")
    assert "existence of either a 'X-Amz-Date' or a 'Date' header." in answer.json["message"]


@pytest.mark.parametrize(
    "authorization",
    ["", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 ,,,", "AWS4-HMAC-SHA256 Credential",
     "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=, Signature=", "Basic dXNlcjpwYXNz", "Bearer x", "AWS AKID:sig",
     "AWS4-HMAC-SHA512 Credential=a/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=00",
     "AWS4-HMAC-SHA256 " + "a=b, " * 2000],
)
def test_a_malformed_header_is_refused(raw, authorization):
    headers = raw.signed(Request()) | {"Authorization": authorization}
    answer = send(raw, headers)
    assert answer.status == 400
    assert answer.code in {
        "IncompleteSignatureException", "MissingAuthenticationTokenException", "UnrecognizedClientException",
        "InvalidSignatureException",
    }


def test_a_wrong_secret_does_not_sign(raw):
    wrong = Credentials(raw.credentials.access_key, "x" * 40)
    answer = send(raw, raw.signed(Request(), credentials=wrong))
    assert (answer.status, answer.json) == (400, {"__type": "InvalidSignatureException", "message": MISMATCH})


def test_an_unknown_key_is_unknown(raw):
    wrong = Credentials("AKIAIOSFODNN7EXAMPLE", raw.credentials.secret_key)
    answer = send(raw, raw.signed(Request(), credentials=wrong))
    assert (answer.status, answer.json) == (400, {"__type": "UnrecognizedClientException", "message": UNKNOWN})


def test_a_token_that_was_never_given_is_invalid(raw):
    mine = raw.credentials
    for access_key in (mine.access_key, "ASIAIOSFODNN7EXAMPLE"):
        headers = raw.signed(Request(), credentials=Credentials(access_key, mine.secret_key, "a-token"))
        answer = send(raw, headers)
        assert (answer.status, answer.json) == (400, {"__type": "UnrecognizedClientException", "message": UNKNOWN})


@pytest.mark.parametrize("position", [0, 31, 63])
def test_every_digit_of_the_signature_counts(raw, position):
    headers = raw.signed(Request())
    head, signature = headers["Authorization"].rsplit("=", 1)
    digit = "0" if signature[position] != "0" else "1"
    headers["Authorization"] = f"{head}={signature[:position]}{digit}{signature[position + 1:]}"
    answer = send(raw, headers)
    assert (answer.status, answer.json.get("message")) == (400, MISMATCH)


def test_signed_headers_cannot_change(raw, key):
    for name, value in (
        ("X-Amz-Target", "TrentService.CreateKey"), ("Host", "elsewhere.example:1"), ("Content-Type", "application/x-amz-json-1.0"),
    ):
        headers = raw.signed(Request()) | {name: value}
        answer = send(raw, headers)
        assert (answer.status, answer.json.get("message")) == (400, MISMATCH), name


def test_the_body_cannot_change(raw):
    headers = raw.signed(Request(body=b'{"Limit":1}'))
    answer = send(raw, headers, Request(body=b'{"Limit":2}'))
    assert (answer.status, answer.json.get("message")) == (400, MISMATCH)


def test_the_query_cannot_change(raw):
    headers = raw.signed(Request(path="/?a=1"))
    answer = raw.send(Request(), headers, path="/?a=2")
    assert answer.status == 400


def test_a_date_outside_the_window_is_refused_with_the_window(raw):
    answer = send(raw, raw.signed(Request(), now=utc(minutes=6)))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert re.fullmatch(
        r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)", answer.json["message"]
    )
    answer = send(raw, raw.signed(Request(), now=utc(minutes=-6)))
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert re.fullmatch(
        r"Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)",
        answer.json["message"],
    )


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_date_within_the_window_is_taken(raw, minutes):
    assert send(raw, raw.signed(Request(), now=utc(minutes=minutes))).status == 200


@pytest.mark.parametrize("date", ["yesterday", "2026-11-22T00:00:00Z", "20261322T000000Z", "20260101T000000", ""])
def test_a_date_that_is_none_is_refused(raw, date):
    headers = raw.signed(Request()) | {"X-Amz-Date": date}
    answer = send(raw, headers)
    assert answer.status == 400
    assert answer.code in {"IncompleteSignatureException", "InvalidSignatureException"}


def test_the_scope_names_a_region_that_is_served(raw):
    answer = send(raw, raw.signed(Request(), region="ap-south-1"))
    assert (answer.status, answer.json) == (400, {
        "__type": "InvalidSignatureException",
        "message": "Credential should be scoped to a valid region, not 'ap-south-1'.",
    })


def test_the_scope_names_the_service(raw):
    answer = send(raw, raw.signed(Request(), service="s3"))
    assert (answer.status, answer.json) == (400, {
        "__type": "InvalidSignatureException", "message": "Credential should be scoped to correct service: 'kms'.",
    })


def test_the_scope_ends_as_it_must(raw):
    headers = raw.signed(Request())
    headers["Authorization"] = headers["Authorization"].replace("aws4_request", "aws5_request")
    answer = send(raw, headers)
    assert (answer.status, answer.json) == (400, {
        "__type": "InvalidSignatureException",
        "message": "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
    })


def test_the_scope_has_the_date_of_the_request(raw):
    headers = raw.signed(Request())
    today = headers["X-Amz-Date"][:8]
    headers["Authorization"] = headers["Authorization"].replace(f"/{today}/", "/20200101/")
    answer = send(raw, headers)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.json["message"] == (
        f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20200101' != '{today}', from '{headers['X-Amz-Date']}'."
    )


def test_host_must_be_signed(raw):
    headers = raw.signed(Request())
    headers["Authorization"] = headers["Authorization"].replace("host;", "")
    answer = send(raw, headers)
    assert answer.status == 400
    assert answer.code in {"InvalidSignatureException", "IncompleteSignatureException"}


def test_every_amz_header_must_be_signed(raw):
    headers = raw.signed(Request(operation=None))
    answer = send(raw, headers | {"X-Amz-Target": "TrentService.ListKeys"})
    assert answer.status == 400
    assert answer.code in {"InvalidSignatureException", "IncompleteSignatureException"}


def test_a_presigned_request_is_answered(raw):
    request = Request(body=b'{"Limit":1}')
    path, headers = raw.presigned(request)
    answer = raw.send(request, headers, path=path)
    assert (answer.status, list(answer.json)[0]) == (200, "Keys")


def test_a_presigned_request_cannot_change(raw):
    request = Request(body=b'{"Limit":1}')
    path, headers = raw.presigned(request)
    changed = [
        raw.send(Request(body=b'{"Limit":2}'), headers, path=path),
        raw.send(request, headers | {"X-Amz-Target": "TrentService.CreateKey"}, path=path),
        raw.send(request, headers, path=path.replace("X-Amz-Expires=300", "X-Amz-Expires=301")),
        raw.send(request, headers, path=path + "&extra=1"),
        raw.send(request, headers, path=path[:-1] + ("0" if path[-1] != "0" else "1")),
    ]
    for answer in changed:
        assert (answer.status, answer.json.get("message")) == (400, MISMATCH)


def test_a_presigned_request_expires(raw):
    request = Request()
    path, headers = raw.presigned(request, expires=60, now=utc(minutes=2))
    answer = raw.send(request, headers, path=path)
    assert (answer.status, answer.code) == (400, "InvalidSignatureException")
    assert answer.json["message"].startswith("Signature expired: ")
    path, headers = raw.presigned(request, expires=3600, now=utc(minutes=20))
    assert raw.send(request, headers, path=path).status == 200
    path, headers = raw.presigned(request, now=utc(minutes=-20))
    assert raw.send(request, headers, path=path).status == 400


@pytest.mark.parametrize("expires", [0, -1, 604_801, "soon", 10**20])
def test_an_expiry_is_1_to_604800_seconds(raw, expires):
    request = Request()
    path, headers = raw.presigned(request, expires=expires)
    assert raw.send(request, headers, path=path).status == 400


def test_header_and_query_form_together_are_refused(raw):
    request = Request()
    path, _ = raw.presigned(request)
    answer = raw.send(request, raw.signed(Request(path=path)), path=path)
    assert answer.status == 400


def test_repeated_query_credentials_are_refused(raw):
    request = Request()
    path, headers = raw.presigned(request)
    signature = re.search(r"X-Amz-Signature=\w+", path).group()
    assert raw.send(request, headers, path=f"{path}&{signature}").status == 400


def test_the_answer_carries_the_servers_time(raw):
    answer = send(raw, raw.signed(Request(), now=utc(minutes=60)))
    date = datetime.datetime.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT")
    assert abs(date - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)) < datetime.timedelta(minutes=1)


def test_boto3_reports_a_wrong_secret(server):
    with refused("InvalidSignatureException", MISMATCH):
        server.loose(secret="y" * 40).list_keys()
    with refused("UnrecognizedClientException", UNKNOWN):
        server.loose(key="AKIAIOSFODNN7EXAMPLE").list_keys()


def test_nothing_runs_without_a_signature(raw, key):
    request = Request("DisableKey", json.dumps({"KeyId": key["KeyId"]}).encode())
    wrong = Credentials(raw.credentials.access_key, "x" * 40)
    for headers in (
        raw.signed(request, credentials=wrong),
        raw.signed(request, now=utc(hours=1)),
        raw.signed(request, region="eu-west-9"),
        raw.signed(request, drop=("authorization",)),
    ):
        assert raw.send(request, headers).status == 400
    assert raw.call("DescribeKey", {"KeyId": key["KeyId"]}).json["KeyMetadata"]["KeyState"] == "Enabled"
