"""TLS to Secrets Manager: a certificate of an unknown authority is refused unless AWS_CA_BUNDLE contains the authority."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from support.aws import KEYS, REGION
from support.certificates import self_signed
from support.loopback import Loopback
from toriconfig.backends.aws import SecretsManager
from toriconfig.errors import SecretUnreachable


def test_a_certificate_is_checked_against_the_bundle_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path, "localhost", server=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    body = b'{"SecretString": "x"}'

    def serve(connection: socket.socket) -> None:
        connection.settimeout(30)
        with context.wrap_socket(connection, server_side=True) as encrypted:
            asked = b""
            while not asked.endswith(b"}"):  # the headers and the body may come one after the other
                part = encrypted.recv(65536)
                if not part:
                    return
                asked += part
            encrypted.sendall(
                b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )

    server = Loopback(serve)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    address = f"https://localhost:{server.port}"
    try:
        with pytest.raises(
            SecretUnreachable, match=r"aws has a certificate that is not trusted \(name the CA in AWS_CA"
        ):
            SecretsManager(region=REGION, endpoint=address).fetch("prod/db", 5.0)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        assert SecretsManager(region=REGION, endpoint=address).fetch("prod/db", 5.0).value == "x"
    finally:
        server.close()
