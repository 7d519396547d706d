"""The files and options of a dynaconf project, found without an import of its modules."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from glob import glob
from itertools import islice
from typing import Any, NamedTuple

import click

from toriconfig._core.regular_file import Unread, read_regular
from toriconfig.cli._read import LARGEST_PROJECT
from toriconfig.cli.init._dynaconf_unread import RUN, in_dotenv, option, registered, unread_arguments

ENDINGS = (".toml", ".yaml", ".yml", ".json")
_MOST_MODULES = 2000
_SKIPPED = frozenset({"node_modules", "site-packages", "venv", "env", "__pycache__"})


class DynaconfProject(NamedTuple):
    """The files and options of a dynaconf project.

    Attributes:
        plain: settings files, lowest precedence first.
        secret: files of secrets, lowest precedence first.
        options: those arguments of `Dynaconf(...)` that are literals.
        notes: one line for each file or option that is not carried over.
    """

    plain: tuple[str, ...]
    secret: tuple[str, ...]
    options: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """Prefix of the variables."""
        given = self.options.get("envvar_prefix", "DYNACONF")
        return f"{given.upper()}_" if isinstance(given, str) and given else ""

    @property
    def switcher(self) -> str:
        """Name of the variable that selects the environment."""
        given = self.options.get("env_switcher")
        return given if isinstance(given, str) and given else "ENV_FOR_DYNACONF"


def find_project() -> DynaconfProject:
    """Return the dynaconf project of the working directory.

    Raises:
        click.UsageError: there is no settings file; the message names the files that were looked for, and the arguments
            that may name others.
    """
    calls, unread = _calls()
    folder, options = calls[0] if calls else (".", {})
    names = _listed(options.get("settings_files")) + _listed(options.get("settings_file"))
    given = [*names, *_listed(options.get("preload"))]
    secrets = _listed(options.get("secrets"))
    if given or secrets:
        files = [file for name in [*given, *secrets] for file in _resolved(name, folder)]
        of_secrets = {file for name in secrets for file in _resolved(name, folder)}
    else:
        files, of_secrets = list(_defaults()), set[str]()
    files = list(dict.fromkeys(files))
    read = [file for file in files if file.endswith(ENDINGS) and ".local." not in os.path.basename(file)]
    notes = [f"{file}: its values belong in the file `NAME.local.yaml`" for file in files if ".local." in file]
    others = [file for file in files if not file.endswith(ENDINGS) and not os.path.isdir(file)]
    notes += [f"{file}: this format is not read" for file in others]
    notes += unread
    dotenv = read_regular(".env", LARGEST_PROJECT, secret=False) if os.path.lexists(".env") else b""
    notes += in_dotenv("" if isinstance(dotenv, Unread) else dotenv.decode(errors="replace"))
    if os.path.isfile("dynaconf_validators.toml"):
        notes.append("dynaconf_validators.toml; write its conditions into the types of the fields")
    secret = [file for file in read if file in of_secrets or os.path.basename(file).startswith(".secrets")]
    if not read:
        looked = ", ".join(given or ["settings.toml, settings.yaml, settings.json, .secrets.*, config/"])
        reasons = "".join(f"; {one}" for one in unread if RUN in one)
        raise click.UsageError(f"no settings file of dynaconf was found; looked for {looked}{reasons}")
    return DynaconfProject(tuple(file for file in read if file not in secret), tuple(secret), options, tuple(notes))


def _defaults() -> Iterator[str]:
    for folder in ("", "config/"):
        for stem in ("settings", "settings.local", ".secrets"):
            for ending in (*ENDINGS, ".ini"):
                if os.path.isfile(f"{folder}{stem}{ending}"):
                    yield f"{folder}{stem}{ending}"


def _resolved(name: str, folder: str) -> list[str]:
    places = [os.path.normpath(os.path.join(place, name)) for place in dict.fromkeys((".", folder))]
    return next((found for place in places if (found := sorted(glob(place, include_hidden=True)))), [])


def _listed(value: object) -> list[str]:
    """Return the file names of an option: a list, or text with `,` or `;` between names."""
    parts = re.split("[,;]", value) if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _calls() -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Return the first call of `Dynaconf` in the project, and notes about what is not carried over.

    The first list is empty, or has one pair: the folder of the module, and the literal arguments of the call. The
    second list has the notes, one line each.
    """
    calls: list[tuple[str, dict[str, Any]]] = []
    unread: list[str] = []
    for file in islice(_modules(), _MOST_MODULES):
        data = read_regular(file, LARGEST_PROJECT, secret=False)
        if isinstance(data, Unread) or b"ynaconf" not in data:
            continue
        try:
            tree = ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ("Dynaconf", "LazySettings", "DjangoDynaconf"):
                if calls:
                    unread.append(
                        f"{file}:{node.lineno}: a second call of `{_name(node.func)}`; copy this module and its files "
                        f"into an empty folder, and {RUN} there"
                    )
                    continue
                calls.append((os.path.dirname(file) or ".", dict(_literals(node))))
                unread += unread_arguments(node, file)
        unread += registered(tree, file)
    return calls, unread


def _modules() -> Iterator[str]:
    for folder, below, files in os.walk("."):
        depth = folder.count(os.sep)
        below[:] = sorted(one for one in below if one[:1] != "." and one not in _SKIPPED) if depth < 2 else []
        yield from (os.path.normpath(os.path.join(folder, file)) for file in sorted(files) if file.endswith(".py"))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literals(call: ast.Call) -> Iterator[tuple[str, Any]]:
    for one in call.keywords:
        try:
            value = ast.literal_eval(one.value)
        except (ValueError, TypeError, SyntaxError, RecursionError):
            continue
        if one.arg:
            yield option(one.arg), value
