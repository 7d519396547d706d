"""Choice of the sources of a load, and their order, from the options.

To add a source with options, write its module in `sources/`, and add one line to the table at the bottom.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import LayerKind, Origin, OriginKind
from toriconfig._core.problem import Code, Problem, Severity
from toriconfig._core.tree import Node, Tree
from toriconfig._core.value import Value
from toriconfig._schema.options import Options, PathLike, Resource
from toriconfig.sources import Source, endings, format_of, stem_of

if TYPE_CHECKING:
    from toriconfig.sources.dotenv import DotEnv


class Inputs(Value):
    """Inputs that a load may read.

    Attributes:
        options: the options, completed by variables of the environment and of `.env` files.
        environ: the environment variables.
        overrides: the values of the code layer, or None.
        arguments: True: a schema may read the command line of the program.
    """

    options: Options
    environ: Mapping[str, str]
    overrides: Mapping[str, Any] | None
    arguments: bool = True


Reader = Callable[[Inputs], Iterator[tuple[OriginKind, Tree]]]
"""Function that yields `(layer, tree)` for everything that a load reads, lowest first."""


def read(inputs: Inputs) -> Iterator[tuple[OriginKind, Tree]]:
    """Yield `(layer, tree)` for every source, lowest precedence first."""
    for kind in reversed(inputs.options.layers):
        for tree in read_layer(kind, inputs):
            yield kind, tree


def read_layer(kind: LayerKind, inputs: Inputs) -> Iterator[Tree]:
    """Yield the tree of every source of one layer, lowest precedence first."""
    make = _SOURCES.get(kind)
    if make is not None:
        for source in make(inputs):
            tree = source.load()
            yield _as_meant(tree, inputs.options) if kind in ("env", "dotenv") else tree


def _as_meant(tree: Tree, options: Options) -> Tree:
    """Apply `env_ignore_empty` and `env_parse_none_str` to the variables in `tree`, and return `tree`."""
    if options.env_ignore_empty:
        for name in [name for name, node in tree.root.value.items() if node.value == ""]:
            del tree.root.value[name]
    if options.env_parse_none_str is not None:
        for name, node in tree.root.value.items():
            if node.value == options.env_parse_none_str:
                tree.root.value[name] = Node(None, node.layer, node.at)
    return tree


def files_of(options: Options) -> list[tuple[str, bool]]:
    """Return `(file, is_required)` for each file of the layer `files`, lowest precedence first.

    Args:
        options: the options, completed by variables of the environment and of `.env` files.
    """
    if options.config_files is not None:
        return [(file, True) for entry in options.config_files for file in _matching(os.fspath(entry))]
    named = [under(options, os.fspath(file)) for file in _named(options)]
    return [(file, False) for file in (*named, *(found[0] for found in map(existing, _stems(options)) if found))]


def _matching(entry: str) -> list[str]:
    """Return the files of an entry of `config_files`, sorted: those in a folder, or those that match a pattern.

    For any other entry, return `[entry]`, even if the file does not exist.
    """
    if isinstance(entry, Resource):
        return _in_package(entry)
    if os.path.isfile(entry):
        return [entry]
    if os.path.isdir(entry):
        names = sorted(name for name in os.listdir(entry) if name[:1] != "." and name.endswith(endings()))
        return [path for name in names if os.path.isfile(path := os.path.join(entry, name))]
    if any(sign in entry for sign in "*?["):
        from glob import glob

        return sorted(path for path in glob(entry, recursive=True) if os.path.isfile(path))
    return [entry]


def _in_package(entry: Resource) -> list[str]:
    """Return the settings files in the folder `entry`, sorted by name. If `entry` is not a folder, return `[entry]`.

    A `Resource` is a `str` subclass for a file or folder inside a package.
    """
    if not entry.traversable.is_dir():
        return [entry]
    inside = sorted(entry.traversable.iterdir(), key=lambda one: str(one.name))
    named = (one for one in inside if one.name[:1] != "." and one.name.endswith(endings()) and one.is_file())
    return [Resource.of(one) for one in named]


def settings_files_in(name: str) -> list[str]:
    """Return the settings files in and below the folder `name`, sorted; `[name]` if it is not a folder.

    Hidden files and folders, and `pyproject.toml`, are omitted.
    """
    if not os.path.isdir(name):
        return [name]
    found: list[str] = []
    known = endings()
    for folder, below, files in os.walk(name):
        below[:] = [one for one in below if one[:1] != "."]
        for file in files:
            path = os.path.join(folder, file)
            if file[:1] != "." and file != "pyproject.toml" and file.endswith(known) and os.path.isfile(path):
                found.append(path)
    return sorted(found)


def _named(options: Options) -> tuple[PathLike, ...]:
    """Return the files of the options `json_file`, `toml_file` and `yaml_file`. A missing file is not an error."""
    return (*options.json_file, *options.toml_file, *options.yaml_file)


def looked_for(options: Options) -> list[str]:
    """Return the full paths of the settings files that a load searches for, whether or not they exist.

    If a file may have one of several extensions, there is one path for all, with the extensions in parentheses.
    """
    if options.config_files is not None:
        return [os.path.abspath(os.fspath(file)) for file in options.config_files]
    stems = [os.path.abspath(stem) for stem in _stems(options)]
    known = endings()
    return [
        *(os.path.abspath(under(options, os.fspath(file))) for file in _named(options)),
        *(f"{stem}{known[0]}" if at else f"{stem} ({', '.join(known)})" for at, stem in enumerate(stems)),
    ]


def profiles_of(options: Options) -> list[str]:
    """Return the sorted names of the profiles that have a settings file; [] if `config_name` is not set."""
    if options.config_name is None:
        return []
    folder, stem = os.path.split(under(options, f"{options.config_name}."))
    if not os.path.isdir(folder or os.curdir):
        return []
    files = [os.path.splitext(file) for file in os.listdir(folder or os.curdir) if file.startswith(stem)]
    known = endings()
    names = {name.removeprefix(stem) for name, ending in files if ending in known and name.startswith(stem)}
    return sorted(names - {"local", ""})


def overlooked(options: Options) -> list[Problem]:
    """Return the problems of missing and ignored settings files.

    * one error if no file is found, and the option `required` is True;
    * one warning if no file is found because the folder `config_dir` does not exist;
    * one warning for each ignored file: a file with the same name and another extension is read instead.
    """
    files = files_of(options)
    read = [file for file, asked in files if not asked]
    if options.required and not any(os.path.lexists(file) for file, _ in files):
        return [no_files(options, "error")]
    folder = os.fspath(options.config_dir or "")
    if folder and not files and options.config_files is None and _stems(options) and not os.path.isdir(folder):
        return [_no_folder(folder)]
    return [
        Problem(
            Code.IGNORED_FILE,
            "",
            Origin("files", other),
            help=f"move its settings to {first}, or remove it",
            message=f"this file is not read, because {first} exists",
            severity="warning",
        )
        for first, *others in filter(None, map(existing, _stems(options) if read else ()))
        for other in others
    ]


_FILES = ("config_name", "config_files", "yaml_file", "json_file", "toml_file")
_VARIABLES = ("env_prefix", "env_file")
_PREFIX = "set `env_prefix`; an empty one reads variables without a prefix"
_USERS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("config_dir", "extension_keys"), _FILES, "name the files with `config_name`"),
    (("toml_table_header",), ("config_name", "config_files", "toml_file"), "name the file with `toml_file`"),
    (("env_nested_delimiter", "env_nested_max_split", "case_sensitive"), (*_VARIABLES, "secrets_dir"), _PREFIX),
    (("env_ignore_empty", "env_parse_none_str", "file_suffix"), _VARIABLES, _PREFIX),
    (("env_file_encoding", "env_file_depth"), ("env_file",), "name the file with `env_file`"),
    (
        tuple(name for name in Options._fields if name.startswith("secrets_") and name != "secrets_dir"),
        ("secrets_dir",),
        "name the folder with `secrets_dir`",
    ),
)
"""Options that change how an input is read, the options that can name such an input, and the remedy if none does."""
_HEADER = "pyproject_toml_table_header"


def without_effect(options: Options, named: Collection[str], schema: str) -> list[Problem]:
    """Return a warning for each option without effect, such as `env_file_encoding` without `env_file`.

    Args:
        options: the options, completed by variables of the environment and of `.env` files.
        named: the options that the class or the call sets, even to None.
        schema: name of the class.
    """
    files = options.config_files
    found = [
        (name, users[0], remedy)
        for names, users, remedy in _USERS
        if files is None or "config_files" not in users
        for name in names
        if getattr(options, name) and not any(user in named for user in users)
    ]
    if options.pyproject_toml_table_header and not any(_is_pyproject(file) for file in files or ()):
        found.append((_HEADER, "config_files", 'name the file: `config_files=["pyproject.toml"]`'))
    return [
        Problem(
            Code.INVALID_OPTION,
            "",
            Origin("code", f"{schema}.model_config"),
            help=remedy,
            message=f"`{name}` has no effect without `{needed}`",
            label=name,
            severity="warning",
        )
        for name, needed, remedy in found
    ]


def _is_pyproject(file: PathLike) -> bool:
    return os.path.basename(os.fspath(file)) == "pyproject.toml"


def no_files(options: Options, severity: Severity) -> Problem:
    """Return the problem "no settings file was found", with the paths that were searched."""
    looked = looked_for(options)
    return Problem(
        Code.MISSING_FILE,
        "",
        None,
        expected=f"one of {', '.join(looked)}" if looked else "an option that names settings files",
        help="create it, run in its folder, or name the folder with `config_dir`"
        if looked
        else "set `config_name` or `config_files`",
        message="no settings file was found",
        severity=severity,
    )


def _no_folder(folder: str) -> Problem:
    return Problem(
        Code.MISSING_FILE,
        "",
        Origin("files", folder),
        help="create it, or name another with `config_dir`",
        message="the folder of settings files does not exist",
        severity="warning",
    )


def _stems(options: Options) -> list[str]:
    """Return the paths of settings files without extensions, lowest precedence first; [] without `config_name`."""
    if options.config_name is None:
        return []
    names = [options.config_name]
    if options.profile is not None:
        names.append(f"{options.config_name}.{options.profile}")
    if options.local:
        names.append(f"{options.config_name}.local")
    return [under(options, name) for name in dict.fromkeys(names)]


def existing(stem: str) -> list[str]:
    """Return the existing files with the path `stem` and a known extension. A load reads the first."""
    return [stem + ending for ending in endings() if os.path.lexists(stem + ending)]


def under(options: Options, file: str) -> str:
    """Return `config_dir` joined with `file`; only `file` if `config_dir` is not set."""
    if options.config_dir is None or isinstance(file, Resource):
        return file
    return os.path.join(os.fspath(options.config_dir), file)


def _files(inputs: Inputs) -> Iterator[Source]:
    files = files_of(inputs.options)
    if files:
        from toriconfig.sources.settings_file import SettingsFile

        for file, required in files:
            yield SettingsFile(file, required=required, **reader_options(file, inputs.options))
    if inputs.options.sources:
        from toriconfig.sources.guarded import guarded

        yield from reversed(guarded(inputs.options.sources))


def reader_options(file: str, options: Options) -> dict[str, Any]:
    """Return the keyword arguments for the reader of a file: `{"table": …}` if its format has tables, else `{}`."""
    if not format_of(file).tables:
        return {}
    if not _is_pyproject(file):
        return {"table": options.toml_table_header}
    name = os.path.basename(stem_of(options.config_name)) if options.config_name is not None else "pydantic-settings"
    return {"table": options.pyproject_toml_table_header or ("tool", name)}


def _secrets_dirs(inputs: Inputs) -> Iterator[Source]:
    options = inputs.options
    if not options.secrets_dir:
        return
    from toriconfig.sources.secrets_dir import SecretsDir

    prefix = options.environment_prefix if options.secrets_prefix is None else options.secrets_prefix
    for folder in options.secrets_dir:
        yield SecretsDir(
            folder,
            prefix,
            missing=options.secrets_dir_missing or "warn",
            max_size=options.secrets_dir_max_size,
            nested=bool(options.secrets_nested_subdir),
            case_sensitive=options.exact("secrets_dir"),
        )


def dotenvs(options: Options, environ: Mapping[str, str]) -> list[DotEnv]:
    """Return the sources of the `.env` files, lowest precedence first; [] if the option `env_file` is not set."""
    if not options.env_file:
        return []
    from toriconfig.sources.dotenv import DotEnv

    depth = options.env_file_depth or 0
    return [
        DotEnv(
            _upwards(os.fspath(file), depth),
            options.environment_prefix,
            environ=environ,
            encoding=options.env_file_encoding,
            case_sensitive=options.exact("dotenv"),
        )
        for file in options.env_file
    ]


def _upwards(file: str, depth: int) -> str:
    """Search for `file` in the working directory, then in up to `depth` parent folders. Return the first path found.

    If no such file exists, or if `file` is an absolute path, return `file`.
    """
    if os.path.isabs(file):
        return file
    tries = [os.path.join(*[os.pardir] * up, file) for up in range(1, depth + 1)]
    return next(filter(os.path.exists, (file, *tries)), file)


def _dotenvs(inputs: Inputs) -> Iterator[Source]:
    yield from dotenvs(inputs.options, inputs.environ)


def _environ(inputs: Inputs) -> Iterator[Source]:
    if inputs.options.env_prefix is not None:
        from toriconfig.sources.environ import Environ

        yield Environ(inputs.environ, inputs.options.env_prefix, case_sensitive=inputs.options.exact("env"))


def _code(inputs: Inputs) -> Iterator[Source]:
    if inputs.overrides:
        from toriconfig.sources.mapping import MappingSource

        yield MappingSource(inputs.overrides)


# Each function imports its source only if the options name an input.
_SOURCES: dict[LayerKind, Callable[[Inputs], Iterator[Source]]] = {
    "files": _files,
    "secrets_dir": _secrets_dirs,
    "dotenv": _dotenvs,
    "env": _environ,
    "code": _code,
}
"""The sources of each layer. The layers `vault` and `defaults` have none: later steps of the load add them."""
