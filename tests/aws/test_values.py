"""Values of AWS Secrets Manager: text, JSON, bytes, versions; fetched once, polled, swapped."""

from __future__ import annotations

import asyncio
import os
import pickle
from queue import SimpleQueue
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

import toriconfig
from support.aws import Moto
from support.memory_backend import until
from toriconfig import Ref, Secret, health, lazy, load, on_change
from toriconfig._secrets.backend_session import session_of
from toriconfig.backends import Fetched
from toriconfig.backends.aws import SecretsManager
from toriconfig.errors import ConfigError, SecretError, SecretNotFound
from toriconfig.testing import Canary, FakeClock


class Credentials(BaseModel):
    user: str
    password: str


class App(BaseModel):
    token: Secret[str]
    both: Secret[Credentials] | None = None
    raw: Secret[bytes] | None = None


def app(token: str = "${aws:prod/db#password}", **values: Any) -> App:
    return load(App, overrides={"token": token, **values})


def test_a_key_of_a_json_secret_is_read(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"user": "u", "password": canary.secret})
    assert canary.secret == app().token.get()


def test_a_key_below_a_key_is_read(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"a": {"b": canary.secret}})
    assert canary.secret == app("${aws:prod/db#a.b}").token.get()


def test_a_json_secret_without_a_key_is_its_own_text(moto: Moto) -> None:
    moto.put("prod/db", '{"user":  "u"}')
    assert '{"user":  "u"}' == app("${aws:prod/db}").token.get()


def test_a_json_secret_fills_a_model(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"user": "u", "password": canary.secret})
    both = app(both="${aws:prod/db}").both
    assert both is not None
    assert both.get() == Credentials(user="u", password=canary.secret)


def test_a_binary_secret_is_bytes(moto: Moto) -> None:
    moto.put("bin", b"\x00\xff")
    raw = app(raw="${aws:bin}").raw
    assert raw is not None
    assert raw.get() == b"\x00\xff"


def test_a_binary_secret_that_is_no_text_is_an_error_of_a_text_field(moto: Moto) -> None:
    moto.put("bin", b"\x00\xff")
    with pytest.raises(SecretError, match="UTF-8 text"):
        app("${aws:bin}").token.get()


def test_a_key_of_text_that_is_no_json_is_reported_with_the_remedy(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", canary.secret)
    with pytest.raises(
        SecretNotFound, match=r"token: prod/db is not a JSON object \(leave out `#password`\)"
    ) as caught:
        app().token.get()
    canary.absent_from(caught.value)


@pytest.mark.parametrize("text", ["[1]", "NaN", '{"password": NaN}', "[" * 5000, "", "\ufeff{}", '"password"'])
def test_json_that_is_no_object_has_no_keys(moto: Moto, text: str) -> None:
    moto.put("prod/db", text or " ")
    with pytest.raises(SecretNotFound, match="not a JSON object"):
        app().token.get()


def test_a_number_in_a_json_secret_keeps_its_digits(moto: Moto) -> None:
    moto.put("prod/db", '{"password": 12345678901234567890123}')
    assert app().token.get() == "12345678901234567890123"


def test_a_secret_is_read_by_its_arn(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"password": canary.secret})
    arn = moto.client.describe_secret(SecretId="prod/db")["ARN"]
    assert canary.secret == app(f"${{aws:{arn}#password}}").token.get()


def test_the_arn_of_another_region_is_not_requested(moto: Moto) -> None:
    with pytest.raises(SecretNotFound, match="is in another region than eu-central-1") as caught:
        app("${aws:arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-abcdef#k}").token.get()
    assert "region='us-east-1'" in caught.value.help


def test_a_stage_reads_the_version_with_that_label(moto: Moto) -> None:
    moto.put("prod/db", {"password": "first"})
    moto.put("prod/db", {"password": "second"})
    assert app("${aws:prod/db?stage=AWSPREVIOUS#password}").token.get() == "first"
    assert app("${aws:prod/db?stage=AWSCURRENT#password}").token.get() == "second"


def test_a_pinned_version_is_read(moto: Moto) -> None:
    first = moto.put("prod/db", {"password": "first"})
    moto.put("prod/db", {"password": "second"})
    assert app(f"${{aws:prod/db?version={first}#password}}").token.get() == "first"


def test_the_version_id_of_aws_is_the_version_of_the_secret(moto: Moto) -> None:
    version = moto.put("prod/db", {"password": "first"})
    settings = app()
    settings.token.get()
    assert settings.token.version == version
    assert str(settings.token.origin) == f"aws:prod/db#password version {version}"


def test_a_field_names_a_stage_with_ref(moto: Moto) -> None:
    class Defaulted(BaseModel):
        token: Annotated[Secret[str], Ref("prod/db?stage=AWSPREVIOUS#password", scheme="aws")]

    moto.put("prod/db", {"password": "first"})
    moto.put("prod/db", {"password": "second"})
    assert load(Defaulted).token.get() == "first"


@pytest.mark.parametrize(
    "path",
    [
        "a b",
        "prod/db?",
        "prod/db?stage=",
        "prod/db?version=7",
        "prod/db?stage=A&version=B",
        "é",
        "arn:aws:s3:::x",
        "a*",
    ],
)
def test_an_invalid_name_is_an_error_of_the_load(path: str) -> None:
    with pytest.raises(ConfigError, match="TC306.*not a reference to aws"):
        app(f"${{aws:{path}#k}}")


# Caching


def clocked(moto: Moto, **more: Any) -> tuple[SecretsManager, FakeClock]:
    backend, clock = SecretsManager(**more), FakeClock()
    backend.clock = clock
    return backend, clock


def counted(backend: SecretsManager) -> SimpleQueue[str]:
    """The paths that the backend fetches from now on."""
    fetched: SimpleQueue[str] = SimpleQueue()
    fetch = backend.fetch

    def counting(path: str, timeout: float) -> Fetched:
        fetched.put(path)
        return fetch(path, timeout)

    backend.fetch = counting  # type: ignore[method-assign]
    return fetched


def lazy_app(backend: SecretsManager) -> App:
    return lazy(App, overrides={"token": "${aws:prod/db#password}"}, backends=[backend])


def test_a_rotated_secret_is_swapped_by_the_next_poll_and_reported(moto: Moto) -> None:
    backend, clock = clocked(moto)
    moto.put("prod/db", {"password": "first"})
    settings = lazy_app(backend)
    seen: SimpleQueue[tuple[str, str, str]] = SimpleQueue()
    stop = on_change(settings, "token", lambda change: seen.put((change.path, change.kind, settings.token.get())))
    assert settings.token.get() == "first"
    moto.put("prod/db", {"password": "second"})
    clock.advance(331)
    assert seen.get(timeout=30) == ("token", "rotated", "second")
    stop.cancel()


def test_polls_come_at_a_random_moment_of_the_interval(moto: Moto) -> None:
    backend, clock = clocked(moto)
    fetched = counted(backend)
    moto.put("prod/db", {"password": "first"})
    session = session_of(backend)
    session._executor.rnd = lambda: 0.25
    settings = lazy_app(backend)
    settings.token.get()
    fetched.get(timeout=30)
    clock.advance(74)
    assert fetched.empty()
    clock.advance(2)
    assert fetched.get(timeout=30) == "prod/db"


def test_refresh_fetches_a_rotated_secret_at_once(moto: Moto) -> None:
    moto.put("prod/db", {"password": "first"})
    settings = lazy(App, overrides={"token": "${aws:prod/db#password}"})
    settings.token.get()
    assert toriconfig.refresh(settings) == []
    moto.put("prod/db", {"password": "second"})
    assert [(one.path, one.kind) for one in toriconfig.refresh(settings)] == [("token", "rotated")]
    assert settings.token.get() == "second"


def test_all_keys_of_a_secret_are_one_request(moto: Moto) -> None:
    moto.put("prod/db", {"user": "u", "password": "p@ss"})
    backend = SecretsManager()
    fetched = counted(backend)
    url = "postgresql://${aws:prod/db#user}:${aws:prod/db#password|url}@h"
    settings = load(App, overrides={"token": url, "both": "${aws:prod/db}"}, backends=[backend])
    toriconfig.prefetch(settings)
    assert settings.token.get() == "postgresql://u:p%40ss@h"
    assert (fetched.get(timeout=30), fetched.empty()) == ("prod/db", True)


def test_many_secrets_are_fetched_through_one_client(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    made: list[object] = []
    client = boto3.Session.client

    def counting(session: Any, *given: Any, **more: Any) -> Any:
        made.append(session)
        return client(session, *given, **more)

    monkeypatch.setattr(boto3.Session, "client", counting)
    for name in "abcdefgh":
        moto.put(name, name)
    made.clear()

    class Many(BaseModel):
        all: dict[str, Secret[str]]

    settings = load(Many, overrides={"all": {name: f"${{aws:{name}}}" for name in "abcdefgh"}})
    toriconfig.prefetch(settings)
    assert [secret.get() for secret in settings.all.values()] == list("abcdefgh")
    assert len(made) == 1


def test_a_coroutine_reads(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"password": canary.secret})
    assert asyncio.run(app().token.aget()) == canary.secret


def test_health_shows_the_version_and_no_secret(moto: Moto, canary: Canary) -> None:
    version = moto.put("prod/db", {"password": canary.secret})
    settings = app()
    settings.token.get()
    state = health(settings)
    assert version in str(state.secrets["token"].origin)
    canary.absent_from(state, str(state))


def test_a_forked_child_reads_the_rotated_secret(moto: Moto) -> None:
    moto.put("prod/db", {"password": "first"})
    settings = lazy_app(SecretsManager(refresh_interval=0.05, timeout=60.0))
    assert settings.token.get() == "first"
    child = os.fork()
    if not child:
        code = 1
        try:
            moto.put("prod/db", {"password": "second"})
            until(lambda: settings.token.get() == "second")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    until(lambda: settings.token.get() == "second")


def test_a_forked_child_creates_its_own_client(moto: Moto) -> None:
    backend = SecretsManager()
    client = backend._client.get(60.0)[1]
    assert backend._client.get(60.0)[1] is client
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if backend._client.get(60.0)[1] is not client else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_settings_from_the_shipped_backend_are_pickled_without_values(moto: Moto, canary: Canary) -> None:
    moto.put("prod/db", {"password": canary.secret})
    settings = lazy(App, overrides={"token": "${aws:prod/db#password}"})
    assert settings.token.get() == canary.secret
    pickled = pickle.dumps(settings)
    canary.absent_from(pickled)
    assert pickle.loads(pickled).token.get() == canary.secret


def test_two_regions_are_two_backends_with_separate_schemes(moto: Moto, canary: Canary) -> None:
    class Elsewhere(SecretsManager):
        scheme = "aws-us"

    Moto(moto.address, "us-east-1").put("far", canary.secret)
    settings = load(App, overrides={"token": "${aws-us:far}"}, backends=[Elsewhere(region="us-east-1")])
    assert settings.token.get() == canary.secret
