"""TLS, its certificates, and the admin port."""

import datetime
import ipaddress
import pathlib
import socket
import ssl
import stat
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID


def leaf(raw):
    with raw.connect() as stream:
        return x509.load_der_x509_certificate(stream.getpeercert(binary_form=True))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(raw, version):
    context = raw.tls(minimum_version=version, maximum_version=version)
    with raw.connect(context) as stream:
        assert stream.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_tls_is_refused(raw):
    context = raw.tls()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(OSError):
        raw.connect(context).close()


def test_weak_ciphers_are_refused(raw):
    context = raw.tls(maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    with pytest.raises(OSError):
        raw.connect(context).close()


def test_plain_http_on_the_tls_port_hurts_nobody(server, kms):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        plain.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            plain.recv(100)
        except OSError:
            pass
    kms.list_keys(Limit=1)


def test_the_certificate_is_trusted_only_with_the_authority(server):
    context = ssl.create_default_context()
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    with pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_the_certificate_names_the_listening_addresses_for_90_days(raw):
    certificate = leaf(raw)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert datetime.timedelta(days=89) <= lifetime <= datetime.timedelta(days=91)
    assert certificate.not_valid_before_utc <= datetime.datetime.now(datetime.timezone.utc)


def test_the_authority_is_constrained_to_its_names(server, raw):
    authority = x509.load_pem_x509_certificate(pathlib.Path(server.ca).read_bytes())
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical and basic.value.ca and basic.value.path_length == 0
    names = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    permitted = names.value.permitted_subtrees
    assert any(isinstance(name, x509.DNSName) and name.value == "localhost" for name in permitted)
    leaf(raw).verify_directly_issued_by(authority)


def test_the_key_of_the_authority_is_not_in_a_file(server):
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    authority = x509.load_pem_x509_certificate(pathlib.Path(server.ca).read_bytes()).public_key().public_numbers()
    for path in server.data_dir.rglob("*"):
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            assert load_pem_private_key(path.read_bytes(), None).public_key().public_numbers() != authority, path


def test_secret_files_are_readable_by_their_owner_alone(server):
    local = server.data_dir / "local"
    assert stat.S_IMODE(local.stat().st_mode) == 0o700
    for name in ("root.key", "credentials", "server.key"):
        assert stat.S_IMODE((local / name).stat().st_mode) == 0o600, name
    for path in server.data_dir.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o022, f"{path} is writable by others"


def get(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_the_admin_port_tells_health(server):
    assert get(server.admin + "/healthz")[0] == 200
    assert get(server.admin + "/readyz")[0] == 200


def test_the_admin_port_serves_metrics(server, kms):
    kms.list_keys(Limit=1)
    status, text = get(server.admin + "/metrics")
    assert status == 200
    assert "ListKeys" in text
    assert "# TYPE" in text
    assert any("histogram" in line for line in text.splitlines() if line.startswith("# TYPE"))
    assert "certificate" in text


def test_nothing_else_is_on_the_admin_port(server):
    for path in ("/", "/x", "/healthz/x", "/metrics/../", "/debug/pprof"):
        assert get(server.admin + path)[0] == 404
    for path in ("/", "/healthz", "/metrics"):
        assert get(server.admin + path, "POST")[0] in (404, 405)


def test_metrics_count_refusals(server, loose):
    def count():
        lines = get(server.admin + "/metrics")[1].splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines
            if "DescribeKey" in line and "NotFoundException" in line and not line.startswith("#")
        )

    before = count()
    with pytest.raises(Exception, match="nonsense"):
        loose.describe_key(KeyId="nonsense")
    assert count() == before + 1


def test_exports_point_a_client_at_the_server(server):
    assert set(server.exports) == {
        "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_PROFILE", "AWS_REGION",
    }
    assert server.exports["AWS_ENDPOINT_URL"].startswith("https://")
    assert server.exports["AWS_ENDPOINT_URL"].endswith(f":{server.port}")
    assert server.exports["AWS_REGION"] == "us-east-1"
