"""Every login method, against a real OpenBao; each error of a login is named."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.certificates import self_signed
from support.fake_vault import secret
from support.faults import Answer, answering_server
from toriconfig._vault import Session
from toriconfig.errors import MissingCredentialError, SecretError, VaultDenied, VaultUnreachable
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import JWT, AppRole, Auth, Kubernetes, TLSCertificate, Token, UserPass

from .conftest import Connect


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/app": {"k": "v"}}) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        yield server


def _reads(connect: Connect, server: VaultServer, auth: Auth) -> None:
    session = connect({"VAULT_ADDR": server.address}, auth=auth)
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_a_token_is_read_as_a_value_from_a_file_the_environment_and_the_home_directory(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    token = server.new_token("app")
    _reads(connect, server, Token(token))
    (tmp_path / ".vault-token").write_text(token + "\n")
    _reads(connect, server, Token(file=str(tmp_path / ".vault-token")))
    for environ in ({"VAULT_TOKEN": token}, {"BAO_TOKEN": token, "VAULT_TOKEN": "wrong"}):
        assert {"k": "v"} == secret(connect({"VAULT_ADDR": server.address, **environ}), "secret/app").get()
    from toriconfig import _vault
    from toriconfig.vault import Vault

    session = _vault.connect(Vault(), {"VAULT_ADDR": server.address, "VAULT_TOKEN": "", "HOME": str(tmp_path)})
    assert session is not None
    assert {"k": "v"} == secret(session, "secret/app").get()


def test_without_a_token_anywhere_the_remedy_is_reported(server: VaultServer, connect: Connect) -> None:
    with pytest.raises(MissingCredentialError, match="VAULT_TOKEN"):
        secret(connect({"VAULT_ADDR": server.address}), "secret/app").get()


@pytest.mark.parametrize("text", ["hvs.CANARY\nexport X=1", "hvs.CANARY\rx", "hvs.CANARY\u2713"])
@pytest.mark.parametrize("place", ["sink", "VAULT_TOKEN", "BAO_TOKEN"])
def test_a_token_that_is_no_line_of_ascii_is_refused_by_its_place_and_never_shown(
    connect: Connect, tmp_path: Path, text: str, place: str
) -> None:
    (tmp_path / "sink").write_text(text)
    environ = {"VAULT_ADDR": "http://127.0.0.1:1"}
    if place == "sink":
        session = connect(environ, auth=Token(file=str(tmp_path / "sink")))
    else:
        session = connect({**environ, place: text})
    with pytest.raises(VaultDenied, match=f"{place if place == 'sink' else 'VAULT_TOKEN'} is not one line") as caught:
        secret(session, "secret/app").get()
    assert "CANARY" not in str(caught.value)


def test_a_token_of_spaces_is_no_token(connect: Connect) -> None:
    with pytest.raises(MissingCredentialError, match="set VAULT_TOKEN"):
        secret(connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "  "}), "secret/app").get()


@pytest.mark.parametrize("header", ["X-Vault-Token", "X-Vault-Namespace"])
@pytest.mark.parametrize("text", ["CANARY\nx", "CANARY\u2713"])
def test_a_header_that_cannot_be_sent_is_never_shown(
    server: VaultServer, connect: Connect, header: str, text: str
) -> None:
    with pytest.raises(VaultUnreachable, match="a header is malformed") as caught:
        connect(server.environ).client.request("GET", "secret/data/app", headers={header: text})
    assert "CANARY" not in str(caught.value)


def test_a_token_file_that_was_written_again_is_read_again(
    server: VaultServer, connect: Connect, tmp_path: Path
) -> None:
    sink = tmp_path / "sink"
    sink.write_text(server.new_token("app", ttl="1h"))
    session = connect({"VAULT_ADDR": server.address}, auth=Token(file=str(sink)))
    assert {"k": "v"} == secret(session, "secret/app").get()
    server.client.auth.token.revoke(sink.read_text())
    sink.write_text(server.new_token("app"))
    assert 200 == session.client.request("GET", "secret/data/app").status


def test_approle_by_value_and_by_file(server: VaultServer, connect: Connect, tmp_path: Path) -> None:
    role = server.approle("plain", "app")
    _reads(connect, server, AppRole(role.role_id, role.secret_id))
    (tmp_path / "secret_id").write_text(role.secret_id + "\n")
    _reads(connect, server, AppRole(role.role_id, secret_id_file=str(tmp_path / "secret_id")))


def _wrapped(server: VaultServer, name: str) -> tuple[str, str]:
    role = server.approle(name, "app")
    made = server.client.auth.approle.generate_secret_id(name, wrap_ttl="60s")
    return role.role_id, made["wrap_info"]["token"]


def test_a_wrapped_secret_id_is_opened_once_and_used_for_every_login(server: VaultServer, connect: Connect) -> None:
    role_id, wrapping = _wrapped(server, "wrapped")
    auth = AppRole(role_id, wrapping, wrapped=True, creation_path="auth/approle/role/wrapped/secret-id")
    session = connect({"VAULT_ADDR": server.address}, auth=auth)
    assert {"k": "v"} == secret(session, "secret/app").get()
    server.client.auth.token.revoke(session.client.identity.current.value)  # type: ignore[union-attr]
    assert (
        200 == session.client.request("GET", "secret/data/app").status
    )  # it logged in again with what it had unwrapped


def test_sessions_that_share_a_wrapped_secret_id_cause_no_tampering_alarm(
    server: VaultServer, connect: Connect
) -> None:
    role_id, wrapping = _wrapped(server, "shared")
    server.forget_requests()
    sessions = [
        connect({"VAULT_ADDR": server.address}, auth=AppRole(role_id, wrapping, wrapped=True), refresh_interval=n + 1.0)
        for n in range(8)
    ]
    errors: list[SecretError] = []

    def read(session: Session) -> None:
        try:
            session.client.request("GET", "secret/data/app")
        except SecretError as error:
            errors.append(error)

    readers = [threading.Thread(target=read, args=(session,)) for session in sessions]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert [] == errors
    assert (8, 1) == (server.requests("auth/approle/login"), server.requests("sys/wrapping/unwrap"))
    elsewhere = AppRole(role_id, wrapping, wrapped=True, creation_path="auth/approle/role/wanted/secret-id")
    with pytest.raises(VaultDenied, match="not at 'auth/approle/role/wanted/secret-id'"):
        secret(connect({"VAULT_ADDR": server.address}, auth=elsewhere), "secret/app").get()


def test_a_wrapping_token_made_elsewhere_is_not_opened(server: VaultServer, connect: Connect) -> None:
    forged = server.client.adapter.request(
        "post", "/v1/sys/wrapping/wrap", json={"secret_id": "x"}, headers={"X-Vault-Wrap-TTL": "60s"}
    )["wrap_info"]["token"]
    role_id, other = _wrapped(server, "other")
    with pytest.raises(VaultDenied, match="made at 'sys/wrapping/wrap'"):
        secret(connect({"VAULT_ADDR": server.address}, auth=AppRole(role_id, forged, wrapped=True)), "secret/app").get()
    auth = AppRole(role_id, other, wrapped=True, creation_path="auth/approle/role/wanted/secret-id")
    with pytest.raises(VaultDenied, match="not at 'auth/approle/role/wanted/secret-id'"):
        secret(connect({"VAULT_ADDR": server.address}, auth=auth), "secret/app").get()
    assert server.client.sys.unwrap(other)["data"]["secret_id"]  # neither was consumed


def test_userpass(server: VaultServer, connect: Connect, tmp_path: Path) -> None:
    server.client.sys.enable_auth_method("userpass")
    server.client.auth.userpass.create_or_update_user("ann", "pw", policies=["app"])
    _reads(connect, server, UserPass("ann", "pw"))
    (tmp_path / "pw").write_text("pw")
    _reads(connect, server, UserPass("ann", password_file=str(tmp_path / "pw")))


def test_jwt_from_a_file_that_is_read_at_each_login(server: VaultServer, connect: Connect, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(**claims: Any) -> str:
        parts = [{"alg": "RS256", "typ": "JWT"}, {"iss": "us", "aud": "vault", "sub": "app", **claims}]
        text = b".".join(_b64(json.dumps(part).encode()) for part in parts)
        return (text + b"." + _b64(key.sign(text, padding.PKCS1v15(), hashes.SHA256()))).decode()

    server.client.sys.enable_auth_method("jwt")
    server.client.auth.jwt.configure(jwt_validation_pubkeys=[public.decode()], bound_issuer="us")
    server.client.auth.jwt.create_role(
        "app",
        role_type="jwt",
        bound_audiences=["vault"],
        user_claim="sub",
        allowed_redirect_uris=[],
        token_policies=["app"],
    )
    (tmp_path / "jwt").write_text(sign(exp=int(time.time()) + 60))
    _reads(connect, server, JWT("app", jwt_file=str(tmp_path / "jwt")))
    (tmp_path / "jwt").write_text(sign(exp=int(time.time()) - 3600))
    with pytest.raises(VaultDenied, match="login by jwt at auth/jwt/login was refused"):
        _reads(connect, server, JWT("app", jwt_file=str(tmp_path / "jwt")))


def test_kubernetes_by_the_service_accounts_token(server: VaultServer, connect: Connect, tmp_path: Path) -> None:
    def review(line: str) -> Answer:
        user = {"username": "system:serviceaccount:ns:app", "uid": "1", "groups": []}
        status = {"authenticated": True, "user": user}
        return Answer(201, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status})

    claims = {
        "kubernetes.io/serviceaccount/namespace": "ns",
        "kubernetes.io/serviceaccount/service-account.name": "app",
        "kubernetes.io/serviceaccount/service-account.uid": "1",
        "iss": "kubernetes/serviceaccount",
        "sub": "system:serviceaccount:ns:app",
    }
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    (tmp_path / "token").write_bytes(b".".join([*(_b64(json.dumps(part).encode()) for part in parts), _b64(b"sig")]))
    with answering_server(review) as kubernetes:
        server.client.sys.enable_auth_method("kubernetes")
        authority = self_signed(tmp_path, "app")[0].read_text()
        config = {"kubernetes_host": kubernetes.address, "token_reviewer_jwt": "r", "kubernetes_ca_cert": authority}
        server.client.adapter.post("/v1/auth/kubernetes/config", json=config)
        server.client.auth.kubernetes.create_role("app", ["app"], ["ns"], policies=["app"])
        _reads(connect, server, Kubernetes("app", jwt_file=str(tmp_path / "token")))
        assert any("tokenreviews" in line for line in kubernetes.requests)


def test_a_client_certificate(connect: Connect, tmp_path: Path) -> None:
    with vault_server({"secret/app": {"k": "v"}}, tls=True) as server:
        server.policy("app", {"secret/data/app": ["read"]})
        cert, key = self_signed(tmp_path, "app")
        server.client.sys.enable_auth_method("cert")
        server.client.adapter.post(
            "/v1/auth/cert/certs/app", json={"certificate": cert.read_text(), "token_policies": ["app"]}
        )
        environ = {"VAULT_ADDR": server.address, "VAULT_CACERT": server.environ["VAULT_CACERT"]}
        session = connect(environ, auth=TLSCertificate("app", str(cert), str(key)))
        assert {"k": "v"} == secret(session, "secret/app").get()
        with pytest.raises(SecretError, match="self-signed certificate|unable to get local issuer"):
            secret(connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "root"}), "secret/app").get()
        wrong = {"VAULT_ADDR": server.address, "VAULT_TOKEN": "root", "VAULT_CACERT": "/nonexistent.pem"}
        with pytest.raises(SecretError, match="cannot be trusted: /nonexistent.pem: No such file"):
            secret(connect(wrong), "secret/app").get()


@pytest.mark.parametrize(
    ("auth", "says"),
    [
        (AppRole("nobody", "x"), r"login by approle at auth/approle/login was refused"),
        (AppRole("r", secret_id_file="/nonexistent"), r"the secret id .* /nonexistent: No such file"),
        (AppRole("r", secret_id_file="/"), r"cannot be read from /: this is a directory"),
        (Kubernetes("r", jwt_file="/nonexistent"), r"service account's token .* No such file"),
        (UserPass("nobody", "x", mount="elsewhere"), r"refused|no secrets engine|denied"),
        (Token(file="/nonexistent"), r"the token for Vault cannot be read from /nonexistent"),
    ],
)
def test_errors_of_a_login_are_named(server: VaultServer, connect: Connect, auth: Auth, says: str) -> None:
    server.approle("present", "app")
    with pytest.raises(VaultDenied, match=says):
        secret(connect({"VAULT_ADDR": server.address}, auth=auth), "secret/app").get()


def test_a_refused_login_is_not_repeated_by_every_reader(server: VaultServer, connect: Connect) -> None:
    role = server.approle("strict", "app")
    session = connect({"VAULT_ADDR": server.address}, auth=AppRole(role.role_id, "wrong"))
    server.forget_requests()
    for n in range(20):
        assert secret(session, f"secret/{n}").get(None) is None
    assert 1 == server.requests(path="auth/approle/login")


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
