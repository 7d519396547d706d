"""The kinds of rotation: one module per kind, and the table `KINDS` of all kinds.

A custom kind implements the protocol `Kind`. The command line accepts `--kind module:Class`, or the name of the kind if
an installed package declares it:

    [project.entry-points."toriconfig.rotation_kinds"]
    service = "mypackage.rotation:Service"
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from toriconfig._core.clean_call import clean_call, expect
from toriconfig.rotation._option import made
from toriconfig.rotation.kinds._found import installed, installed_names
from toriconfig.rotation.kinds._stored import Stored
from toriconfig.rotation.kinds.by_command import ByCommand
from toriconfig.rotation.kinds.database_root import DatabaseRoot
from toriconfig.rotation.kinds.database_user import DatabaseUser
from toriconfig.rotation.kinds.generated import ALPHABET, Generated
from toriconfig.rotation.kinds.given import Given
from toriconfig.rotation.kinds.key_pair import KeyPair
from toriconfig.rotation.kinds.mysql_user import MysqlUser
from toriconfig.rotation.kinds.redis_user import RedisUser
from toriconfig.rotation.kinds.static_role import StaticRole
from toriconfig.rotation.kinds.transit_key import TransitKey

__all__ = [
    "ALPHABET",
    "KINDS",
    "ByCommand",
    "DatabaseRoot",
    "DatabaseUser",
    "Generated",
    "Given",
    "KeyPair",
    "MysqlUser",
    "RedisUser",
    "StaticRole",
    "Stored",
    "TransitKey",
    "find",
    "guess",
    "names",
    "recorded",
]

KINDS: dict[str, type[Any]] = {
    kind.name: kind
    for kind in (
        Generated,
        Given,
        ByCommand,
        DatabaseUser,
        MysqlUser,
        RedisUser,
        StaticRole,
        DatabaseRoot,
        TransitKey,
        KeyPair,
    )
}
"""Every kind by the name that records and the command line use."""

_BY_PLACE = {"static-creds": StaticRole, "config": DatabaseRoot, "keys": TransitKey}


@clean_call
def guess(path: str, key: str | None) -> str:
    """Return the name of the kind that the form of a reference implies.

    Args:
        path: path of the reference.
        key: key of the reference, or None.

    Returns:
        The name, or "" if the form implies no kind.

    >>> guess("secret/app", "token"), guess("transit/keys/app", None), guess("secret/db", None)
    ('generated', 'transit-key', '')
    """
    expect(path, str, "guess() needs the path as text")
    if key is not None:
        return Generated.name
    segments = path.split("/")
    kind = _BY_PLACE.get(segments[-2]) if len(segments) > 2 else None
    return kind.name if kind is not None else ""


def names() -> list[str]:
    """Return the names of all kinds, of this package and of installed packages, without importing them."""
    return [*KINDS, *(name for name in installed_names() if name not in KINDS)]


@clean_call
def find(name: str) -> type[Any] | None:
    """Return the class of a kind by its name; None if there is no kind of that name.

    Args:
        name: the name. A kind of this package has precedence over a kind of an installed package.

    Raises:
        ValueError: an installed package declares the kind, but the class cannot be used.
    """
    expect(name, str, "find() needs the name of a kind as text")
    return KINDS.get(name) or installed(name)


@clean_call
def recorded(name: str, setup: Mapping[str, Any]) -> Any:
    """Create an instance of a kind from the name and the setup in a record.

    Args:
        name: name of the kind.
        setup: the recorded setup.

    Raises:
        ValueError: there is no kind of that name, or the setup is incomplete.
    """
    expect(name, str, "recorded() needs the name of a kind as text")
    kind = find(name)
    if kind is None:
        raise ValueError(
            f"{name} is not a kind of this package: resume or roll back with the program that defines it, "
            "or name its class, `--kind module:Class`"
        )
    return made(kind, setup, {}, os.environ)
