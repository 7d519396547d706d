"""Additions of a custom secrets backend: absence, JSON text with keys, named versions, steps of `doctor`, a policy."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.command import in_a_process
from support.memory_backend import App, Credentials, Memory, app
from toriconfig import Secret, explain, load
from toriconfig._core.problem import Code
from toriconfig._inspect.doctor.backends import _failed
from toriconfig._runtime import warn_once
from toriconfig.backends import Step
from toriconfig.errors import (
    MissingCredentialError,
    SecretDenied,
    SecretError,
    SecretNotFound,
    SecretUnreachable,
)
from toriconfig.testing import Canary


@pytest.fixture(name="nothing_warned", autouse=True)
def _nothing_warned() -> None:
    warn_once.reset()


class Absent(Memory):
    def unconfigured(self) -> tuple[str, str] | None:
        return "memory has no address", "set MEMORY_ADDR"


def test_an_unconfigured_backend_is_not_called_and_each_secret_is_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    absent = Absent({"db": {"password": "x"}})
    for _ in range(2):
        with pytest.raises(MissingCredentialError, match="^token: memory has no address: set MEMORY_ADDR; looked in: "):
            app(absent).token.get()
    warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert (len(warnings), absent.fetches) == (1, [])


def test_a_lower_layer_is_used_where_a_backend_is_not_configured(caplog: pytest.LogCaptureFixture) -> None:
    options: Any = {"backends": [Absent({})], "env_prefix": "APP_", "environ": {"APP_TOKEN": "lower"}}
    assert load(App, overrides={"token": "${memory:db#password}"}, **options).token.get() == "lower"
    (warning,) = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert "memory has no address (set MEMORY_ADDR), so `token` comes from APP_TOKEN" in warning


def test_unconfigured_that_raises_has_its_own_reason(canary: Canary) -> None:
    class Broken(Memory):
        def unconfigured(self) -> tuple[str, str] | None:
            raise RuntimeError(canary.secret)

    with pytest.raises(MissingCredentialError, match="Broken.unconfigured raised RuntimeError") as caught:
        app(Broken({})).token.get()
    canary.absent_from(caught.value)


def test_a_text_that_is_a_json_object_has_its_keys(canary: Canary) -> None:
    memory = Memory({"db": f'{{"password": "{canary.secret}"}}', "raw": b'{"password": {"deep": 1}}'})
    assert canary.secret == app(memory).token.get()
    assert app(memory, token="${memory:raw#password.deep}").token.get() == "1"
    assert app(memory, token="${memory:raw}").token.get() == '{"password": {"deep": 1}}'


def test_another_secret_is_referred_to_by_a_key_of_its_json_text(canary: Canary) -> None:
    class Both(BaseModel):
        whole: Secret[Credentials]
        token: Secret[str]

    memory = Memory({"db": f'{{"user": "u", "password": "{canary.secret}"}}'})
    both = load(Both, overrides={"whole": "${memory:db}", "token": "${whole.password}"}, backends=[memory])
    assert canary.secret == both.token.get()


def test_a_text_that_is_no_json_object_has_no_keys(canary: Canary) -> None:
    with pytest.raises(SecretNotFound, match="db is not a JSON object") as caught:
        app(Memory({"db": f'["{canary.secret}"]'})).token.get()
    canary.absent_from(caught.value)


def test_a_version_may_be_a_name() -> None:
    memory = Memory({"db": {"password": "x"}})
    memory.version = "v-2026"
    settings = app(memory)
    settings.token.get()
    assert settings.token.version == "v-2026"
    assert str(settings.token.origin) == "memory:db#password version v-2026"
    assert "version:  v-2026" in str(explain(settings, "token"))


class Told(Memory):
    """Has steps of its own for `doctor`, and policies."""

    steps: tuple[Step, ...] = ()

    def examine(self) -> Iterable[Step]:
        return self.steps

    def policy(self, paths: Any, *, online: bool = False) -> str:
        return f"{'exact ' if online else ''}read {', '.join(paths)}\n"


MODULE = """
from pydantic import BaseModel
from seams.test_backend_tools import Told
from toriconfig import Secret, SettingsConfigDict
from toriconfig._runtime import warn_once
from toriconfig.backends import Step

class Own(Told):
    steps = ({step},)

class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", backends=[Own({{"db": {{"pasword": "{secret}"}}}})])
    token: Secret[str]
    other: Secret[str]
"""


def run(folder: Path, secret: str, *command: str, step: str = "Step('ok', 'address', 'is there')") -> Any:
    (folder / "my_app.py").write_text(MODULE.format(secret=secret, step=step))
    (folder / "app.yaml").write_text("token: ${memory:db#password}\nother: ${memory:db#pasword}\n")
    tests = str(Path(__file__).parents[1])
    path = f"{Path(tests).parent}:{tests}"
    return in_a_process(*command, "--settings", "my_app:App", cwd=folder, environ={"PYTHONPATH": path})


def test_doctor_shows_the_steps_of_a_backend_and_reads_every_reference(canary: Canary, tmp_path: Path) -> None:
    done = run(tmp_path, canary.secret, "doctor")
    assert "ok        memory address: is there" in done.out
    assert "ok        memory:db#pasword: can be read" in done.out
    assert "error     memory:db#password: the path is there, but has no key `password`" in done.out
    assert "did you mean `memory:db#pasword`?" in done.out
    assert done.code == 1
    canary.absent_from(done.out, done.err)


@pytest.mark.parametrize(("mark", "code"), [("error", 1), ("unreached", 3)])
def test_doctor_reads_nothing_after_a_step_that_failed(mark: str, code: int, tmp_path: Path) -> None:
    done = run(tmp_path, "x", "doctor", step=f"Step('{mark}', 'address', 'is gone', 'find it')")
    assert f"{mark:9} memory address: is gone\n          find it" in done.out
    assert (done.code, "memory:db" in done.out) == (code, False)


def test_the_findings_of_a_backend_name_its_code_and_its_origin_as_data(tmp_path: Path) -> None:
    done = run(tmp_path, "x", "doctor", "-o", "json")
    assert '"TC407"' in done.out
    assert '"layer": "backend"' in done.out


def test_policy_prints_that_of_the_only_backend_that_has_one(tmp_path: Path) -> None:
    assert run(tmp_path, "x", "policy").out == "read db\n"
    assert run(tmp_path, "x", "policy", "--online", "--backend", "memory").out == "exact read db\n"


@pytest.mark.parametrize(
    ("error", "mark", "code"),
    [
        (SecretDenied, "error", Code.BACKEND_DENIED),
        (SecretNotFound, "error", Code.NOT_IN_BACKEND),
        (MissingCredentialError, "error", Code.SECRET_WITHOUT_VALUE),
        (SecretUnreachable, "unreached", Code.BACKEND_UNREACHABLE),
    ],
)
def test_each_failure_of_a_read_has_its_own_code(error: type[SecretError], mark: str, code: str) -> None:
    found = _failed("memory", "memory:db", error("no", help="do"))
    assert (mark, code, "no", "do") == (found.mark, found.code, found.message, found.help)
