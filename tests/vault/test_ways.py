"""The connection to Vault: addresses as its tools accept them, and each fault named with its remedy."""

from __future__ import annotations

import base64
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.fake_vault import secret
from support.faults import Answer, answering_server, garbage_server, refusing_address
from support.loopback import Loopback, read_request
from toriconfig._core.markers import split
from toriconfig._inspect.doctor import examine
from toriconfig._vault.adapter import hvac_client
from toriconfig._vault.config import VARIABLES
from toriconfig.errors import SecretError, VaultDenied, VaultNotFound, VaultUnreachable
from toriconfig.testing import VaultServer, vault_server
from toriconfig.vault import AppRole, UserPass

from .conftest import Connect

METADATA = {"version": 1, "created_time": "2026-01-01T00:00:00Z"}
KV = Answer(200, {"data": {"data": {"k": "v"}, "metadata": METADATA}})


@pytest.fixture(name="secure", scope="module")
def _secure() -> Iterator[VaultServer]:
    with vault_server({"secret/a": {"k": "v"}}, tls=True) as server:
        yield server


def _plain(server: VaultServer) -> dict[str, str]:
    return {**server.environ, "VAULT_ADDR": server.address.replace("https:", "http:")}


@pytest.mark.parametrize("written", ["{0}/vault", "{0}/vault/", " {0}//vault/ ,", "{1}/vault"])
def test_vault_below_a_path_is_reached_below_it(connect: Connect, written: str) -> None:
    with answering_server(
        lambda first: KV if first.startswith("GET /vault/v1/secret/data/a ") else Answer(404)
    ) as server:
        upper = server.address.replace("http:", "HTTP:")
        session = connect({"VAULT_ADDR": written.format(server.address, upper), "VAULT_TOKEN": "t"})
        assert {"k": "v"} == secret(session, "secret/a").get()
        client: Any = hvac_client(session.client)
        assert "v" == client.read("secret/data/a")["data"]["data"]["k"]


def test_each_address_has_its_own_path(connect: Connect) -> None:
    with answering_server(
        lambda first: KV if first.startswith("GET /b/c/v1/secret/data/a ") else Answer(503)
    ) as server:
        session = connect({"VAULT_ADDR": f"{server.address}/a,{server.address}/b/c", "VAULT_TOKEN": "t"})
        assert {"k": "v"} == secret(session, "secret/a").get()
        assert ["/a/v1/secret/data/a", "/b/c/v1/secret/data/a"] == [one.split()[1] for one in server.requests]


@pytest.mark.parametrize(("to", "followed"), [("/vault/v1/secret/data/b", True), ("/v1/secret/data/b", False)])
def test_a_redirect_is_followed_below_the_path_alone(connect: Connect, to: str, followed: bool) -> None:
    def answer(first: str) -> Answer:
        return KV if "/data/b " in first else Answer(307, b"", {"Location": to})

    with answering_server(answer) as server:
        session = connect({"VAULT_ADDR": f"{server.address}/vault", "VAULT_TOKEN": "t"})
        held = secret(session, "secret/a")
        if followed:
            assert {"k": "v"} == held.get()
        else:
            with pytest.raises(VaultUnreachable, match="redirects to another origin"):
                held.get()


def test_http_to_a_listener_with_tls_is_reported_as_such(secure: VaultServer, connect: Connect) -> None:
    with pytest.raises(VaultUnreachable, match="expects TLS, and the request had none .write https://"):
        secret(connect(_plain(secure)), "secret/a").get()


@pytest.mark.parametrize(
    "body",
    [
        b"<html><center>The plain HTTP request was sent to HTTPS port</center></html>",
        b"Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        b"Client sent an HTTP request to an HTTPS server.\n",
    ],
)
def test_proxies_before_vault_are_recognized_by_their_messages(connect: Connect, body: bytes) -> None:
    with answering_server(lambda _: Answer(400, body)) as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"})
        with pytest.raises(VaultUnreachable, match="expects TLS"):
            secret(session, "secret/a").get()


def test_an_alert_of_tls_instead_of_an_answer_is_reported_as_such(connect: Connect) -> None:
    with garbage_server(b"\x15\x03\x01\x00\x02\x02\x0a") as server:
        session = connect({"VAULT_ADDR": server.address, "VAULT_TOKEN": "t"})
        with pytest.raises(VaultUnreachable, match="expects TLS"):
            secret(session, "secret/a").get()


def test_an_issuing_request_fails_over_from_a_listener_with_tls(secure: VaultServer, connect: Connect) -> None:
    lease = {"lease_id": "l", "lease_duration": 60, "renewable": False, "data": {"u": "x"}}
    with answering_server(lambda _: Answer(200, lease)) as server:
        session = connect({**_plain(secure), "VAULT_ADDR": f"{_plain(secure)['VAULT_ADDR']},{server.address}"})
        assert {"u": "x"} == secret(session, "database/creds/app").get()


@pytest.mark.parametrize(
    "said", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"220 mail ready\r\n"]
)
def test_https_to_a_listener_without_tls_is_reported_as_such(connect: Connect, said: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(said)

    with _listening(serve) as address:
        session = connect({"VAULT_ADDR": address.replace("http:", "https:"), "VAULT_TOKEN": "t"})
        with pytest.raises(
            VaultUnreachable, match="has no TLS, and the request used it .write http://.*else correct the port"
        ):
            secret(session, "secret/a").get()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named(connect: Connect, scheme: str) -> None:
    proxy = refusing_address()
    environ = {"VAULT_ADDR": f"{scheme}://vault.example:8200", "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": proxy}
    with pytest.raises(
        VaultUnreachable, match=f"cannot be reached through the proxy {proxy}: Connection refused .*VAULT_PROXY"
    ):
        secret(connect(environ), "secret/a").get()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("login", "remedy"), [("", "write user name and password"), ("u:c4n4ry@", "correct the user name")]
)
def test_a_proxy_that_requires_a_login_is_named(connect: Connect, scheme: str, login: str, remedy: str) -> None:
    with answering_server(lambda _: Answer(407, b"who are you")) as proxy:
        host = proxy.address.removeprefix("http://")
        environ = {
            "VAULT_ADDR": f"{scheme}://vault.example:8200",
            "VAULT_TOKEN": "t",
            "VAULT_PROXY_ADDR": f"http://{login}{host}",
        }
        with pytest.raises(
            VaultUnreachable, match=f"through the proxy http://{host}: the proxy wants a login .407.*{remedy}"
        ) as caught:
            secret(connect(environ), "secret/a").get()
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("status", [403, 502, 503])
def test_a_refusing_proxy_is_named_with_its_message(connect: Connect, status: int) -> None:
    with answering_server(lambda _: Answer(status, b"no")) as proxy:
        environ = {"VAULT_ADDR": "https://vault.example:8200", "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": proxy.address}
        with pytest.raises(VaultUnreachable, match=f"through the proxy {proxy.address}: it answered {status} Because"):
            secret(connect(environ), "secret/a").get()


def test_a_proxy_without_tls_is_named(connect: Connect) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    with _listening(serve) as address:
        proxy = address.replace("http:", "https:")
        environ = {"VAULT_ADDR": "https://vault.example:8200", "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": proxy}
        with pytest.raises(VaultUnreachable, match=f"through the proxy {proxy}: it has no TLS .write http:// before"):
            secret(connect(environ), "secret/a").get()


def test_a_refusing_proxy_costs_no_login(connect: Connect) -> None:
    """A request that must not be sent twice was not sent at all, so the next address is used."""
    lease = {"lease_id": "l", "lease_duration": 60, "renewable": False, "data": {"u": "x"}}

    def serve(connection: socket.socket) -> None:
        head = read_request(connection)[0]
        refused = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(refused if head.startswith(b"CONNECT") else Answer(200, lease).encoded())

    with _listening(serve) as proxy:
        addresses = "https://vault.example:8200,http://vault.example:8201"
        session = connect({"VAULT_ADDR": addresses, "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": proxy})
        assert {"u": "x"} == secret(session, "database/creds/app").get()


def test_user_name_and_password_of_a_proxy_are_sent_to_it(connect: Connect) -> None:
    heads: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heads.append(read_request(connection)[0])
        connection.sendall(KV.encoded())

    with _listening(serve) as address:
        proxy = address.replace("http://", "http://me:p%40ss@")
        session = connect({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": proxy})
        assert {"k": "v"} == secret(session, "secret/a").get()
    assert b"GET http://127.0.0.1:1/v1/secret/data/a HTTP/1.1" in heads[0]
    assert base64.b64encode(b"me:p@ss") in heads[0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("VAULT_PROXY_ADDR", "ftp://u:c4n4ry@p"), ("VAULT_PROXY_ADDR", "c4n4ry"), ("VAULT_ADDR", "vault:8200")],
)
def test_an_invalid_address_is_refused_by_the_name_of_its_variable(connect: Connect, variable: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{variable}: expected http://host:port") as caught:
        connect({"VAULT_ADDR": "http://v", "VAULT_TOKEN": "t", variable: value})
    assert "c4n4ry" not in str(caught.value)


def test_the_doctor_gives_the_remedy_of_each(secure: VaultServer, connect: Connect) -> None:
    found = list(examine(connect(_plain(secure)), [], {}, VARIABLES))
    assert "write https:// in VAULT_ADDR" in found[-1].help
    environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t", "VAULT_PROXY_ADDR": refusing_address()}
    assert "look at VAULT_PROXY_ADDR" in list(examine(connect(environ), [], {}, VARIABLES))[-1].help


def test_a_role_of_another_namespace_is_reported_with_the_requested_namespace(
    server: VaultServer, connect: Connect
) -> None:
    session = connect(server.environ)
    session.client.request("POST", "sys/namespaces/team", {})
    team, auth = connect(server.environ, namespace="team"), {"type": "approle"}
    for one in (session, team):
        one.client.request("POST", "sys/auth/approle", auth)
    team.client.request("POST", "auth/approle/role/app", {})
    role = team.client.request("GET", "auth/approle/role/app/role-id").data["role_id"]
    secret_id = team.client.request("POST", "auth/approle/role/app/secret-id", {}).data["secret_id"]
    login = AppRole(role, secret_id)
    with pytest.raises(
        VaultDenied, match="the login was sent to the root namespace.*other namespaces: look at VAULT_NAMESPACE"
    ):
        secret(connect(server.environ, auth=login), "secret/a").get()
    assert connect(server.environ, auth=login, namespace="team").client.request("GET", "auth/token/lookup-self").data
    session.client.request("POST", "sys/namespaces/other", {})
    with pytest.raises(VaultDenied, match="the login was sent to the namespace other"):
        secret(connect(server.environ, auth=UserPass("u", "p"), namespace="other"), "secret/a").get()
    with pytest.raises(VaultNotFound, match="does not know the namespace nowhere"):
        secret(connect(server.environ, auth=login, namespace="nowhere"), "secret/a").get()


def test_a_role_of_an_engine_in_another_namespace_is_reported_as_such(server: VaultServer, connect: Connect) -> None:
    server.client.sys.enable_secrets_engine("database", path="db")
    with pytest.raises(SecretError, match="none of that name in the root namespace; and at VAULT_NAMESPACE"):
        secret(connect(server.environ), "db/creds/app").get()


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[VaultServer]:
    with vault_server({"secret/a": {"k": "v"}}) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("secret/my app", 'secret/"my app"'),
        ("secret/100%", 'secret/"100%"'),
        ("secret/a%20b", '"secret/a%20b"'),
        ("secret/what?/x#1", 'secret/"what?"/"x#1"'),
        ("secret/{x}|y", 'secret/"{x}|y"'),
        ('secret/say "x"', 'secret/"say \\"x\\""'),
    ],
)
def test_any_path_can_be_named_in_quotes(server: VaultServer, connect: Connect, path: str, written: str) -> None:
    server.put(path, {"k": path, "key": 1})
    session = connect(server.environ)
    assert path == secret(session, written).get()["k"]
    found = {one.subject: one for one in examine(session, [f"{written}#k", f"{written}#kee"], {}, VARIABLES)}
    assert "ok" == found[f"{written}#k"].mark
    assert f"did you mean `{split(written)}#key`?" == found[f"{written}#kee"].help


def test_unchecked_certificates_cause_one_warning_and_none_by_urllib3(secure: VaultServer, connect: Connect) -> None:
    environ = {"VAULT_ADDR": secure.address, "VAULT_TOKEN": secure.token, "VAULT_SKIP_VERIFY": "true"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        session = connect(environ)
        for _ in range(5):
            assert session.client.request("GET", "secret/data/a").status == 200
    assert [] == [str(one.message) for one in caught if "urllib3" in str(one.category)]


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    loopback = Loopback(serve)
    try:
        yield loopback.address
    finally:
        loopback.close()
