"""Problems of keys in `model_config` that have no effect: misspelt options, and options that only pydantic-settings
has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._schema.options import Options

_PYDANTIC = ConfigDict.__optional_keys__
_A_SETTINGS_CLASS = "derive the class from `toriconfig.Settings`, which reads it"
_UTF8 = ("utf-8", "utf8", "utf-8-sig", "utf_8")

_ALONE: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "env_prefix_target": (("all",), "remove it: the prefix applies to keys and aliases"),
    "env_parse_enums": ((False,), "set the value of the member, not its name"),
    "enable_decoding": ((True,), "remove it: a field of type `str` keeps its text"),
    "nested_model_default_partial_update": ((True,), "remove it: sections always merge key by key"),
    "dotenv_filtering": (("match_prefix",), "remove it: only names with the prefix are read"),
    "json_file_encoding": (_UTF8, "save the file as UTF-8"),
    "yaml_file_encoding": (_UTF8, "save the file as UTF-8, or as UTF-16 or UTF-32 with a byte order mark"),
    "yaml_config_section": ((), "move the section into a file of its own"),
    "pyproject_toml_depth": ((0,), "name the file with `config_files`"),
}
"""Options that only pydantic-settings has. For each: the values that are no problem, and the remedy for others."""


def misfits(schema: type[Any], *, reads_itself: bool) -> list[Problem]:
    """Return a problem for each key of the schema's `model_config` that has no effect.

    A misspelt option is an error. Another unknown key may belong to another library, and is at most a warning.

    Args:
        schema: the schema.
        reads_itself: False: an option that only pydantic-settings has is an error. True: the schema is a
            `BaseSettings` class, in which such an option is no problem.
    """
    config: Mapping[str, Any] = schema.model_config
    origin = Origin("code", f"{schema.__name__}.model_config")
    asks = not config.keys().isdisjoint(Options._fields)
    found: list[Problem] = []
    for key, value in config.items():
        if key in _PYDANTIC or key in Options._fields:
            continue
        if key in _ALONE or key.startswith("cli_"):
            harmless, remedy = _ALONE.get(key, ((False,), _A_SETTINGS_CLASS))
            if not reads_itself and value is not None and value not in harmless:
                found.append(_refused(key, origin, f"`{key}` has no effect in a plain BaseModel", remedy))
        elif (problem := _unknown(key, origin, asks=asks)) is not None:
            found.append(problem)
    return found


def _unknown(key: str, origin: Origin, *, asks: bool) -> Problem | None:
    from toriconfig._core.suggest import near, near_all

    # A class without an option of this library may have keys of another library: only very similar keys are errors.
    candidate = next(iter(near_all(key, [*Options._fields, *_ALONE], limit=1, cutoff=0.6 if asks else 0.75)), None)
    message = f"`{key}` is not an option"
    if candidate is not None:
        return _refused(key, origin, message, f"did you mean `{candidate}`?")
    if not asks:
        return None
    candidate = near(key, _PYDANTIC)
    remedy = f"did you mean `{candidate}`?" if candidate else "remove it, unless another library reads it"
    return _refused(key, origin, message, remedy).replaced(severity="warning")


def _refused(key: str, origin: Origin, message: str, remedy: str) -> Problem:
    return Problem(Code.INVALID_OPTION, "", origin, help=remedy, message=message, label=key)
