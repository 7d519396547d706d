"""The faulty servers and proxies of the tests have their documented faults."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from support import faults, proxies
from support.raft import raft_cluster
from toriconfig.testing import VaultServer

SEALED = faults.Answer(503, {"errors": ["Vault is sealed"]}, {"Retry-After": "1"})


def get(address: str, *, timeout: float = 5, headers: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", f"{address}/v1/secret/data/x", timeout=timeout, headers=headers)


def test_an_answering_server_sends_the_given_answer_and_records_the_requests() -> None:
    with faults.answering_server(lambda line: SEALED) as server:
        answer = get(server.address)
        assert (503, ["Vault is sealed"], "1") == (
            answer.status,
            answer.json()["errors"],
            answer.headers["retry-after"],
        )
        assert server.requests == ["GET /v1/secret/data/x HTTP/1.1"]


def test_a_garbage_server_is_no_http() -> None:
    with faults.garbage_server() as server, pytest.raises(ProtocolError):
        get(server.address)


def test_a_slow_server_holds_a_client_beyond_its_timeout() -> None:
    with faults.dripping_server(every=0.02) as server:
        start = time.monotonic()
        place = urlsplit(server.address)
        with socket.create_connection((place.hostname, place.port), timeout=0.5) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while time.monotonic() < start + 1:
                assert client.recv(65536)


def test_a_silent_server_reads_and_never_answers() -> None:
    with faults.silent_server() as server, pytest.raises(ReadTimeoutError):
        get(server.address, timeout=0.2)


def test_a_black_hole_never_completes_a_connection() -> None:
    with faults.black_hole() as hole:
        for _ in range(3):
            with pytest.raises(ConnectTimeoutError):
                get(hole.address, timeout=0.2)


def test_a_refusing_address_has_no_listener() -> None:
    with pytest.raises(NewConnectionError, match="refused"):
        get(faults.refusing_address())


def test_a_delay_proxy_adds_to_each_round_trip_and_not_to_each_byte(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"long": "x" * 300_000})
    with proxies.delay_proxy(vault_server.address, 0.2) as proxy, urllib3.PoolManager(retries=False) as pool:
        for _ in range(2):
            start = time.monotonic()
            url = f"{proxy.address}/v1/secret/data/x"
            answer = pool.request("GET", url, headers={"X-Vault-Token": vault_server.token})
            assert len(answer.json()["data"]["data"]["long"]) == 300_000
            assert 0.2 <= time.monotonic() - start < 2
        assert proxy.connections == 1


def test_a_dropped_reply_was_processed_by_the_server(vault_server: VaultServer) -> None:
    vault_server.put("secret/x", {"a": "b"})
    headers = {"X-Vault-Token": vault_server.token}
    with proxies.drop_reply_proxy(vault_server.address, r"^GET /v1/secret/", losing=1) as proxy:
        with pytest.raises(HTTPError):
            get(proxy.address, headers=headers)
        assert get(proxy.address, headers=headers).status == 200
        assert proxy.lost == 1
    assert vault_server.requests("secret/x", "read") == 2


def test_a_proxy_that_is_down_cuts_the_line(vault_server: VaultServer) -> None:
    with proxies.delay_proxy(vault_server.address, 0) as proxy:
        proxy.down = True
        with pytest.raises(ProtocolError):
            get(proxy.address)
        proxy.down = False
        assert get(proxy.address).status == 403


def test_a_raft_cluster_survives_its_leader_and_takes_it_back() -> None:
    with raft_cluster() as cluster:
        assert cluster.voters() == 3
        cluster.client.secrets.kv.v2.create_or_update_secret("x", {"a": "b"})
        old = cluster.leader()
        cluster.kill(old)
        assert cluster.leader() is not old
        cluster.start(old)
        answer = cluster.client.secrets.kv.v2.read_secret_version("x", raise_on_deleted_version=True)
        assert answer["data"]["data"] == {"a": "b"}
        assert cluster.audit.count("secret/x", "read") == 1
