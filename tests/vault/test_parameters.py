"""Engines that issue a value for parameters: requested by POST, once, and again before it ends."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as serial
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from pydantic import BaseModel

from support.fake_vault import FakeVault, secret, tick
from support.faults import Answer, FaultyServer, answering_server
from toriconfig import Ref, Secret, load
from toriconfig._core.markers import split
from toriconfig._vault.expiry import _ssh_end
from toriconfig.errors import VaultDenied, VaultError, VaultNotFound
from toriconfig.testing import FakeClock, VaultServer, vault_server
from toriconfig.vault import Vault

from .conftest import Connect


def _token_of_kubernetes(first: str) -> Answer:
    now = int(time.time())
    parts = ({"alg": "RS256"}, {"iat": now, "exp": now + 600, "aud": ["x"]})
    jwt = (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + ".AAAA"
    )
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 600))
    status = {"token": jwt, "expirationTimestamp": ends}
    return Answer(201, {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "status": status})


@pytest.fixture(name="kubernetes", scope="module")
def _kubernetes() -> Iterator[FaultyServer]:
    with answering_server(_token_of_kubernetes) as server:
        yield server


@pytest.fixture(name="server", scope="module")
def _server(kubernetes: FaultyServer) -> Iterator[VaultServer]:
    with vault_server() as server:
        post, mounts = server.client.write_data, server.client.sys
        for engine in ("kubernetes", "ssh", "pki"):
            mounts.enable_secrets_engine(engine)
        config = {"kubernetes_host": kubernetes.address, "service_account_jwt": "a.b.c", "disable_local_ca_jwt": True}
        post("kubernetes/config", data=config)
        post("kubernetes/roles/dev", data={"allowed_kubernetes_namespaces": ["*"], "service_account_name": "sa"})
        post("ssh/config/ca", data={"generate_signing_key": True})
        user = {"allow_user_certificates": True, "allowed_users": "*", "default_user": "me", "ttl": "30m"}
        post("ssh/roles/dev", data={"key_type": "ca", **user})
        post("ssh/roles/otp", data={"key_type": "otp", "default_user": "me", "cidr_list": "0.0.0.0/0"})
        post(
            "pki/root/generate/internal", data={"common_name": "tests", "ttl": "80h", "key_type": "ec", "key_bits": 256}
        )
        role = {"allowed_domains": "internal", "allow_subdomains": True, "key_type": "any", "max_ttl": "72h"}
        post("pki/roles/dev", data=role)
        yield server


def _public_key(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(serial.Encoding.OpenSSH, serial.PublicFormat.OpenSSH)
    return text.decode()


def _request() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.internal")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serial.Encoding.PEM).decode()


def test_kubernetes_makes_a_token_for_the_namespace_that_is_named(
    server: VaultServer, kubernetes: FaultyServer, connect: Connect
) -> None:
    held = secret(connect(server.environ), "kubernetes/creds/dev?kubernetes_namespace=jobs")
    assert ("sa", "jobs") == (held.get()["service_account_name"], held.get()["service_account_namespace"])
    assert kubernetes.requests[-1].startswith("POST /api/v1/namespaces/jobs/serviceaccounts/sa/token")
    assert 590 < (held.expires_at or 0) - time.time() < 610


def test_ssh_signs_the_key_that_is_given_in_quotes(server: VaultServer, connect: Connect) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    place = f'ssh/sign/dev?public_key="{_public_key(key)} me@host"&valid_principals=me,you'
    held = secret(connect(server.environ), place)
    signed = serial.load_ssh_public_identity(held.get()["signed_key"].encode())
    assert isinstance(signed, serial.SSHCertificate)
    assert {b"me", b"you"} == set(signed.valid_principals)
    assert abs(signed.valid_before - (held.expires_at or 0)) <= 2


def test_ssh_makes_a_one_time_password_for_an_address(server: VaultServer, connect: Connect) -> None:
    held = secret(connect(server.environ), "ssh/creds/otp?ip=10.1.2.3").get()
    assert ("otp", "10.1.2.3") == (held["key_type"], held["ip"])


class App(BaseModel):
    tls: Secret[str]


def test_pki_signs_the_request_that_a_file_gives_in_quotes(server: VaultServer) -> None:
    place = f'pki/sign/dev?csr="{_request()}"&common_name=a.internal&ttl=1h'
    text = load(App, overrides={"tls": f"${{vault:{place}#certificate}}"}, environ=server.environ).tls.get()
    names = x509.load_pem_x509_certificate(text.encode()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert ["a.internal"] == [name.value for name in names]


def test_a_value_with_parameters_is_requested_once_for_all_readers(server: VaultServer, connect: Connect) -> None:
    session, place = connect(server.environ), f'pki/sign-verbatim/dev?csr="{_request()}"'
    server.forget_requests()
    assert secret(session, place).get() == secret(session, place).get()
    assert 1 == server.requests(path="pki/sign-verbatim/dev", operation="update")


@pytest.mark.parametrize(
    "key",
    [
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP521R1()),
    ],
    ids=lambda key: type(key).__name__,
)
def test_the_end_of_a_signed_key_of_any_kind_is_read_from_it(key: Any) -> None:
    builder = serial.SSHCertificateBuilder().public_key(key.public_key()).serial(1).type(serial.SSHCertificateType.USER)
    builder = builder.key_id(b"k" * 70).valid_principals([b"a", b"bc"]).valid_after(1).valid_before(1_800_000_000)
    signed = builder.sign(ed25519.Ed25519PrivateKey.generate()).public_bytes().decode()
    assert 1_800_000_000 == _ssh_end(signed)
    for cut in range(0, len(signed), 7):
        assert _ssh_end(signed[:cut]) in (None, 1_800_000_000)


@pytest.mark.parametrize(
    "text", [None, 7, "", "ssh-rsa", "ssh-rsa !!!!", "ssh-rsa AAAA", "x-cert-v01@openssh.com " + "/" * 80]
)
def test_a_key_that_is_not_signed_has_no_expiry(text: Any) -> None:
    assert _ssh_end(text) is None


def test_aws_is_requested_by_post_with_the_named_parameters(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    sent: list[tuple[str, Any]] = []
    lease: dict[str, Any] = {"lease_id": "aws/sts/deploy/1", "lease_duration": 900, "renewable": False}

    def answer(method: str, body: Any) -> Any:
        sent.append((method, body))
        return fake_vault.answer(**lease, data={"access_key": "a", "secret_key": "s", "security_token": "t"})

    fake_vault.answers["aws/sts/deploy"] = answer
    fake_vault.answers["sys/internal/ui/mounts/aws/sts/deploy"] = lambda *_: fake_vault.answer(
        data={"path": "aws/", "type": "aws"}
    )
    arn = "arn:aws:iam::123456789012:role/deploy"
    held = secret(fake_vault.session(Vault(clock=fake_clock)), f"aws/sts/deploy?role_arn={arn}&ttl=15m")
    assert "s" == held.get()["secret_key"]
    assert [("POST", {"role_arn": arn, "ttl": "15m"})] == sent


@pytest.mark.parametrize("engine", ["openbao-plugin-secrets-aws", "vault-plugin-secrets-kubernetes", "gcp"])
def test_plugins_under_their_own_name_are_requested_too(
    fake_vault: FakeVault, fake_clock: FakeClock, engine: str
) -> None:
    fake_vault.answers["x/creds/r"] = lambda *_: fake_vault.answer(data={"k": "v"})
    fake_vault.answers["sys/internal/ui/mounts/x/creds/r"] = lambda *_: fake_vault.answer(
        data={"path": "x/", "type": engine}
    )
    assert {"k": "v"} == secret(fake_vault.session(Vault(clock=fake_clock)), "x/creds/r?a=b").get()


@pytest.mark.parametrize("engine", ["cubbyhole", "transit", "custom", "vault-plugin-secrets-kv", "identity"])
def test_nothing_is_sent_to_an_engine_that_may_store_it(
    fake_vault: FakeVault, fake_clock: FakeClock, engine: str
) -> None:
    fake_vault.answers["sys/internal/ui/mounts/x/creds/r"] = lambda *_: fake_vault.answer(
        data={"path": "x/", "type": engine}
    )
    with pytest.raises(VaultError, match="nothing was sent to x/"):
        secret(fake_vault.session(Vault(clock=fake_clock)), "x/creds/r?a=b").get()
    assert 0 == fake_vault.count("x/creds/r")


def test_a_value_without_a_known_expiry_is_not_requested_again(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.answers["x/creds/r"] = lambda *_: fake_vault.answer(data={"k": "v"})
    fake_vault.answers["sys/internal/ui/mounts/x/creds/r"] = lambda *_: fake_vault.answer(
        data={"path": "x/", "type": "terraform"}
    )
    session = fake_vault.session(Vault(clock=fake_clock))
    held = secret(session, "x/creds/r?a=b")
    held.get()
    tick(session, fake_clock, 7200, step=60)
    assert {"k": "v"} == held.get()
    assert 1 == fake_vault.count("x/creds/r")


@pytest.mark.parametrize(
    ("path", "example"),
    [
        ("kubernetes/creds/dev", r"kubernetes/creds/dev\?kubernetes_namespace="),
        ("ssh/sign/dev", r"ssh/sign/dev\?public_key="),
        ("ssh/creds/otp", r"ip="),
        ("pki/sign/dev", r"csr="),
        ("pki/issue/dev", r"pki/issue/dev\?common_name="),
    ],
)
def test_a_405_is_reported_with_the_parameters_to_name(
    server: VaultServer, connect: Connect, path: str, example: str
) -> None:
    with pytest.raises(
        VaultError, match=f"{path} cannot be read: it issues something only to a POST.*{example}"
    ) as caught:
        secret(connect(server.environ), path).get()
    assert 405 == caught.value.status


def test_a_405_of_another_path_is_reported_as_such(server: VaultServer, connect: Connect) -> None:
    with pytest.raises(VaultError, match=r"pki/revoke cannot be read: its engine knows no GET there.*405"):
        secret(connect(server.environ), "pki/revoke").get()


def test_a_405_to_parameters_is_reported_as_such(fake_vault: FakeVault, fake_clock: FakeClock) -> None:
    fake_vault.answers["x/creds/r"] = lambda *_: fake_vault.answer("", 405, errors=["unsupported operation"])
    fake_vault.answers["sys/internal/ui/mounts/x/creds/r"] = lambda *_: fake_vault.answer(
        data={"path": "x/", "type": "consul"}
    )
    with pytest.raises(
        VaultError, match=r"x/creds/r takes no POST.*unsupported operation.*leave out what stands after"
    ):
        secret(fake_vault.session(Vault(clock=fake_clock)), "x/creds/r?a=b").get()


def test_a_policy_needs_update(server: VaultServer, connect: Connect) -> None:
    token = server.new_token(server.policy("k8s-read", {"kubernetes/creds/dev": ["read"]}))
    with pytest.raises(VaultDenied, match='path "kubernetes/creds/dev" { capabilities = ..update'):
        secret(connect({**server.environ, "VAULT_TOKEN": token}), "kubernetes/creds/dev?kubernetes_namespace=x").get()


def test_a_field_may_name_the_parameters(server: VaultServer) -> None:
    class Jobs(BaseModel):
        token: Annotated[Secret[str], Ref("kubernetes/creds/dev?kubernetes_namespace=jobs#service_account_token")]

    assert 2 == load(Jobs, environ=server.environ).token.get().count(".")


def test_a_query_named_version_is_a_version_and_no_parameter() -> None:
    assert (3, ()) == (split("secret/creds/x?version=3").version, split("secret/creds/x?version=3").parameters)


def test_the_remedy_for_an_unknown_key_of_an_issued_value_is_not_to_store_it(server: VaultServer) -> None:
    class App(BaseModel):
        secret: Annotated[Secret[str], Ref("pki/issue/dev?common_name=a.internal&key_type=ec#nope")]

    with pytest.raises(VaultNotFound, match="no key `nope`") as caught:
        load(App, environ=server.environ).secret.get()
    assert "check the spelling of the key" == caught.value.help
