"""Which values an option can have, apart from those that need another room to be judged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

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
    """What is wrong with the first option that cannot have its value; "" when all can.

    Args:
        values: every option by its name.
    """
    for phrase, kinds, names in _KINDS:
        for name in names:
            if not isinstance(values[name], kinds):
                return f"option `{name}` is {phrase}, not a {type(values[name]).__name__}"
    for name, allowed in _CHOICES.items():
        if values[name] not in allowed:
            return f"option `{name}` is one of {', '.join(map(str, allowed))}"
    if values["secrets_nested_subdir"] and values["secrets_nested_delimiter"] is not None:
        return "option `secrets_nested_subdir` nests by folders: leave `secrets_nested_delimiter` out"
    encoding = values["env_file_encoding"]
    if encoding is not None:
        import codecs

        try:
            codecs.lookup(encoding)
        except LookupError:
            return "option `env_file_encoding`: Python has no encoding of that name"
    return ""
