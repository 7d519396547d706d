"""Pickling of a lazy settings object. The pickle has the arguments of the load, and no value of a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core import path as paths
from toriconfig._core.clean_call import clean_call
from toriconfig._core.interpolation_syntax import Malformed, Reference, parse
from toriconfig._core.markers import Check
from toriconfig._core.trust import secrets_in
from toriconfig._schema.import_string import import_target
from toriconfig._schema.options import Options
from toriconfig._schema.renames import current
from toriconfig._schema.shape import confidential, root_shape
from toriconfig._secrets.secret import Secret
from toriconfig._vault.config import may_log_in

if TYPE_CHECKING:
    from pydantic import BaseModel


@clean_call
def recipe_of(target: type[BaseModel] | str, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return `(target, options)`, the arguments of a lazy settings object, for a new load in another process.

    Raises:
        TypeError: an option may hold a secret: backends, sources, overrides, variables or the connection to Vault.
    """
    options = dict(options)
    for name in ("backends", "sources"):
        if options.get(name):
            raise TypeError(
                f"a {name[:-1]} may hold credentials, so settings that were given one are not pickled: name it in the "
                "`model_config` of the schema, which the other process imports"
            )
    schema = import_target(target) if isinstance(target, str) else target
    shape = root_shape(schema, options.get("renamed"))
    checks = Options.of(schema.model_config, {}).checks
    for path, value in _leaves(options.get("overrides") or {}, (), checks):
        here = shape.at(current(path, shape))
        if isinstance(value, Secret) or (here is not None and confidential(here)):
            raise TypeError(
                f"the overrides hold the secret `{paths.show(path)}`, so these settings are not pickled: pass a "
                "reference such as `${vault:secret/x#key}`, or set it in the environment of the other process"
            )
    environ = options.get("environ") or {}
    if environ and (confidential(shape) or any(may_log_in(name, value) for name, value in environ.items())):
        raise TypeError(
            "the environment that was given may hold a secret, so these settings are not pickled: omit `environ`, "
            "and set the variables in the environment of the other process"
        )
    held = ", ".join(f"`{name}`" for name in secrets_in(options.get("vault")))
    if held:
        raise TypeError(
            f"the connection to Vault holds a credential in {held}, so these settings are not pickled: give it by a "
            "file or by the environment of the other process"
        )
    return target, options


def _leaves(value: Any, path: paths.Path, checks: Mapping[str, Check]) -> list[tuple[paths.Path, Any]]:
    if not isinstance(value, Mapping):
        return [] if _only_refers(value, checks) else [(path, value)]
    found: list[tuple[paths.Path, Any]] = []
    for key, below in value.items():
        found += _leaves(below, (*path, *paths.parse(str(key))), checks)
    return found


def _only_refers(value: Any, checks: Mapping[str, Check]) -> bool:
    """Return True if the whole text `value` is one reference without a default. A default may be a secret."""
    parts = parse(value, checks) if isinstance(value, str) else ()
    if isinstance(parts, Malformed) or len(parts) != 1:
        return False
    return isinstance(parts[0], Reference) and parts[0].default is None
