"""Certificates as a secret of a model: issued once for all readers, replaced in time, on a real OpenBao."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any

import pytest
from cryptography import x509
from pydantic import BaseModel

from support.fake_vault import FakeVault, refused, secret, tick
from toriconfig import Ref, Secret, load
from toriconfig.errors import VaultDenied, VaultError, VaultUnreachable
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import Vault

from .conftest import Connect

PATH = "pki/issue/tori"
REFERENCE = f"{PATH}?common_name=tori.internal&alt_names=a.internal,b.internal&ttl=1h"


class Certificate(BaseModel):
    certificate: str
    private_key: str
    ca_chain: list[str] = []
    serial_number: str


class App(BaseModel):
    tls: Annotated[Secret[Certificate], Ref(REFERENCE)]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        post = server.client.write_data
        server.client.sys.enable_secrets_engine("pki")
        post(
            "pki/root/generate/internal", data={"common_name": "tests", "ttl": "80h", "key_type": "ec", "key_bits": 256}
        )
        role = {
            "allowed_domains": "internal",
            "allow_subdomains": True,
            "key_type": "ec",
            "key_bits": 256,
            "max_ttl": "72h",
        }
        post("pki/roles/tori", data=role)
        post("pki/roles/leased", data={**role, "generate_lease": True})
        yield server


def test_one_fetch_serves_all_readers_with_the_whole_value(server: VaultServer) -> None:
    server.forget_requests()
    settings, again = (load(App, environ=server.environ) for _ in range(2))
    held = settings.tls.get()
    parsed = x509.load_pem_x509_certificate(held.certificate.encode())
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"tori.internal", "a.internal", "b.internal"} == set(names.get_values_for_type(x509.DNSName))
    assert again.tls.get() == held
    assert 1 == server.requests(path=PATH, operation="update")
    assert abs(parsed.not_valid_after_utc.timestamp() - (settings.tls.expires_at or 0)) <= 2


def test_key_and_certificate_belong_together(server: VaultServer, tmp_path: Path) -> None:
    held = load(App, environ=server.environ).tls.get()
    (tmp_path / "pair.pem").write_text(f"{held.certificate}\n{held.private_key}\n")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "pair.pem")


def test_a_new_certificate_is_issued_before_the_old_one_ends_and_the_old_one_is_not_revoked(
    server: VaultServer, connect: Connect
) -> None:
    server.forget_requests()
    session = connect(server.environ)
    held = secret(session, f"{PATH}?common_name=short.internal&ttl=3s")
    serials, begun = set(), time.monotonic()
    while time.monotonic() - begun < 5:
        one = held.get()
        parsed = x509.load_pem_x509_certificate(one["certificate"].encode())
        assert parsed.not_valid_after_utc.timestamp() > time.time()
        serials.add(one["serial_number"])
        time.sleep(0.05)
    assert 2 <= len(serials) <= 5
    assert len(serials) == server.requests(path=PATH, operation="update")
    assert 0 == server.requests(path="sys/leases/revoke")


def test_a_certificate_of_a_role_with_leases_ends_with_its_lease(server: VaultServer, connect: Connect) -> None:
    path = "pki/issue/leased?common_name=x.internal&ttl=1h"
    session = connect(server.environ)
    held = secret(session, path)
    assert held.get()["private_key"]
    cached = session.provider(Ref(path))
    assert cached._leased is not None
    assert cached._leased.lease.id.startswith("pki/issue/leased/")


def test_the_purpose_must_be_given(server: VaultServer, connect: Connect) -> None:
    with pytest.raises(
        VaultError, match=f"add the parameters of the certificate, as its role allows: `{PATH}.common_name="
    ):
        secret(connect(server.environ), PATH).get()


def test_a_request_that_the_role_forbids_shows_vaults_message(server: VaultServer, connect: Connect) -> None:
    with pytest.raises(VaultError, match=r"common name example.org not allowed by this role"):
        secret(connect(server.environ), f"{PATH}?common_name=example.org").get()


def test_nothing_is_sent_to_an_engine_that_issues_no_certificates(server: VaultServer, connect: Connect) -> None:
    with pytest.raises(VaultError, match="nothing was sent to secret/"):
        secret(connect(server.environ), "secret/issue/tori?common_name=tori.internal").get()


def test_nothing_is_sent_to_an_engine_that_replaced_an_issuing_one(server: VaultServer, connect: Connect) -> None:
    session, mounts = connect(server.environ), server.client.sys
    mounts.enable_secrets_engine("pki", path="swapped")
    with pytest.raises(VaultError, match="unknown role"):
        secret(session, "swapped/issue/tori?common_name=one.internal").get()
    mounts.disable_secrets_engine("swapped")
    server.mount_kv("swapped", version=1)
    server.put("swapped/issue/tori", {"k": "v"})
    with pytest.raises(VaultError, match="nothing was sent to swapped/"):
        secret(session, "swapped/issue/tori?common_name=two.internal").get()
    assert {"k": "v"} == server.get("swapped/issue/tori")


@pytest.mark.parametrize("path", [PATH, "nowhere/issue/tori"])
def test_a_token_without_rights_to_the_engine_is_reported_as_such(
    server: VaultServer, connect: Connect, path: str
) -> None:
    session = connect({**server.environ, "VAULT_TOKEN": server.new_token()})
    with pytest.raises(VaultDenied, match=f"no secrets engine at {path}.*the mount.*VAULT_NAMESPACE.*policy"):
        secret(session, f"{path}?common_name=tori.internal").get()


def test_a_token_that_may_only_issue_gets_a_certificate(server: VaultServer, connect: Connect) -> None:
    token = server.new_token(server.policy("pki-issue", {PATH: ["update"]}))
    assert secret(connect({**server.environ, "VAULT_TOKEN": token}), REFERENCE).get()["private_key"]


def test_a_policy_needs_update(server: VaultServer, connect: Connect) -> None:
    token = server.new_token(server.policy("pki-read", {PATH: ["read"]}))
    with pytest.raises(VaultDenied, match=r'the policy needs: path "pki/issue/tori" { capabilities = \["update"\] }'):
        secret(connect({**server.environ, "VAULT_TOKEN": token}), REFERENCE).get()


def _answering(vault: FakeVault, clock: FakeClock, *, server_ahead: float = 0.0) -> None:
    def answer(method: str, body: Any) -> Any:
        now = clock.time() + server_ahead
        ends = now + float(body["ttl"].removesuffix("s"))
        data = {"certificate": "c", "private_key": "k", "expiration": int(ends)}
        return vault.answer("", headers={"date": formatdate(now, usegmt=True)}, data=data)

    vault.answers[PATH] = answer


@pytest.mark.parametrize("server_ahead", [0.0, 86400.0, -86400.0])
def test_a_certificate_is_replaced_at_about_two_thirds_of_its_life_with_any_wrong_clock(
    fake_vault: FakeVault, fake_clock: FakeClock, server_ahead: float
) -> None:
    _answering(fake_vault, fake_clock, server_ahead=server_ahead)
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, f"{PATH}?ttl=3600s")
    held.get()
    tick(session, fake_clock, 0.55 * 3600, step=60)
    assert 1 == fake_vault.count(PATH)
    tick(session, fake_clock, 0.15 * 3600, step=60)
    assert 2 == fake_vault.count(PATH)
    assert "fresh" == held.state


def test_a_certificate_outlives_its_token_and_is_kept_while_vault_is_unreachable(
    fake_vault: FakeVault, fake_clock: FakeClock
) -> None:
    _answering(fake_vault, fake_clock)
    session = fake_vault.session(Vault(clock=fake_clock, stale_for=10.0))
    held = secret(session, f"{PATH}?ttl=3600s")
    held.get()
    fake_vault.fails[""] = refused
    tick(session, fake_clock, 3500, step=60)
    assert "k" == held.get()["private_key"]
    tick(session, fake_clock, 200, step=60)
    with pytest.raises(VaultUnreachable):
        held.get()


def test_a_forked_child_keeps_the_inherited_certificate(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    _answering(fake_vault, fake_clock)
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, f"{PATH}?ttl=3600s")
    held.get()
    session.after_fork()
    held.get()
    assert 1 == fake_vault.count(PATH)


@pytest.mark.parametrize("query", ["common_name", "common_name=", "a=1&a=2", "=x", "a=b c", "A=1", "a=1&", ""])
def test_an_invalid_parameter_is_refused_before_any_request(query: str) -> None:
    with pytest.raises(ValueError, match="name=value&name=value"):
        Ref(f"{PATH}?{query}")
