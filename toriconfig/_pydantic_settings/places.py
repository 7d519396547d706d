"""Origins of the values of pydantic-settings' sources: a variable, a line of a `.env` file, a file, an argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    SecretsSettingsSource,
)
from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path, show
from toriconfig._core.tree import Layer
from toriconfig._pydantic_settings.sources import SecretFilesSource, dotenv_files


def layer_of(source: Any, schema: type[BaseSettings], environ: Mapping[str, str], *, above_code: bool) -> Layer:
    """Return the layer for the values of a source. The `at` of a node in this layer is the key path of the node.

    Args:
        source: a source of pydantic-settings, or a custom one.
        schema: the loaded class.
        environ: the environment variables that the source reads.
        above_code: True if the source has precedence over the constructor's arguments. The layer of a custom source
            is then "code", otherwise "source".
    """
    kind = type(source)
    if kind is InitSettingsSource:
        return Layer("code", f"{schema.__name__}(...)", _Arguments(schema.__name__))
    if isinstance(source, CliSettingsSource):
        return Layer("code", "command line", _Options(source.cli_flag_prefix_char * 2 + source.cli_prefix))
    if kind is EnvSettingsSource:
        spelt = {name if source.case_sensitive else name.lower(): Origin("env", name) for name in environ}
        return Layer("env", "environment", _Variables(source, Origin("env", "environment"), spelt), text=True)
    if kind is DotEnvSettingsSource:
        files = dotenv_files(source)
        name = ", ".join(files) or ".env"
        locate = _Variables(source, Origin("dotenv", name), _lines(files, source.case_sensitive))
        return Layer("dotenv", name, locate, text=True)
    if kind in (SecretsSettingsSource, SecretFilesSource):
        return Layer("secrets_dir", "secrets_dir", _Files(source), text=True)
    return Layer("code" if above_code else "source", kind.__name__, _Named("code" if above_code else "source", source))


class _Arguments:
    """Callable object that maps a key path to the origin of a constructor argument: `port` to `Settings(port=...)`."""

    def __init__(self, schema: str) -> None:
        self._schema = schema

    def __call__(self, at: Path | None) -> Origin:
        return Origin("code", f"{self._schema}({show(at)}=...)" if at else f"{self._schema}(...)")


class _Options:
    """Callable object that takes the key path of a value, and returns the origin: an option of the command line."""

    def __init__(self, flag: str) -> None:
        self._flag = flag

    def __call__(self, at: Path | None) -> Origin:
        return Origin("code", f"command line {self._flag}{show(at)}" if at else "command line")


class _Named:
    """Callable object that returns the same origin for every key path: the name of the source's class."""

    def __init__(self, kind: OriginKind, source: Any) -> None:
        self._origin = Origin(kind, type(source).__name__)

    def __call__(self, at: Path | None) -> Origin:
        return self._origin


class _Variables:
    """Function that takes the key path of a value, and returns the origin of the variable that set the value.

    For the path `a.b`, this is the variable `A__B` if there is one, otherwise `A`.

    Args:
        source: the source of the variables.
        whole: the origin to return if no variable is found.
        spelt: dict from each name to the origin of the variable. If the source ignores case, names are in lower
            case.
    """

    def __init__(self, source: EnvSettingsSource, whole: Origin, spelt: Mapping[str, Origin]) -> None:
        self._source = source
        self._whole = whole
        self._spelt = spelt

    def __call__(self, at: Path | None) -> Origin:
        if not at:
            return self._whole
        source = self._source
        delimiter = source.env_nested_delimiter or ""
        heads = variables(source).get(str(at[0]), (str(at[0]),))
        for end in range(len(at) if delimiter else 1, 0, -1):
            for head in heads:
                name = delimiter.join((head, *map(str, at[1:end])))
                found = self._spelt.get(name if source.case_sensitive else name.lower())
                if found is not None:
                    return found
        return self._whole


class _Files:
    """Callable object that takes the key path of a value, and returns the origin: a file in a directory of secrets.

    If no file is found, the origin names all directories of secrets of the source.
    """

    def __init__(self, source: SecretsSettingsSource) -> None:
        self._source = source

    def __call__(self, at: Path | str | None) -> Origin:
        folders = list(getattr(self._source, "secrets_paths", ()))
        if at:
            for _, name, _ in _names(self._source, str(at[0])):
                for folder in reversed(folders):
                    file = self._source.find_case_path(folder, name, self._source.case_sensitive)
                    if file is not None:
                        return Origin("secrets_dir", str(file))
        return Origin("secrets_dir", ", ".join(map(str, folders)) or "secrets_dir")


def variables(source: Any) -> dict[str, tuple[str, ...]]:
    """Return a dict from each key of the schema to the names of the variables that `source` looks up."""
    found: dict[str, tuple[str, ...]] = {}
    for field_name, field in source.settings_cls.model_fields.items():
        infos = source._extract_field_info(field, field_name)
        for key, _, _ in infos:
            found[key] = tuple(name for _, name, _ in infos)
    return found


def _names(source: Any, key: str) -> list[tuple[str, str, bool]]:
    for field_name, field in source.settings_cls.model_fields.items():
        infos: list[tuple[str, str, bool]] = source._extract_field_info(field, field_name)
        if any(info[0] == key for info in infos):
            return infos
    return []


def _lines(files: list[str], case_sensitive: bool) -> dict[str, Origin]:
    lines: dict[str, Origin] = {}
    if not files:
        return lines
    from toriconfig.sources.dotenv import DotEnv

    for file in files:
        for node in DotEnv(file, "").load().root.value.values():
            origin = node.origin
            lines[(origin.name or "") if case_sensitive else (origin.name or "").lower()] = origin
    return lines
