"""Rotation of an account of a MariaDB that accepts TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.accounts import MysqlAccount
from support.certificates import self_signed
from support.mariadb import mariadb_server
from support.mariadb_package import MISSING, installed
from toriconfig.rotation import DatabaseUnreachable, RotationError
from toriconfig.rotation.kinds import MysqlUser
from toriconfig.testing import VaultServer

pytestmark = pytest.mark.databases


@pytest.fixture
def account(vault: VaultServer, tmp_path: Path) -> Iterator[tuple[MysqlAccount, Path, str]]:
    """An account, the certificate, and the address by the name that the certificate is for."""
    if installed() is None:
        pytest.skip(MISSING)
    cert, key = self_signed(tmp_path, "localhost", server=True)
    with mariadb_server((cert, key)) as server:
        yield MysqlAccount(vault, server), cert, f"mysql://localhost:{server.port}"


def test_a_server_whose_certificate_fits_is_used(account: tuple[MysqlAccount, Path, str]) -> None:
    stored, cert, url = account
    for query in (f"ssl-ca={cert}", "ssl-mode=required", f"ssl-ca={cert}&ssl-mode=verify-ca"):
        stored.rotation(kind=MysqlUser(f"{url}?{query}", stored.admin)).run()
        assert stored.logs_in()


def test_a_server_whose_certificate_does_not_fit_gets_no_password(
    account: tuple[MysqlAccount, Path, str], tmp_path: Path
) -> None:
    stored, cert, url = account
    other, _ = self_signed(tmp_path, "elsewhere", server=True)
    by_address = url.replace("localhost", "127.0.0.1")
    for wrong in (f"{url}?ssl-ca={other}", f"{url}?ssl-mode=verify-identity", f"{by_address}?ssl-ca={cert}"):
        with pytest.raises(DatabaseUnreachable, match="certificate verify failed"):
            stored.rotation(kind=MysqlUser(wrong, stored.admin), timeout=2.0).run()
    with pytest.raises(RotationError):
        stored.rotation(kind=MysqlUser(url, stored.admin), timeout=2.0).run()
    assert stored.logs_in()
