"""Writes botocore.json: requests that botocore has signed, with its canonical requests and strings to sign.

Run it with a Python that has botocore: `python make.py > botocore.json`.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore
import botocore.auth as auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY_ID = "AKIAKEYSTEADVECTORS1"
SECRET = "vector/Secret+Key/0123456789abcdefghijkl"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaDGV1LWNlbnRyYWwtMSJ+a/b+c=="
REGION = "eu-central-1"
TIME = datetime.datetime(2026, 2, 28, 23, 59, 58)
HOST = "https://kms.eu-central-1.example.com"
JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.Encrypt"}

# name, service, method, target, headers, body, token
CASES = [
    ("a_kms_call", "kms", "POST", "/", JSON, b'{"KeyId":"alias/a"}', None),
    ("a_kms_call_with_a_session_token", "kms", "POST", "/", JSON, b"{}", TOKEN),
    ("a_kms_call_on_a_port", "kms", "POST", "/", {**JSON, "Host": "localhost:8443"}, b"{}", None),
    ("a_body_of_bytes", "kms", "POST", "/", JSON, bytes(range(256)), None),
    ("header_values_with_spaces", "kms", "POST", "/", {"A-B": "  x   y  ", "A": "1", "a-c": ""}, b"", None),
    ("a_query", "sts", "GET", "/?Version=2011-06-15&Action=GetCallerIdentity", {}, b"", None),
    ("a_query_of_equal_names", "sts", "GET", "/?b=2&a=2&a=10&a=1&A=3", {}, b"", TOKEN),
    ("a_query_of_escapes", "kms", "GET", "/?a=%2F%20%C3%A9~&%3D=%26", {}, b"", None),
    ("a_path_to_normalize", "kms", "GET", "/a/./b/../c//d/", {}, b"", None),
    ("a_path_of_escapes", "kms", "GET", "/a%20b/%C3%A9/~x", {}, b"", None),
    ("an_s3_path", "s3", "PUT", "/bucket/a%20b/./c//d%2Be", {}, b"object", None),
    ("an_s3_path_with_a_session_token", "s3", "GET", "/bucket/%C3%A9?versionId=1&acl=", {}, b"", TOKEN),
]


def sign(case, presigned):
    name, service, method, target, headers, body, token = case
    request = AWSRequest(method, HOST + target, headers=dict(headers), data=b"" if presigned else body)
    kinds = {
        (False, False): auth.SigV4Auth,
        (False, True): auth.SigV4QueryAuth,
        (True, False): auth.S3SigV4Auth,
        (True, True): auth.S3SigV4QueryAuth,
    }
    signer = kinds[service == "s3", presigned](Credentials(ACCESS_KEY_ID, SECRET, token), service, REGION)
    seen = {}
    canonical, string = signer.canonical_request, signer.string_to_sign
    signer.canonical_request = lambda r: seen.setdefault("canonical_request", canonical(r))
    signer.string_to_sign = lambda r, c: seen.setdefault("string_to_sign", string(r, c))
    signer.add_auth(request)
    url = urlsplit(request.url)
    sent = [(key.lower(), value) for key, value in request.headers.items()]
    if "host" not in dict(sent):
        sent.append(("host", url.netloc))
    return {
        "name": name + ("_presigned" if presigned else ""),
        "service": service,
        "presigned": presigned,
        "token": token,
        "method": method,
        "path": url.path,
        "query": url.query,
        "headers": sent,
        "body": b"".hex() if presigned else body.hex(),
        **seen,
    }


def main():
    auth.get_current_datetime = lambda: TIME
    vectors = [sign(case, presigned) for case in CASES for presigned in (False, True)]
    document = {
        "botocore": botocore.__version__,
        "access_key_id": ACCESS_KEY_ID,
        "secret": SECRET,
        "region": REGION,
        "time": TIME.strftime("%Y%m%dT%H%M%SZ"),
        "vectors": vectors,
    }
    json.dump(document, sys.stdout, indent=1)
    print()


main()
