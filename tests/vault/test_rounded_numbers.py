"""KV v2 keeps numbers as 64-bit floats: one that may have been rounded is no credential."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from toriconfig import Secret, SecretError, _vault, load
from toriconfig.testing import VaultServer, vault_server


class App(BaseModel):
    text: Secret[str]
    url: Secret[str]
    number: Secret[int]
    real: Secret[float]


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[VaultServer]:
    with vault_server() as server:
        server.client.sys.enable_secrets_engine("kv", path="kv1", options={"version": "1"})
        yield server
        _vault.shutdown()


def written(server: VaultServer, path: str, number: str) -> None:
    """Store a number as it is spelled, which a client library would not."""
    body = f'{{"data": {{"k": {number}}}, "k": {number}}}'.encode()
    headers = {"X-Vault-Token": server.environ["VAULT_TOKEN"]}
    request = urllib.request.Request(f"{server.environ['VAULT_ADDR']}/v1/{path}", body, headers, method="POST")
    urllib.request.urlopen(request).close()


def app(server: VaultServer, place: str) -> App:
    reference = f"${{vault:{place}#k}}"
    said = {"text": reference, "url": f"x://{reference}@h", "number": reference, "real": reference}
    return load(App, overrides=said, environ=server.environ)


@pytest.mark.parametrize("number", ["12345678901234567890", "9007199254740993", "-9007199254740993", "1" * 30, "1e22"])
def test_a_number_that_may_have_been_rounded_is_refused_as_text_and_as_an_int(server: VaultServer, number: str) -> None:
    written(server, f"secret/data/big{number}", number)
    made = app(server, f"secret/big{number}")
    for secret in (made.text, made.url, made.number):
        with pytest.raises(SecretError, match="not exact: KV v2 rounds numbers .* store it as text") as caught:
            secret.get()
        assert f"secret/big{number}" in str(caught.value)
        assert number[:5] not in str(caught.value).replace(f"big{number}", "")
        assert "missing" == secret.state
    assert float(json.loads(number)) == made.real.get()


@pytest.mark.parametrize("number", ["9007199254740991", "5432", "-1", "1.5"])
def test_other_numbers_are_read_as_before(server: VaultServer, number: str) -> None:
    written(server, f"secret/data/small{number}", number)
    made = app(server, f"secret/small{number}")
    assert (number, f"x://{number}@h") == (made.text.get(), made.url.get())


def test_a_long_number_that_is_stored_as_text_is_read_as_it_is(server: VaultServer) -> None:
    written(server, "secret/data/spelled", '"12345678901234567891"')
    made = app(server, "secret/spelled")
    assert ("12345678901234567891", 12345678901234567891) == (made.text.get(), made.number.get())


def test_kv_v1_rounds_nothing(server: VaultServer) -> None:
    request = urllib.request.Request(
        f"{server.environ['VAULT_ADDR']}/v1/kv1/big",
        b'{"k": 12345678901234567891}',
        {"X-Vault-Token": server.environ["VAULT_TOKEN"]},
        method="POST",
    )
    urllib.request.urlopen(request).close()
    made = app(server, "kv1/big")
    assert ("12345678901234567891", 12345678901234567891) == (made.text.get(), made.number.get())
