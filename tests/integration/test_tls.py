"""Connections over TLS: whom they trust, and that they are kept and replaced like others."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runtime.aws import connections
from runtime.aws.connections import Connections
from runtime.aws.errors import RequestError, TransportError
from tests.fakes.http_server import Server, chunked, reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, by nobody but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, address = datetime.datetime.now(datetime.UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connections._tls.cache_clear()
    with Server([chunked(b"{}"), reply()], tls=context) as made:
        yield made
    connections._tls.cache_clear()


def to(server: Server) -> Connections:
    return Connections(server.url, answer_seconds=20, idle_seconds=60, repeatable=False)


def test_server_that_nobody_vouches_for_gets_no_request(server: Server) -> None:
    with pytest.raises(TransportError, match="not sent: SSLCertVerificationError") as caught:
        to(server).post("/", {}, b"{}")

    assert not caught.value.sent
    assert server.requests == []


def test_certificates_can_be_named(server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    made = to(server)

    bodies = [made.post("/", {}, b"{}").body for _ in range(3)]
    made.close()

    assert bodies == [b"{}"] * 3
    assert server.connections == 1


def test_certificates_that_cannot_be_read_are_named(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "absent.pem"))

    with pytest.raises(RequestError, match=r"AWS_CA_BUNDLE: no certificates can be read from .*absent\.pem"):
        to(server)


def test_connection_that_was_closed_meanwhile_is_replaced(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    server.replies = [reply(closes=True), reply()]
    made = to(server)
    made.post("/", {}, b"{}")
    assert server.closed.wait(20)

    made.post("/", {}, b"{}")
    made.close()

    assert [request.connection for request in server.requests] == [1, 2]
