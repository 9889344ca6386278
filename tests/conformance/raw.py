"""A small HTTP client that sends exactly what it is told: for requests no SDK would make."""

import datetime
import hashlib
import json
import socket
import ssl
from dataclasses import dataclass, field
from unittest import mock

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import REGION

JSON_1_1 = "application/x-amz-json-1.1"
# A server that hangs must fail a test, not the run.
PATIENCE = 30


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict
    body: bytes
    closed: bool = False

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The exception's name, `None` for a success."""
        return None if self.status == 200 else self.json.get("__type")


@dataclass
class Request:
    """A request before it is signed."""

    operation: str | None = "ListKeys"
    body: bytes = b"{}"
    method: str = "POST"
    path: str = "/"
    headers: dict = field(default_factory=dict)


class Raw:
    """Sends raw requests to a server."""

    def __init__(self, server):
        self.server = server
        key, secret = server.credentials
        self.credentials = Credentials(key, secret)

    def tls(self, **versions):
        """TLS settings that trust the server's authority alone."""
        context = ssl.create_default_context(cafile=self.server.ca)
        for name, value in versions.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None, alpn=("http/1.1",)):
        context = context or self.tls()
        context.set_alpn_protocols(list(alpn))
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)
        return context.wrap_socket(plain, server_hostname="localhost")

    @property
    def host(self):
        return f"localhost:{self.server.port}"

    def signed(self, request, *, credentials=None, region=REGION, service="kms", now=None, drop=()):
        """The request's headers with a signature by botocore's own signer."""
        headers = {"Host": self.host, "Content-Type": JSON_1_1} | request.headers
        if request.operation is not None:
            headers.setdefault("X-Amz-Target", f"TrentService.{request.operation}")
        headers = {name: value for name, value in headers.items() if value is not None}
        aws = AWSRequest(request.method, f"https://{self.host}{request.path}", headers=headers, data=request.body)
        with moment(now):
            SigV4Auth(credentials or self.credentials, service, region).add_auth(aws)
        return {name: value for name, value in aws.headers.items() if name.lower() not in drop}

    def presigned(self, request, *, expires=300, now=None, region=REGION, credentials=None):
        """Path, with the signature in its query, and headers."""
        headers = {"Host": self.host, "Content-Type": JSON_1_1, "X-Amz-Target": f"TrentService.{request.operation}"}

        class Signer(SigV4QueryAuth):
            def payload(self, _):
                return hashlib.sha256(request.body).hexdigest()

        aws = AWSRequest(request.method, f"https://{self.host}{request.path}", headers=headers)
        with moment(now):
            Signer(credentials or self.credentials, "kms", region, expires).add_auth(aws)
        return aws.url.removeprefix(f"https://{self.host}"), headers

    def send(self, request, headers=None, path=None, length=None):
        """Sends a request as given: unsigned unless its headers say otherwise."""
        headers = dict(headers if headers is not None else {"Host": self.host} | request.headers)
        if not any(name.lower() in ("content-length", "transfer-encoding") for name in headers):
            headers["Content-Length"] = str(len(request.body) if length is None else length)
        lines = [f"{request.method} {path or request.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return self.exchange(head + request.body, head_only=request.method == "HEAD")

    def call(self, operation, body=b"{}", *, headers=None, **signing):
        """Signs and sends; `body` is bytes, or a value that becomes JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = Request(operation=operation, body=body, headers=headers or {})
        return self.send(request, self.signed(request, **signing))

    def exchange(self, data, head_only=False):
        """Sends bytes and reads one answer; `None` when the server closed without one."""
        with self.connect() as stream:
            try:
                stream.sendall(data)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                pass  # it answered before it had read all
            return read_answer(stream, head_only)


def read_answer(stream, head_only=False):
    data = b""
    while b"\r\n\r\n" not in data:
        more = receive(stream)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    length = 0 if head_only else int(headers.get("content-length", "0"))
    while len(body) < length:
        more = receive(stream)
        if not more:
            break
        body += more
    closed = headers.get("connection", "").lower() == "close"
    return Answer(int(first.split(" ")[1]), headers, body, closed)


def receive(stream):
    try:
        return stream.recv(65536)
    except (ConnectionResetError, ssl.SSLEOFError):
        return b""


def moment(now):
    """Lets botocore's signer believe that it is `now`."""
    if now is None:
        return mock.patch.object(botocore.auth, "get_current_datetime", botocore.auth.get_current_datetime)
    return mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: now)


def utc(**ago):
    """This much time ago."""
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**ago)).replace(tzinfo=None)
