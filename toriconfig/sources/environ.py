"""The environment as a flat tree of names and text."""

from __future__ import annotations

from collections.abc import Mapping

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Layer, Node, Tree

_LINK_SCHEMES = ("tcp://", "udp://", "sctp://")
_PROTOCOLS = frozenset(("TCP", "UDP", "SCTP"))
_LINK_PARTS = frozenset(("PROTO", "PORT", "ADDR"))


class Environ:
    """Source of the environment variables with a prefix.

    With a prefix, variables that Kubernetes sets for a Service, such as `TORI_API_PORT`, are ignored.

    Args:
        environ: the variables.
        prefix: prefix of the names; "" for all names.
        case_sensitive: True: names and prefix are compared case-sensitively. False: the case is ignored.
    """

    def __init__(self, environ: Mapping[str, str], prefix: str, *, case_sensitive: bool = False) -> None:
        self._environ = environ
        self._prefix = prefix
        self._folded = str if case_sensitive else str.upper

    def load(self) -> Tree:
        """Return a flat tree. Its keys are the names without the prefix, and its values are the text of the variables.

        Names are in upper case, or as spelt if they are case-sensitive.
        """
        environ, size, folded = self._environ, len(self._prefix), self._folded
        prefix = folded(self._prefix)
        found = [name for name in environ if len(name) > size and folded(name[:size]) == prefix]
        links = _services(environ, found) if prefix else ()
        problems: list[Problem] = []
        values: dict[str, Node] = {}
        # In reverse order, so that the upper-case spelling of a name replaces the lower-case spelling.
        for name in sorted(found, reverse=True):
            if links and is_of_service(name, links):
                continue
            value = environ[name]
            if not _is_text(value):
                problems.append(_not_text(name))
                continue
            key = folded(name[size:])
            if key in values:
                problems.append(_two_spellings(name, values[key].at))
            values[key] = Node(value, _LAYER, name)
        return Tree(Node(values, _LAYER), flat=True, problems=tuple(reversed(problems)))


def _locate(name: str | None) -> Origin:
    return Origin("env", name or "environment")


_LAYER = Layer("env", "environment", _locate, text=True)


def _services(environ: Mapping[str, str], names: list[str]) -> tuple[str, ...]:
    """Return the names of Kubernetes Services, such as `TORI_API` for the variable `TORI_API_PORT=tcp://…`.

    Only variables in `names` are examined. A variable `TORI_API_SERVICE_HOST` is not enough to find a Service, because
    this variable may be a setting of the user.
    """
    return tuple(
        name.removesuffix("_PORT")
        for name in names
        if name.endswith("_PORT") and environ[name].startswith(_LINK_SCHEMES)
    )  # fmt: skip


def is_of_service(name: str, services: tuple[str, ...]) -> bool:
    """Return True if Kubernetes set the variable `name` for one of `services`.

    >>> [is_of_service(f"TORI_{end}", ("TORI",)) for end in ("PORT", "SERVICE_HOST", "PORT_80_TCP_ADDR", "PORTS")]
    [True, True, True, False]
    """
    for service in services:
        if not name.startswith(service + "_"):
            continue
        head, *rest = name[len(service) + 1 :].split("_")
        if head == "SERVICE" and rest and (rest == ["HOST"] or rest[0] == "PORT"):
            return True
        if head == "PORT" and (not rest or _is_link(rest)):
            return True
    return False


def _is_link(parts: list[str]) -> bool:
    return (
        len(parts) in (2, 3)
        and parts[0].isdecimal()
        and parts[1] in _PROTOCOLS
        and (len(parts) == 2 or parts[2] in _LINK_PARTS)
    )


def _is_text(value: str) -> bool:
    # Bytes that are not UTF-8 arrive as lone surrogates; encoding them would raise with the value in the exception.
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _not_text(name: str) -> Problem:
    return Problem(
        Code.WRONG_TYPE,
        origin=_locate(name),
        expected="UTF-8 text",
        help="set it again in UTF-8, or provide the bytes in a file",
        message=f"variable `{name}` is not UTF-8 text",
    )


def _two_spellings(name: str, other: str) -> Problem:
    return Problem(
        Code.DUPLICATE_VARIABLE,
        origin=_locate(other),
        help=f"unset `{other}` or `{name}`",
        message=f"`{name}` and `{other}` are two spellings of one variable",
        related=(Related(_locate(name), "the other spelling"),),
    )
