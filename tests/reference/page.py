"""The page: its sections in their order, and its table of contents."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from reference import tables, variables
from reference.members import class_text, data_text, function_text, is_ours, table, wrapped
from reference.names import OTHER_CLASSES, ROOMS, names_of

COMMAND = "python tests/reference/write.py"
TITLE = f"""# Reference

Every option, public name, command, code, environment variable and logger. The [guides](../README.md) show how the parts are
used together. This page is generated from the code and its docstrings by `{COMMAND}`; do not edit it.

Times are in seconds. `None` as a default means what the column "meaning" says of it.
"""


_PERMISSION = (
    'In the tables of `Vault` and of the logins, "with permission" means: a settings file may set the field only if the '
    "program passes `Vault(allow_file_address=True)`. Code and environment variables may set every field."
)


class Section(NamedTuple):
    """One section of the page.

    Attributes:
        title: its heading.
        text: the text below the heading.
        entries: headings of its parts, each with its text.
    """

    title: str
    text: str = ""
    entries: tuple[tuple[str, str], ...] = ()


def page() -> str:
    """Return the text of the page."""
    sections = list(_sections())
    contents = []
    for section in sections:
        inner = " · ".join(f"[{_plain(title)}](#{anchor(title)})" for title, _ in section.entries)
        contents.append(
            wrapped(f"- [{_plain(section.title)}](#{anchor(section.title)}){': ' if inner else ''}{inner}", "  ")
        )
    parts = [TITLE.strip(), "## Contents", "\n".join(contents)]
    for section in sections:
        parts += [f"## {section.title}", section.text]
        for title, text in section.entries:
            parts += [f"### {title}", text]
    return "\n\n".join(filter(None, parts)) + "\n"


def anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _plain(title: str) -> str:
    return re.sub(r"^(class|exception) ", "", title)


def _sections() -> Iterator[Section]:
    yield Section(
        "Options",
        "Set in `model_config = SettingsConfigDict(...)`, or passed to `load` and `lazy`. Options that are passed take "
        "precedence.\n\n"
        + tables.options(shared=False)
        + "\n\nOptions that pydantic-settings has too:\n\n"
        + tables.options(shared=True),
    )
    documented: set[int] = set()
    for room in ROOMS:
        found = [pair for pair in names_of(room) if id(pair[1]) not in documented]
        documented |= {id(value) for _, value in found}
        if room == "toriconfig":
            yield from _top(found)
        else:
            yield _of_module(room, found)
    yield _results()
    tori = "`from toriconfig import settings` is a lazy object of `ToriSettings`.\n\n"
    yield Section("Keys of ToriSettings", tori + tables.tori_keys())
    yield Section("Fixtures of pytest", tables.fixtures())
    yield Section("Metrics", tables.metrics())
    yield from _command_line()
    yield Section("Codes", tables.codes())
    yield Section("Environment variables", "", tuple(_variables()))
    rows = [(f"`{name}`", text) for name, text in variables.LOGGERS.items()]
    yield Section("Loggers", table(("logger", "records"), rows))


def _top(found: list[tuple[str, Any]]) -> Iterator[Section]:
    """Yield the sections of the package's own names."""

    def is_error(value: Any) -> bool:
        return inspect.isclass(value) and issubclass(value, BaseException)

    kinds: dict[str, Callable[[Any], bool]] = {
        "Functions": inspect.isfunction,
        "Classes": lambda value: inspect.isclass(value) and not is_error(value),
        "Errors": is_error,
    }
    left = [pair for pair in found if pair[0] not in ("settings", "Vault")]
    for title, belongs in kinds.items():
        chosen = [pair for pair in left if belongs(pair[1])]
        yield Section(title, "", tuple(_entry("toriconfig", "", name, value) for name, value in chosen))


def _results() -> Section:
    """Return the section of classes that no module exports, and whose objects public functions return."""
    intro = "Programs get objects of these classes from functions and attributes, and need not import the classes."
    return Section("Other classes", intro, tuple(_entry("", "", one.__name__, one) for one in OTHER_CLASSES))


def _of_module(room: str, found: list[tuple[str, Any]]) -> Section:
    prefix = room.removeprefix("toriconfig.").removeprefix("integrations.") + "."
    if room == "toriconfig.errors":
        prefix = "errors."
    if room == "toriconfig.vault":
        found = [("Vault", importlib.import_module(room).Vault), *found]
    found = sorted(found, key=lambda pair: pair[0].isupper() and not inspect.isclass(pair[1]))
    entries = tuple(_entry(room, prefix, name, value) for name, value in found)
    prose = tables.module_prose(room)
    if room == "toriconfig.vault":
        prose += "\n\n" + wrapped(_PERMISSION)
    return Section(f"`{room}`", prose, entries)


def _entry(room: str, prefix: str, name: str, value: Any) -> tuple[str, str]:
    if inspect.isfunction(value):
        return f"`{prefix}{name}()`", function_text(value, name)
    if inspect.isclass(value) and is_ours(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return f"{kind} `{prefix}{name}`", class_text(value, name)
    return f"`{prefix}{name}`", data_text(value, room, name)


def _command_line() -> Iterator[Section]:
    common, text = tables.common_options()
    entries = [("Common options", text)]
    entries += [(f"`toriconfig {name}`", tables.command_text(name, one, common)) for name, one in tables.commands()]
    yield Section("Command line", "`toriconfig` and `python -m toriconfig` are the same program.", tuple(entries))
    yield Section("Exit codes", tables.exit_codes())


def _variables() -> Iterator[tuple[str, str]]:
    titles = ("variable", "meaning")
    yield "Variables of a load", table(titles, _rows(variables.LOADS))
    yield (
        "Variables of the Vault tools",
        (
            "`BAO_<name>` takes precedence over `VAULT_<name>`. An empty variable counts as not set.\n\n"
            + table(titles, [*tables.vault_variables(), *_rows(variables.HOME)])
        ),
    )
    yield "Variables of the command line", table(titles, [*_rows(variables.COMMAND_LINE), *_rows(variables.GIVEN)])
    yield (
        "Variables of AWS Secrets Manager",
        ("boto3 reads its own variables as well.\n\n" + table(titles, _rows(variables.AWS))),
    )
    yield (
        "Variables of logins with the identity of a cloud",
        ("`HvacLogin` reads them for credentials that were left out.\n\n" + table(titles, _rows(variables.CLOUDS))),
    )


def _rows(entries: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"`{name}`", text) for name, text in entries.items()]
