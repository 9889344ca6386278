"""An issuer of OpenID Connect tokens on this machine: a server of HTTPS, its authority, its keys and its tokens."""

import base64
import datetime
import hashlib
import http.server
import ipaddress
import json
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}
NAMES = {"256": "P-256", "384": "P-384", "512": "P-521"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, width=None):
    return b64(value.to_bytes(width or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A key that signs tokens by one algorithm."""

    def __init__(self, algorithm, kid):
        self.algorithm, self.kid = algorithm, kid
        if algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        elif algorithm.startswith("ES"):
            self.private = ec.generate_private_key(CURVES[algorithm[2:]]())
        else:
            self.private = rsa.generate_private_key(65537, 2048)

    def jwk(self, **members):
        public = self.private.public_key()
        described = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            described |= {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        elif self.algorithm.startswith("ES"):
            numbers, width = public.public_numbers(), (public.curve.key_size + 7) // 8
            described |= {"kty": "EC", "crv": NAMES[self.algorithm[2:]],
                          "x": number(numbers.x, width), "y": number(numbers.y, width)}
        else:
            numbers = public.public_numbers()
            described |= {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        return described | members

    def sign(self, message):
        if self.algorithm == "EdDSA":
            return self.private.sign(message)
        digest = HASHES[self.algorithm[2:]]()
        if self.algorithm.startswith("ES"):
            width = (self.private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
            return r.to_bytes(width, "big") + s.to_bytes(width, "big")
        if self.algorithm.startswith("PS"):
            return self.private.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.private.sign(message, padding.PKCS1v15(), digest)

    def token(self, claims, **header):
        header = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | header
        header = {name: value for name, value in header.items() if value is not None}
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{signed}.{b64(self.sign(signed.encode()))}"


def with_mac(claims, kid, secret):
    """A token whose MAC has this secret, such as the text of a public key."""
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{b64(json.dumps(claims).encode())}"
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(signed.encode())
    return f"{signed}.{b64(mac.finalize())}"


def unsigned(claims, kid):
    return f"{b64(json.dumps({'alg': 'none', 'kid': kid}).encode())}.{b64(json.dumps(claims).encode())}."


def certificate(subject, key, issuer=None, issuer_key=None):
    """A certificate for localhost, or of an authority where no issuer is given."""
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


class Authority:
    """What signs the certificates of servers."""

    def __init__(self, directory, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = certificate(name, self.key)
        self.path = directory / f"{name}.pem"
        self.path.write_bytes(self.pem)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def thumbprint(self):
        return hashlib.sha1(self.certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def identity(self, directory):
        """A PEM file of a server's key and its chain."""
        key = ec.generate_private_key(ec.SECP256R1())
        own = certificate("localhost", key, self.certificate, self.key)
        path = directory / f"server-of-{self.path.name}"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + own.public_bytes(serialization.Encoding.PEM) + self.pem)
        return path


class Host:
    """A server of HTTPS that answers what it is told to; each of its paths can be an issuer."""

    def __init__(self, authority, directory):
        self.answers, self.asked = {}, []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked.append(self.path)
                status, headers, body = host.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.identity(directory))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Issuer:
    """An issuer at a path of a host."""

    def __init__(self, host, name, keys, audience="sts.amazonaws.com"):
        self.host, self.keys, self.audience = host, keys, audience
        self.name = f"localhost:{host.port}/{name}"
        self.url = f"https://{self.name}"
        self.path = f"/{name}"
        self.discovery = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.publish()

    def publish(self):
        self.answer("/.well-known/openid-configuration", json.dumps(self.discovery).encode())
        self.answer("/keys", json.dumps({"keys": [key.jwk() for key in self.keys]}).encode())

    def answer(self, below, body, status=200, **headers):
        self.host.answers[self.path + below] = (status, headers, body)

    def fetches(self):
        return self.host.asked.count(f"{self.path}/keys")

    def claims(self, **others):
        now = int(time.time())
        claims = {"iss": self.url, "sub": "service:pay", "aud": self.audience, "iat": now, "exp": now + 600} | others
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **claims):
        return self.keys[0].token(self.claims(**claims))
