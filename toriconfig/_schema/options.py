"""The options that `model_config`, `load` and `lazy` accept, with their types and defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from toriconfig._core.origin import LayerKind
from toriconfig._core.value import Value

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pydantic_settings import SettingsConfigDict as _Base
    from toriconfig._core.markers import Check
    from toriconfig._core.tree import Source
    from toriconfig.backends import Backend
    from toriconfig.vault import Vault
else:
    _Base = TypedDict

LAYERS: tuple[LayerKind, ...] = ("code", "vault", "env", "dotenv", "secrets_dir", "files", "defaults")
"""Every layer, highest first: the default order."""

UnknownKeys = Literal["error", "warn", "ignore"]
PathLike = str | os.PathLike[str]

SHARED = (
    "env_prefix",
    "env_nested_delimiter",
    "env_nested_max_split",
    "env_file",
    "env_file_encoding",
    "env_file_depth",
    "env_ignore_empty",
    "env_parse_none_str",
    "case_sensitive",
    "secrets_dir",
    "secrets_dir_missing",
    "secrets_dir_max_size",
    "secrets_case_sensitive",
    "secrets_prefix",
    "secrets_nested_delimiter",
    "secrets_nested_subdir",
    "yaml_file",
    "json_file",
    "toml_file",
    "toml_table_header",
    "pyproject_toml_table_header",
)
"""The options that pydantic-settings has too."""

if TYPE_CHECKING:

    class SettingsConfigDict(_Base, total=False):
        """Options for `model_config`: options of pydantic, of pydantic-settings and of this library."""

        config_name: str | None
        config_dir: PathLike | None
        config_files: PathLike | Traversable | Sequence[PathLike | Traversable] | None
        required: bool
        local: bool
        profile: str | None
        profile_env: str | None
        vault_path: str | None
        vault_layer: Literal["secrets", "eager"]
        vault: Vault | None
        backends: Sequence[Backend]
        sources: Sequence[Source]
        layers: Sequence[LayerKind]
        unknown_keys: UnknownKeys
        file_roots: Sequence[PathLike]
        file_suffix: str | None
        extension_keys: bool
        renamed: Mapping[str, str]

else:

    class SettingsConfigDict(dict):
        """Options for `model_config`: options of pydantic, of pydantic-settings and of this library."""


class Options(Value):
    """Options of one load. With the defaults nothing is read.

    Attributes:
        config_name: base name of the files `NAME.yaml`, `NAME.<profile>.yaml`, `NAME.local.yaml`; None: no files.
        config_dir: folder of those files; None: the working directory at the time of the load.
        config_files: files to read instead of those of `config_name`, lowest first; a missing file is an error. A
            folder stands for its settings files, and a pattern such as `conf.d/*.yaml` for the matching files, both
            sorted by name. Resources of `importlib.resources.files` are accepted, also in a zip file.
        required: True: it is an error if no settings file is found.
        local: True: `NAME.local.yaml` is read.
        profile: name of the profile; None: the value of the variable `profile_env`.
        profile_env: variable that names the profile; None: `<PREFIX>PROFILE` if there is a prefix.
        env_prefix: prefix of the variables; None: no environment layer.
        env_nested_delimiter: separator of nested keys in names of variables and secret files; None: no nesting.
        env_nested_max_split: maximum number of separators at which a name is split, from the left; None: no limit.
        env_file: `.env` file or files, lowest first.
        env_file_encoding: encoding of those files; None: UTF-8.
        env_file_depth: number of parent folders of the working directory that are searched for a `.env` file.
        env_ignore_empty: True: an empty variable counts as not set.
        env_parse_none_str: text of a variable that means None. Without this option only `null` means None.
        case_sensitive: True: names of variables must have the case of the prefix and the keys.
        secrets_dir: folder or folders with one file per value, lowest first.
        secrets_dir_missing: treatment of a missing folder of secrets: "ok", "warn" or "error"; None: "warn".
        secrets_dir_max_size: maximum size of all files of such a folder together, in bytes; None: 1 MiB per file.
        secrets_case_sensitive: `case_sensitive` for the names of secret files; None: as for variables.
        secrets_prefix: prefix of the names of secret files; None: `env_prefix`.
        secrets_nested_delimiter: separator of nested keys in names of secret files; None: `env_nested_delimiter`.
        secrets_nested_subdir: True: the names of secret files include their subfolders, which are nested keys.
        yaml_file: optional YAML file or files, lowest first. The files of `config_name` have precedence.
        json_file: optional JSON file or files, as for `yaml_file`.
        toml_file: optional TOML file or files, as for `yaml_file`.
        toml_table_header: keys of the table to read from a TOML file; empty: the whole file.
        pyproject_toml_table_header: keys of the table to read from `pyproject.toml`; empty: `[tool.<config_name>]`.
        vault_path: KV path whose keys set `Secret` fields; None: secrets are read from explicit references.
        vault_layer: "secrets": `vault_path` sets `Secret` fields. "eager": `vault_path` sets plain fields too.
        vault: connection to Vault; None: from the environment variables of the Vault tools.
        backends: custom backends, for references `${scheme:path#key}` with their schemes.
        sources: custom sources, highest first. They have precedence over settings files.
        layers: the layers to read, highest first.
        unknown_keys: treatment of keys that the schema does not have: "error", "warn" or "ignore".
        file_roots: folders with the files that `${file:...}` may read in plain fields.
        file_suffix: suffix, such as `_FILE`, of variables that name a file with the value; None: no such variables.
        extension_keys: True: in files, top-level keys beginning with `x-` are ignored, as a place for YAML anchors.
        renamed: the new key for each old key of the schema, as dotted paths; None: none.
    """

    config_name: str | None = None
    config_dir: PathLike | None = None
    config_files: tuple[PathLike, ...] | None = None
    required: bool = False
    local: bool = True
    profile: str | None = None
    profile_env: str | None = None
    env_prefix: str | None = None
    env_nested_delimiter: str | None = None
    env_nested_max_split: int | None = None
    env_file: tuple[PathLike, ...] = ()
    env_file_encoding: str | None = None
    env_file_depth: int | None = None
    env_ignore_empty: bool | None = None
    env_parse_none_str: str | None = None
    case_sensitive: bool | None = None
    secrets_dir: tuple[PathLike, ...] = ()
    secrets_dir_missing: Literal["ok", "warn", "error"] | None = None
    secrets_dir_max_size: int | None = None
    secrets_case_sensitive: bool | None = None
    secrets_prefix: str | None = None
    secrets_nested_delimiter: str | None = None
    secrets_nested_subdir: bool | None = None
    yaml_file: tuple[PathLike, ...] = ()
    json_file: tuple[PathLike, ...] = ()
    toml_file: tuple[PathLike, ...] = ()
    toml_table_header: tuple[str, ...] = ()
    pyproject_toml_table_header: tuple[str, ...] = ()
    vault_path: str | None = None
    vault_layer: Literal["secrets", "eager"] = "secrets"
    vault: Vault | None = None
    backends: tuple[Backend, ...] = ()
    sources: tuple[Source, ...] = ()
    layers: tuple[LayerKind, ...] = LAYERS
    unknown_keys: UnknownKeys = "error"
    file_roots: tuple[PathLike, ...] = ()
    file_suffix: str | None = None
    extension_keys: bool = False
    renamed: Mapping[str, str] | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any], given: Mapping[str, Any]) -> Options:
        """Return the options in `config`, a schema's `model_config`, overridden by those `given` to `load` or `lazy`.

        Raises:
            TypeError: an option is unknown, or has an invalid value.
        """
        if wrong := unknown_option(given):
            raise TypeError(wrong)
        merged = {name: config[name] for name in _NAMES if name in config} | dict(given)
        for name in _PATHS & merged.keys():
            merged[name] = _paths(merged[name], several=name not in _SINGLE, keep_none=name == "config_files")
        for name in {"backends", "sources"} & merged.keys():
            merged[name] = _several(merged[name])
        options = cls(**merged)
        options._check()
        return options

    @property
    def environment_prefix(self) -> str:
        """Prefix of the variables that control the load itself; "" if there is none."""
        return self.env_prefix or ""

    def delimiter(self, kind: str) -> str | None:
        """Return the delimiter of nested keys in names of the layer `kind` (env, dotenv, secrets_dir); None: no nesting.

        For secrets_dir with `secrets_nested_subdir`, return `os.sep`.
        """
        if kind != "secrets_dir":
            return self.env_nested_delimiter
        if self.secrets_nested_subdir:
            return os.sep
        return self.env_nested_delimiter if self.secrets_nested_delimiter is None else self.secrets_nested_delimiter

    def exact(self, kind: str) -> bool:
        """Return True if the names of the layer `kind` (env, dotenv or secrets_dir) are case-sensitive."""
        own = self.secrets_case_sensitive if kind == "secrets_dir" else None
        return bool(self.case_sensitive if own is None else own)

    def restricts(self, kind: str) -> bool:
        """Return True if the names of the layer `kind` are case-sensitive or have a maximum number of delimiters."""
        return self.exact(kind) or (self.env_nested_max_split is not None and kind != "secrets_dir")

    @property
    def checks(self) -> Mapping[str, Check]:
        """Dict from each scheme of a backend to the function that checks its references."""
        from toriconfig._core.markers import checks_with

        return checks_with(self.backends)

    def _check(self) -> None:
        if wrong := wrong_value(self.__dict__):
            raise TypeError(wrong)
        table: object = {} if self.renamed is None else self.renamed
        if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in (*table, *table.values())):
            raise TypeError("option `renamed` maps old keys to new ones, text to text")
        if self.vault is not None:
            from toriconfig.vault import Vault

            if not isinstance(self.vault, Vault):
                raise TypeError(f"option `vault` is a Vault or None, not a {type(self.vault).__name__}")
        if self.backends:
            from toriconfig._core.markers import know
            from toriconfig.backends import wrong_backends

            if wrong := wrong_backends(self.backends):
                raise TypeError(wrong)
            know(one.scheme for one in self.backends)
        if self.sources:
            from toriconfig._core.tree import wrong_sources

            if wrong := wrong_sources(self.sources):
                raise TypeError(wrong)
        for layer in self.layers:
            if layer not in LAYERS:
                raise TypeError(f"unknown layer{_meant(layer)} in `layers`; the layers are {', '.join(LAYERS)}")
        if len(set(self.layers)) != len(self.layers):
            raise TypeError("`layers` names a layer twice")


_NAMES = Options._fields
_LONGEST_NAME = 16
_SINGLE = frozenset({"config_name", "config_dir"})
_FILES = frozenset({"config_files", "env_file", "secrets_dir", "file_roots", "yaml_file", "json_file", "toml_file"})
_PATHS = _SINGLE | _FILES | {"layers"}


def unknown_option(given: Iterable[str]) -> str:
    """Return an error message for the first unknown option name in `given`; "" if all names are known."""
    # Returned, not raised: a traceback would show the local variables, which may hold secrets.
    for name in given:
        if name not in _NAMES:
            from toriconfig._core.suggest import near

            candidate = near(name, _NAMES)
            meant = f"; did you mean `{candidate}`?" if candidate else ""
            return f"unknown option `{name}`{meant}; the options are {', '.join(_NAMES)}"
    return ""


def wrong_options(config: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return the message for an invalid option of a `model_config` or of the arguments of `lazy`; "" for none."""
    own = {name: value for name, value in given.items() if name not in ("overrides", "environ", "offline")}
    if wrong := unknown_option(own):
        return wrong
    try:
        Options.of(config, own)
    except TypeError as error:
        return str(error)
    return ""


def _meant(layer: object) -> str:
    """Return the name of an unknown layer for a message; "" if the value is not a short identifier."""
    return f" {layer!r}" if isinstance(layer, str) and layer.isidentifier() and len(layer) < _LONGEST_NAME else ""


def expanded(path: PathLike) -> PathLike:
    """Return a path with a leading `~` replaced by the home directory."""
    text = os.fspath(path)
    return os.path.expanduser(text) if text[:1] == "~" else path


class Resource(str):
    """File that `importlib.resources` found inside a package or zip file. As text, it is the name of the file."""

    __slots__ = ("traversable",)
    traversable: Any

    @classmethod
    def of(cls, entry: Any) -> Any:
        """Return a `Resource` for a readable object that is not a path; return any other entry unchanged."""
        if isinstance(entry, (str, os.PathLike)) or not hasattr(entry, "read_bytes"):
            return entry
        resource = cls(entry)
        resource.traversable = entry
        return resource


def _paths(value: Any, *, several: bool, keep_none: bool) -> Any:
    """Return the value of a path option as it is stored: a tuple of paths if `several`, else one path.

    None becomes an empty tuple if `several` is True and `keep_none` is False.
    """
    if value is None:
        return None if keep_none or not several else ()
    if keep_none:
        value = Resource.of(value)
    if isinstance(value, (str, os.PathLike)):
        return (expanded(value),) if several else expanded(value)
    if not several or not isinstance(value, Iterable):
        return (value,) if several else value  # rejected later, by its type
    entries = map(Resource.of, value) if keep_none else value
    return tuple(expanded(one) if isinstance(one, (str, os.PathLike)) else one for one in entries)


def _several(value: Any) -> tuple[Any, ...]:
    """Return the value of a list option as a tuple. A value of another type becomes the only item."""
    return tuple(value) if isinstance(value, (list, tuple)) else () if value is None else (value,)


_NONE = type(None)
_KINDS: tuple[tuple[str, tuple[type, ...], tuple[str, ...]], ...] = (
    (
        "text or None",
        (str, _NONE),
        (
            "config_name",
            "profile",
            "profile_env",
            "env_prefix",
            "env_nested_delimiter",
            "env_file_encoding",
            "env_parse_none_str",
            "secrets_prefix",
            "secrets_nested_delimiter",
            "vault_path",
            "file_suffix",
        ),
    ),
    ("one path or None", (str, os.PathLike, _NONE), ("config_dir",)),
    ("True or False", (bool,), ("required", "local", "extension_keys")),
    (
        "True, False or None",
        (bool, _NONE),
        ("env_ignore_empty", "case_sensitive", "secrets_case_sensitive", "secrets_nested_subdir"),
    ),
    ("a number or None", (int, _NONE), ("env_nested_max_split", "env_file_depth", "secrets_dir_max_size")),
)
_CHOICES: dict[str, tuple[str | None, ...]] = {
    "vault_layer": ("secrets", "eager"),
    "unknown_keys": ("error", "warn", "ignore"),
    "secrets_dir_missing": ("ok", "warn", "error", None),
}


def wrong_value(values: Mapping[str, Any]) -> str:
    """Return the message for the first invalid option value; "" if all values are valid.

    Args:
        values: dict from the name of each option to its value.
    """
    for phrase, kinds, names in _KINDS:
        for name in names:
            if not isinstance(values[name], kinds):
                return f"option `{name}` is {phrase}, not a {type(values[name]).__name__}"
    if values["config_name"] is not None and not os.path.basename(values["config_name"]):
        return "option `config_name` is the name of a file, and may not be empty; None reads no files"
    for name, allowed in _CHOICES.items():
        if values[name] not in allowed:
            return f"option `{name}` is one of {', '.join(map(str, allowed))}"
    if values["secrets_nested_subdir"] and values["secrets_nested_delimiter"] is not None:
        return "option `secrets_nested_subdir` nests by folders: omit `secrets_nested_delimiter`"
    encoding = values["env_file_encoding"]
    if encoding is not None:
        import codecs

        try:
            codecs.lookup(encoding)
        except LookupError:
            return "option `env_file_encoding`: Python has no encoding of that name"
    return ""
