"""Types of the options of `load` and `lazy`, for type checkers. The module is not imported at run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any, Literal, TypedDict

from toriconfig._core.origin import LayerKind
from toriconfig._core.tree import Source
from toriconfig._schema.options import PathLike, UnknownKeys
from toriconfig.backends import Backend
from toriconfig.vault import Vault


class LoadOptions(TypedDict, total=False):
    """Options that `load` accepts as `**options`. The reference documentation has a table of these options."""

    config_name: str | None
    config_dir: PathLike | None
    config_files: PathLike | Traversable | Sequence[PathLike | Traversable] | None
    required: bool
    local: bool
    profile: str | None
    profile_env: str | None
    env_prefix: str | None
    env_nested_delimiter: str | None
    env_nested_max_split: int | None
    env_file: PathLike | Sequence[PathLike] | None
    env_file_encoding: str | None
    env_file_depth: int
    env_ignore_empty: bool
    env_parse_none_str: str | None
    case_sensitive: bool
    secrets_dir: PathLike | Sequence[PathLike] | None
    secrets_dir_missing: Literal["ok", "warn", "error"] | None
    secrets_dir_max_size: int | None
    secrets_case_sensitive: bool | None
    secrets_prefix: str | None
    secrets_nested_delimiter: str | None
    secrets_nested_subdir: bool | None
    yaml_file: PathLike | Sequence[PathLike] | None
    json_file: PathLike | Sequence[PathLike] | None
    toml_file: PathLike | Sequence[PathLike] | None
    toml_table_header: tuple[str, ...]
    pyproject_toml_table_header: tuple[str, ...]
    vault_path: str | None
    vault_layer: Literal["secrets", "eager"]
    backends: Sequence[Backend]
    sources: Sequence[Source]
    layers: Sequence[LayerKind]
    unknown_keys: UnknownKeys
    file_roots: PathLike | Sequence[PathLike] | None
    file_suffix: str | None
    extension_keys: bool
    renamed: Mapping[str, str] | None


class LazyOptions(LoadOptions, total=False):
    """Options of `lazy`: all keyword arguments of `load`."""

    overrides: Mapping[str, Any] | None
    environ: Mapping[str, str] | None
    vault: Vault | None
    offline: bool
