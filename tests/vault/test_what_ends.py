"""One-time codes and identity tokens: never returned after their end, and no rotation when only the end changes."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.fake_vault import FakeVault, refused, secret, tick
from toriconfig import Ref, Secret, lazy, load, on_change
from toriconfig._load.secrets.compose import Parts, provider_at
from toriconfig._secrets.provider import Reading
from toriconfig._vault import Session
from toriconfig.errors import VaultUnreachable
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import Vault

from .conftest import Connect

CODE, TOKEN = "totp/code/me", "identity/oidc/token/app"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        post, mounts = server.client.write_data, server.client.sys
        mounts.enable_secrets_engine("totp")
        post("totp/keys/me", data={"generate": True, "issuer": "v", "account_name": "a@b", "period": 2})
        post("identity/oidc/key/k", data={"allowed_client_ids": "*"})
        post("identity/oidc/role/app", data={"key": "k", "ttl": "3s"})
        post("identity/oidc/role/long", data={"key": "k", "ttl": "1h"})
        mounts.enable_auth_method("userpass")
        server.policy("oidc", {"identity/oidc/token/+": ["read"]})
        post("auth/userpass/users/u", data={"password": "p", "token_policies": "oidc"})
        yield server


@pytest.fixture(name="environ")
def _environ(server: VaultServer) -> dict[str, str]:
    """Environment with a token that belongs to an identity."""
    token = server.client.auth.userpass.login("u", "p", use_token=False)["auth"]["client_token"]
    return {**server.environ, "VAULT_TOKEN": token}


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_a_code_of_vault_is_still_valid_when_it_is_read(server: VaultServer, connect: Connect) -> None:
    held, end = secret(connect(server.environ), CODE), time.monotonic() + 5
    while time.monotonic() < end:
        asked = time.time()
        assert asked < held.get()["expire_time"]
        time.sleep(0.05)


def test_an_identity_token_ends_at_its_exp_and_is_replaced_before(environ: dict[str, str], connect: Connect) -> None:
    held, seen, end = secret(connect(environ), TOKEN), set[str](), time.monotonic() + 5
    while time.monotonic() < end:
        token = held.get()["token"]
        assert time.time() < _claims(token)["exp"]
        seen.add(token)
        time.sleep(0.05)
    assert 2 <= len(seen) <= 5


def test_the_expiry_of_an_identity_token_is_reported(environ: dict[str, str], connect: Connect) -> None:
    held = secret(connect(environ), "identity/oidc/token/long")
    assert abs(_claims(held.get()["token"])["exp"] - (held.expires_at or 0)) <= 2


class App(BaseModel):
    token: Annotated[Secret[str], Ref(f"{TOKEN}#token")]


def test_a_token_of_the_same_identity_is_no_rotation(environ: dict[str, str]) -> None:
    settings, heard = lazy(App, environ=environ), list[Any]()
    on_change(settings, "token", heard.append)
    first = settings.token.get()
    end = time.monotonic() + 10
    while (second := settings.token.get()) == first and time.monotonic() < end:
        time.sleep(0.02)
    assert first != second
    assert [] == heard


def _jwt(**claims: Any) -> str:
    parts = ({"alg": "RS256", "kid": "k"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + ".c2ln"
    )


def _serve(fake_vault: FakeVault, clock: FakeClock, **claims: Any) -> None:
    """Tokens of a minute each."""

    def answer(method: str, body: Any) -> Any:
        now = int(clock.time())
        token = _jwt(iat=now, exp=now + 60, jti=str(now), **claims)
        return fake_vault.answer(data={"client_id": "c", "token": token, "ttl": 60})

    fake_vault.answers[TOKEN] = answer


def _session(fake_vault: FakeVault, clock: FakeClock) -> Session:
    return fake_vault.session(Vault(clock=clock, refresh_interval=60.0, stale_for=3600.0))


def _token_of(session: Session) -> Any:
    ref = Ref(f"{TOKEN}#token")
    return provider_at(ref, Parts(session.provider, _none), ref.reference)


def _none(path: Any) -> Any:
    raise LookupError(path)


def test_an_identity_token_is_not_kept_for_stale_for(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _serve(fake_vault, fake_clock, sub="me")
    held = secret(session, TOKEN)
    held.get()
    fake_vault.fails[""] = refused
    tick(session, fake_clock, 55)
    held.get()
    tick(session, fake_clock, 6)
    with pytest.raises(VaultUnreachable):
        held.get()


def test_other_claims_are_a_rotation_and_a_later_expiry_is_not(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _serve(fake_vault, fake_clock, sub="me", groups=["a"])
    provider, swaps = _token_of(session), list[tuple[Reading | None, Reading | None]]()
    provider.subscribe(lambda old, new: swaps.append((old, new)))
    for flight in provider.pending():
        flight.wait()
    first = provider.settle().value
    tick(session, fake_clock, 50)
    assert first != provider.settle().value
    assert [True] == [old is None or old.comparable == new.comparable for old, new in swaps[1:] if new is not None]
    _serve(fake_vault, fake_clock, sub="me", groups=["a", "b"])
    swaps.clear()
    tick(session, fake_clock, 50)
    told = [old is not None and old.comparable == new.comparable for old, new in swaps if new is not None]
    assert 1 == told.count(False)


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "", None, 7, "a." + "!" * 8 + ".c", _jwt(exp="soon"), _jwt(exp=True)]
)
def test_a_token_without_an_expiry_time_ends_by_its_ttl(
    fake_vault: FakeVault, fake_clock: FakeClock, token: Any
) -> None:
    fake_vault.answers[TOKEN] = lambda *_: fake_vault.answer(data={"token": token, "ttl": 60})
    held = secret(_session(fake_vault, fake_clock), TOKEN)
    assert token == held.get()["token"]
    assert held.expires_at is not None
    assert abs(held.expires_at - fake_clock.time() - 60) < 1


def _codes(fake_vault: FakeVault, clock: FakeClock, path: str = CODE, **more: Callable[[], Any]) -> None:
    def answer(method: str, body: Any) -> Any:
        now = int(clock.time())
        return fake_vault.answer(data={"code": str(now), **{name: make() for name, make in more.items()}})

    fake_vault.answers[path] = answer
    fake_vault.answers[f"sys/internal/ui/mounts/{path}"] = lambda *_: fake_vault.answer(
        data={"path": path.partition("/")[0] + "/", "type": "totp"}
    )


def test_a_code_without_a_lifetime_is_read_at_each_call(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _codes(fake_vault, fake_clock)
    held = secret(session, CODE)
    codes = []
    for _ in range(4):
        codes.append(held.get()["code"])
        tick(session, fake_clock, 1)
    assert 4 == len(set(codes))
    assert 4 == fake_vault.count(CODE)


@pytest.mark.parametrize("form", ["ttl", "expire_time"])
def test_a_code_is_kept_for_as_long_as_it_is_right_at_most(
    fake_vault: FakeVault, fake_clock: FakeClock, form: str
) -> None:
    session = _session(fake_vault, fake_clock)
    if form == "ttl":
        _codes(fake_vault, fake_clock, ttl=lambda: 10)
    else:
        _codes(
            fake_vault,
            fake_clock,
            generated=lambda: int(fake_clock.time()),
            expire_time=lambda: int(fake_clock.time()) + 11,
            period=lambda: "30s",
        )
    held = secret(session, CODE)
    first = held.get()
    tick(session, fake_clock, 8)
    assert first == held.get()
    tick(session, fake_clock, 3)
    assert first != held.get()


def test_no_code_is_requested_without_a_read(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _codes(fake_vault, fake_clock, ttl=lambda: 10)
    secret(session, CODE).get()
    tick(session, fake_clock, 600, step=5)
    assert 1 == fake_vault.count(CODE)


def test_a_code_is_not_returned_in_an_outage(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _codes(fake_vault, fake_clock)
    held = secret(session, CODE)
    held.get()
    fake_vault.fails[""] = refused
    fake_clock.advance(1)
    with pytest.raises(VaultUnreachable):
        held.get()
    fake_vault.fails.clear()
    tick(session, fake_clock, 10)
    assert held.get()["code"] == str(int(fake_clock.time()))


def test_a_new_code_is_no_rotation(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    session = _session(fake_vault, fake_clock)
    _codes(fake_vault, fake_clock)
    swaps: list[tuple[Reading | None, Reading | None]] = []
    cached = session.path(CODE)
    cached.subscribe(lambda old, new: swaps.append((old, new)))
    held = secret(session, CODE)
    for _ in range(3):
        held.get()
        fake_clock.advance(1)
    assert [True, True] == [
        old.comparable == new.comparable for old, new in swaps if old is not None and new is not None
    ]


def test_a_text_with_a_code_contains_the_newest_code(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    from toriconfig._secrets.secret import handle

    session = _session(fake_vault, fake_clock)
    _codes(fake_vault, fake_clock)
    ref = Ref(f"{CODE}#code")
    held = handle(provider_at(ref, Parts(session.provider, _none), ref.reference), str, "code")
    for _ in range(3):
        assert str(int(fake_clock.time())) == held.get()
        fake_clock.advance(1)


@pytest.mark.parametrize("data", [{"code": "123"}, {"code": "123", "ttl": 5}, {"code": "1", "note": "x"}, {"code": 7}])
def test_a_kv_secret_that_looks_like_a_code_is_kept_like_any_other(
    fake_vault: FakeVault, fake_clock: FakeClock, data: dict[str, Any]
) -> None:
    fake_vault.answers["kv1/code/me"] = lambda *_: fake_vault.answer(data=data)
    fake_vault.answers["sys/internal/ui/mounts/kv1/code/me"] = lambda *_: fake_vault.answer(
        data={"path": "kv1/", "type": "kv", "options": None}
    )
    session = _session(fake_vault, fake_clock)
    held = secret(session, "kv1/code/me")
    assert data == held.get()
    fake_vault.fails[""] = refused
    tick(session, fake_clock, 1800, step=30)
    assert data == held.get()


def test_simultaneous_reads_of_a_code_send_one_request(server: VaultServer) -> None:
    class Codes(BaseModel):
        code: Annotated[Secret[str], Ref(f"{CODE}#code")]

    settings, codes, barrier = load(Codes, environ=server.environ), set[str](), threading.Barrier(20)

    def read() -> None:
        barrier.wait()
        codes.add(settings.code.get())

    server.forget_requests()
    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(code) == 6 for code in codes)
    assert server.requests(path=CODE) < 20
