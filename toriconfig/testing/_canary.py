"""The canary check: use a program with a unique secret, and search its outputs for the secret."""

from __future__ import annotations

import base64
import logging
import pickle
import secrets
import string
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, TextIO, cast

_ALPHABET = string.ascii_lowercase + string.digits
_WINDOW = 8
"""Number of consecutive characters that count as a leak, because a part of a secret is a leak too."""


class Canary:
    """A unique secret for tests, with methods that search for it.

    The search finds eight consecutive characters as text (in upper or lower case), hexadecimal or UTF-16, and eleven in
    base64. The secret has no character that JSON, a URL or `repr` escapes.

    Attributes:
        secret: the value to use as a secret; different for each canary.

    >>> canary = Canary()
    >>> canary.absent_from("no secret here", {"password": "**********"})
    >>> canary.absent_from(f"token={canary.secret}")
    Traceback (most recent call last):
    AssertionError: the canary was found as text in str #1
    """

    def __init__(self) -> None:
        self.secret = "".join(secrets.choice(_ALPHABET) for _ in range(32))
        plain = self.secret.encode()
        self._traces = {
            "text": _windows(self.secret, _WINDOW),
            "hexadecimal": _windows(plain.hex(), 2 * _WINDOW),
            "UTF-16": _windows(self.secret.encode("utf-16-le").decode("latin-1"), 2 * _WINDOW),
        }
        # The base64 text depends on the offset of the secret inside a group of three bytes.
        self._base64 = [part for shift in range(3) for part in _windows(_base64_at(plain, shift), _WINDOW + 4)]

    def found_in(self, text: str | bytes) -> str:
        """Return the form in which a text contains the canary, such as "base64"; "" if the text contains no form.

        Args:
            text: the text to search.
        """
        if isinstance(text, (bytes, bytearray, memoryview)):
            text = bytes(text).decode("latin-1")
        lowered = text.lower()
        for form, traces in self._traces.items():
            if any(trace in lowered for trace in traces):
                return form
        standard = text.replace("-", "+").replace("_", "/")
        return "base64" if any(trace in standard for trace in self._base64) else ""

    def absent_from(self, *things: object) -> None:
        """Assert that none of the objects shows the canary.

        - Text and bytes: the content is searched.
        - Exceptions: the text, arguments, notes, attributes, causes and contexts (even suppressed ones), and the local
          variables of each frame of the traceback, except frames of the calling file.
        - Log records: the message, its arguments and its exception.
        - Other objects: `repr`, `str`, `format`, the JSON of `model_dump_json`, and the pickle if there is one.

        Args:
            things: the objects to search.

        Raises:
            AssertionError: the canary was found. The message names the object and the form, and does not contain the
                canary.
        """
        self._search(things, sys._getframe(1).f_code.co_filename)

    def _search(self, things: Iterable[object], own_file: str) -> None:
        for number, thing in enumerate(things, 1):
            for place, text in _faces(thing, own_file):
                form = self.found_in(text)
                if form:
                    where = f"{place} of " if place else ""
                    raise AssertionError(f"the canary was found as {form} in {where}{type(thing).__name__} #{number}")

    def watch(self) -> AbstractContextManager[None]:
        """Return a context manager that asserts that the canary was neither printed nor logged in its block.

        Inside the block, all loggers log at every level. Log records are searched as by `absent_from`. Text that is
        written directly to a file descriptor, such as by another process, is not searched.

        Raises:
            AssertionError: the canary was printed or logged.
        """
        return self._watched(sys._getframe(1).f_code.co_filename)

    @contextmanager
    def _watched(self, own_file: str) -> Iterator[None]:
        records: list[logging.LogRecord] = []
        streams = (sys.stdout, sys.stderr)
        out: list[str] = []
        err: list[str] = []
        sys.stdout, sys.stderr = cast("TextIO", _Tee(streams[0], out)), cast("TextIO", _Tee(streams[1], err))
        try:
            with _recorded(records):
                yield
        finally:
            sys.stdout, sys.stderr = streams
            for name, written in (("standard output", out), ("standard error", err)):
                form = self.found_in("".join(written))
                if form:
                    raise AssertionError(f"the canary was found as {form} on {name}")
            self._search(records, own_file)

    def __repr__(self) -> str:
        return "Canary()"


def _windows(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(len(text) - size + 1)]


def _base64_at(plain: bytes, shift: int) -> str:
    encoded = base64.b64encode(b"\0" * shift + plain).decode().rstrip("=")
    return encoded[4 if shift else 0 : -1]


def _faces(thing: object, own_file: str) -> Iterator[tuple[str, str | bytes]]:
    """Yield `(name, text)` for each text form of `thing`, such as `repr`, `str` and its pickle.

    The local variables of frames of the file `own_file` are not included.
    """
    if isinstance(thing, (str, bytes, bytearray, memoryview)):
        yield "", thing if isinstance(thing, str) else bytes(thing)
    elif isinstance(thing, BaseException):
        for error in _chain(thing):
            yield from _faces_of_error(error, own_file)
    elif isinstance(thing, logging.LogRecord):
        yield "text", logging.Formatter("%(name)s %(message)s").format(thing)
        for name, value in vars(thing).items():
            yield name, repr(value)
        if thing.exc_info and thing.exc_info[1]:
            yield from _faces(thing.exc_info[1], own_file)
    else:
        yield "repr", repr(thing)
        yield "str", str(thing)
        yield "format", format(thing)
        dump: Any = getattr(thing, "model_dump_json", None)
        if callable(dump) and not isinstance(thing, type):
            yield "JSON", str(dump())
        yield from _pickled(thing)


def _pickled(thing: object) -> Iterator[tuple[str, str | bytes]]:
    try:
        yield "pickle", pickle.dumps(thing)
    except Exception as refusal:  # noqa: BLE001 - pickling runs user code; an error is fine if it shows nothing
        yield "refusal to pickle", repr(refusal)


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error, its causes and contexts, including suppressed ones, and the members of groups."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
    return seen


def _faces_of_error(error: BaseException, own_file: str) -> Iterator[tuple[str, str | bytes]]:
    yield "str", str(error)
    yield "repr", repr(error)
    yield "args", repr(error.args)
    for name, value in getattr(error, "__dict__", {}).items():  # notes are among them
        yield f"attribute {name}", repr(value)
    errors: Any = getattr(error, "errors", None)
    if callable(errors):
        yield "errors()", repr(errors())
    yield from _locals(error.__traceback__, own_file)
    yield from _pickled(error)


def _locals(frames: TracebackType | None, own_file: str) -> Iterator[tuple[str, str]]:
    for frame, line in traceback.walk_tb(frames):
        if frame.f_code.co_filename == own_file:
            continue
        for name, value in frame.f_locals.items():
            yield f"local {name!r} in {frame.f_code.co_name}() at line {line} of the traceback", _repr(value)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - an object that is only partly initialized may have no repr
        return f"{type(error).__name__}: {error}"


class _Recorder(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.NOTSET)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class _Tee:
    """Stream that records all data written to itself or to its `buffer`, and passes the data to the real stream."""

    def __init__(self, stream: Any, kept: list[str]) -> None:
        self._stream, self._kept = stream, kept

    def write(self, data: Any) -> Any:
        written = self._stream.write(data)
        self._kept.append(data if isinstance(data, str) else bytes(data).decode("latin-1"))
        return written

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> _Tee:
        return _Tee(self._stream.buffer, self._kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _recorded(records: list[logging.LogRecord]) -> Iterator[None]:
    """Inside the block, append each log record to `records`, after the other handlers have received the record.

    Records of every level are included, also those of loggers that are created later.
    """
    from unittest.mock import patch

    handler, ends = _Recorder(records), set[logging.Logger]()
    call_handlers = logging.Logger.callHandlers

    def call(logger: logging.Logger, record: logging.LogRecord) -> None:
        end = logger
        while end.propagate and end.parent is not None:
            end = end.parent
        end.addHandler(handler)
        ends.add(end)
        call_handlers(logger, record)

    def is_enabled_for(logger: logging.Logger, level: int) -> bool:  # noqa: ARG001  (as logging calls it)
        return not logger.disabled

    try:
        with (
            patch.object(logging.Logger, "callHandlers", call),
            patch.object(logging.Logger, "isEnabledFor", is_enabled_for),
        ):
            yield
    finally:
        for end in ends:
            end.removeHandler(handler)
