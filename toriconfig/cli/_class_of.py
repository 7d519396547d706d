"""Import of the settings class that `--settings` names: a class, a lazy object, or a module that holds one of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from toriconfig._lazy import Lazy, schema_of
from toriconfig.cli._import import search_working_directory

if TYPE_CHECKING:
    from pydantic import BaseModel


TRACEBACK = "toriconfig.traceback"
"""Key in click's context for the option `--traceback`."""


class Named:
    """Settings class, and further options, that the option `--settings` names.

    Attributes:
        schema: the settings class.
        options: the options passed to `lazy(...)`, if `--settings` names the result of this call; otherwise empty.
    """

    def __init__(self, schema: type[BaseModel], options: dict[str, Any] | None = None) -> None:
        self.schema = schema
        self.options = options or {}


def settings_named(target: str) -> Named:
    """Import the settings class that `target` names, and check that a load accepts the class.

    For a lazy object (the result of `lazy(...)`), also return the options of the object.

    Raises:
        click.UsageError: the class cannot be imported, or no load accepts the class; the message gives the reason.
    """
    search_working_directory()
    try:
        named = _named(target)
    except Exception as error:  # noqa: BLE001 - importing runs user code
        problem = error
    except SystemExit as error:
        problem = ImportError(f"it exits with {error.code}" if isinstance(error.code, int) else "it exits")
    else:
        return _taken(named)
    if _from_here(problem):
        raise click.UsageError(str(problem)) from None
    frames = _frames(problem) if click.get_current_context().meta.get(TRACEBACK) else ""
    hint = "" if frames else "\n(--traceback shows the frames)"
    raise click.UsageError(f"{frames}the settings class {target} cannot be imported: {told(problem)}{hint}") from None


def _taken(named: Named) -> Named:
    from toriconfig._schema.secret_check import refuse_hidden
    from toriconfig._schema.shape import root_shape

    try:
        refuse_hidden(root_shape(named.schema))
    except TypeError as error:
        raise click.UsageError(str(error)) from None
    return named


def _from_here(error: Exception) -> bool:
    """Return True if this module rejected the target; False if an import inside the target failed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else trace.tb_frame.f_globals.get("__name__")
    return isinstance(error, TypeError) and module in (__name__, "toriconfig._schema.import_string")


def told(error: Exception) -> str:
    """Return a text that describes an error during an import, with the last position in the user's code.

    The text contains the message of the error only if the message cannot hold a secret value. Otherwise the text
    contains only the type of the error.
    """
    from traceback import extract_tb

    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} (at {error.filename}:{error.lineno})"
    where = f" (at {own[-1].filename}:{own[-1].lineno})" if own else ""
    return (str(error) if _holds_no_value(error) else type(error).__name__) + where + _meant(error)


def _meant(error: Exception) -> str:
    """Return a hint to write `app:Class` if the import of `app.Class` or `app.py` failed; else ""."""
    name = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    owner, _, last = name.rpartition(".")
    if owner not in sys.modules or hasattr(sys.modules[owner], "__path__"):
        return ""
    if last == "py":
        return f"; a module is named without `.py`: {owner}:Class"
    return f"; did you mean {owner}:{last}?" if hasattr(sys.modules[owner], last) else ""


def _holds_no_value(error: Exception) -> bool:
    from pydantic.errors import PydanticErrorMixin

    from toriconfig.errors import ConfigError, SecretError

    if isinstance(error, (ImportError, SyntaxError, NameError, ConfigError, SecretError, PydanticErrorMixin)):
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("toriconfig.")


def _frames(error: Exception) -> str:
    """Return the traceback of an error as text, without its message and without values of variables."""
    from traceback import format_tb

    return "the frames, the last one last:\n" + "".join(format_tb(error.__traceback__))


def _is_foreign(file: str) -> bool:
    """Return True for a file of the standard library, of an installed package, or of toriconfig."""
    from sysconfig import get_paths

    import toriconfig

    places = {get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return file.startswith(("<", *places, *toriconfig.__path__, sys.prefix + "/lib"))


def _named(target: str) -> Named:
    """Import the settings class or the lazy object that `target` names.

    Args:
        target: "package.module:name"; or "package.module" for a module with a single candidate (see `_only_one`).

    Raises:
        TypeError: the target names no such object, or several; the message gives the reason.
        ImportError: the module cannot be imported.
    """
    from toriconfig._schema.import_string import import_named, import_target

    if ":" not in target and all(part.isidentifier() for part in target.split(".")):
        return _only_one(importlib.import_module(target))
    found: object = import_named(target)
    return _of(found) if isinstance(found, Lazy) else Named(import_target(target))


def _of(settings: Lazy) -> Named:
    return Named(schema_of(settings), dict(settings._state.options))


def _only_one(module: ModuleType) -> Named:
    """Return the only settings class or lazy object of a module.

    Lazy objects are searched first, then classes with options of this library, then models that are not used in
    another model of the module. The first search that finds something decides.

    Raises:
        TypeError: nothing was found, or the search that decides found several objects.
    """
    lazies = {name: value for name, value in vars(module).items() if isinstance(value, Lazy)}
    if lazies:
        return _of(_single(lazies, module, "lazy objects"))
    own = dict(_models(module))
    asking = {name: model for name, model in own.items() if _asks(model)}
    nested = {inner for model in own.values() for inner in _fields(model)}
    outermost = {name: model for name, model in own.items() if model not in nested}
    return Named(_single(asking or outermost, module, "settings classes"))


def _single(found: dict[str, Any], module: ModuleType, what: str) -> Any:
    if len(found) == 1:
        return next(iter(found.values()))
    names = ", ".join(f"{module.__name__}:{name}" for name in sorted(found))
    raise TypeError(
        f"{module.__name__} holds no settings class of its own and no lazy object; name one: module:Class"
        if not found
        else f"{module.__name__} holds several {what}; name one: {names}"
    )


def _models(module: ModuleType) -> Iterator[tuple[str, type[BaseModel]]]:
    from pydantic import BaseModel

    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, BaseModel) and _is_own(value.__module__, module.__name__):
            yield name, value


def _is_own(module: str, name: str) -> bool:
    """Return True if `module` is the module `name` or one of its submodules."""
    return module == name or module.startswith(f"{name}.")


def _asks(model: type[BaseModel]) -> bool:
    """Return True if the `model_config` of the class has an option of this library."""
    from toriconfig._schema.options import Options

    return any(model.model_config.get(name) for name in Options._fields)


def _fields(model: type[BaseModel]) -> Iterator[type]:
    """Yield each class that the annotations of the model's fields contain."""
    from typing import get_args

    waiting = [field.annotation for field in model.model_fields.values()]
    while waiting:
        annotation: Any = waiting.pop()
        if isinstance(annotation, type):
            yield annotation
        waiting += get_args(annotation)
