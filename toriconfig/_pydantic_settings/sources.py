"""The sources of a `Settings` class, built as in pydantic-settings, for any mapping of environment variables.

Unlike pydantic-settings, these sources do not decode the text of a `Secret[str]` as JSON. Otherwise an error about
invalid JSON would show the secret, and a secret of digits would become a number.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings.exceptions import SettingsError
from pydantic_settings.sources import DefaultSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
)
from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem
from toriconfig._core.regular_file import read_regular
from toriconfig._core.tree import Layer, Node
from toriconfig._schema.annotations import shape_of
from toriconfig._schema.options import SHARED, Options
from toriconfig._schema.shape import Shape, has_secrets, root_shape, within

Sources = tuple[PydanticBaseSettingsSource, ...]


class SecretFilesSource(SecretsSettingsSource):
    """Source with one file per value. It skips `Secret` fields, whose files `trees.py` reads."""

    __name__ = "SecretsSettingsSource"  # other sources find the values of this source by this name

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if is_secret(field):
            return None, field_name, False
        return super().get_field_value(field, field_name)


def build(
    schema: type[BaseSettings],
    options: Options,
    environ: Mapping[str, str],
    arguments: Mapping[str, Any],
    init_kwargs: Mapping[str, Any],
) -> Sources:
    """Return the sources, highest first: command line (if used), `settings_customise_sources`, defaults.

    Args:
        schema: the `Settings` class.
        options: options of this library; they have precedence over the class's configuration.
        environ: the environment variables to read.
        arguments: the constructor's arguments that begin with an underscore, by their names without the underscore.
        init_kwargs: the other arguments of the constructor.

    Raises:
        SettingsError: a source cannot be built, or a `.env` file is too large or not a regular file.
    """
    ours = {name: getattr(options, name) for name in SHARED}
    given = {name: value for name, value in ours.items() if value not in (None, ())}
    given |= {name: value for name, value in arguments.items() if value is not None}
    given |= {
        "env_prefix": options.environment_prefix,
        "env_nested_delimiter": options.env_nested_delimiter,
        "env_file": options.env_file or None,
        "secrets_dir": options.secrets_dir or None,
        "init_kwargs": init_kwargs,
        "_init_state": {"field_info_ids": set()},
    }
    init = _make(InitSettingsSource, schema, given)
    env = _make(EnvSettingsSource, schema, given)
    env.env_vars = parse_env_vars(
        visible(environ, options, case_sensitive=env.case_sensitive),
        env.case_sensitive,
        env.env_ignore_empty,
        env.env_parse_none_str,
    )
    _refuse_unbounded(options)
    dotenv = _make(DotEnvSettingsSource, schema, given)
    if environ is not os.environ and options.env_file:
        dotenv.env_vars = _dotenv_variables(dotenv, environ)
    files = _make(SecretFilesSource, schema, given)
    if options.file_suffix:
        from toriconfig._load.flat_names import names_a_file

        shape = root_shape(schema)
        for source in (env, dotenv):
            kept = {name: text for name, text in source.env_vars.items() if not names_a_file(name, shape, options)}
            source.env_vars = kept
    sealed = has_secrets(root_shape(schema))
    for source in (env, dotenv):
        keep_below_empty(source)
    for source in (env, dotenv, files):
        keep_undecodable(source)
        if sealed:
            keep_text(source)
    sources = schema.settings_customise_sources(
        schema, init_settings=init, env_settings=env, dotenv_settings=dotenv, file_secret_settings=files
    )
    sources = (*sources, _make(DefaultSettingsSource, schema, given))
    sources = _with_command_line(schema, sources, env, given)
    if sealed:
        for source in sources:
            keep_text(source)
    schema._settings_warn_unused_config_keys(sources, schema.model_config)
    return sources


def _refuse_unbounded(options: Options) -> None:
    """Reject a `.env` file that is too large or not a regular file. pydantic-settings would read it to its end.

    Raises:
        SettingsError: there is such a file; the message names the file.
    """
    if not options.env_file:
        return
    from toriconfig.sources.dotenv import MAX_BYTES, MAX_LINES
    from toriconfig.sources.read_file import refused_size

    for file in options.env_file:
        path = os.path.expanduser(os.fspath(file))
        data = read_regular(path, MAX_BYTES, secret=False)
        if isinstance(data, bytes):
            wrong = refused_size(data, Origin("dotenv", path), MAX_BYTES, MAX_LINES)
            reason = f"more than {MAX_LINES:,} lines" if wrong is not None else ""
        else:
            reason = (
                data.reason if data.kind in ("kind", "large", "slow", "forbidden") and not os.path.isdir(path) else ""
            )
        if reason:
            raise SettingsError(
                f"the `.env` file {path} is not read: {reason}; name a regular file of at most "
                f"{MAX_BYTES >> 20} MiB and {MAX_LINES:,} lines"
            )


def _dotenv_variables(source: DotEnvSettingsSource, environ: Mapping[str, str]) -> Mapping[str, str | None]:
    """Return the variables of the `.env` files. `${NAME}` in a value is replaced by the variable of `environ`."""
    from toriconfig.sources.dotenv import DotEnv

    said: dict[str, str] = {}
    for file in dotenv_files(source):
        tree = DotEnv(file, "", environ=environ, encoding=source.env_file_encoding, case_sensitive=True).load()
        said |= {name: node.value for name, node in tree.root.value.items()}
    return parse_env_vars(said, source.case_sensitive, source.env_ignore_empty, source.env_parse_none_str)


def dotenv_files(source: DotEnvSettingsSource) -> list[str]:
    """Return the paths of the existing `.env` files of the source, lowest precedence first."""
    given: Any = source.env_file
    several = [given] if isinstance(given, (str, os.PathLike)) else list(given or ())
    return [str(found) for file in several if (found := _existing(FilePath(file).expanduser(), source)) is not None]


def _existing(file: FilePath, source: DotEnvSettingsSource) -> FilePath | None:
    above = (
        islice(FilePath.cwd().parents, getattr(source, "env_file_depth", None) or 0) if not file.is_absolute() else ()
    )
    return next((path for path in (file, *(parent / file for parent in above)) if path.is_file()), None)


def visible(environ: Mapping[str, str], options: Options, *, case_sensitive: bool) -> Mapping[str, str]:
    """Return the variables that the load reads; {} if the environment is not a layer.

    Variables that Kubernetes sets for a Service with the name of the prefix are left out.
    """
    if options.env_prefix is None or "env" not in options.layers:
        return {}
    if not options.env_prefix:
        return environ
    from toriconfig.sources.environ import Environ

    folded = str if case_sensitive else str.upper
    prefix = folded(options.env_prefix)
    tree = Environ(environ, prefix, case_sensitive=case_sensitive).load()
    ours = {node.at for node in tree.root.value.values()}
    return {name: text for name, text in environ.items() if name in ours or not folded(name).startswith(prefix)}


def keep_text(source: Any) -> None:
    """Change `source` so that it does not decode the text of secrets, at any depth."""
    if getattr(source, "_toriconfig_text", False) or not hasattr(source, "prepare_field_value"):
        return
    prepare, step = source.prepare_field_value, getattr(source, "next_field", None)

    def prepare_field_value(field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        return prepare(field_name, _undecoded(field), value, value_is_complex)

    def next_field(field: Any, key: str, case_sensitive: bool | None = None) -> Any:
        return _undecoded(step(field, key, case_sensitive)) if step is not None else None

    source.prepare_field_value = prepare_field_value
    if step is not None:
        source.next_field = next_field
    source._toriconfig_text = True


def keep_below_empty(source: Any) -> None:
    """Change `source` so that it reads the parts of a nested field even if the field's own variable is empty."""
    prepare, explode = source.prepare_field_value, source.explode_env_vars

    def explode_env_vars(field_name: str, field: FieldInfo, env_vars: Mapping[str, str | None]) -> dict[str, Any]:
        found: dict[str, Any] = explode(field_name, field, _without_hidden(source, field_name, field, env_vars))
        return found

    def prepare_field_value(field_name: str, field: FieldInfo, value: Any, value_is_complex: bool) -> Any:
        below = prepare(field_name, field, None, value_is_complex) if value == "" else None
        return below or prepare(field_name, field, value, value_is_complex)

    source.explode_env_vars, source.prepare_field_value = explode_env_vars, prepare_field_value


def _without_hidden(
    source: Any, field_name: str, field: FieldInfo, variables: Mapping[str, str | None]
) -> Mapping[str, str | None]:
    """Return `variables`. If the variable `A__B` is empty and a variable such as `A__B__C` exists, leave out `A__B`."""
    delimiter = source.env_nested_delimiter
    if not delimiter or "" not in variables.values():
        return variables
    prefixes = [f"{name}{delimiter}" for _, name, _ in source._extract_field_info(field, field_name)]
    keys = {
        name: (prefix, *name[len(prefix) :].split(delimiter, source.maxsplit))
        for name in variables
        for prefix in prefixes
        if name.startswith(prefix)
    }
    sections = {below[:length] for below in keys.values() for length in range(2, len(below))}
    return {name: text for name, text in variables.items() if text != "" or keys.get(name) not in sections}


def keep_undecodable(source: Any) -> None:
    """Change `source` so that it decodes JSON lists, mappings, strings and null, and leaves other JSON as text.

    Text that is not JSON is kept if the field accepts such text; otherwise `source` raises an error. Decoded
    strings are marked, so that they are not decoded again.
    """
    decode = source.decode_complex_value

    def decode_complex_value(field_name: str, field: FieldInfo, value: Any) -> Any:
        from toriconfig._load.text_values import JsonText, decoded

        try:
            found = decode(field_name, field, value)
        except ValueError:
            if not isinstance(value, str) or not _is_readable(value, field, source.settings_cls):
                raise
            return value
        if isinstance(found, (dict, list)):
            return decoded(value)
        if isinstance(found, str) and found is not value:
            return JsonText(found)
        return found if found is None or not isinstance(field, FieldInfo) else value

    source.decode_complex_value = decode_complex_value


def _is_readable(text: str, field: Any, schema: type[BaseSettings]) -> bool:
    from toriconfig._load.text_values import structured

    fields = (known for below in within(root_shape(schema)) for known in below.fields.values())
    info = field if isinstance(field, FieldInfo) else FieldInfo(annotation=field)
    shape = next((known.shape for known in fields if known.info is field), None) or _shape(info)
    problems: list[Problem] = []
    structured(Node(text, _TEXT), shape, ("",), problems)
    return not problems


_TEXT = Layer("env", "", lambda _: Origin("env", ""))


def is_secret(field: FieldInfo) -> bool:
    """Return True if the field itself is a `Secret`; False if only a part of its value is one."""
    return _shape(field).kind == "secret"


def _shape(field: FieldInfo) -> Shape:
    return shape_of(field.annotation, tuple(field.metadata))


def _undecoded(field: Any) -> Any:
    """If the field or type is a `Secret`, return a field with the marker `NoDecode`; otherwise return `field`.

    With this marker, pydantic-settings does not decode the input as JSON. A `Secret` of a model gets no marker,
    because the input of a model is JSON.
    """
    if field is None:
        return None
    annotation, metadata = (field.annotation, field.metadata) if isinstance(field, FieldInfo) else (field, ())
    shape = shape_of(annotation, tuple(metadata))
    if shape.kind != "secret" or shape.models:
        return field
    marked = copy.copy(field) if isinstance(field, FieldInfo) else FieldInfo(annotation=field)
    marked.metadata = [*metadata, NoDecode]
    return marked


def _with_command_line(
    schema: type[BaseSettings], sources: Sources, env: EnvSettingsSource, given: Mapping[str, Any]
) -> Sources:
    config = schema.model_config
    wanted = given.get("cli_parse_args", config.get("cli_parse_args"))
    own = [source for source in sources if isinstance(source, CliSettingsSource)]
    if own:
        if wanted not in (None, False) and not own[0].env_vars:
            own[0](args=wanted)
        return sources
    source = given.get("cli_settings_source", config.get("cli_settings_source"))
    if not isinstance(source, CliSettingsSource):
        if wanted is None:
            return sources
        names = {"cli_parse_args": wanted, "_env_settings_source": env, "case_sensitive": config.get("case_sensitive")}
        if given.get("env_parse_none_str"):
            names["cli_parse_none_str"] = given["env_parse_none_str"]
        source = _make(CliSettingsSource, schema, {**names, **given})
    return (source, *sources)


def _make(source: Any, schema: type[BaseSettings], given: Mapping[str, Any]) -> Any:
    """Return an instance of the class `source`, created with those arguments of `given` that the class accepts."""
    return source(schema, **{name: given[name] for name in _parameters(source) & given.keys()})


@lru_cache
def _parameters(source: Any) -> frozenset[str]:
    code = source.__init__.__code__
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
