"""botocore's signer and ours make the same signatures, and ours believes botocore's and no altered one."""

import datetime
import json
import pathlib
import random
import subprocess
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCESS_KEY_ID = "AKIAKEYSTEADBOTOCORE"
SECRET = "botocore/Secret+Key/0123456789abcdefghij"
HOST = "kms.eu-central-1.example.com:8443"
REQUESTS = 400
SIGNERS = {
    (False, False): auth.SigV4Auth,
    (False, True): auth.SigV4QueryAuth,
    (True, False): auth.S3SigV4Auth,
    (True, True): auth.S3SigV4QueryAuth,
}


class Ours:
    """The other side: one JSON object a line, each way."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["cargo", "run", "-q", "-p", "sigv4", "--example", "signatures"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def ask(self, **asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the example ended"
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


@pytest.fixture(scope="module")
def ours():
    ours = Ours()
    yield ours
    ours.close()


class Case:
    """A request by chance, and how to sign it."""

    def __init__(self, chance, service, presigned):
        self.service, self.presigned = service, presigned
        self.region = chance.choice(["eu-central-1", "us-east-1", "cn-north-1"])
        self.token = chance.choice([None, text(chance, "abcXYZ019+/=", 1, 400)])
        self.time = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=chance.randrange(3_000_000_000))
        self.expires = chance.randrange(1, 604_801)
        self.method = chance.choice(["GET", "POST", "PUT", "DELETE"])
        self.body = b"" if presigned else chance.randbytes(chance.choice([0, 1, 40, 3000]))
        self.path = path(chance)
        self.query = query(chance, unique=presigned)
        self.headers = headers(chance, date=not presigned)

    def now(self):
        return int(self.time.replace(tzinfo=datetime.timezone.utc).timestamp())

    def signed_by_botocore(self, monkeypatch):
        monkeypatch.setattr(auth, "get_current_datetime", lambda: self.time)
        url = f"https://{HOST}{self.path}" + (f"?{self.query}" if self.query else "")
        request = AWSRequest(self.method, url, data=self.body)
        for name, value in self.headers:
            request.headers.add_header(name, value)
        options = {"expires": self.expires} if self.presigned else {}
        kind = SIGNERS[self.service == "s3", self.presigned]
        credentials = Credentials(ACCESS_KEY_ID, SECRET, self.token)
        kind(credentials, self.service, self.region, **options).add_auth(request)
        sent = [(name.lower(), value) for name, value in request.headers.items()]
        return sent + [("host", HOST)], urlsplit(request.url).query

    def question(self, what, sent, query):
        return {
            "do": what, "service": self.service, "region": self.region, "access_key_id": ACCESS_KEY_ID,
            "secret": SECRET, "token": self.token, "now": self.now(), "expires": self.expires,
            "method": self.method, "path": self.path, "query": query, "headers": sent, "body": self.body.hex(),
        }


def text(chance, letters, least, most):
    return "".join(chance.choice(letters) for _ in range(chance.randint(least, most)))


def path(chance):
    segments = [
        chance.choice([quote(text(chance, "abcXYZ019 ~_.-+=:é%", 1, 8), safe="~"), "", ".", ".."])
        for _ in range(chance.randrange(5))
    ]
    # botocore ends a path that ends in a dot segment another way than the URL standard does.
    return "/".join(["", *segments, chance.choice(["", "end"])])


def query(chance, unique):
    pairs = [
        (text(chance, "abcABC-_~ é/&=+", 1, 4), text(chance, "abc019 ~é/&=+%", 0, 6))
        for _ in range(chance.randrange(6))
    ]
    if unique:
        pairs = list(dict(pairs).items())
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)


def headers(chance, date):
    found = [
        (f"{chance.choice(['X-Amz-Meta', 'A', 'zz'])}-{text(chance, 'abc019', 1, 3)}",
         text(chance, "abcXYZ019  ,;:=\"/", 0, 20))
        for _ in range(chance.randrange(6))
    ]
    found.append(("User-Agent", "never/signed"))
    if date and chance.random() < 0.2:
        found.append(("Date", "replaced by botocore"))
    return found


@pytest.mark.parametrize("presigned", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("service", ["kms", "sts", "s3"])
def test_signatures_agree(ours, monkeypatch, service, presigned):
    chance = random.Random(f"{service} {presigned}")
    for number in range(REQUESTS):
        case = Case(chance, service, presigned)
        sent, query = case.signed_by_botocore(monkeypatch)
        verify = case.question("verify", sent, query)
        expected = {"access_key_id": ACCESS_KEY_ID, "token": case.token}
        assert ours.ask(**verify) == expected, (number, verify)

        if presigned:
            made = ours.ask(**case.question("presign", [*case.headers, ("host", HOST)], case.query))
            assert signature(made["query"]) == signature(query), (number, verify)
        elif "date" not in dict(sent):
            # Where there is a Date header, botocore signs that and sends no X-Amz-Date.
            made = ours.ask(**case.question("sign", sent, query))
            assert made["authorization"] == dict(sent)["authorization"], (number, verify)

        altered = alter(chance, verify)
        refusal = ours.ask(**altered)
        assert refusal.get("code") in ("InvalidSignatureException", "XAmzContentSHA256Mismatch"), (number, altered)


def signature(query):
    return query.split("X-Amz-Signature=")[1].split("&")[0]


def alter(chance, verify):
    altered = dict(verify)
    change = chance.choice(["method", "path", "query", "body", "secret", "header"])
    # The body of a request to S3 that was presigned is not signed.
    if change == "body" and not (verify["service"] == "s3" and "X-Amz-Signature" in verify["query"]):
        altered["body"] += "00"
    elif change == "path":
        altered["path"] += "/x"
    elif change == "query":
        altered["query"] += "&x=1"
    elif change == "secret":
        altered["secret"] += "x"
    elif change == "header":
        altered["headers"] = [
            (name, value + "x" if name == "host" else value) for name, value in verify["headers"]
        ]
    else:
        altered["method"] = "PATCH"
    return altered
