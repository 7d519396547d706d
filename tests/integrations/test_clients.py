"""HTTP clients and botocore: each request carries the current secret."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from pydantic import BaseModel

from support.faults import Answer, answering_server
from toriconfig import Secret
from toriconfig._core.origin import Origin
from toriconfig._secrets.provider import Fixed, Flight, Reading
from toriconfig._secrets.secret import handle
from toriconfig.integrations import boto
from toriconfig.integrations import psycopg_pool as follow
from toriconfig.integrations._account import account
from toriconfig.integrations.httpx import SecretAuth as HttpxAuth
from toriconfig.integrations.requests import SecretAuth as RequestsAuth


class Rotating(Fixed):
    """A provider that the test or Vault rotates: `newest` is returned once it is fetched again."""

    newest: Any = None

    def rotate(self, value: Any) -> None:
        self.reading = Reading(value, Origin("code", "test"))

    def refresh(self) -> Sequence[Flight]:
        if self.newest is not None:
            self.rotate(self.newest)
        return ()


class Fetched(Fixed):
    """A provider that fetches each time, and raises on a wait that blocks a loop."""

    def __init__(self, value: Any) -> None:
        super().__init__(value, Origin("code", "test"))
        self.fresh_until = float("-inf")

    def pending(self) -> Sequence[Flight]:
        return (self,)

    def wait(self) -> None:
        raise AssertionError("the loop is blocked")

    async def await_end(self) -> None:
        await asyncio.sleep(0)


class Refreshed(Rotating):
    """A provider that has the newest value once its flight was awaited."""

    def refresh(self) -> Sequence[Flight]:
        return (self,)

    def wait(self) -> None:
        raise AssertionError("the loop is blocked")

    async def await_end(self) -> None:
        self.rotate(self.newest)


def rotating(value: Any) -> tuple[Secret[Any], Rotating]:
    provider = Rotating(value, Origin("code", "test"))
    return handle(provider, None, "token"), provider


def test_httpx_sends_the_current_token_each_time() -> None:
    secret, provider = rotating("one")
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer), auth=HttpxAuth(secret)) as client:
        client.get("http://service")
        provider.rotate("two")
        client.get("http://service")
    assert sent == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(("rotated", "tries"), [(True, ["one", "two"]), (False, ["one"])])
def test_httpx_tries_a_refused_request_once_more_when_the_token_was_rotated(rotated: bool, tries: list[str]) -> None:
    secret, provider = rotating("one")
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["x-key"])
        if rotated:
            provider.rotate("two")
        return httpx.Response(200 if sent[-1] == "two" else 401)

    auth = HttpxAuth(secret, header="X-Key", scheme="")
    with httpx.Client(transport=httpx.MockTransport(answer), auth=auth) as client:
        response = client.get("http://service")
    assert sent == tries
    assert response.status_code == (200 if rotated else 401)


def test_httpx_tries_again_in_a_coroutine_too_and_never_blocks_the_loop() -> None:
    provider = Fetched("one")
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        provider.reading = Reading("two", Origin("code", "test"))
        return httpx.Response(200 if sent[-1] == "Bearer two" else 401)

    async def main() -> int:
        auth = HttpxAuth(handle(provider, None, "token"))
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
            return (await client.get("http://service")).status_code

    assert asyncio.run(main()) == 200
    assert sent == ["Bearer one", "Bearer two"]


def test_httpx_fetches_a_refused_token_again() -> None:
    secret, provider = rotating("one")
    provider.newest = "two"
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(200 if sent[-1] == "Bearer two" else 401)

    with httpx.Client(transport=httpx.MockTransport(answer), auth=HttpxAuth(secret)) as client:
        assert client.get("http://service").status_code == 200
    assert sent == ["Bearer one", "Bearer two"]


def test_httpx_fetches_a_refused_token_in_a_coroutine_without_blocking_the_loop() -> None:
    provider = Refreshed("one", Origin("code", "test"))
    provider.newest = "two"

    async def main() -> int:
        auth = HttpxAuth(handle(provider, None, "token"))
        accepts = httpx.MockTransport(
            lambda request: httpx.Response(200 if request.headers["authorization"] == "Bearer two" else 401)
        )
        async with httpx.AsyncClient(transport=accepts, auth=auth) as client:
            return (await client.get("http://service")).status_code

    assert asyncio.run(main()) == 200


def test_httpx_does_not_send_a_stream_again() -> None:
    secret, provider = rotating("one")
    provider.newest = "two"
    refuses = httpx.MockTransport(lambda request: httpx.Response(401, content=request.read()))
    with httpx.Client(transport=refuses, auth=HttpxAuth(secret)) as client:
        assert client.post("http://service", content=(part for part in (b"a", b"b"))).text == "ab"


def test_an_async_pool_gets_the_account_without_blocking_the_loop() -> None:
    secret = handle(Fetched({"username": "u", "password": "p"}), None, "account")
    connection: Any = SimpleNamespace(info=SimpleNamespace(user="u"))

    async def main() -> dict[str, Any]:
        await follow.async_current(secret)(connection)
        return await follow.async_login(secret, dbname="d")()

    assert asyncio.run(main()) == {"dbname": "d", "user": "u", "password": "p"}


def test_requests_sends_the_current_token() -> None:
    secret, provider = rotating("one")
    with answering_server(lambda _: Answer(200, {})) as server, requests.Session() as session:
        session.auth = RequestsAuth(secret, header="X-Key", scheme="")
        assert session.get(server.address).request.headers["X-Key"] == "one"
        provider.rotate("two")
        assert session.get(server.address).request.headers["X-Key"] == "two"


def test_requests_tries_a_refused_request_once_more_with_a_newer_token() -> None:
    secret, provider = rotating("one")
    provider.newest = "two"
    answers = iter([Answer(401), Answer(200)])
    with answering_server(lambda _: next(answers)) as server:
        response = requests.post(server.address, data="body", auth=RequestsAuth(secret), timeout=10)
    assert (response.status_code, [one.status_code for one in response.history]) == (200, [401])
    assert (response.request.headers["authorization"], response.request.body) == ("Bearer two", "body")


@pytest.mark.parametrize(("newest", "tries"), [(None, 1), ("one", 1), ("two", 2)])
def test_requests_returns_the_refusal_if_no_token_is_accepted(newest: str | None, tries: int) -> None:
    secret, provider = rotating("one")
    provider.newest = newest
    with answering_server(lambda _: Answer(401)) as server:
        assert requests.get(server.address, auth=RequestsAuth(secret), timeout=10).status_code == 401
        assert len(server.requests) == tries


def test_requests_sends_no_newer_token_to_the_target_of_a_redirect() -> None:
    secret, provider = rotating("one")
    provider.newest = "two"
    with answering_server(lambda _: Answer(401)) as other:
        leads_there = Answer(302, headers={"location": other.address})
        with answering_server(lambda _: leads_there) as server:
            requests.get(server.address, auth=RequestsAuth(secret), timeout=10)
        assert len(other.requests) == 1


def test_requests_does_not_send_a_stream_again() -> None:
    secret, provider = rotating("one")
    provider.newest = "two"
    with answering_server(lambda _: Answer(401)) as server:
        body = io.BytesIO(b"body")
        assert requests.post(server.address, data=body, auth=RequestsAuth(secret), timeout=10).status_code == 401
        assert len(server.requests) == 1


def test_botocore_credentials_are_of_one_reading_and_current() -> None:
    secret, provider = rotating({"access_key": "A1", "secret_key": "S1", "security_token": "T1"})
    credentials = boto.SecretProvider(secret).load()
    assert credentials.get_frozen_credentials() == ("A1", "S1", "T1")
    provider.rotate({"access_key": "A2", "secret_key": "S2"})
    assert credentials.get_frozen_credentials() == ("A2", "S2", None)
    assert (credentials.access_key, credentials.secret_key, credentials.token) == ("A2", "S2", None)


class Model(BaseModel):
    username: str
    password: str


@pytest.mark.parametrize("value", [{"username": "u", "password": "p"}, Model(username="u", password="p")])
def test_an_account_is_read_from_a_model_or_a_mapping(value: Any) -> None:
    assert account(rotating(value)[0])[:2] == ("u", "p")


@pytest.mark.parametrize("value", ["c4n4ry-text", {"user": "c4n4ry-user"}])
def test_a_secret_without_an_account_is_refused_without_showing_it(value: Any) -> None:
    with pytest.raises(TypeError, match="username") as caught:
        account(rotating(value)[0])
    assert "c4n4ry" not in str(caught.value)
