"""No logger shows a registered secret: `logging`, structlog and loguru, for each way into a record."""

from __future__ import annotations

import copy
import io
import json
import logging
import queue
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from logging.handlers import QueueHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import loguru
import pytest
import structlog

from toriconfig.pipeline import MaskingFilter, get_logger, loguru_patcher, structlog_processor
from toriconfig.pipeline._redact import forget, register
from toriconfig.testing import Canary


@pytest.fixture(name="canary")
def _canary() -> Iterator[Canary]:
    canary = Canary()
    register(canary.secret)
    yield canary
    forget(canary.secret, keep=0.0)


@dataclass
class Login:
    """A value whose `repr` shows what it holds."""

    password: str


class Quiet:
    """A value whose `str` is quieter than its `repr`."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __str__(self) -> str:
        return "quiet"

    def __repr__(self) -> str:
        return f"Quiet({self.secret})"


def raised(secret: str) -> Exception:
    """An exception with the secret in its message, its note, its cause and a group."""
    try:
        try:
            try:
                raise KeyError(secret)
            except KeyError as cause:
                raise ValueError(f"bad {secret}") from cause
        except ValueError as error:
            error.add_note(f"note {secret}")
            raise ExceptionGroup(f"group {secret}", [error]) from None
    except ExceptionGroup as group:
        return group


def _circular(secret: str) -> dict[str, Any]:
    value: dict[str, Any] = {"a": secret}
    value["self"] = value
    return value


VALUES: dict[str, Callable[[str], Any]] = {
    "text": lambda secret: secret,
    "inside a text": lambda secret: f"https://u:{secret}@h/",
    "bytes": lambda secret: secret.encode(),
    "a nested mapping": lambda secret: {"a": [{"b": ({"c": secret},)}]},
    "a key": lambda secret: {secret: 1},
    "a set": lambda secret: {secret},
    "an object": Login,
    "an object whose str is quiet": Quiet,
    "an exception": raised,
    "a namespace": lambda secret: SimpleNamespace(a=secret),
    "JSON in a text": lambda secret: json.dumps({"password": secret}),
    "deeper than is looked": lambda secret: [[[[[[[[[[[[[[[[[[[[[[[secret]]]]]]]]]]]]]]]]]]]]]]],
    "a mapping in itself": _circular,
}


def _everything(record: logging.LogRecord) -> str:
    """Output of a handler for machines: every attribute, by `str` and by `repr`."""
    return "\n".join(f"{name}: {value} {value!r}" for name, value in vars(record).items())


class _Machine(logging.Handler):
    """Stores every record in full, and its formatted text."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += _everything(record) + self.format(record)


@pytest.fixture(name="logged")
def _logged() -> Iterator[tuple[logging.Logger, _Machine]]:
    """A logger of `logging` with a foreign handler that has a MaskingFilter."""
    logger, handler = logging.getLogger("foreign"), _Machine()
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler.addFilter(MaskingFilter())
    logger.addHandler(handler)
    yield logger, handler
    logger.removeHandler(handler)


@pytest.mark.parametrize("kind", VALUES)
def test_logging_masks_every_argument_and_extra_field(
    kind: str, canary: Canary, logged: tuple[logging.Logger, _Machine]
) -> None:
    logger, handler = logged
    value = VALUES[kind](canary.secret)
    logger.info("value %s", value)
    logger.info("value %r and %.1s", value, value)
    logger.info("part %.1s", value)
    logger.info("named %(a).1s", {"a": value})
    logger.info("none", extra={"field": value})
    logger.info(value)
    assert "none" in handler.text
    canary.absent_from(handler.text)


def test_logging_masks_exceptions_and_stacks(canary: Canary, logged: tuple[logging.Logger, _Machine]) -> None:
    logger, handler = logged
    logger.error("failed", exc_info=raised(canary.secret))
    try:
        raise RuntimeError(canary.secret)
    except RuntimeError:
        logger.exception("failed")
    namespace = {"logger": logger}
    exec(compile(f"logger.info('here', stack_info=True)  # {canary.secret}", __file__, "exec"), namespace)
    record = logging.makeLogRecord(
        {"msg": "x", "levelno": 20, "stack_info": f"Stack: {canary.secret}", "exc_text": canary.secret}
    )
    logger.handle(record)
    assert "RuntimeError" in handler.text
    canary.absent_from(handler.text)


def test_a_queue_handler_with_the_filter_puts_no_secret_into_the_queue(canary: Canary) -> None:
    entered: queue.SimpleQueue[Any] = queue.SimpleQueue()
    handler = QueueHandler(entered)
    handler.addFilter(MaskingFilter())
    for error in (None, raised(canary.secret)):
        record = logging.makeLogRecord({"msg": "key %s", "args": (canary.secret,), "field": [canary.secret]})
        record.exc_info = None if error is None else (type(error), error, error.__traceback__)
        handler.handle(record)
        canary.absent_from(_everything(entered.get_nowait()))


def test_a_format_that_fails_shows_no_argument(canary: Canary, logged: tuple[logging.Logger, _Machine]) -> None:
    logger, handler = logged
    logger.info("%d %s", canary.secret)  # noqa: PLE1206 - it is to fail
    assert "cannot be formatted" in handler.text
    canary.absent_from(handler.text)


def test_a_masking_filter_does_not_change_records_without_secrets(logged: tuple[logging.Logger, _Machine]) -> None:
    field = {"a": [1, ("b", None)]}
    record = logging.makeLogRecord({"msg": "x %s", "args": ("y",), "field": field})
    assert MaskingFilter().filter(record)
    assert ("x %s", ("y",)) == (record.msg, record.args)
    assert record.field is field  # type: ignore[attr-defined]


def test_a_masking_filter_with_a_name_lets_that_logger_pass(canary: Canary) -> None:
    ours, others = (logging.makeLogRecord({"name": name, "msg": canary.secret}) for name in ("a.b", "c"))
    assert [True, False] == [MaskingFilter("a").filter(record) for record in (ours, others)]
    canary.absent_from(_everything(ours), _everything(others))


@pytest.mark.parametrize("kind", VALUES)
def test_loggers_of_get_logger_mask_every_argument_and_extra_field(kind: str, canary: Canary) -> None:
    logger, handler = get_logger("swept"), _Machine()
    logger.addHandler(handler)
    try:
        value = VALUES[kind](canary.secret)
        logger.info("value %s, part %.1s", value, value, extra={"field": value})
        logger.error("failed", exc_info=raised(canary.secret))
    finally:
        logger.removeHandler(handler)
    assert "failed" in handler.text
    canary.absent_from(handler.text)


RENDERERS: dict[str, list[Any]] = {
    "JSON": [structlog_processor, structlog.processors.JSONRenderer(default=repr)],
    "keys and values": [structlog_processor, structlog.processors.KeyValueRenderer()],
    "console": [structlog_processor, structlog.dev.ConsoleRenderer()],
    "logfmt": [structlog_processor, structlog.processors.LogfmtRenderer()],
    "tracebacks as data, with locals": [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=True)),
        structlog_processor,
        structlog.processors.JSONRenderer(default=repr),
    ],
    "behind the renderer": [
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
        structlog_processor,
    ],
    "behind a renderer of bytes": [
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
        lambda _logger, _name, text: text.encode(),
        structlog_processor,
    ],
}


def struct(renderer: str, out: io.StringIO | io.BytesIO) -> Any:
    factory = structlog.BytesLogger(out) if isinstance(out, io.BytesIO) else structlog.WriteLogger(out)
    before: list[Any] = [structlog.contextvars.merge_contextvars, structlog.processors.StackInfoRenderer()]
    processors: list[Any] = [*before, *RENDERERS[renderer]]
    return structlog.wrap_logger(factory, processors=processors)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("kind", VALUES)
def test_structlog_masks_events_context_and_exceptions(kind: str, renderer: str, canary: Canary) -> None:
    if kind == "a mapping in itself" and renderer == "JSON":
        kind = "text"  # no JSON says it
    out = io.BytesIO() if "bytes" in renderer else io.StringIO()
    logger, value = struct(renderer, out), VALUES[kind](canary.secret)
    named = kind != "a mapping in itself" or "data" not in renderer
    with structlog.contextvars.bound_contextvars(context=value if named else canary.secret):
        logger.bind(bound=value if named else canary.secret).info(f"event {canary.secret}", stack_info=True)
        logger.error("failed", exc_info=raised(canary.secret))
        try:
            local = canary.secret
            raise RuntimeError(f"{local}")
        except RuntimeError:
            logger.exception("failed")
    told = out.getvalue()
    assert "RuntimeError" in (told.decode() if isinstance(told, bytes) else told)
    canary.absent_from(told)


def test_structlog_keeps_values_without_secrets() -> None:
    event = {"event": "x", "n": 1, "nested": {"a": [1, None, True, 2.5]}}
    assert event == structlog_processor(None, "info", event)


def test_structlog_by_way_of_logging_is_masked_by_the_filter(canary: Canary) -> None:
    record = logging.makeLogRecord({"msg": {"event": canary.secret, "n": 1}, "args": ()})
    MaskingFilter().filter(record)
    assert {"event": "**********", "n": 1} == record.msg


@pytest.fixture(name="guru")
def _guru() -> Iterator[tuple[Any, list[str]]]:
    """A logger of loguru with sinks of every kind, and what they wrote."""
    lines: list[str] = []
    loguru.logger.remove()  # what writes to the terminal cannot be copied
    logger = copy.deepcopy(loguru.logger)
    logger.configure(patcher=loguru_patcher)
    logger.add(lines.append, diagnose=True, backtrace=True, format="{message} {extra} {exception}")
    logger.add(lines.append, serialize=True)
    logger.add(lambda message: lines.append(repr(message.record)))
    logger.add(lines.append, colorize=True, diagnose=True, format="<red>{message}</red> {extra}")
    yield logger, lines
    logger.remove()


@pytest.mark.parametrize("kind", VALUES)
def test_loguru_masks_messages_context_and_exceptions(kind: str, canary: Canary, guru: tuple[Any, list[str]]) -> None:
    logger, lines = guru
    value = VALUES[kind](canary.secret)
    with ExitStack() as stack:
        if kind != "a mapping in itself":  # no JSON says it
            logger = logger.bind(bound=value)
            stack.enter_context(logger.contextualize(context=value))
            logger.info("value {} {name!r}", value, name=value)  # noqa: PLE1205 - loguru has another syntax
            logger.opt(colors=True).info("<blue>{}</blue>", value)
        logger.info(f"event {canary.secret}")  # noqa: G004 - a message that is formatted already
        logger.opt(exception=raised(canary.secret)).error("failed")
        try:
            local = canary.secret
            raise RuntimeError(f"{local}")
        except RuntimeError:
            logger.exception("failed")
    assert sum("RuntimeError" in line for line in lines) == 4
    canary.absent_from(*lines)


def test_the_package_imports_neither_library() -> None:
    import subprocess

    code = (
        "import sys, toriconfig.pipeline as p; p.MaskingFilter, p.structlog_processor, p.loguru_patcher;"
        "print({'structlog', 'loguru'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "set()\n" == done.stdout


def test_the_table_of_the_guide_names_a_test_for_each_row() -> None:
    root = Path(__file__).parents[2]
    table = (root / "examples" / "logging" / "limits.md").read_text().split("below `tests/`:")[1].split("\n\n")[1]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    assert len(rows) >= 8
    for *_, named in rows:
        file, _, test = named.strip("`").partition("::")
        assert f"def {test}(" in (root / "tests" / file).read_text(), named
