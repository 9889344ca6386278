"""OpenID Connect providers as records: made, found, changed and deleted."""

import json

import pytest

import harness
from harness import ACCOUNT
from test_iam_users import as_user, user  # noqa: F401

URL = "https://id.example.com/realms/pay"
ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com/realms/pay"
ABSENT = f"arn:aws:iam::{ACCOUNT}:oidc-provider/absent.example.com"
PRINT = "0123456789abcdef0123456789abcdef01234567"


STATUS = {"NoSuchEntity": 404, "EntityAlreadyExists": 409, "LimitExceeded": 409, "AccessDenied": 403}


def refused(code, message, call, **arguments):
    with harness.refused(code, message, STATUS.get(code, 400)):
        call(**arguments)


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture
def provider(iam):
    arn = iam.create_open_id_connect_provider(Url=URL)["OpenIDConnectProviderArn"]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_a_provider_is_made_found_changed_and_deleted(iam):
    made = iam.create_open_id_connect_provider(
        Url=URL, ClientIDList=["one", "two", "one"], ThumbprintList=[PRINT.upper()],
        Tags=[{"Key": "team", "Value": "security"}],
    )
    assert made["OpenIDConnectProviderArn"] == ARN
    assert made["Tags"] == [{"Key": "team", "Value": "security"}]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert found["Url"] == "id.example.com/realms/pay"
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["one", "two"], [PRINT])
    assert found["Tags"] == made["Tags"] and found["CreateDate"]
    assert {"Arn": ARN} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]

    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=ARN, ClientID="three")
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=ARN, ClientID="one")
    other = "f" * 40
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=ARN, ThumbprintList=[other])
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["two", "three"], [other])

    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {ARN}",
            iam.get_open_id_connect_provider, OpenIDConnectProviderArn=ARN)
    assert {"Arn": ARN} not in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]


def test_a_provider_is_registered_once(iam, provider):
    refused("EntityAlreadyExists", f"Provider with url {URL} already exists.",
            iam.create_open_id_connect_provider, Url=URL)


@pytest.mark.parametrize("url", [
    "http://id.example.com", "id.example.com", "https://", "https:///path", "https://user@id.example.com",
    "https://id.example.com?query", "https://id.example.com#part", "https://id.example.com:0",
    "https://id.example.com/../up", "https://id.example.com/a b", "https://id.example.com:x",
])
def test_what_is_no_url_of_an_issuer_is_refused(iam, url):
    refused("ValidationError", "Invalid Open ID Connect Provider URL", iam.create_open_id_connect_provider, Url=url)


def test_what_exceeds_the_limits_is_refused(iam, provider):
    refused("InvalidInput", "Thumbprint list must contain fewer than 5 entries.",
            iam.update_open_id_connect_provider_thumbprint, OpenIDConnectProviderArn=provider, ThumbprintList=[PRINT] * 6)
    refused("InvalidInput", "Thumbprints are 40 hexadecimal digits.",
            iam.update_open_id_connect_provider_thumbprint, OpenIDConnectProviderArn=provider, ThumbprintList=["x" * 40])
    quota = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
    refused("LimitExceeded", quota, iam.create_open_id_connect_provider, Url="https://many.example.com",
            ClientIDList=[f"client{number}" for number in range(101)])
    iam.create_open_id_connect_provider(
        Url="https://full.example.com", ClientIDList=[f"client{number}" for number in range(100)])
    full = f"arn:aws:iam::{ACCOUNT}:oidc-provider/full.example.com"
    refused("LimitExceeded", quota, iam.add_client_id_to_open_id_connect_provider,
            OpenIDConnectProviderArn=full, ClientID="one-more")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=full, ClientID="client7")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=full)


def test_a_provider_has_tags(iam, provider):
    tags = [{"Key": f"key{number}", "Value": str(number)} for number in range(3)]
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=tags)
    page = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider, MaxItems=2)
    assert page["Tags"] == tags[:2] and page["IsTruncated"]
    rest = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider, Marker=page["Marker"])
    assert rest["Tags"] == tags[2:] and not rest["IsTruncated"]
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["KEY0", "absent"])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"] == tags[1:]
    refused("InvalidInput", None, iam.tag_open_id_connect_provider, OpenIDConnectProviderArn=provider,
            Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])


@pytest.mark.parametrize("call, more", [
    ("get_open_id_connect_provider", {}),
    ("delete_open_id_connect_provider", {}),
    ("add_client_id_to_open_id_connect_provider", {"ClientID": "x"}),
    ("remove_client_id_from_open_id_connect_provider", {"ClientID": "x"}),
    ("update_open_id_connect_provider_thumbprint", {"ThumbprintList": [PRINT]}),
    ("tag_open_id_connect_provider", {"Tags": []}),
    ("untag_open_id_connect_provider", {"TagKeys": []}),
    ("list_open_id_connect_provider_tags", {}),
])
def test_what_is_not_there_is_refused(iam, call, more):
    for arn in (ABSENT, ABSENT.replace(ACCOUNT, "999999999999")):
        refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}",
                getattr(iam, call), OpenIDConnectProviderArn=arn, **more)
    for arn in ("x" * 20, f"arn:aws:iam::{ACCOUNT}:user/somebody"):
        refused("ValidationError", "Invalid ARN:  Could not be parsed!",
                getattr(iam, call), OpenIDConnectProviderArn=arn, **more)


def test_a_user_needs_to_be_allowed(server, iam, user, provider):  # noqa: F811
    ada = as_user(server, iam, user, "iam")
    refused("AccessDenied", None, ada.get_open_id_connect_provider, OpenIDConnectProviderArn=provider)
    refused("AccessDenied", None, ada.list_open_id_connect_providers)
    iam.put_user_policy(UserName=user, PolicyName="one", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "iam:GetOpenIDConnectProvider", "Resource": provider}}))
    ada.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    refused("AccessDenied", None, ada.get_open_id_connect_provider, OpenIDConnectProviderArn=ABSENT)
