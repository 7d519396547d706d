"""Certificates are replaced while the program runs, by cert-manager, SPIFFE or an operator: the next connection uses them."""

from __future__ import annotations

import os
import shutil
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import self_signed
from support.fake_vault import secret
from toriconfig._vault.config import Tls
from toriconfig._vault.http.tls import SetUpError, TlsContext
from toriconfig.errors import SecretError, VaultDenied
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import TLSCertificate

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}, "secret/other": {"k": "v"}}, tls=True) as server:
        server.policy("app", {"secret/data/*": ["read"]})
        server.client.sys.enable_auth_method("cert")
        yield server


def _authority(server: VaultServer) -> Path:
    return Path(server.environ["VAULT_CACERT"])


def _replace(file: Path, by: Path) -> None:
    """Replace a file as cert-manager does: another file takes the name."""
    new = file.with_name("new")
    shutil.copy(by, new)
    new.replace(file)


def test_an_authority_that_was_replaced_is_trusted_without_a_restart(
    server: VaultServer, connect: Connect, tmp_path: Path, fake_clock: FakeClock
) -> None:
    stranger, _ = self_signed(tmp_path, "stranger")
    file = tmp_path / "ca.pem"
    shutil.copy(stranger, file)
    environ = {"VAULT_ADDR": server.address, "VAULT_CACERT": str(file), "VAULT_TOKEN": "root"}
    session = connect(environ, clock=fake_clock, refresh_interval=10.0)
    with pytest.raises(SecretError, match="self-signed certificate|unable to get local issuer"):
        secret(session, "secret/app").get()
    _replace(file, _authority(server))
    fake_clock.advance(60)
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_an_authority_that_was_taken_away_is_not_trusted_for_new_connections(
    server: VaultServer, connect: Connect, tmp_path: Path, fake_clock: FakeClock
) -> None:
    stranger, _ = self_signed(tmp_path, "stranger")
    file = tmp_path / "ca.pem"
    shutil.copy(_authority(server), file)
    environ = {"VAULT_ADDR": server.address, "VAULT_CACERT": str(file), "VAULT_TOKEN": "root"}
    session = connect(environ, clock=fake_clock)
    assert {"k": "v"} == secret(session, "secret/app").get()
    _replace(file, stranger)
    fake_clock.advance(60)
    with pytest.raises(SecretError, match="TLS"):
        secret(session, "secret/other").get()


class Mount:
    """A volume of Kubernetes: `name -> ..data/name`, and `..data -> ..N`, which is swapped in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._swaps = folder, 0
        folder.mkdir()

    def fill(self, files: dict[str, Path]) -> None:
        """Have these files stand there and no others, all of one time, as after a restored backup."""
        self._swaps += 1
        version = self._folder / f"..{self._swaps}"
        version.mkdir()
        for name, source in files.items():
            shutil.copy(source, version / name)
            os.utime(version / name, (1, 1))
            if not (self._folder / name).is_symlink():
                (self._folder / name).symlink_to(f"..data/{name}")
        new = self._folder / "..data_tmp"
        new.symlink_to(version.name)
        new.replace(self._folder / "..data")


@pytest.mark.parametrize("variable", ["VAULT_CACERT", "VAULT_CAPATH"])
def test_a_volume_of_kubernetes_that_was_swapped_is_read_again(
    server: VaultServer, connect: Connect, tmp_path: Path, fake_clock: FakeClock, variable: str
) -> None:
    stranger, _ = self_signed(tmp_path, "stranger")
    mount = Mount(tmp_path / "volume")
    mount.fill({"ca.pem": stranger})
    named = tmp_path / "volume" / ("ca.pem" if variable == "VAULT_CACERT" else "")
    environ = {"VAULT_ADDR": server.address, variable: str(named), "VAULT_TOKEN": "root"}
    session = connect(environ, clock=fake_clock, refresh_interval=10.0)
    for path in ("secret/app", "secret/other"):
        with pytest.raises(SecretError, match="TLS"):
            secret(session, path).get()
        mount.fill({"ca.pem": _authority(server)})
        fake_clock.advance(60)
        assert {"k": "v"} == secret(session, path).get()
        mount.fill({"ca.pem": stranger})
        fake_clock.advance(60)


def test_each_certificate_login_presents_the_current_certificate(
    server: VaultServer, connect: Connect, tmp_path: Path, fake_clock: FakeClock
) -> None:
    cert, key = self_signed(tmp_path, "first")
    new_cert, new_key = self_signed(tmp_path, "second")
    server.client.adapter.post(
        "/v1/auth/cert/certs/app", json={"certificate": new_cert.read_text(), "token_policies": ["app"]}
    )
    environ = {"VAULT_ADDR": server.address, "VAULT_CACERT": str(_authority(server))}
    session = connect(environ, auth=TLSCertificate("app", str(cert), str(key)), clock=fake_clock, refresh_interval=5.0)
    with pytest.raises(VaultDenied):
        secret(session, "secret/app").get()
    _replace(cert, new_cert)
    _replace(key, new_key)
    fake_clock.advance(10)
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_a_key_that_does_not_fit_yet_keeps_the_certificate_that_is_there(tmp_path: Path, fake_clock: FakeClock) -> None:
    cert, key = self_signed(tmp_path, "first")
    new_cert, new_key = self_signed(tmp_path, "second")
    tls = TlsContext(_tls(cert=str(cert), key=str(key)), fake_clock.monotonic)
    before = tls.current()
    _replace(cert, new_cert)
    assert not tls.changed(always=True)
    assert before is tls.current()
    _replace(key, new_key)
    assert tls.changed(always=True)
    assert before is not tls.current()


def test_files_are_checked_once_a_second_and_not_at_each_request(tmp_path: Path, fake_clock: FakeClock) -> None:
    cert, key = self_signed(tmp_path, "first")
    new_cert, new_key = self_signed(tmp_path, "second")
    tls = TlsContext(_tls(ca_cert=str(cert)), fake_clock.monotonic)
    tls.current()
    _replace(cert, new_cert)
    assert not tls.changed()
    fake_clock.advance(1)
    assert tls.changed()
    assert new_key.exists() and key.exists()


def test_a_folder_of_authorities_without_hashed_names_is_read(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    folder = tmp_path / "authorities"
    data = folder / "..2026_11_29"
    data.mkdir(parents=True)
    shutil.copy(_authority(server), data / "ca.crt")
    (folder / "..data").symlink_to(data.name)
    (folder / "ca.crt").symlink_to("..data/ca.crt")
    (folder / "README").write_text("no certificate")
    environ = {"VAULT_ADDR": server.address, "VAULT_CAPATH": str(folder), "VAULT_TOKEN": "root"}
    assert {"k": "v"} == secret(connect(environ), "secret/app").get()


@pytest.mark.parametrize(("content", "says"), [(None, "it is not a folder"), ("text", "no file in it holds a PEM")])
def test_a_folder_without_any_authority_is_named(tmp_path: Path, content: str | None, says: str) -> None:
    folder = tmp_path / "authorities"
    if content is not None:
        folder.mkdir()
        (folder / "file").write_text(content)
    with pytest.raises(SetUpError, match=f"{folder}: {says}"):
        TlsContext(_tls(ca_path=str(folder)), lambda: 0.0).current()


def test_a_device_in_a_folder_of_authorities_is_not_read(tmp_path: Path) -> None:
    cert, _ = self_signed(tmp_path, "first")
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(cert, folder / "ca.pem")
    (folder / "zero").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    context = TlsContext(_tls(ca_path=str(folder)), lambda: 0.0).current()
    assert 1 == len(context.get_ca_certs())


def test_an_unverified_connection_warns_once_and_not_at_each_request(server: VaultServer, connect: Connect) -> None:
    environ = {"VAULT_ADDR": server.address, "VAULT_SKIP_VERIFY": "true", "VAULT_TOKEN": "root"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session = connect(environ)
        assert {"k": "v"} == secret(session, "secret/app").get()
        assert {"k": "v"} == secret(session, "secret/other").get()


def _tls(
    ca_cert: str | None = None, ca_path: str | None = None, cert: str | None = None, key: str | None = None
) -> Tls:
    return Tls(ca_cert, None, ca_path, cert, key, None, verify=True)


def test_the_context_verifies_unless_disabled() -> None:
    assert ssl.CERT_REQUIRED == TlsContext(_tls(), lambda: 0.0).current().verify_mode
