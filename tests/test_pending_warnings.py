"""A warning of a load counts as given once a handler could receive it; until then it is pending."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support.loading import FakeVault
from toriconfig import Secret, SettingsConfigDict, health, lazy, load, reload
from toriconfig._runtime import warn_once
from toriconfig.errors import ToriconfigWarning
from toriconfig.testing import reset_warnings

APP = """
from pydantic import BaseModel
from toriconfig import SettingsConfigDict, Secret, lazy, reload, health
class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="APP_", vault_path="secret/app")
    port: int = 1
    token: Secret[str]
settings = lazy(App)
settings.port
"""
CONFIGURED = "import logging\nlogging.basicConfig(format='%(levelname)s %(name)s %(message)s')\n"


def run(code: str, *flags: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: text for key, text in os.environ.items() if not key.startswith(("VAULT_", "BAO_", "PYTHONWARNINGS"))}
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        env={**clean, "APP_PROT": "80", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def both(text: str) -> tuple[int, int]:
    """Number of occurrences of each of the two warnings of the program in a text."""
    return text.count("`APP_PROT` is not a key"), text.count("`token`: the secret is not set")


class Listener(logging.Handler):
    """A handler that keeps what it gets."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class Alone:
    """The logger of the library, without the handlers that pytest gives it for each phase of a test."""

    def __init__(self) -> None:
        self.logger = logging.getLogger("toriconfig")

    def heard_by(self, *handlers: logging.Handler) -> None:
        """Leave it these handlers and no others."""
        self.logger.handlers[:] = handlers


@pytest.fixture(name="alone")
def _alone() -> Iterator[Alone]:
    alone = Alone()
    logger = alone.logger
    kept = logger.handlers[:], logger.filters[:], logger.level, logger.propagate
    logger.propagate = False
    reset_warnings()
    yield alone
    logger.handlers[:], logger.filters[:] = kept[0], kept[1]
    logger.setLevel(kept[2])
    logger.propagate = kept[3]
    reset_warnings()


class Plain(BaseModel):
    port: int = 1


def unheard() -> Plain:
    """Settings with one warning."""
    settings = lazy(Plain, env_prefix="APP_", environ={"APP_PROT": "1"})
    assert settings.port == 1
    return settings


def test_a_program_without_logging_writes_each_warning_to_stderr_once() -> None:
    done = run(APP + "reload(settings)\nprint('end')")
    assert (0, "end\n", (1, 1)) == (done.returncode, done.stdout, both(done.stderr))
    assert "ToriconfigWarning: APP_PROT: warning[TC501]" in done.stderr


def test_a_program_that_imports_logging_and_does_not_configure_it_writes_them_too() -> None:
    assert (1, 1) == both(run("import logging\n" + APP).stderr)


@pytest.mark.parametrize(
    "later",
    ["reload(settings)", "from toriconfig import load\nload(App)", "settings.token.get(None)", "pass",
     "from toriconfig.pipeline import get_logger\nget_logger('app')"],
    ids=["reload", "load", "get", "exit", "get_logger"],
)  # fmt: skip
def test_warnings_before_logging_was_configured_are_logged_once_by_the_next_call(later: str) -> None:
    done = run(APP + CONFIGURED + later + "\nreload(settings)" * (later != "pass"))
    assert (0, (1, 1)) == (done.returncode, both(done.stderr))
    assert done.stderr.count("WARNING toriconfig ") == 2


def test_warnings_after_logging_was_configured_are_logged_at_once() -> None:
    done = run(CONFIGURED + APP + "import sys; print('later', file=sys.stderr)")
    assert (1, 1) == both(done.stderr.partition("later")[0])
    assert (0, 0) == both(done.stderr.partition("later")[2])


@pytest.mark.parametrize("flags", [("-W", "error"), ("-W", "error::toriconfig.errors.ToriconfigWarning")], ids=str)
def test_a_filter_that_makes_errors_of_warnings_breaks_no_load(flags: tuple[str, ...]) -> None:
    done = run(APP + "print('end')", *flags)
    assert (0, "end\n", (1, 1)) == (done.returncode, done.stdout, both(done.stderr))
    assert "Traceback" not in done.stderr


def test_a_filter_of_the_user_silences_them() -> None:
    done = run(
        "import warnings, toriconfig.errors\nwarnings.simplefilter('ignore', toriconfig.errors.ToriconfigWarning)\n"
        + APP
    )
    assert (0, 0) == both(done.stderr)


def test_a_forked_child_leaves_pending_warnings_to_its_parent() -> None:
    code = "import os, sys\npid = os.fork()\nif not pid:\n    sys.exit(0)\nos.waitpid(pid, 0)"
    assert (1, 1) == both(run(APP + code).stderr)


def test_a_child_of_multiprocessing_gives_the_warnings_of_its_own_load() -> None:
    code = f"import multiprocessing\nCODE = {APP!r}\ndef main():\n    exec(CODE, {{'__name__': 'child'}})\n"
    code += "child = multiprocessing.get_context('fork').Process(target=main)\nchild.start()\nchild.join()"
    assert (1, 1) == both(run(code).stderr)


def test_the_command_line_adds_nothing_to_its_findings(tmp_path: Path) -> None:
    (tmp_path / "app_of_test.py").write_text(APP.partition("settings =")[0])
    code = "import sys\nsys.argv = ['toriconfig', 'show', '--settings', 'app_of_test:App']\n"
    done = run(code + "from toriconfig.cli import main\nmain()", PYTHONPATH=str(tmp_path))
    assert (0, "") == (done.returncode, done.stderr)


def test_a_null_handler_gets_no_warning(alone: Alone) -> None:
    alone.heard_by(logging.NullHandler())
    settings = unheard()
    alone.heard_by(listener := Listener())
    reload(settings)
    assert 1 == len(listener.texts)


@pytest.mark.parametrize("deaf", ["handler", "logger", "disabled", "off"])
def test_a_logger_above_that_level_gets_nothing(alone: Alone, deaf: str) -> None:
    alone.heard_by(listener := Listener(logging.ERROR if deaf == "handler" else logging.NOTSET))
    alone.logger.setLevel(logging.ERROR if deaf == "logger" else logging.NOTSET)
    alone.logger.disabled = deaf == "disabled"
    logging.disable(logging.CRITICAL if deaf == "off" else logging.NOTSET)
    try:
        settings = unheard()
    finally:
        alone.logger.disabled = False
        logging.disable(logging.NOTSET)
    assert [] == listener.texts
    listener.setLevel(logging.WARNING)
    alone.logger.setLevel(logging.NOTSET)
    reload(settings)
    reload(settings)
    assert 1 == len(listener.texts)


@pytest.mark.parametrize("where", ["handler", "logger"])
def test_a_filter_that_refuses_the_record_leaves_it_pending(alone: Alone, where: str) -> None:
    alone.heard_by(listener := Listener())
    target: logging.Filterer = listener if where == "handler" else alone.logger

    def refuse(record: logging.LogRecord) -> bool:
        return False

    target.addFilter(refuse)
    settings = unheard()
    target.removeFilter(refuse)
    reload(settings)
    assert 1 == len(listener.texts)
    assert [] == listener.filters


def test_a_filter_that_drops_repetitions_passes_the_warning(alone: Alone) -> None:
    seen: set[str] = set()

    def new(record: logging.LogRecord) -> bool:
        return record.getMessage() not in seen and not seen.add(record.getMessage())  # type: ignore[func-returns-value]

    alone.heard_by(listener := Listener())
    listener.addFilter(new)
    reload(unheard())
    assert 1 == len(listener.texts)


def test_health_holds_every_warning_of_the_load_given_or_pending(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    class App(BaseModel):
        port: int = 1
        token: Secret[str]
        key: Secret[str]

    alone.heard_by()
    options: dict[str, Any] = {"env_prefix": "APP_", "vault_path": "secret/app"}
    settings = lazy(App, environ={"APP_PROT": "1", "APP_KEY": "k"}, **options)
    assert settings.port == 1
    lines = health(settings).warnings
    assert ["APP_PROT", "`token`: the secret is not set", "`key` comes from APP_KEY instead of secret/app#key"] == [
        part for part in ("APP_PROT", "`token`: the secret is not set", "`key` comes from APP_KEY instead of secret/app#key")
        if sum(part in line for line in lines) == 1
    ]  # fmt: skip
    assert 3 == len(lines)
    FakeVault(**{"secret/app": {"token": "t", "key": "k"}}).connect(monkeypatch)
    reload(settings)
    assert 1 == len(health(settings).warnings)


def test_an_address_without_tls_is_among_the_warnings_of_health(alone: Alone) -> None:
    from toriconfig._vault.http.failover import warn_http

    alone.heard_by()
    warn_http(("http://vault.example:8200",))
    alone.heard_by(listener := Listener())
    warn_once.flush()
    assert [text for text in listener.texts if "vault.example" in text] == warn_once.given_by("toriconfig.vault")


def test_a_warning_that_ends_before_a_handler_accepts_it_is_not_given(alone: Alone) -> None:
    alone.heard_by()
    warn_once.warn("key", "text")
    warn_once.over("key")
    alone.heard_by(listener := Listener())
    warn_once.flush()
    assert [] == listener.texts


def test_the_category_can_be_filtered() -> None:
    assert issubclass(ToriconfigWarning, UserWarning)
    assert load(Plain).port == 1


def test_a_load_logs_a_hundred_warnings_and_counts_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    class Counted(BaseModel):
        model_config = SettingsConfigDict(env_prefix="COUNTED_")

    with caplog.at_level("WARNING", "toriconfig"):
        load(Counted, environ={f"COUNTED_KEY{at}": "1" for at in range(250)})
    assert len(caplog.records) == 101
    assert caplog.messages[-1] == "150 more warnings like these: `toriconfig check` shows them"
