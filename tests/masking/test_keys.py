"""A value inside a key: no problem shows it, and the intended key is still named. HUNTER is the value."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel, RootModel, SecretStr, ValidationError

from support.loading import attempt, problems, told
from toriconfig import Secret, Settings, SettingsConfigDict, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Login(BaseModel):
    user: str = ""
    password: str


class Box(BaseModel):
    gizmo: Secret[str] | None = None
    width: int = 1


class Vaulted(RootModel[dict[str, Secret[str]]]):
    pass


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="K_", env_nested_delimiter="__", renamed={"old": "box.gizmo"})
    host: str = ""
    box: Box = Box()
    login: Secret[Login] | None = None
    crates: list[Secret[str]] = []
    nets: dict[str, Secret[str]] = {}
    vaulted: Vaulted = Vaulted({})
    weights: dict[str, float] = {}
    pin: SecretStr | None = None


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("password:HUNTER: 1", "TC101", "password:**********"),
        ("{password:HUNTER}", "TC101", "password:**********"),
        ("password=HUNTER: 1", "TC101", "password=**********"),
        ("password HUNTER: 1", "TC101", "password **********"),
        ("ghp_HUNTER: 1", "TC101", "**********"),
        ("https://u:HUNTER@h.org: 1", "TC101", "https://**********"),
        ('"x\\npassword: HUNTER": 1', "TC101", "x\npassword: **********"),
        ("box: {gizmo:HUNTER}", "TC101", "box.gizmo:**********"),
        ("box: {gizmo:HUNTER, gizmo:HUNTER}", "TC002", "box.gizmo:**********"),
        ("box: {gizmo: {HUNTER: 1, HUNTER: 2}}", "TC002", "box.gizmo.**********"),
        ("old: {HUNTER: 1, HUNTER: 2}", "TC002", "old.**********"),
        ("crates: [{HUNTER: 1, HUNTER: 2}]", "TC002", "crates[0].**********"),
        ("nets: {a: {HUNTER: 1, HUNTER: 2}}", "TC002", "nets.a.**********"),
        ("nets: {db:HUNTER}", "TC106", "nets.**********"),
        ("nets: {HUNTER}", "TC106", "nets.**********"),
        ("nets: {HUNTER, HUNTER}", "TC002", "nets.**********"),
        ("nets:\n  ? HUNTER", "TC106", "nets.**********"),
        ("vaulted: {HUNTER}", "TC106", "vaulted.**********"),
        ("nets: {db:HUNTER: [1]}", "TC102", "nets.db:**********"),
        ("nets: {db=HUNTER: [1]}", "TC102", "nets.db=**********"),
        ("nets: {db HUNTER: [1]}", "TC102", "nets.db **********"),
        ("pin: {HUNTER: yes}", "TC201", "pin.**********"),
        ("login: {HUNTER: 1}", "TC101", "login.**********"),
        ("weights: {api_key:HUNTER}", "TC106", "weights.api_key:**********"),
        ("weights: {api_key=HUNTER: x}", "TC102", "weights.api_key=**********"),
    ],
)
def test_a_value_in_a_key_is_masked_in_all_texts_of_a_problem(text: str, code: str, path: str) -> None:
    found = problems(Schema, text)
    assert (code, path) in [(one.code, one.path) for one in found]
    for one in found:
        # The lines of the frames have rules of their own.
        assert "HUNTER" not in repr(one.replaced(excerpts=()))
        assert one.message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("hots:db1: 1", "hots:db1"),
        ("api.password: 1", '"api.password"'),
        ("http://h.org: 1", '"http://h.org"'),
        ("box: {widht: 1}", "box.widht"),
        ("weights: {a:b: x}", "weights.a:b"),
        ("login: {user: [1], password: x}", "login"),
        ("nets: {alpha: [x]}", "nets.alpha"),
    ],
)
def test_any_other_key_is_reported_unchanged(text: str, path: str) -> None:
    assert path in [one.path for one in problems(Schema, text)]


def test_the_key_that_was_meant_is_named_without_the_value_after_it() -> None:
    helps = [one.help for one in problems(Schema, "{hots:the-value-is-long: 1, login: {user: u, password:HUNTER: 1}}")]
    assert {"did you mean `host`?", "did you mean `password`?"} <= set(helps)


def test_a_word_that_contains_a_short_value_is_not_masked() -> None:
    (only,) = [one for one in problems(Schema, "login: {pass: 1, password: x}") if one.code == "TC101"]
    assert ("login.**********", "one of user, password", "not a key of `login`") == (
        only.path,
        only.expected,
        only.label,
    )


def test_a_value_in_the_key_of_an_override_is_in_no_origin() -> None:
    found = attempt(Schema, overrides={"password:HUNTER": 1, "box": {"gizmo:HUNTER": 1}}).problems
    assert {'overrides["password:**********"]', 'overrides["box.gizmo:**********"]'} == {
        str(one.origin) for one in found
    }
    assert b"HUNTER" not in pickle.dumps(found)


def test_a_secret_that_is_removed_from_a_lower_layer_is_named() -> None:
    (only,) = problems(Schema, "nets: {db: x}", "nets: {db: }")
    assert only.message == "`nets.db` is null, which removes the values of lower layers"


def test_the_problem_of_a_masked_key_is_still_reported() -> None:
    (only,) = problems(Schema, "nets: {db:HUNTER}")
    assert only.message == "`nets.**********` is null, which counts as not set"


def test_a_value_in_the_key_of_a_nameless_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    load(Schema, environ={"K_NETS": '{"db:HUNTER": null}'}, offline=True)
    assert "`nets.**********` is null" in caplog.text
    assert "HUNTER" not in caplog.text


def test_a_value_in_a_key_of_json_in_a_variable_is_masked() -> None:
    assert ("TC101", "K_LOGIN", "login.**********") in told(Schema, environ={"K_LOGIN": '{"HUNTER": 1}'})


def test_a_value_in_a_key_is_not_in_errors_of_the_constructor() -> None:
    class Strict(BaseModel, extra="forbid"):
        a: int = 1

    class App(Settings):
        model_config = SettingsConfigDict(config_files=["app.yaml"])
        part: Strict = Strict()

    Path("app.yaml").write_text("part: {password:HUNTER: 1, b: many}\n")
    with pytest.raises(ValidationError) as caught:
        App()
    assert "part.password:**********" in str(caught.value)
    assert "HUNTER" not in str(caught.value) + repr(caught.value.errors())
