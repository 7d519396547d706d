"""get_logger: one handler, one line, no secret."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import logging.config
import subprocess
import sys
import threading

import pytest

from toriconfig.pipeline import _logging, get_logger

SECRET = "sk-abcdef123456"


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)


def test_ten_reloads_and_an_import_as_a_new_module_leave_one_handler(name: str) -> None:
    for _ in range(10):
        importlib.reload(_logging).get_logger(name)
        get_logger(name)
    spare = sys.modules.pop("toriconfig.pipeline._logging")
    try:
        importlib.import_module("toriconfig.pipeline._logging").get_logger(name)
    finally:
        sys.modules["toriconfig.pipeline._logging"] = spare
    logger = get_logger(name)
    assert len(logger.handlers) == 1
    assert logger.propagate is False


def test_eight_simultaneous_threads_create_one_handler(name: str) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        for number in range(50):
            get_logger(f"{name}.{number}")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sys.setswitchinterval(before)
    assert {len(logging.getLogger(f"{name}.{number}").handlers) for number in range(50)} == {1}


def test_parent_and_child_write_each_line_once_also_when_the_root_has_a_handler(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root_lines = io.StringIO()
    handler = logging.StreamHandler(root_lines)
    logging.getLogger().addHandler(handler)
    try:
        parent, child = get_logger(name), get_logger(f"{name}.child")
        parent.info("from the parent")
        child.info("from the child")
        logging.getLogger(f"{name}.other").info("from a plain child")
    finally:
        logging.getLogger().removeHandler(handler)
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["from the parent", "from the child", "from a plain child"]
    assert root_lines.getvalue() == ""


def test_import_and_get_logger_do_not_change_the_root_logger() -> None:
    done = python(
        "import logging, toriconfig.pipeline as p\n"
        "p.get_logger('app'); p.run_sync; p.ProgressTracker; p.track\n"
        "print(logging.root.handlers, logging.root.level, logging.root.filters)"
    )
    assert done.stdout == "[] 30 []\n"


def test_the_root_logger_is_refused() -> None:
    for root in ("", "root"):
        with pytest.raises(ValueError, match="root logger"):
            get_logger(root)


def test_info_is_visible_unless_the_application_has_set_a_level(name: str) -> None:
    assert get_logger(name).isEnabledFor(logging.INFO)
    logging.getLogger(f"{name}.quiet").setLevel(logging.ERROR)
    assert not get_logger(f"{name}.quiet").isEnabledFor(logging.INFO)
    assert not get_logger(f"{name}.quiet.child").isEnabledFor(logging.INFO)
    assert get_logger(f"{name}.quiet", level="DEBUG").isEnabledFor(logging.DEBUG)


def test_the_stream_is_looked_up_when_the_line_is_written(name: str) -> None:
    logger = get_logger(name)
    for number in range(2):
        with contextlib.redirect_stderr(io.StringIO()) as stream:
            logger.info("line %d", number)
        assert stream.getvalue().endswith(f"line {number}\n")


def test_a_stream_that_logs_its_input_gets_each_line_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = get_logger(name)
    first = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", first)

    class IntoLog(io.StringIO):
        def write(self, text: str) -> int:
            logger.info("brought back: %s", text)
            return len(text)

    with contextlib.redirect_stderr(IntoLog()):
        sys.stderr.write("a line")
        logger.info("said")
    assert [line.rpartition(": ")[2] for line in first.getvalue().split("\n") if line] == ["a line", "said"]


def test_a_logger_disabled_by_dict_config_logs_again_when_requested(name: str) -> None:
    get_logger(name)
    logging.config.dictConfig({"version": 1})
    assert logging.getLogger(name).disabled
    assert not get_logger(name).disabled


class Talkative:
    def __str__(self) -> str:
        return f"object {SECRET}"


def test_a_secret_from_any_part_of_a_record_is_masked(
    name: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = get_logger(name)
    logger.info("in the message sk-abcdef123456")
    logger.info("as an argument %s", secret)
    logger.info("split sk-abc%s", "def123456")
    logger.info("in an object %s", Talkative())
    logger.info("in bytes %s", secret.encode())
    logger.info("in json %s", json.dumps({"k": secret}))
    logger.info("number %d stays", 7)
    try:
        try:
            raise KeyError(secret)
        except KeyError as cause:
            error = ConnectionError(f"cannot connect with {secret}")
            error.add_note(f"tried {secret}")
            raise error from cause
    except ConnectionError:
        logger.exception("failed")
    written = capsys.readouterr().err
    assert secret not in written
    assert written.count("**********") == 9
    assert "number 7 stays" in written
    assert "ConnectionError: cannot connect with **********" in written


def test_masking_does_not_change_the_record_and_the_live_exception(name: str, secret: str) -> None:
    records: list[logging.LogRecord] = []
    logger = get_logger(name)
    logger.addFilter(lambda record: not records.append(record))  # type: ignore[func-returns-value]
    error = ValueError(secret)
    with contextlib.redirect_stderr(io.StringIO()):
        logger.error("%s", secret, exc_info=error)
    assert records[0].args == (secret,)
    assert error.args == (secret,)


def test_a_record_that_cannot_be_formatted_is_reported_without_its_arguments(
    name: str, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    get_logger(name).info("pw %s %d", secret, "not a number")
    written = capsys.readouterr().err
    assert secret not in written
    assert "<log record lost: TypeError, INFO house_" in written
    assert "test_logging.py:" in written


def test_when_masking_fails_the_text_is_withheld(
    name: str, secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(text: str) -> str:
        raise MemoryError(text)

    logger = get_logger(name)
    (handler,) = logger.handlers
    monkeypatch.setattr(handler.formatter, "_mask", fail)
    logger.info("with %s", secret)
    written = capsys.readouterr().err
    assert secret not in written
    assert "<redaction failed> INFO house_" in written


def test_a_closed_stream_causes_no_error(name: str) -> None:
    closed = io.StringIO()
    logger = get_logger(name)
    with contextlib.redirect_stderr(closed):
        closed.close()
        logger.info("into the void")


def test_a_line_carries_the_time_of_its_record_also_when_the_second_changes() -> None:
    ours = _logging.MaskingFormatter()
    stock = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for at in (1_700_000_000.25, 1_700_000_000.999, 1_700_000_001.0, 1_700_000_000.5):
        record = logging.makeLogRecord({"name": "n", "levelname": "INFO", "msg": "m", "created": at})
        record.msecs = int((at - int(at)) * 1000) + 0.0
        assert ours.format(record) == stock.format(record)


def test_the_librarys_own_loggers_are_silent_until_logging_is_configured() -> None:
    done = python(
        "import toriconfig.pipeline._library_logger as l\n"
        "log = l.library_logger('toriconfig.x')\n"
        "log.warning('unseen')\n"
        "import logging; logging.basicConfig(format='%(message)s')\n"
        "log.warning('seen')"
    )
    assert done.stderr == "seen\n"
