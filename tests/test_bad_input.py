"""Bad input of every kind: one ConfigError with all problems, each with its place and remedy, and no secret."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from toriconfig import (
    ConfigError,
    Problem,
    Secret,
    SettingsConfigDict,
    ToriSettings,
    lazy,
    load,
    override,
    reload,
    replace,
)
from toriconfig.testing import Canary, reset_warnings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


def error_of(schema: type[BaseModel] = ToriSettings, **given: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(schema, **{"environ": {}, "offline": True, **given})
    return caught.value


def places(error: ConfigError) -> list[tuple[str, str]]:
    return [(one.code, str(one.origin)) for one in error.problems]


def write(text: str | bytes, name: str = "tori.yaml") -> None:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())


def a_directory() -> None:
    Path("tori.yaml").mkdir()


def a_pipe() -> None:
    os.mkfifo("tori.yaml")


def a_clash() -> None:
    write("ocr: {max_pages: 1}\n")
    write("ocr: 5\n", "tori.local.yaml")


def a_broken_link() -> None:
    Path("tori.yaml").symlink_to("nowhere.yaml")


# name: (how to make the file, code, place)
FILES: dict[str, tuple[Any, str, str]] = {
    "directory instead of file": (a_directory, "TC003", "tori.yaml"),
    "FIFO": (a_pipe, "TC003", "tori.yaml"),
    "link that leads nowhere": (a_broken_link, "TC003", "tori.yaml"),
    "invalid UTF-8": (lambda: write(b"api_key: a\nocr: \xff\xfe\n"), "TC003", "tori.yaml:2:6"),
    "syntax error": (lambda: write("ocr:\n  max_pages: [1, 2\n"), "TC001", "tori.yaml:2:14"),
    "duplicate key": (lambda: write("ocr: {max_pages: 1}\nocr: {max_pages: 2}\n"), "TC002", "tori.yaml:2:1"),
    "unknown key": (lambda: write("ocr:\n  max_page: 3\n"), "TC101", "tori.yaml:2:3"),
    "unknown key deep down": (lambda: write("database: {pool: {max_szie: 3}}\n"), "TC101", "tori.yaml:1:19"),
    "wrong type": (lambda: write("ocr:\n  max_pages: many\n"), "TC102", "tori.yaml:2:14"),
    "value not allowed": (lambda: write("logging: {level: LOUD}\n"), "TC104", "tori.yaml:1:18"),
    "unknown reference": (lambda: write("database: {host: '${consul:x}'}\n"), "TC301", "tori.yaml:1:18"),
    "reference to a secret": (lambda: write("database: {host: '${vault:s/x#k}'}\n"), "TC302", "tori.yaml:1:18"),
    "cycle": (lambda: write("database:\n  host: ${database.name}\n  name: ${database.host}\n"), "TC303", "tori.yaml:2:9"),
    "variable with a hint": (lambda: write("database: {host: '${env:H:?ask ops}'}\n"), "TC304", "tori.yaml:1:18"),
    "malformed reference": (lambda: write("database: {host: '${env:H'}\n"), "TC306", "tori.yaml:1:18"),
    "the mask": (lambda: write("api_key: '**********'\n"), "TC403", "tori.yaml:1:10"),
    "a clash of kinds": (
        a_clash, "TC105", "tori.local.yaml:1:6",
    ),
    "no mapping": (lambda: write("- a\n"), "TC007", "tori.yaml:1:1"),
    "a foreign tag": (lambda: write("ocr: !!python/object:os.system {}\n"), "TC005", "tori.yaml:1:6"),
    "a bomb": (lambda: write("ocr: &a [x]\n" + "".join(f"k{n}: &k{n} [{'*a, ' * 99}]\n" for n in range(9))), "TC101", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_is_reported_with_its_place_and_a_remedy(kind: str) -> None:
    make, code, place = FILES[kind]
    make()
    error = error_of()
    assert code in {one.code for one in error.problems}
    if place:
        assert (code, place) in places(error)
    assert all(one.help or one.expected for one in error.problems), error.problems
    assert str(error).count(f"[{code}]") >= 1


def test_an_unreadable_file_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    write("ocr: {max_pages: 1}\n")
    real = os.open

    def deny(path: Any, *args: Any, **more: Any) -> int:
        if str(path).endswith("tori.yaml"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **more)

    # Tests may run as root, whom no mode keeps out.
    monkeypatch.setattr(os, "open", deny)
    assert [("TC003", "tori.yaml")] == places(error_of())


VARIABLES: dict[str, tuple[Mapping[str, str], str, str]] = {
    "a missing file named explicitly": ({"TORI_CONFIG_FILE": "none.yaml"}, "TC006", "none.yaml"),
    "two spellings": ({"TORI_OCR__MAX_PAGES": "1", "tori_ocr__max_pages": "2"}, "TC502", "tori_ocr__max_pages"),
    "a profile with a path in it": ({"TORI_PROFILE": "../prod"}, "TC503", "TORI_PROFILE"),
    "wrong type": ({"TORI_OCR__MAX_PAGES": "many"}, "TC102", "TORI_OCR__MAX_PAGES"),
    "broken JSON": ({"TORI_SECTION_WEIGHTS": '{"a": '}, "TC102", "TORI_SECTION_WEIGHTS"),
    "broken pairs": ({"TORI_SECTION_WEIGHTS": "a=1,b"}, "TC102", "TORI_SECTION_WEIGHTS"),
    "not UTF-8": ({"TORI_DATABASE__HOST": "\udcff"}, "TC102", "TORI_DATABASE__HOST"),
    "half a secret": ({"TORI_DATABASE__CREDENTIALS__USERNAME": "u"}, "TC402", "TORI_DATABASE__CREDENTIALS__USERNAME"),
    "the connection": ({"TORI_VAULT__TIMEOUT": "soon"}, "TC504", "TORI_VAULT__TIMEOUT"),
}


@pytest.mark.parametrize("kind", VARIABLES)
def test_a_bad_variable_is_reported_by_its_name(kind: str) -> None:
    environ, code, place = VARIABLES[kind]
    assert [(code, place)] == places(error_of(environ=environ))


def test_all_problems_at_once_are_one_error_sorted_by_place() -> None:
    write(
        "api_key: '**********'\n"
        "chunking: {size: ten}\n"
        "database:\n"
        "  host: ${consul:x}\n"
        "  name: ${vault:s/x#k}\n"
        "  pool: {max_szie: 3}\n"
        "entropy: {threshold: 3}\n"
        "logging: {level: '${logging.level}'}\n"
        "ocr: {max_pages: '${env:PAGES:?ask ops}'}\n"
        "progress: {min_change: 1, min_change: 2}\n"
        "zzz: 1\n"
    )
    environ = {
        "TORI_PROFILE": "a/b", "TORI_PARALLELISM__MAX_WORKERS": "x", "TORI_FEATURES__OCR_FALLBACK": "1",
        "tori_features__ocr_fallback": "0", "TORI_VAULT__TIMEOUT": "soon",
    }  # fmt: skip
    expected = [
        ("TC403", "tori.yaml:1:10"), ("TC102", "tori.yaml:2:18"), ("TC301", "tori.yaml:4:9"), ("TC302", "tori.yaml:5:9"),
        ("TC101", "tori.yaml:6:10"), ("TC104", "tori.yaml:7:22"), ("TC303", "tori.yaml:8:18"), ("TC304", "tori.yaml:9:18"),
        ("TC002", "tori.yaml:10:27"), ("TC101", "tori.yaml:11:1"), ("TC102", "TORI_PARALLELISM__MAX_WORKERS"),
        ("TC503", "TORI_PROFILE"), ("TC504", "TORI_VAULT__TIMEOUT"), ("TC502", "tori_features__ocr_fallback"),
    ]  # fmt: skip
    error = error_of(environ=environ)
    assert expected == places(error)
    text = str(error)
    assert all(f"[{code}]" in text for code, _ in expected)
    assert "14 errors in ToriSettings" in text


def test_a_failed_load_reports_only_errors_and_a_successful_one_logs_its_warnings_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environ = {"TORI_OCR__MAX_PAGE": "3"}
    for _ in range(3):
        load(ToriSettings, environ=environ, offline=True)
    assert ["TORI_OCR__MAX_PAGE"] == [word for record in caplog.records for word in record.getMessage().split(":")[:1]]
    assert "did you mean `TORI_OCR__MAX_PAGES`?" in caplog.text


# The canary: in each place where a mistake can sit.


class Account(BaseModel):
    username: str
    password: str


class Guarded(BaseModel):
    model_config = SettingsConfigDict(env_prefix="G_", env_nested_delimiter="__", config_name="g")

    key: Secret[str] = Secret("x")
    account: Secret[Account] | None = None
    pin: Secret[int] | None = None
    number: int = 1
    text: str = ""
    weights: dict[str, float] = {}
    rule: str = ""

    @model_validator(mode="before")
    @classmethod
    def _quote(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("rule") == "model":
            raise ValueError(f"quoting {data}")
        return data

    @field_validator("key", mode="before")
    @classmethod
    def _echo(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError(f"raw text reached a validator: {value}")
        return value

    @field_validator("rule")
    @classmethod
    def _escape(cls, value: str) -> str:
        if value == "escape":
            raise KeyError(value)
        return value


CANARIES: dict[str, tuple[str, Mapping[str, str]]] = {
    "wrong type": ("key: {a: CANARY}\n", {}),
    "wrong type in a list": ("key: [CANARY]\n", {}),
    "wrong number": ("pin: CANARY\n", {}),
    "half of a whole": ("account: {username: CANARY}\n", {}),
    "wrong part of a whole": ("account: {username: u, password: [CANARY]}\n", {}),
    "unknown part of a whole": ("account: {username: u, password: CANARY, passwrd: CANARY}\n", {}),
    "text where a whole belongs": ("account: CANARY\n", {}),
    "duplicate key": ("key: CANARY\nkey: CANARY\n", {}),
    "syntax error behind it": ("key: CANARY\nnumber: [1\n", {}),
    "syntax error in it": ("key: 'CANARY\n", {}),
    "syntax error on its line": ("key: CANARY: x\n", {}),
    "block text broken off": ("key: |\n  CANARY\n CANARY\nnumber: 1\n", {}),
    "near miss of its key": ("kee: CANARY\npasword: CANARY\naccout: {password: CANARY}\n", {}),
    "unknown sibling": ("key: CANARY\nunknown: 1\n", {}),
    "beside a wrong neighbour on one line": ("{key: CANARY, number: x}\n", {}),
    "beside a validator that quotes": ("key: CANARY\nrule: model\n", {}),
    "beside a validator that raises anything": ("key: CANARY\nrule: escape\n", {}),
    "reference in a plain field to it": ("key: CANARY\ntext: ${key}\n", {}),
    "reference in a plain field to a part": (
        "account: {username: u, password: CANARY}\ntext: ${account.password}\n",
        {},
    ),
    "a cycle through it": ("key: CANARY${text}\ntext: ${text}\n", {}),
    "default of a broken reference": ("key: '${env:A:-CANARY${env:B}}'\n", {}),
    "unknown scheme": ("key: ${CANARY:x}\n", {}),
    "malformed reference": ("key: ${env:CANARY x}\n", {}),
    "variable of wrong type": ("number: x\n", {"G_PIN": "CANARY"}),
    "broken JSON in a variable": ("number: x\n", {"G_ACCOUNT": '{"username": "CANARY", "password": '}),
    "half a whole in variables": ("number: x\n", {"G_ACCOUNT__PASSWORD": "CANARY"}),
    "two spellings": ("number: x\n", {"G_KEY": "CANARY", "g_key": "CANARY"}),
    "not UTF-8": ("number: x\n", {"G_KEY": "CANARY\udcff"}),
    "referred to by a variable": ("key: ${env:S}\npin: ${env:S}\nnumber: x\n", {"S": "CANARY"}),
    "login in a URL": ("text: 1\nweights: {a: 'http://u:CANARY@h'}\n", {}),
    "clash of kinds": ("weights: x\nkey: CANARY\n", {"G_WEIGHTS__A": "1"}),
    "profile": ("key: CANARY\n", {"G_PROFILE": "../CANARY"}),
    "connection": ("number: x\n", {"G_VAULT__AUTH__TOKEN": "CANARY", "G_VAULT__AUTH__METHOD": "tokn"}),
    "connection with a login in its address": ("number: x\n", {"G_VAULT__ADDRESS": "https://u:CANARY@h"}),
    "a credential in the block of a file": ("vault: {auth: {method: token, token: CANARY}}\n", {}),
    "unknown variable": ("number: x\n", {"G_KEEY": "CANARY"}),
}


@pytest.mark.parametrize("kind", CANARIES)
def test_no_output_shows_a_secret_in_any_case(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    canary = Canary()
    text, variables = CANARIES[kind]
    write(text.replace("CANARY", canary.secret), "g.yaml")
    environ = {name: value.replace("CANARY", canary.secret) for name, value in variables.items()}
    caplog.set_level(logging.DEBUG)
    with canary.watch(), pytest.raises(ConfigError) as caught:
        load(Guarded, environ=environ, offline=True)
    error = caught.value
    assert error.problems
    assert (None, None) == (error.__cause__, error.__context__)
    canary.absent_from(error, str(error), repr(error), pickle.dumps(error), caplog.text, repr(error.problems))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "overrides",
    [{"key": {"a": "CANARY"}, "number": "x"}, {"account": {"username": "CANARY"}}, {"pin": "CANARY"}, {"kee": "CANARY"},
     {"key": "CANARY", "number": "x"}, {"number": {"x": ["CANARY"]}}],
)  # fmt: skip
def test_the_error_of_load_replace_override_and_reload_shows_no_secret_in_code(
    overrides: dict[str, Any],
) -> None:
    canary = Canary()

    def planted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: planted(item) for key, item in value.items()}
        return [planted(item) for item in value] if isinstance(value, list) else value.replace("CANARY", canary.secret)

    given = planted(overrides)
    write("number: 1\n", "g.yaml")
    errors: list[BaseException] = []
    with pytest.raises(ConfigError) as caught:
        load(Guarded, overrides=given, environ={}, offline=True)
    errors.append(caught.value)
    base = lazy(Guarded, environ={}, offline=True)
    for settings in (base, load(Guarded, environ={}, offline=True)):
        with pytest.raises(ConfigError) as caught:
            replace(settings, given)
        errors.append(caught.value)
    with pytest.raises(ConfigError) as caught, override(base, given):
        pass
    errors.append(caught.value)
    wrong = lazy(Guarded, overrides=given, environ={}, offline=True)
    with pytest.raises(ConfigError) as caught:
        _ = wrong.number
    errors.append(caught.value)
    with pytest.raises(ConfigError) as caught:
        reload(wrong)
    errors.append(caught.value)
    canary.absent_from(*errors)
    assert all((one.__cause__, one.__context__) == (None, None) for one in errors)


def test_a_failed_load_shows_no_secret_of_the_environment() -> None:
    canary = Canary()
    with pytest.raises(ConfigError) as caught:
        load(Guarded, environ={"G_KEY": canary.secret, "G_NUMBER": "x"}, offline=True)
    canary.absent_from(caught.value)


def test_an_error_is_the_same_after_pickling() -> None:
    write("ocr: {max_pages: many}\n")
    error = error_of()
    copy = pickle.loads(pickle.dumps(error))
    assert (error.problems, error.schema, str(error)) == (copy.problems, copy.schema, str(copy))


def test_problems_are_reported_once() -> None:
    write("database: {host: '${consul:x}'}\nocr: {max_pages: '${database.host}'}\n")
    found = error_of().problems
    assert len(found) == len(set(found))
    assert [("TC301", "tori.yaml:1:18")] == [(one.code, str(one.origin)) for one in found]


def test_a_problem_is_a_value() -> None:
    assert Problem("TC101", "a") == Problem("TC101", "a")
    assert 1 == len({Problem("TC101", "a"), Problem("TC101", "a")})


def test_a_model_that_raises_while_it_is_made_is_a_problem() -> None:
    class Fragile(BaseModel):
        model_config = ConfigDict(frozen=True)
        a: int = 1

        def model_post_init(self, context: Any) -> None:
            raise RuntimeError("on purpose")

    (only,) = error_of(Fragile).problems
    assert ("TC108", "a validator of the schema raised RuntimeError") == (only.code, only.message)
