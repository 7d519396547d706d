"""Decorators that remove frames with arguments from the tracebacks of errors.

Error trackers show the local variables of each frame, and the arguments of a wrong call may be secrets. A cleaned
traceback therefore begins at the first frame outside this package, its dependencies and the standard library, such
as the frame of a validator of the schema.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, TracebackType
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")
    C = TypeVar("C", bound=type[Any])
    E = TypeVar("E", bound=BaseException)

_COROUTINE = 0x80  # inspect.CO_COROUTINE
_CALLED = ("__init__", "__call__")
_GENERATOR = 0x20 | 0x200  # inspect.CO_GENERATOR, inspect.CO_ASYNC_GENERATOR
_OURS = frozenset(
    ("toriconfig", "pydantic", "pydantic_core", "pydantic_settings", "yaml", "dotenv", "hvac", "urllib3", "cachetools")
)
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")


def clean_call(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function or coroutine function so that no error from a call keeps a frame with the arguments."""
    code: CodeType = function.__code__
    made: Any = (_coroutine_of if code.co_flags & _COROUTINE else _call_of)(function)
    for name in _COPIED:
        setattr(made, name, getattr(function, name))
    made.__dict__.update(function.__dict__)
    made.__wrapped__ = function
    clean: Callable[P, R] = made
    return clean


def clean_init(cls: C) -> C:
    """Decorate a class so that no error from its constructor keeps a frame with the arguments."""
    cls.__init__ = clean_call(cls.__init__)
    return cls


def clean_methods(cls: C) -> C:
    """Decorate a class so that no error from its constructor or public methods keeps a frame with the arguments.

    Generators are not changed.
    """
    for name, function in list(vars(cls).items()):
        code = getattr(function, "__code__", None)
        if code is not None and not code.co_flags & _GENERATOR and (name in _CALLED or not name.startswith("_")):
            setattr(cls, name, clean_call(function))
    return cls


def expect(value: object, kinds: type[Any] | tuple[type[Any], ...], what: str) -> None:
    """Check the type of an argument. The message does not show the argument, which may be a secret.

    Args:
        value: the argument.
        kinds: the allowed types.
        what: start of the error message, such as "reload() needs a lazy settings object".

    Raises:
        TypeError: the argument has none of the types.
    """
    if not isinstance(value, kinds):
        raise TypeError(f"{what}, not a {type(value).__name__}")


def cleaned(error: E) -> E:
    """In the traceback of `error`, remove the frames that may show an argument. Return `error`.

    If no frame is left, do two more things: remove the context of the error, and clean the cause in the same way.
    """
    trace, last = error.__traceback__, None
    while trace is not None and is_ours(trace):
        trace, last = trace.tb_next, trace
    if trace is None and last is not None and not _is_raised(last):
        code = last.tb_frame.f_code
        error.add_note(f"(found at {code.co_filename}:{last.tb_lineno}, in {code.co_name})")
    error.__traceback__ = trace
    if trace is None:
        error.__context__ = None
        if isinstance(error, AttributeError):
            error.obj = None  # the object that lacks the attribute may be the argument
        if error.__cause__ is not None:
            cleaned(error.__cause__)
    return error


def _call_of(function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - any error may show an argument
            wrong = cleaned(error)
        del args, kwargs
        try:
            raise wrong
        finally:
            del wrong  # else the error and this frame would hold each other

    return call


def _coroutine_of(function: Any) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - as above
            wrong = cleaned(error)
        del args, kwargs
        try:
            raise wrong
        finally:
            del wrong  # else the error and this frame would hold each other

    return call


def _is_raised(trace: TracebackType) -> bool:
    """Return True if a `raise` statement in the frame raised the error; False if another operation failed."""
    from opcode import opmap

    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == opmap["RAISE_VARARGS"]


def is_ours(trace: TracebackType) -> bool:
    """Return True for a frame of this package, its dependencies or the standard library."""
    name = str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0]
    return name in _OURS or name in sys.stdlib_module_names
