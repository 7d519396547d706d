"""Messages for a source that cannot be built or read. They name the source and the error, and contain no value."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic_settings.exceptions import SettingsError

from pydantic_settings import CliSettingsSource, PydanticBaseSettingsSource
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Layer


class Failure(NamedTuple):
    """Reason for which a source returns no values.

    Attributes:
        text: description of the failure.
        field: name of the field that could not be read, or "".
    """

    text: str
    field: str = ""

    def problem(self, layer: Layer) -> Problem:
        """Return a `Problem` for the failure. Its origin is that of the field, or of the whole layer."""
        if not self.field:
            remedy = "correct its input; the exception of the constructor has more details, and may hold a secret"
            return Problem(Code.UNREADABLE_SOURCE, "", layer.locate(()), help=remedy, message=self.text)
        return Problem(
            Code.UNREADABLE_SOURCE,
            self.field,
            layer.locate((self.field,)),
            expected="text of the type of the field; JSON for lists and mappings",
            help="correct it there, or set it in a file",
            message=self.text,
        )


def failure_of(error: Exception, source: Any, name: str = "") -> Failure:
    """Describe an error that a source raised. The description contains no value.

    If the message of `error` cannot contain a value, as for most errors of type `SettingsError`, this message is the
    description. Otherwise the description names only the source and the type of the error.

    Args:
        error: the error; no reference to it is kept.
        source: the source, or None if it is unknown.
        name: name of the source; "": the name of its class.
    """
    kind, name = type(error), name or type(source).__name__
    spelt = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if not isinstance(error, SettingsError):
        return Failure(f"{name} raises {spelt}")
    text = str(error)
    field = text.partition('for field "')[2].partition('"')[0]
    repeats = isinstance(source, CliSettingsSource) and not field
    return Failure(f"{name} raises {spelt}" if repeats else text, field)


def maker_of(error: Exception) -> PydanticBaseSettingsSource | None:
    """Return the source whose method raised an error, or None if no source is in the traceback."""
    source = None
    trace = error.__traceback__
    while trace is not None:
        it = trace.tb_frame.f_locals.get("self")
        source = it if isinstance(it, PydanticBaseSettingsSource) else source
        trace = trace.tb_next
    return source
