"""STS, and with it awsQuery: forms in, XML out."""

import json
import pathlib
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest

import harness
from harness import ACCOUNT, OTHER_REGION, clean_env, refused
from raw import Request, utc

FORM = "application/x-www-form-urlencoded"
NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
IS_ROOT = {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}


@pytest.fixture(scope="module")
def sts(server):
    return server.client("sts")


def form(raw, body, *, kind=FORM, **signing):
    """Signs a form and sends it."""
    request = Request(operation=None, body=body, headers={"Content-Type": kind})
    return raw.send(request, raw.signed(request, service="sts", **signing))


def error(answer):
    """Status, code and message of an answer's error."""
    document = ElementTree.fromstring(answer.body)
    found = [element for element in document.iter() if element.tag.endswith("}Error")]
    assert len(found) == 1
    texts = {child.tag.partition("}")[2]: child.text for child in found[0]}
    return answer.status, texts["Code"], texts.get("Message")


def test_callers_learn_who_they_are(server, sts):
    answer = sts.get_caller_identity()
    request_id = answer.pop("ResponseMetadata")["RequestId"]
    assert answer == IS_ROOT
    (record,) = [record for record in server.audit() if record.get("requestID") == request_id]
    assert record["eventSource"] == "sts.amazonaws.com"
    assert record["eventName"] == "GetCallerIdentity"
    assert record["readOnly"] is True
    assert not record["requestParameters"] and not record["responseElements"]


@pytest.mark.parametrize("region", ["us-east-1", OTHER_REGION])
def test_every_region_that_is_served_is_answered_for(server, region):
    assert server.client("sts", region=region).get_caller_identity()["Account"] == ACCOUNT


def test_us_east_1_is_answered_for_whichever_regions_are_served(tmp_path):
    options = ("--account-id", ACCOUNT)
    with harness.Server(tmp_path / "data", *options, regions="eu-west-1") as elsewhere:
        for region in ("us-east-1", "eu-west-1"):
            assert elsewhere.client("sts", region=region).get_caller_identity()["Account"] == ACCOUNT
        with refused("SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-2'.", 403):
            elsewhere.client("sts", region="eu-west-2").get_caller_identity()
        with refused("InvalidSignatureException"):
            elsewhere.client("kms", region="us-east-1").list_keys()


def test_the_aws_command_works(server):
    aws = pathlib.Path(sys.executable).parent / "aws"
    done = subprocess.run(
        [sys.executable, str(aws), "sts", "get-caller-identity"], capture_output=True, text=True, check=True,
        timeout=harness.PATIENCE, env=clean_env(server.exports), stdin=subprocess.DEVNULL,
    )
    assert json.loads(done.stdout) == IS_ROOT


def test_an_access_key_tells_its_account(server, sts):
    key, _ = server.credentials
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == ACCOUNT
    with refused("ValidationError", "No account owns this access key."):
        sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    loose = server.client("sts", parameter_validation=False)
    with refused(
        "ValidationError",
        "1 validation error detected: Value 'short' at 'accessKeyId' failed to satisfy constraint: Member must have "
        "length greater than or equal to 16",
    ):
        loose.get_access_key_info(AccessKeyId="short")
    with refused("ValidationError"):
        loose.get_access_key_info()


def test_a_presigned_query_is_answered(server, sts):
    url = sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")
    trust = ssl.create_default_context(cafile=server.ca)
    with urllib.request.urlopen(url, context=trust, timeout=harness.PATIENCE) as answer:
        document = ElementTree.parse(answer).getroot()
    assert document.tag == f"{NAMESPACE}GetCallerIdentityResponse"
    assert document.findtext(f"{NAMESPACE}GetCallerIdentityResult/{NAMESPACE}Arn") == IS_ROOT["Arn"]
    assert document.findtext(f"{NAMESPACE}ResponseMetadata/{NAMESPACE}RequestId")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url + "0", context=trust, timeout=harness.PATIENCE)
    assert caught.value.code == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in caught.value.read()


def test_an_answer_is_xml_with_its_request_id(raw):
    answer = form(raw, IDENTITY)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml")
    document = ElementTree.fromstring(answer.body)
    id = document.findtext(f"{NAMESPACE}ResponseMetadata/{NAMESPACE}RequestId")
    assert id == answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    "body, expected",
    [
        (b"Version=2011-06-15", (400, "MissingAction", None)),
        (b"Action=Nothing&Version=2011-06-15", (400, "InvalidAction", "Could not find operation Nothing for version 2011-06-15")),
        (b"Action=GetCallerIdentity&Version=2010-05-09",
         (400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-05-09")),
        (b"Action=GetCallerIdentity", (400, "InvalidAction", "Could not find operation GetCallerIdentity for version ")),
        (b"Action=%zz&Version=2011-06-15", (400, "MalformedQueryString", "The query string contains a syntax error.")),
        (b"Action=Encrypt&Version=2014-11-01", (400, "InvalidAction", "Could not find operation Encrypt for version 2014-11-01")),
    ],
)
def test_what_names_no_operation_is_refused(raw, body, expected):
    assert error(form(raw, body)) == expected


def test_a_form_that_repeats_a_parameter_is_malformed(raw):
    answer = form(raw, b"Action=GetAccessKeyInfo&Version=2011-06-15&AccessKeyId=a&AccessKeyId=b")
    assert error(answer)[:2] == (400, "MalformedInput")


def test_unknown_parameters_are_ignored(raw):
    assert form(raw, IDENTITY + b"&What=1&Deep.member.1.Name=x").status == 200


def test_who_is_not_believed_hears_so_in_xml(raw, server):
    unsigned = Request(operation=None, body=IDENTITY, headers={"Content-Type": FORM})
    assert error(raw.send(unsigned))[:2] == (403, "MissingAuthenticationToken")
    assert form(raw, IDENTITY, now=utc(minutes=14)).status == 200
    late = error(form(raw, IDENTITY, now=utc(minutes=16)))
    assert late[:2] == (403, "SignatureDoesNotMatch") and late[2].endswith("- 15 min.)")
    stranger = server.client("sts", key="AKIAIOSFODNN7EXAMPLE", secret="x" * 40)
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        stranger.get_caller_identity()
    key, _ = server.credentials
    with refused("SignatureDoesNotMatch", status=403):
        server.client("sts", key=key, secret="x" * 40).get_caller_identity()


def test_a_signature_for_another_service_is_none_for_this_one(raw):
    request = Request(operation=None, body=IDENTITY, headers={"Content-Type": FORM})
    answer = raw.send(request, raw.signed(request, service="kms"))
    assert error(answer) == (403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.")
