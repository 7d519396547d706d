"""get_logger and handlers that are not ours: masked, and each line once."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest

from toriconfig.pipeline import get_logger

MASK = "**********"


class Lines(logging.StreamHandler[io.StringIO]):
    """A handler of an application, with what it has written."""

    def __init__(self, form: str = "%(message)s") -> None:
        super().__init__(io.StringIO())
        self.setFormatter(logging.Formatter(form))

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def root() -> Iterator[Lines]:
    """A handler of the root logger."""
    lines = Lines()
    logging.root.addHandler(lines)
    yield lines
    logging.root.removeHandler(lines)


def configured(name: str) -> Lines:
    """Configuration by an application at its start, after the modules have called `get_logger`."""
    lines = Lines()
    config = {
        "version": 1,
        "handlers": {"h": {"()": lambda: lines}},
        "loggers": {name: {"handlers": ["h"], "level": "INFO"}},
    }
    logging.config.dictConfig(config)
    return lines


def test_a_handler_beside_ours_gets_masked_records(name: str, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    logger, beside = get_logger(name), Lines()
    logger.addHandler(beside)
    error = ValueError(secret)
    logger.error("with %s", secret, exc_info=error)
    assert beside.text.splitlines() == [f"with {MASK}", f"ValueError: {MASK}"]
    assert capsys.readouterr().err.splitlines()[0].endswith(f": with {MASK}")
    assert error.args == (secret,)


def test_handlers_that_the_application_configures_later_get_masked_records_also_of_children(
    name: str, secret: str
) -> None:
    logger = get_logger(name)
    lines = configured(name)
    logger.info("own %s", secret)
    logging.getLogger(f"{name}.db").info("child %s", secret)
    assert lines.text == f"own {MASK}\nchild {MASK}\n"


def test_handlers_that_the_application_has_configured_are_respected(
    name: str, secret: str, root: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = configured(name)
    logger = get_logger(name)
    logger.info("with %s", secret)
    assert lines.text == f"with {MASK}\n"
    assert logger.handlers[:] == [lines]
    assert (root.text, capsys.readouterr().err) == ("", "")


def test_our_handler_returns_when_the_handler_of_the_application_is_removed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    logging.getLogger(name).addHandler(lines)
    get_logger(name).removeHandler(lines)
    get_logger(name).info("seen")
    assert capsys.readouterr().err.endswith(": seen\n")


def test_a_list_of_handlers_that_is_assigned_gets_masked_records(name: str, secret: str) -> None:
    logger, lines = get_logger(name), Lines()
    logger.handlers = [lines]
    logger.info("with %s", secret)
    logging.getLogger(f"{name}.db").info("child %s", secret)
    assert lines.text == f"with {MASK}\nchild {MASK}\n"


def test_a_list_extended_from_the_former_one_does_not_activate_our_handler(
    name: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = configured(name)
    logger = get_logger(name)
    logger.handlers = [*logger.handlers, logging.NullHandler()]
    get_logger(name).info("with %s", secret)
    assert lines.text == f"with {MASK}\n"
    assert capsys.readouterr().err == ""


def test_propagation_that_was_switched_on_later_shows_no_secret(name: str, secret: str, root: Lines) -> None:
    get_logger(name).propagate = True
    logging.getLogger(name).info("with %s", secret)
    assert root.text == f"with {MASK}\n"


def test_propagated_lines_reach_the_roots_handlers_masked_and_once(
    name: str, secret: str, root: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = get_logger(name, propagate=True)
    assert get_logger(name).propagate
    for speaker in (logger, logging.getLogger(f"{name}.child")):
        speaker.info("with %s", secret)
        try:
            raise ValueError(secret)
        except ValueError:
            speaker.exception("failed", stack_info=True)  # sk-abcdef123456, in the line that a stack shows
    assert secret not in root.text
    assert root.text.count(f"with {MASK}\n") == root.text.count(f"ValueError: {MASK}\n") == 2
    assert capsys.readouterr().err == ""
    get_logger(name, propagate=False).info("again")
    assert "again" not in root.text
    assert capsys.readouterr().err.count("again") == 1


@pytest.mark.parametrize("wrap", [str, str.encode, lambda secret: {"auth": [secret]}, ValueError])
def test_a_secret_in_an_extra_field_is_masked_and_other_fields_keep_their_type(
    name: str, secret: str, root: Lines, wrap: type
) -> None:
    root.setFormatter(logging.Formatter("%(message)s %(token)s %(number)05d"))
    get_logger(name, propagate=True).info("hello", extra={"token": wrap(secret), "number": 7})
    assert secret not in root.text
    assert MASK in root.text
    assert root.text.endswith(" 00007\n")


def test_the_arguments_of_a_record_that_cannot_be_formatted_are_masked(
    name: str, secret: str, root: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    get_logger(name, propagate=True).info("pw %s %d", secret, "not a number")
    assert root.text == f"cannot be formatted: ('pw %s %d', ('{MASK}', 'not a number'))\n"
    assert capsys.readouterr().err == ""


def test_the_error_of_a_record_that_cannot_be_formatted_shows_no_secret(
    name: str, secret: str, root: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError(secret)

        def __repr__(self) -> str:
            return "Broken()"

    get_logger(name, propagate=True).info("pw %s", Broken())
    assert root.text == "cannot be formatted: ('pw %s', (Broken(),))\n"
    assert capsys.readouterr().err == ""


def test_exception_text_cached_by_an_earlier_handler_is_masked(name: str, secret: str, root: Lines) -> None:
    class Talkative(logging.Formatter):
        def formatException(self, ei: object) -> str:  # noqa: N802 - the name in logging
            return f"locals: token={secret}"

    get_logger(name, propagate=True)
    child, first = logging.getLogger(f"{name}.child"), Lines()
    first.setFormatter(Talkative())
    child.addHandler(first)
    try:
        raise ValueError
    except ValueError:
        child.exception("failed")
    assert root.text == f"failed\nlocals: token={MASK}\n"


def test_a_warning_without_a_handler_reaches_the_last_resort_masked(
    name: str, secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    logger = get_logger(name, propagate=True)
    logger.info("unseen")
    logger.warning("with %s", secret)
    assert capsys.readouterr().err == f"with {MASK}\n"


def test_the_guard_does_not_interfere_with_manual_handlers(name: str, secret: str) -> None:
    lines = configured(name)
    logger = get_logger(name)
    for handler in logger.handlers:
        handler.setLevel("ERROR")
    lines.setLevel("INFO")
    logger.info("with %s", secret)
    assert lines.text == f"with {MASK}\n"
    assert len(logger.handlers) == 1
    while logger.handlers:
        logger.removeHandler(logger.handlers[0])
    assert not logger.hasHandlers()
