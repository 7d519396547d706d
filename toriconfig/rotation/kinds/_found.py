"""Kinds of other packages, and the check that a class is a kind."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from toriconfig.rotation._option import Option

GROUP = "toriconfig.rotation_kinds"
_METHODS = ("needs", "plan", "generate", "apply", "verify", "undo", "retire", "rotated_at")


def installed_names() -> list[str]:
    """Return the names of the kinds that installed packages declare, without importing them."""
    return sorted({one.name for one in entry_points(group=GROUP)})


def installed(name: str) -> type[Any] | None:
    """Return the class of the kind that an installed package declares by that name, or None.

    Raises:
        ValueError: the object cannot be imported, or is not a kind; the message names the package.
    """
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        return None
    point = points[0]
    package = point.dist.name if point.dist is not None else "its package"
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs user code
        # Of other errors only the type: their text may quote a value.
        text = f": {error}" if isinstance(error, (ImportError, AttributeError, NameError)) else ""
        reason = f"{type(error).__name__}{text}"
    else:
        reason = why_no_kind(found)
        if not reason and found.name != name:
            reason = f"the `name` of its class is {found.name}"
        if not reason:
            kind: type[Any] = found
            return kind
    raise ValueError(f"the kind {name} of {package} cannot be used: {reason}; update or uninstall {package}")


def why_no_kind(found: object) -> str:
    """Return the reason why an object is not the class of a kind; "" if it is such a class."""
    if not isinstance(found, type):
        return f"it is not a class, but of type {type(found).__name__}"
    name = getattr(found, "name", None)
    if not isinstance(name, str) or not name or not name.isprintable():
        return "its class has no `name` that is text"
    if not isinstance(getattr(found, "stored", None), bool):
        return "its class has no `stored` that is True or False"
    missing = [one for one in _METHODS if not callable(getattr(found, one, None))]
    if missing:
        return f"its class has no method {', '.join(missing)}"
    options = getattr(found, "options", ())
    if not isinstance(options, tuple) or not all(isinstance(one, Option) for one in options):
        return "its `options` are not a tuple of toriconfig.rotation.Option"
    return ""
