"""Texts that are composed of secrets, on a real OpenBao: every part must be text, and the error names one that is not."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from support.loading import attempt, loaded
from toriconfig import MissingCredentialError, Secret, SecretError, VaultNotFound, health, load
from toriconfig._core.interpolation_syntax import formed
from toriconfig.testing import VaultServer

HOSTILE = "p@ss/w#rd%41?:[é] \\&+"


class Account(BaseModel):
    username: str | None = None
    password: str | None = None
    dsn: str | None = None


class App(BaseModel):
    url: Secret[str]
    other: Secret[str] | None = None
    number: Secret[int] | None = None
    account: Secret[Account] | None = None
    name: str | None = None
    said_plainly: str | None = None


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


_numbers = count()


def _environ(server: VaultServer) -> dict[str, str]:
    """A new home each time, and so a connection that has read nothing yet."""
    return {**server.environ, "HOME": f"/nonexistent/texts/{next(_numbers)}"}


def _load(server: VaultServer, **said: Any) -> App:
    return load(App, overrides=said, environ=_environ(server))


def _url(user: str = "${vault:secret/text#username}", password: str = "${vault:secret/text#password}") -> str:
    return f"postgresql://{user}:{password}@db/app"


UNFIT = [
    pytest.param(None, "null", id="null"),
    pytest.param({"a": 1}, "a mapping", id="object"),
    pytest.param([1], "not text", id="list"),
    pytest.param([], "not text", id="no-item"),
]


@pytest.mark.parametrize(("value", "what"), UNFIT)
def test_a_part_that_is_no_text_is_named(shared_vault_server: VaultServer, value: Any, what: str) -> None:
    shared_vault_server.put("secret/text", {"username": "u", "password": value})
    settings = _load(shared_vault_server, url=_url())
    with pytest.raises(SecretError, match=f"^url: secret/text#password is {what}, which cannot be a part") as caught:
        settings.url.get()
    assert "secret/text#password" == caught.value.reference
    state = health(settings).secrets["url"]
    assert "missing" == state.state
    assert "secret/text#password" in state.error
    assert not health(settings).ok


@pytest.mark.parametrize("text", ["x ${vault:secret/text}", "${vault:secret/text}${vault:secret/text#username}"])
def test_a_whole_path_is_no_part_of_a_text(shared_vault_server: VaultServer, text: str) -> None:
    shared_vault_server.put("secret/text", {"username": "u"})
    with pytest.raises(SecretError, match="secret/text is a mapping, .*refer to one of its keys"):
        _load(shared_vault_server, url=text).url.get()


@pytest.mark.parametrize("key", ["password.title", "password.__class__", "username.upper"])
def test_attributes_of_text_are_not_keys(shared_vault_server: VaultServer, key: str) -> None:
    shared_vault_server.put("secret/text", {"username": "u", "password": "p"})
    for text in (f"x${{vault:secret/text#{key}}}", f"${{vault:secret/text#{key}}}"):
        with pytest.raises(VaultNotFound, match=f"no key `{key}`"):
            _load(shared_vault_server, url=text).url.get()


def test_numbers_and_truth_values_are_written_as_json(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"username": 7, "password": True})
    assert "postgresql://7:true@db/app" == _load(shared_vault_server, url=_url()).url.get()


def test_a_null_behind_another_key_is_named_by_the_key(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"username": "u", "password": None})
    settings = _load(shared_vault_server, other="${vault:secret/text#password}", url="redis://:${other}@h")
    with pytest.raises(SecretError, match=r"the secret `other` is null"):
        settings.url.get()
    settings = _load(shared_vault_server, account="${vault:secret/text}", url="redis://:${account.password}@h")
    with pytest.raises(SecretError, match=r"the secret `account.password` is null"):
        settings.url.get()


@pytest.mark.parametrize("said", [{"url": "${account.password}", "account": "${vault:secret/text}"}, {}])
def test_a_lone_null_is_reported_with_its_key(shared_vault_server: VaultServer, said: dict[str, str]) -> None:
    shared_vault_server.put("secret/text", {"password": None})
    settings = _load(shared_vault_server, **{"url": "${vault:secret/text#password}"} | said)
    with pytest.raises(SecretError, match="secret/text#password"):
        settings.url.get()
    assert not health(settings).ok


def test_a_number_that_is_null_is_reported_with_its_key(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"n": None})
    settings = _load(shared_vault_server, url="x", number="${vault:secret/text#n}")
    assert settings.number is not None
    with pytest.raises(SecretError, match=r"not a valid int.*secret/text#n"):
        settings.number.get()


def test_a_null_in_a_mapping_of_texts_is_named(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"username": "u", "password": None})
    settings = _load(shared_vault_server, url="x", account={"dsn": _url(), "username": "u"})
    assert settings.account is not None
    with pytest.raises(SecretError, match="secret/text#password is null"):
        settings.account.get()


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match=rf"{tmp_path}/p is not UTF-8 text"):
        load(App, overrides={"url": f"redis://:${{file:{tmp_path}/p}}@h"}, environ={}).url.get()
    assert (
        "redis://:%FF%FE@h"
        == load(App, overrides={"url": f"redis://:${{file:{tmp_path}/p|url}}@h"}, environ={}).url.get()
    )


def test_a_plain_null_is_no_part_of_a_text() -> None:
    found = attempt(App, overrides={"name": None, "url": "redis://${name}@h"}).problems
    assert [("TC304", "url")] == [(one.code, one.path) for one in found]
    assert "a reference inside a text has the value null" in found[0].message


@pytest.mark.parametrize("key", ["pa}ss", "{a}", "a|b", "a|url", 'say "x', " padded ", "a.b", "a#b", "ü"])
def test_any_key_can_be_named_in_quotes(shared_vault_server: VaultServer, key: str) -> None:
    shared_vault_server.put("secret/text", {key: "right", key[:2]: "wrong", key[0]: "wrong"} | {key: "right"})
    quoted = key.replace('"', '\\"')
    settings = _load(
        shared_vault_server, url=f'<${{vault:secret/text#"{quoted}"}}>', other=f'${{vault:secret/text#"{quoted}"|url}}'
    )
    assert "<right>" == settings.url.get()
    assert settings.other is not None
    assert "right" == settings.other.get()


def test_a_key_with_a_brace_is_not_cut_short_in_silence() -> None:
    (problem,) = attempt(App, overrides={"url": "${vault:secret/text#pa}ss}"}).problems
    assert ("TC306", "url") == (problem.code, problem.path)
    assert '#"a}b"' in problem.help


@pytest.mark.parametrize(
    "text", ['{"a": "${vault:secret/text#k}"}', "$${x}${vault:secret/text#k}", "}${vault:secret/text#k}"]
)
def test_braces_around_references_stay(shared_vault_server: VaultServer, text: str) -> None:
    shared_vault_server.put("secret/text", {"k": "v"})
    expected = text.replace("${vault:secret/text#k}", "v").replace("$${", "${")
    assert expected == _load(shared_vault_server, url=text).url.get()


@given(st.text(min_size=1).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
def test_an_encoded_value_stays_one_part_of_a_url_and_decodes_to_itself(text: str) -> None:
    url = urlsplit(f"postgresql://u:{formed(text, ('url',))}@db/app")
    assert ("db", "/app", "") == (url.hostname, url.path, url.query)
    assert text == unquote(url.password or "")


def test_a_password_from_vault_is_encoded_on_request(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"username": "u@x", "password": HOSTILE})
    said = _url("${vault:secret/text#username|url}", "${ vault:secret/text#password | url }")
    url = urlsplit(_load(shared_vault_server, url=said).url.get())
    assert ("u@x", HOSTILE, "db") == (unquote(url.username or ""), unquote(url.password or ""), url.hostname)


def test_every_kind_of_reference_can_be_encoded(shared_vault_server: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "p").write_text(HOSTILE)
    shared_vault_server.put("secret/text", {"p": HOSTILE, "password": HOSTILE})
    kinds = [
        "${vault:secret/text#p|url}",
        "${env:PASSWORD|url}",
        f"${{env:UNSET:-{HOSTILE}|url}}",
        f"${{file:{tmp_path}/p|url}}",
        "${other|url}",
        "${account.password|url}",
        "${name|url}",
    ]
    environ = {**_environ(shared_vault_server), "PASSWORD": HOSTILE}
    for kind in kinds:
        said = {"other": "${vault:secret/text#p}", "account": "${vault:secret/text}", "name": HOSTILE}
        settings = load(App, overrides={"url": f"redis://:{kind}@h", **said}, environ=environ)
        assert HOSTILE == unquote(urlsplit(settings.url.get()).password or ""), kind
        assert [] == [line for line in health(settings).warnings if "TC308" in line]


def test_a_lone_reference_is_encoded_too(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"p": HOSTILE, "n": 7})
    assert HOSTILE == unquote(_load(shared_vault_server, url="${vault:secret/text#p|url}").url.get())
    assert "7" == _load(shared_vault_server, url="${vault:secret/text#n|url}").url.get()


def test_an_encoded_null_is_named(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"p": None})
    with pytest.raises(SecretError, match="secret/text#p is null"):
        _load(shared_vault_server, url="${vault:secret/text#p|url}").url.get()


def test_an_encoded_and_a_plain_reference_share_one_read(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"p": "a/b"})
    settings = _load(shared_vault_server, url="${vault:secret/text#p|url}=${vault:secret/text#p}")
    shared_vault_server.forget_requests()
    assert "a%2Fb=a/b" == settings.url.get()
    assert 1 == shared_vault_server.requests(path="secret/data/text")


def test_a_missing_value_of_an_encoded_reference_is_reported() -> None:
    with pytest.raises(MissingCredentialError):
        load(App, overrides={"url": "x${vault:secret/text#p|url}"}, environ={}).url.get()


def _hints(**said: Any) -> list[str]:
    found = attempt(App, overrides=said, environ={"BAD": "a/b", "GOOD": "ab"})
    return [f"{one.severity} {one.help}" for one in found.problems if one.code == "TC308"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_url(), ["vault:secret/text#username|url", "vault:secret/text#password|url"]),
        ("redis://:${vault:secret/text#p}@h:${vault:secret/text#port}/0", ["vault:secret/text#p|url"]),
        ("jdbc:postgresql://h/db?user=u&password=${vault:secret/text#p}", ["vault:secret/text#p|url"]),
        ("amqp://u:${file:/run/p}@h/", ["file:/run/p|url"]),
        ("amqp://u:${env:BAD}@h/", ["env:BAD|url"]),
        ("https://h/${env:BAD}/x", []),
        ("https://u:${said_plainly}@h/", ["said_plainly|url"]),
    ],
)
def test_check_reports_parts_of_a_url_that_are_not_encoded(text: str, named: list[str]) -> None:
    found = _hints(url=text, said_plainly="o/o")
    assert len(named) == len(found)
    for name, hint in zip(named, found, strict=True):
        assert f"info write `${{{name}}}`" in hint


@pytest.mark.parametrize(
    "text",
    [
        _url("${vault:secret/text#username|url}", "${vault:secret/text#password|url}"),
        "amqp://u:${env:GOOD}@h/",
        "https://${vault:secret/text#host}:${vault:secret/text#port}/x",
        "https://hooks.example/services/${vault:secret/text#path}",
        "${vault:secret/text#url}",
        "Bearer ${vault:secret/text#token}",
        "https://u:$${x}@h",
    ],
)
def test_check_gives_no_hint_if_no_part_needs_encoding(text: str) -> None:
    assert [] == _hints(url=text)


def test_an_encoded_secret_is_shown_as_the_file_spells_it(shared_vault_server: VaultServer) -> None:
    from toriconfig import explain

    settings = _load(shared_vault_server, url="${vault:secret/text#p|url}")
    assert "secret/text#p" in str(explain(settings, "url"))


def test_files_are_named_in_quotes_too(tmp_path: Path) -> None:
    (tmp_path / "a|b}").write_text("right")
    assert "right" == load(App, overrides={"url": f'${{file:{tmp_path}/"a|b}}"}}'}, environ={}).url.get()


def test_yaml_shows_everything(shared_vault_server: VaultServer) -> None:
    shared_vault_server.put("secret/text", {"a|b": HOSTILE})
    text = "url: 'redis://:${vault:secret/text#\"a|b\"|url}@h'"
    model = loaded(App, text, environ=_environ(shared_vault_server), offline=False)
    assert HOSTILE == unquote(urlsplit(model.url.get()).password or "")
