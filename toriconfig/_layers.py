"""From options to sources: which inputs a load reads, in which order.

A new source is its file in `sources/`, and one line in the table at the bottom.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toriconfig._options import Options
from toriconfig._origin import LayerKind, Origin, OriginKind
from toriconfig._tree import Tree
from toriconfig._value import Value
from toriconfig.errors import Problem
from toriconfig.sources import Source

EXTENSIONS = (".yaml", ".yml", ".json")


class Inputs(Value):
    """What a load may read from: the command line of the program too, where `arguments` is true."""

    options: Options
    environ: Mapping[str, str]
    overrides: Mapping[str, Any] | None
    arguments: bool = True


Reader = Callable[[Inputs], Iterator[tuple[OriginKind, Tree]]]
"""Reads everything that a load reads, lowest first."""


def read(inputs: Inputs) -> Iterator[tuple[OriginKind, Tree]]:
    """The tree of every source, lowest first."""
    for kind in reversed(inputs.options.layers):
        for tree in read_layer(kind, inputs):
            yield kind, tree


def read_layer(kind: LayerKind, inputs: Inputs) -> Iterator[Tree]:
    """The trees of the sources of one layer, lowest first."""
    make = _SOURCES.get(kind)
    if make is not None:
        for source in make(inputs):
            yield source.load()


def profile_of(options: Options, environ: Mapping[str, str], problems: list[Problem]) -> Options:
    """The options with the profile decided; a name that is not a name is a problem, and is dropped."""
    name, origin = options.profile, Origin("code", "profile")
    if name is None:
        variable = options.profile_env or (f"{options.env_prefix}PROFILE" if options.env_prefix else None)
        found = _variable(environ, variable) if variable else None
        name, origin = (found[1] or None, Origin("env", found[0])) if found else (None, origin)
    if name is not None and not _is_name(name):
        problems.append(
            Problem(
                "TC503",
                "",
                origin,
                expected="letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
                help="name the profile, not a file: `prod`, not `../prod` or `config/prod.yaml`",
                message="the profile is not a name",
            )
        )
        name = None
    if (
        name is not None
        and options.config_name is not None
        and not _existing(_under(options, f"{options.config_name}.{name}"))
    ):
        problems.append(_no_file(name, options, origin))
    return options.with_profile(name)


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """A variable as it is spelt, upper or lower case, and its text."""
    spelt = next((known for known in (name, name.upper(), name.lower()) if known in environ), None)
    return (spelt, environ[spelt]) if spelt is not None else None


def _no_file(profile: str, options: Options, origin: Origin) -> Problem:
    from toriconfig._near import near

    stem = f"{options.config_name}."
    folder = os.fspath(options.config_dir) if options.config_dir is not None else os.curdir
    files = (
        [os.path.splitext(file) for file in os.listdir(folder) if file.startswith(stem)]
        if os.path.isdir(folder)
        else []
    )
    known = sorted(
        {name.removeprefix(stem) for name, ending in files if ending in EXTENSIONS and name.startswith(stem)}
    )
    candidate = near(profile, known)
    return Problem(
        "TC503",
        "",
        origin,
        expected=f"a file {_under(options, stem + profile)}.yaml"
        + (f"; there are {', '.join(known)}" if known else ""),
        help=f"did you mean `{candidate}`?" if candidate else "create the file, if the profile is to change settings",
        message=f"the profile `{profile}` has no file",
        severity="warning",
    )


def files_of(options: Options, environ: Mapping[str, str]) -> list[tuple[str, bool]]:
    """The files of the `files` layer, lowest first, each with whether it was asked for by name."""
    if options.config_files is not None:
        return [(_under(options, os.fspath(file)), True) for file in options.config_files]
    named = _variable(environ, f"{options.env_prefix}CONFIG_FILE") if options.env_prefix else None
    if named and named[1]:
        return [(file, True) for file in named[1].split(os.pathsep) if file]
    return [(file, False) for stem in _stems(options) for file in _existing(stem)[:1]]


def overlooked(options: Options, environ: Mapping[str, str]) -> list[Problem]:
    """A warning for a folder that is not there, and for each file that another one of its name stands beside."""
    files = files_of(options, environ)
    read = [file for file, asked in files if not asked]
    folder = os.fspath(options.config_dir or "")
    if folder and not files and options.config_files is None and _stems(options) and not os.path.isdir(folder):
        return [_no_folder(folder)]
    return [
        Problem(
            "TC506",
            "",
            Origin("files", other),
            help=f"move what it says to {first}, or remove it",
            message=f"this file is not read: {first} stands beside it",
            severity="warning",
        )
        for first, *others in filter(None, map(_existing, _stems(options) if read else ()))
        for other in others
    ]


def _no_folder(folder: str) -> Problem:
    return Problem(
        "TC006",
        "",
        Origin("files", folder),
        help="create it, or name another with `config_dir`",
        message="the folder of settings files does not exist",
        severity="warning",
    )


def _stems(options: Options) -> list[str]:
    """The names of the files, without their endings, lowest first."""
    if options.config_name is None:
        return []
    names = [options.config_name, f"{options.config_name}.local"]
    if options.profile not in (None, "local"):
        names.insert(1, f"{options.config_name}.{options.profile}")
    return [_under(options, name) for name in names]


def _existing(stem: str) -> list[str]:
    return [stem + ending for ending in EXTENSIONS if os.path.lexists(stem + ending)]


def _under(options: Options, file: str) -> str:
    return os.path.join(os.fspath(options.config_dir), file) if options.config_dir is not None else file


def _is_name(name: str) -> bool:
    return name[:1].isalnum() and name.isascii() and all(char.isalnum() or char in "._-" for char in name)


def _files(inputs: Inputs) -> Iterator[Source]:
    files = files_of(inputs.options, inputs.environ)
    if not files:
        return
    from toriconfig.sources.yaml_file import YamlFile

    for file, required in files:
        yield YamlFile(file, required=required)


def _secrets_dirs(inputs: Inputs) -> Iterator[Source]:
    if not inputs.options.secrets_dir:
        return
    from toriconfig.sources.secrets_dir import SecretsDir

    for folder in inputs.options.secrets_dir:
        yield SecretsDir(folder, inputs.options.environment_prefix)


def _dotenvs(inputs: Inputs) -> Iterator[Source]:
    if not inputs.options.env_file:
        return
    from toriconfig.sources.dotenv import DotEnv

    for file in inputs.options.env_file:
        yield DotEnv(file, inputs.options.environment_prefix)


def _environ(inputs: Inputs) -> Iterator[Source]:
    if inputs.options.env_prefix is not None:
        from toriconfig.sources.environ import Environ

        yield Environ(inputs.environ, inputs.options.env_prefix)


def _code(inputs: Inputs) -> Iterator[Source]:
    if inputs.overrides:
        from toriconfig.sources.mapping import MappingSource

        yield MappingSource(inputs.overrides)


# Each imports its source only when the options name an input: what is not used is not paid for.
_SOURCES: dict[LayerKind, Callable[[Inputs], Iterator[Source]]] = {
    "files": _files,
    "secrets_dir": _secrets_dirs,
    "dotenv": _dotenvs,
    "env": _environ,
    "code": _code,
}
"""The sources of each layer. `vault` is read where secrets are used, `defaults` is the schema itself."""
