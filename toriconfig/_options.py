"""The options of a schema: what `model_config`, `load` and `lazy` understand, and their neutral defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from toriconfig._origin import LayerKind
from toriconfig._value import Value

if TYPE_CHECKING:
    from pydantic_settings import SettingsConfigDict as _Base

    from toriconfig.vault import Vault
else:
    _Base = TypedDict

LAYERS: tuple[LayerKind, ...] = ("code", "vault", "env", "dotenv", "secrets_dir", "files", "defaults")
"""Every layer, highest first: the default order."""

UnknownKeys = Literal["error", "warn", "ignore"]
PathLike = str | os.PathLike[str]

if TYPE_CHECKING:

    class SettingsConfigDict(_Base, total=False):
        """The `model_config` of a schema: pydantic's options, pydantic-settings' and ours; see the README's table."""

        config_name: str | None
        config_dir: PathLike | None
        config_files: Sequence[PathLike] | None
        profile: str | None
        profile_env: str | None
        vault_path: str | None
        vault_layer: Literal["secrets", "eager"]
        vault: Vault | None
        layers: Sequence[LayerKind]
        unknown_keys: UnknownKeys
        file_roots: Sequence[PathLike]
        renamed: Mapping[str, str]

else:

    class SettingsConfigDict(dict):
        """The `model_config` of a schema: pydantic's options, pydantic-settings' and ours; see the README's table."""


class Options(Value):
    """How one schema is loaded. The defaults are neutral: nothing is read that nobody asked for.

    Attributes:
        config_name: base name of the files `NAME.yaml`, `NAME.<profile>.yaml`, `NAME.local.yaml`; None: no files.
        config_dir: folder of those files; None: the working directory, at the time of the load.
        config_files: exact files, lowest first, instead of the name; a missing one is an error.
        profile: name of the profile; None: taken from the variable `profile_env`.
        profile_env: variable that names the profile; None: `<PREFIX>PROFILE` where there is a prefix.
        env_prefix: prefix of the variables; None: no environment layer.
        env_nested_delimiter: what nests in the names of variables and secret files; None: nothing does.
        env_file: `.env` file or files, lowest first.
        secrets_dir: folder or folders with one file a value, lowest first.
        vault_path: KV path whose keys feed `Secret` fields; None: only explicit references are read.
        vault_layer: "secrets", or "eager" to read plain fields from `vault_path` too, at load.
        vault: how to reach Vault; None: the variables of the Vault tools.
        layers: the layers that count, highest first.
        unknown_keys: what a key that the schema does not know is.
        file_roots: folders from which `${file:...}` may read in plain fields.
        renamed: old keys of the schema to new ones, as dotted paths; None: none.
    """

    config_name: str | None = None
    config_dir: PathLike | None = None
    config_files: tuple[PathLike, ...] | None = None
    profile: str | None = None
    profile_env: str | None = None
    env_prefix: str | None = None
    env_nested_delimiter: str | None = None
    env_file: tuple[PathLike, ...] = ()
    secrets_dir: tuple[PathLike, ...] = ()
    vault_path: str | None = None
    vault_layer: Literal["secrets", "eager"] = "secrets"
    vault: Vault | None = None
    layers: tuple[LayerKind, ...] = LAYERS
    unknown_keys: UnknownKeys = "error"
    file_roots: tuple[PathLike, ...] = ()
    renamed: Mapping[str, str] | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any], given: Mapping[str, Any]) -> Options:
        """The options in a schema's `model_config`, with those given to `load` or `lazy` above them.

        Raises:
            TypeError: an option that does not exist, or a value that it cannot have.
        """
        wrong = unknown_option(given)
        if wrong:
            raise TypeError(wrong)
        merged = {name: config[name] for name in _NAMES if name in config} | dict(given)
        for name in ("config_files", "env_file", "secrets_dir", "layers", "file_roots"):
            if name in merged:
                merged[name] = _several(merged[name], keep_none=name == "config_files")
        options = cls(**merged)
        options._check()
        return options

    def with_profile(self, profile: str | None) -> Options:
        """The same options with the profile decided."""
        return self.replaced(profile=profile)

    @property
    def environment_prefix(self) -> str:
        """The prefix, for the variables that steer the load itself."""
        return self.env_prefix or ""

    def _check(self) -> None:
        for name in ("config_name", "profile", "profile_env", "env_prefix", "env_nested_delimiter", "vault_path"):
            if not isinstance(getattr(self, name), (str, NoneType)):
                raise TypeError(f"option `{name}` is text or None, not a {type(getattr(self, name)).__name__}")
        table: object = {} if self.renamed is None else self.renamed
        if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in (*table, *table.values())):
            raise TypeError("option `renamed` maps old keys to new ones, text to text")
        if self.vault is not None:
            from toriconfig.vault import Vault

            if not isinstance(self.vault, Vault):
                raise TypeError(f"option `vault` is a Vault or None, not a {type(self.vault).__name__}")
        for layer in self.layers:
            if layer not in LAYERS:
                raise TypeError(f"unknown layer {layer!r} in `layers`; the layers are {', '.join(LAYERS)}")
        if len(set(self.layers)) != len(self.layers):
            raise TypeError("`layers` names a layer twice")
        for name, allowed in (("vault_layer", ("secrets", "eager")), ("unknown_keys", ("error", "warn", "ignore"))):
            if getattr(self, name) not in allowed:
                raise TypeError(f"option `{name}` is one of {', '.join(allowed)}, not {getattr(self, name)!r}")


_NAMES = Options._fields


def unknown_option(given: Iterable[str]) -> str:
    """What is to be said of an option that does not exist: its name, the nearest one, and all of them; "" of none.

    Not raised here, since what else was given may hold secrets, and a traceback shows what its frames hold.
    """
    for name in given:
        if name not in _NAMES:
            from toriconfig._near import near

            candidate = near(name, _NAMES)
            meant = f"; did you mean `{candidate}`?" if candidate else ""
            return f"unknown option `{name}`{meant}; the options are {', '.join(_NAMES)}"
    return ""


def _several(value: Any, *, keep_none: bool) -> tuple[Any, ...] | None:
    if value is None:
        return None if keep_none else ()
    if isinstance(value, (str, os.PathLike)):
        return (value,)
    return tuple(value)
