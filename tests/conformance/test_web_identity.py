"""AssumeRoleWithWebIdentity: tokens of OpenID Connect providers in place of signatures."""

import datetime
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import ssl

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

import harness
from harness import ACCOUNT, REGION, refused
from issuer import Authority, Host, Issuer, Key, unsigned, with_mac

NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
NO_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
UNREACHABLE = "The identity provider could not be reached for its verification keys. Please try again"
# How long a provider is left alone after it was asked.
PAUSE = 10


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("oidc")


@pytest.fixture(scope="module")
def authority(place):
    return Authority(place, "trusted")


@pytest.fixture(scope="module")
def key():
    """An RSA key, which takes a while to be made."""
    return Key("RS256", "main")


@pytest.fixture(scope="module")
def given(key):
    """The keys of an issuer that nobody asks."""
    return Key("ES384", "given")


@pytest.fixture(scope="module")
def server(place, authority, given):
    """A server that trusts this test's authority, and knows an issuer's keys from a file."""
    keys = place / "keys.json"
    keys.write_text(json.dumps({"keys": [given.jwk()]}))
    options = ("--account-id", ACCOUNT, "--oidc-ca", str(authority.path), "--oidc-keys", f"https://id.invalid={keys}")
    with harness.Server(place / "data", *options) as running:
        yield running


@pytest.fixture(scope="module")
def host(place, authority):
    host = Host(authority, place)
    yield host
    host.close()


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def sts(server):
    """STS as somebody without credentials calls it."""
    return anonymous(server)


def anonymous(server):
    session = boto3.Session(region_name=REGION)
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return session.client("sts", endpoint_url=server.url, verify=server.ca, config=config)


def name_of(request):
    return re.sub(r"[^\w]", "-", request.node.name)[-50:].strip("-")


def provider_arn(issuer):
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.name}"


@pytest.fixture
def issuer(iam, host, key, request):
    """An issuer that the account has registered for one audience."""
    issuer = Issuer(host, name_of(request), [key])
    iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=[issuer.audience])
    yield issuer
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn(issuer))


def trust(provider, actions="sts:AssumeRoleWithWebIdentity", **members):
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions} | members
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(iam, issuer, request):
    """The ARN of a role that trusts the issuer, and may list keys."""
    arn = make_role(iam, name_of(request), trust(provider_arn(issuer)))
    yield arn
    remove_role(iam, arn)


def make_role(iam, name, policy):
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": ["kms:ListKeys", "sts:AssumeRole"], "Resource": "*"}}))
    return arn


def remove_role(iam, arn):
    name = arn.rsplit("/")[-1]
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)


def retrust(iam, role, *arguments, **members):
    iam.update_assume_role_policy(RoleName=role.rsplit("/")[-1], PolicyDocument=trust(*arguments, **members))


def assume(sts, role, token, **arguments):
    return sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pay", WebIdentityToken=token, **arguments)


def invalid(sts, role, token, message=None, code="InvalidIdentityToken", status=400):
    with refused(code, message, status):
        assume(sts, role, token)


def client_of(server, made, service="kms"):
    made = made["Credentials"]
    return server.client(service, key=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"])


def record_of(server, response):
    request_id = response["ResponseMetadata"]["RequestId"]
    [record] = [record for record in server.audit() if record.get("requestID") == request_id]
    return record


def test_a_token_gives_a_session(server, sts, issuer, role):
    made = assume(sts, role, issuer.token())
    assert made["SubjectFromWebIdentityToken"] == "service:pay"
    assert (made["Provider"], made["Audience"]) == (provider_arn(issuer), issuer.audience)
    name = role.rsplit("/")[-1]
    assert made["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/pay"
    assert "SourceIdentity" not in made
    left = made["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert abs(left - datetime.timedelta(hours=1)) < datetime.timedelta(minutes=1)
    client_of(server, made).list_keys()
    identity = client_of(server, made, "sts").get_caller_identity()
    assert identity["Arn"] == made["AssumedRoleUser"]["Arn"]
    with refused("AccessDenied", status=403):
        client_of(server, made, "iam").list_users()


def test_the_call_and_its_session_are_recorded(server, sts, issuer, role):
    token = issuer.token()
    made = assume(sts, role, token)
    record = record_of(server, made)
    provider = provider_arn(issuer)
    assert record["userIdentity"] == {
        "type": "WebIdentityUser", "principalId": f"{provider}:{issuer.audience}:service:pay",
        "userName": "service:pay", "identityProvider": provider,
    }
    assert record["eventName"] == "AssumeRoleWithWebIdentity" and "errorCode" not in record
    assert record["requestParameters"] == {"roleArn": role, "roleSessionName": "pay"}
    assert record["responseElements"]["subjectFromWebIdentityToken"] == "service:pay"
    assert record["resources"][0]["ARN"] == role
    assert token not in json.dumps(record) and made["Credentials"]["SecretAccessKey"] not in json.dumps(record)
    used = record_of(server, client_of(server, made).list_keys())
    context = used["userIdentity"]["sessionContext"]
    assert context["webIdFederationData"] == {"federatedProvider": provider, "attributes": {}}
    assert context["sessionIssuer"]["arn"] == role


@pytest.mark.parametrize("algorithm", [
    "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA",
])
def test_every_algorithm_is_taken(sts, issuer, role, algorithm):
    issuer.keys = [Key(algorithm, algorithm)]
    issuer.publish()
    assert assume(sts, role, issuer.token())["Credentials"]


def test_bounds_are_passed(server, sts, iam, issuer, role):
    with refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."):
        assume(sts, role, issuer.token(), DurationSeconds=7200)
    policy = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    made = assume(sts, role, issuer.token(), Policy=policy, DurationSeconds=900)
    with refused("AccessDeniedException"):
        client_of(server, made).list_keys()
    with refused("MalformedPolicyDocument"):
        assume(sts, role, issuer.token(), Policy="{}")
    with refused("ValidationError"):
        assume(sts, role, issuer.token(), ProviderId="www.amazon.com")


def test_a_token_for_others_is_refused(sts, issuer, role):
    for audience in ("other", ["other"], [], f"{issuer.audience} "):
        invalid(sts, role, issuer.token(aud=audience), "Incorrect token audience")
    invalid(sts, role, issuer.token(azp="other"), "Incorrect token audience")
    assert assume(sts, role, issuer.token(aud=["other", issuer.audience]))["Audience"] == issuer.audience
    assert assume(sts, role, issuer.token(aud="other", azp=issuer.audience))["Audience"] == issuer.audience


def test_a_token_of_another_issuer_is_refused(sts, iam, issuer, role, host, key):
    for url in ("https://other.example.com", f"{issuer.url}/", issuer.url.upper(), "http://localhost", "x", ""):
        invalid(sts, role, issuer.token(iss=url), f"No OpenIDConnect provider found in your account for {url}")
    # One that the account knows, but whose key it is not.
    other = Issuer(host, "another-issuer", [Key("ES256", "main")])
    iam.create_open_id_connect_provider(Url=other.url, ClientIDList=[other.audience])
    invalid(sts, role, key.token(other.claims()))
    with refused("AccessDenied", NOT_AUTHORIZED, 403):
        assume(sts, role, other.token())
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn(other))


def test_a_token_out_of_its_time_is_refused(sts, issuer, role):
    now = int(time.time())
    with refused("ExpiredTokenException", re.compile(
            rf"Token expired: current date/time \d+ must be before the expiration date/time {now - 301}")):
        assume(sts, role, issuer.token(iat=now - 900, exp=now - 301))
    assume(sts, role, issuer.token(iat=now - 900, exp=now - 200))
    invalid(sts, role, issuer.token(nbf=now + 600))
    invalid(sts, role, issuer.token(iat=now + 600, exp=now + 900))


@pytest.mark.parametrize("claim", ["sub", "aud", "exp", "iat"])
def test_a_token_that_lacks_a_claim_is_refused(sts, issuer, role, claim):
    invalid(sts, role, issuer.token(**{claim: None}), f"Missing a required claim: {claim}")


def test_what_is_no_token_of_the_issuers_is_refused(sts, issuer, role, key):
    good = issuer.token()
    header, claims, signature = good.split(".")
    for text in ("text", "a.b.c", f"{header}.{claims}", f"{good}.x", f"{good}=", "...."):
        invalid(sts, role, text, NO_JWT)
    not_supported = "The token's signing algorithm is not supported"
    invalid(sts, role, unsigned(issuer.claims(), key.kid), not_supported)
    from cryptography.hazmat.primitives import serialization
    public = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    invalid(sts, role, with_mac(issuer.claims(), key.kid, public), not_supported)
    not_valid = "The token's signature is not valid"
    invalid(sts, role, f"{header}.{claims}.", not_valid)
    other_claims = issuer.token(sub="service:admin").split(".")[1]
    invalid(sts, role, f"{header}.{other_claims}.{signature}", not_valid)
    invalid(sts, role, Key("RS256", key.kid).token(issuer.claims()), not_valid)
    # The key's own algorithm is RS256, whatever the token says.
    invalid(sts, role, key.token(issuer.claims(), alg="RS512"), NO_KEY)
    invalid(sts, role, key.token(issuer.claims(), kid=None), NO_KEY)
    invalid(sts, role, key.token(issuer.claims(), crit=["exp"]), NO_JWT)
    assume(sts, role, good)
    assert issuer.fetches() == 1


def test_a_key_that_is_not_known_is_asked_for(sts, issuer, role):
    assume(sts, role, issuer.token())
    issuer.keys = [Key("ES256", "next"), *issuer.keys]
    issuer.publish()
    token = issuer.token()
    invalid(sts, role, token, NO_KEY)
    assert issuer.fetches() == 1, "so soon the issuer is left alone"
    deadline = time.monotonic() + 2 * PAUSE
    while issuer.fetches() == 1 and time.monotonic() < deadline:
        try:
            assume(sts, role, token)
        except sts.exceptions.InvalidIdentityTokenException:
            time.sleep(0.5)
    assume(sts, role, token)
    assert issuer.fetches() == 2


def test_an_issuer_that_can_not_be_asked_is_told_of(server, sts, issuer, role):
    issuer.answer("/keys", b"", status=503)
    invalid(sts, role, issuer.token(), UNREACHABLE, "IDPCommunicationError")
    asked = len(issuer.host.asked)
    invalid(sts, role, issuer.token(), UNREACHABLE, "IDPCommunicationError")
    assert len(issuer.host.asked) == asked
    assert any("can't be fetched" in line and "503" in line for line in server.log)


@pytest.mark.parametrize("spoil", [
    lambda issuer: issuer.answer("/keys", b" " * (256 * 1024 + 1)),
    lambda issuer: issuer.answer("/keys", json.dumps({"keys": [{}] * 201}).encode()),
    lambda issuer: issuer.answer("/keys", b"[" * 100_000),
    lambda issuer: issuer.answer("/keys", b"", status=302, Location=f"{issuer.url}/moved"),
    lambda issuer: issuer.answer("/.well-known/openid-configuration", b"", status=301, Location=f"{issuer.url}/moved"),
    lambda issuer: issuer.discovery.update(issuer="https://other.example.com") or issuer.publish(),
    lambda issuer: issuer.discovery.update(jwks_uri=f"http://{issuer.name}/keys") or issuer.publish(),
    lambda issuer: issuer.discovery.update(jwks_uri="file:///etc/passwd") or issuer.publish(),
    lambda issuer: issuer.discovery.update(jwks_uri="https://localhost:1/keys") or issuer.publish(),
], ids=["oversized", "too-many", "deep", "redirected", "discovery-redirected", "foreign", "plain", "file", "closed-port"])
def test_keys_that_can_not_be_trusted_are_not_used(sts, issuer, role, spoil):
    issuer.answer("/moved", json.dumps({"keys": [issuer.keys[0].jwk()]}).encode())
    spoil(issuer)
    invalid(sts, role, issuer.token(), UNREACHABLE, "IDPCommunicationError")
    assert f"{issuer.path}/moved" not in issuer.host.asked


def test_a_server_is_known_by_a_root_or_a_thumbprint(sts, iam, place, key, request):
    stranger = Authority(place, "stranger")
    host = Host(stranger, place)
    made = []
    for name, prints, trusted in (
        ("none", [], False), ("wrong", ["0" * 40], False), ("right", ["0" * 40, stranger.thumbprint], True),
    ):
        issuer = Issuer(host, name, [key])
        arn = iam.create_open_id_connect_provider(
            Url=issuer.url, ClientIDList=[issuer.audience], ThumbprintList=prints)["OpenIDConnectProviderArn"]
        role = make_role(iam, f"{name_of(request)}-{name}", trust(arn))
        made.append((arn, role))
        if trusted:
            assume(sts, role, issuer.token())
        else:
            invalid(sts, role, issuer.token(), UNREACHABLE, "IDPCommunicationError")
            assert issuer.fetches() == 0
    for arn, role in made:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        remove_role(iam, role)
    host.close()


def test_keys_in_a_file_are_enough(sts, iam, given, request):
    arn = iam.create_open_id_connect_provider(
        Url="https://id.invalid", ClientIDList=["sts"])["OpenIDConnectProviderArn"]
    role = make_role(iam, name_of(request), trust(arn))
    now = int(time.time())
    claims = {"iss": "https://id.invalid", "sub": "robot", "aud": "sts", "iat": now, "exp": now + 60}
    assert assume(sts, role, given.token(claims))["SubjectFromWebIdentityToken"] == "robot"
    invalid(sts, role, Key("ES384", "given").token(claims), "The token's signature is not valid")
    invalid(sts, role, given.token(claims, kid="other"), NO_KEY)
    remove_role(iam, role)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def denied(sts, role, token, action="AssumeRoleWithWebIdentity"):
    with refused("AccessDenied", f"Not authorized to perform sts:{action}", 403):
        assume(sts, role, token)


def test_the_trust_policy_decides(server, sts, iam, issuer, role):
    provider = provider_arn(issuer)

    def equals(**claims):
        return {"StringEquals": {f"{issuer.name}:{claim}": value for claim, value in claims.items()}}

    retrust(iam, role, provider, Condition=equals(sub="service:pay", aud=issuer.audience))
    assume(sts, role, issuer.token())
    denied(sts, role, issuer.token(sub="service:other"))
    retrust(iam, role, provider, Condition={"StringLike": {f"{issuer.name}:sub": "service:*"}})
    assume(sts, role, issuer.token(sub="service:other"))
    denied(sts, role, issuer.token(sub="user:ada"))
    retrust(iam, role, provider, Condition=equals(amr="authenticated"))
    denied(sts, role, issuer.token())
    assume(sts, role, issuer.token(amr="authenticated"))
    retrust(iam, role, provider, Condition={"ForAnyValue:StringEquals": {f"{issuer.name}:amr": "mfa"}})
    assume(sts, role, issuer.token(amr=["pwd", "mfa"]))
    denied(sts, role, issuer.token(amr=["pwd"]))
    retrust(iam, role, provider, Condition=equals(azp=issuer.audience))
    assume(sts, role, issuer.token(azp=issuer.audience))
    denied(sts, role, issuer.token())
    # Of two claims that differ in case alone none is believed.
    retrust(iam, role, provider, Condition=equals(team="pay"))
    assume(sts, role, issuer.token(team="pay"))
    denied(sts, role, issuer.token(team="pay", TEAM="other"))
    denied(sts, role, issuer.token(team={"a": "pay"}))
    # The keys of another issuer say nothing.
    retrust(iam, role, provider, Condition={"StringEquals": {"id.example.com:sub": "service:pay"}})
    denied(sts, role, issuer.token())
    retrust(iam, role, provider, Condition={"StringEquals": {"aws:FederatedProvider": provider}})
    assume(sts, role, issuer.token())
    retrust(iam, role, provider, Condition={"StringEquals": {"sts:RoleSessionName": "other"}})
    denied(sts, role, issuer.token())


@pytest.mark.parametrize("principal, actions", [
    ({"AWS": "*"}, "sts:AssumeRoleWithWebIdentity"),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]),
    ({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"),
    ({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/other.example.com"}, "sts:AssumeRoleWithWebIdentity"),
    (None, "sts:AssumeRole"),
    (None, "sts:TagSession"),
])
def test_trust_in_others_is_not_enough(sts, iam, issuer, role, principal, actions):
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal or {"Federated": provider_arn(issuer)}, "Action": actions}]}
    iam.update_assume_role_policy(RoleName=role.rsplit("/")[-1], PolicyDocument=json.dumps(policy))
    denied(sts, role, issuer.token())


def test_a_deny_wins(server, sts, iam, issuer, role):
    policy = json.loads(trust(provider_arn(issuer)))
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "sts:*",
                                "Condition": {"StringEquals": {f"{issuer.name}:sub": "service:bad"}}})
    iam.update_assume_role_policy(RoleName=role.rsplit("/")[-1], PolicyDocument=json.dumps(policy))
    assume(sts, role, issuer.token())
    with refused("AccessDenied", NOT_AUTHORIZED, 403) as caught:
        assume(sts, role, issuer.token(sub="service:bad"))
    record = record_of(server, caught.value.response)
    assert record["errorCode"] == "AccessDenied" and record["userIdentity"]["userName"] == "service:bad"


def test_a_role_that_is_not_there_looks_like_one_that_is_closed(sts, issuer):
    denied(sts, f"arn:aws:iam::{ACCOUNT}:role/absent", issuer.token())
    denied(sts, f"arn:aws:iam::{ACCOUNT}:role/some/where/absent", issuer.token())


def test_a_role_of_another_account_knows_no_provider(sts, issuer):
    for account in ("999999999999", "444455556666"):
        invalid(sts, f"arn:aws:iam::{account}:role/absent", issuer.token(),
                f"No OpenIDConnect provider found in your account for {issuer.url}")
    for arn in (f"arn:aws:iam::{ACCOUNT}:user/ada", "arn:aws:iam::aws:role/x", "x" * 20):
        invalid(sts, arn, issuer.token(), f"{arn} is invalid", "ValidationError")


def test_a_provider_that_goes_takes_its_trust_with_it(server, sts, iam, host, key, request):
    issuer = Issuer(host, name_of(request), [key])
    arn = provider_arn(issuer)
    role = make_role(iam, name_of(request), trust(arn))
    unknown = f"No OpenIDConnect provider found in your account for {issuer.url}"
    invalid(sts, role, issuer.token(), unknown)
    iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["a", issuer.audience])
    made = assume(sts, role, issuer.token())
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=issuer.audience)
    invalid(sts, role, issuer.token(), "Incorrect token audience")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    invalid(sts, role, issuer.token(), unknown)
    # What was given is given, as long as it lasts.
    client_of(server, made).list_keys()
    remove_role(iam, role)


TAGS = "https://aws.amazon.com/tags"


def test_tags_and_a_source_identity_come_with_the_token(server, sts, iam, issuer, role, request):
    provider = provider_arn(issuer)
    tagged = {TAGS: {"principal_tags": {"team": ["pay"]}, "transitive_tag_keys": ["team"]}}
    flat = {f"{TAGS}/principal_tags/team": "pay", f"{TAGS}/transitive_tag_keys": ["team"]}
    behind = {"https://aws.amazon.com/source_identity": "ada"}
    for claims, action in ((tagged, "TagSession"), (flat, "TagSession"), (behind, "SetSourceIdentity")):
        denied(sts, role, issuer.token(**claims), action)
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
    retrust(iam, role, provider, actions, Condition={"StringEquals": {"aws:RequestTag/team": "pay"}})
    assert assume(sts, role, issuer.token(**tagged, **behind))["SourceIdentity"] == "ada"
    denied(sts, role, issuer.token())
    iam.put_role_policy(RoleName=role.rsplit("/")[-1], PolicyName="own", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*", "Condition": {"StringEquals": {
            "aws:PrincipalTag/team": "pay", "aws:SourceIdentity": "ada", "aws:FederatedProvider": provider,
            f"{issuer.name}:sub": "service:pay", f"{issuer.name}:aud": issuer.audience}}}}))
    for claims in (tagged, flat):
        made = assume(sts, role, issuer.token(**claims, **behind))
        client_of(server, made).list_keys()
        with refused("AccessDeniedException"):
            client_of(server, assume(sts, role, issuer.token(**claims, **behind, sub="service:other"))).list_keys()
    for bad in (
        {TAGS: []}, {TAGS: {"principal_tags": {"team": ["a", "b"]}}}, {TAGS: {"principal_tags": {"team": 7}}},
        {TAGS: {"transitive_tag_keys": ["absent"]}}, {TAGS: {"principal_tags": {"x" * 129: ["a"]}}},
        {TAGS: {"principal_tags": {f"k{number}": ["a"] for number in range(51)}}},
        {"https://aws.amazon.com/source_identity": 7}, {"https://aws.amazon.com/source_identity": "a b"},
    ):
        with refused("IDPRejectedClaim", status=403) as caught:
            assume(sts, role, issuer.token(**bad))
        assert record_of(server, caught.value.response)["errorCode"] == "IDPRejectedClaim"


def test_a_session_goes_on_to_another_role_as_a_chain(server, sts, iam, issuer, role, request):
    name = f"{name_of(request)}-next"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}]}
    other = make_role(iam, name, json.dumps(policy))
    iam.update_role(RoleName=name, MaxSessionDuration=43200)
    iam.update_role(RoleName=role.rsplit("/")[-1], MaxSessionDuration=43200)
    # The first role is no chain, and may last longer than an hour.
    made = assume(sts, role, issuer.token(), DurationSeconds=43200)
    chained = client_of(server, made, "sts")
    with refused("ValidationError", re.compile(".*1 hour session limit for roles assumed by role chaining.*")):
        chained.assume_role(RoleArn=other, RoleSessionName="next", DurationSeconds=7200)
    onward = chained.assume_role(RoleArn=other, RoleSessionName="next")
    used = record_of(server, client_of(server, onward).list_keys())
    assert "webIdFederationData" not in used["userIdentity"]["sessionContext"]
    remove_role(iam, other)


def test_a_refusal_before_there_is_a_caller_is_not_in_the_log(server, sts, issuer, role):
    with refused("InvalidIdentityToken") as caught:
        assume(sts, role, "no.token.atall")
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    assert not any(record.get("requestID") == request_id for record in server.audit())


def test_every_other_operation_has_to_be_signed(server, issuer, role):
    context = ssl.create_default_context(cafile=server.ca)
    for version, actions in (
        ("2011-06-15", ("AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetFederationToken")),
        ("2010-05-08", ("ListUsers", "CreateUser", "ListOpenIDConnectProviders")),
    ):
        for action in actions:
            form = {"Action": action, "Version": version, "RoleArn": role, "RoleSessionName": "pay",
                    "WebIdentityToken": issuer.token(), "UserName": "x"}
            request = urllib.request.Request(server.url, urllib.parse.urlencode(form).encode())
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, context=context)
            assert caught.value.code == 403 and b"MissingAuthenticationToken" in caught.value.read()


def test_the_default_chain_of_boto3_finds_the_token(server, issuer, role, tmp_path):
    token = tmp_path / "token"
    token.write_text(issuer.token())
    program = (
        "import boto3; print(boto3.client('sts').get_caller_identity()['Arn']);"
        "print(len(boto3.client('kms').list_keys()['Keys']) >= 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=harness.PATIENCE,
        env=harness.clean_env({
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "robot",
            "AWS_ENDPOINT_URL": server.url, "AWS_CA_BUNDLE": server.ca, "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_DEFAULT_REGION": REGION,
        }))
    assert done.returncode == 0, done.stderr
    name = role.rsplit("/")[-1]
    assert done.stdout.split() == [f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/robot", "True"]


@pytest.mark.parametrize("option, value, said", [
    ("--oidc-ca", "absent.pem", "--oidc-ca"),
    ("--oidc-keys", "https://id.example.com=absent.json", "--oidc-keys"),
    ("--oidc-keys", "http://id.example.com=keys.json", "give ISSUER=FILE"),
])
def test_options_that_can_not_be_used_are_refused(tmp_path, option, value, said):
    done = harness.run("server", "--data-dir", tmp_path / "data", "--listen", "127.0.0.1:0", option, value)
    assert done.returncode != 0 and said in done.stderr
