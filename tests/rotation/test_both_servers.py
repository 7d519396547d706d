"""An account of MariaDB and one of Valkey: tests that apply to both."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import pytest

from support.accounts import Stored
from support.rotate_command import rotate
from toriconfig.errors import SecretError
from toriconfig.rotation import DatabaseUnreachable, Rotation, RotationRefused
from toriconfig.rotation.kinds import _account
from toriconfig.testing import Canary

pytestmark = pytest.mark.databases


@pytest.fixture(params=["mysql_account", "redis_account"])
def stored(request: pytest.FixtureRequest) -> Stored:
    found: Stored = request.getfixturevalue(request.param)
    return found


def test_a_refused_administrator_is_named(stored: Stored) -> None:
    stored.vault.put("secret/wrong", {"username": stored.server.user, "password": "wrong"})
    with pytest.raises(RotationRefused, match=f"refused {stored.server.user}: ") as caught:
        stored.rotation(kind=stored.kind(admin="secret/wrong")).run()
    assert "the administrator at secret/wrong" in caught.value.help


def test_a_server_that_is_down_is_reported_and_nothing_is_left_open(stored: Stored) -> None:
    with pytest.raises(DatabaseUnreachable, match=f"{stored.product} at 127.0.0.1:1 does not answer"):
        stored.rotation(kind=stored.kind(stored.nowhere()), timeout=2.0).run()
    setup = ["--kind", stored.kind_name, "--url", stored.nowhere(), "--admin", stored.admin]
    code, _, err = rotate(stored.vault.environ, stored.path, *setup)
    assert (3, True) == (code, "check the URL, and that the server is running" in err)
    assert "" == stored.rotation().status().step


def test_a_server_that_hangs_is_given_up_after_the_timeout(stored: Stored) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kind = stored.kind(stored.nowhere(silent.getsockname()[1]))
        with pytest.raises(DatabaseUnreachable):
            stored.rotation(kind=kind, timeout=1.0).run()


def test_a_missing_driver_is_named(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, stored.driver, None)
    with pytest.raises(RotationRefused, match=f"the kind {stored.kind_name} needs {stored.driver}") as caught:
        stored.rotation().run()
    assert f"toriconfig[{stored.kind_name}]" in caught.value.help


def test_no_failure_shows_a_password(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    new = Canary()
    monkeypatch.setattr(_account, "random_text", lambda: new.secret)
    stored.vault.put("secret/wrong", {"username": stored.server.user, "password": new.secret})
    makers: list[Callable[[], Rotation]] = [
        lambda: stored.rotation(kind=stored.kind(admin="secret/wrong")),
        lambda: stored.rotation(kind=stored.kind(stored.nowhere(), admin="secret/wrong"), timeout=2.0),
        lambda: stored.rotation(verify=lambda _: False),
    ]
    for make in makers:
        rotation = make()
        with new.watch(), pytest.raises(SecretError) as caught:
            rotation.run()
        new.absent_from(caught.value, rotation, stored.logged())
