"""How to reach Vault, put together from code, `<PREFIX>VAULT__*` variables and the `vault:` block of the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from toriconfig._path import show
from toriconfig._tree import Node
from toriconfig.errors import Problem
from toriconfig.vault import METHODS, Auth, Token, Vault

_NOT_IN_FILES = frozenset({"address", "namespace", "verify", "proxy", "allow_file_address"})
_CREDENTIALS = frozenset({"token", "secret_id", "password", "jwt"})
_NOT_IN_LOGINS = _CREDENTIALS | {"address", "socket"}  # an agent's address is as good as Vault's


class _Outcome(NamedTuple):
    vault: Vault | None
    message: str


def vault_options(code: Vault | None, env: Mapping[str, Node], block: Node | None, problems: list[Problem]) -> Vault:
    """The connection, field by field: code above variables above files.

    A file may not say where Vault is nor hold a credential, unless code allows it: whoever can change a file
    must not be able to have the token sent elsewhere.
    """
    allowed = code is not None and code.allow_file_address
    given: dict[str, Any] = {}
    if block is not None and type(block.value) is dict:
        for key, node in block.value.items():
            inner = node.value if type(node.value) is dict else {}
            within = [(name, bad) for name, bad in inner.items() if name.lower() in _NOT_IN_LOGINS]
            refused = [(key, node)] if key.lower() in _NOT_IN_FILES else within
            if refused and not allowed:
                problems.extend(
                    _refused(("vault", key) if node is bad else ("vault", key, name), bad) for name, bad in refused
                )
            else:
                given[key] = node.plain()
    elif block is not None and block.value is not None:
        problems.append(_problem(block, "a mapping", "`vault` is not a mapping"))
    for name, node in env.items():
        group, _, key = name.partition("__")
        if key:
            given[group] = {**_mapping(given.get(group)), key: node.value}
        else:
            given[name] = node.value
    made = _made(given)
    if made.vault is None:
        culprit = _culprit(made.message, env, block)
        problems.append(_problem(culprit, "a field and a value that `Vault(...)` takes", made.message))
    vault = made.vault or Vault()
    return vault if code is None else _over(vault, code)


def auth_from(method: str, options: Mapping[str, Any]) -> Auth:
    """The login of that method, from fields as text: `TORI_VAULT__AUTH__METHOD`, `..._ROLE_ID`.

    Raises:
        ValueError: an unknown method or field, with the nearest known one; a field that cannot be.
    """
    kind = METHODS.get(method.strip().lower())
    if kind is None:
        raise ValueError(f"unknown login method {method!r}{_nearest(method, METHODS)}; known: {', '.join(METHODS)}")
    built: Auth = kind(**_fitted(kind, options))
    return built


def vault_from(options: Mapping[str, Any]) -> Vault:
    """A `Vault` from fields as text or values; `auth` is a mapping with `method` and that method's fields.

    Raises:
        ValueError: as `Vault` and `auth_from`.
    """
    given = {str(name).lower(): value for name, value in options.items()}
    auth = given.pop("auth", None)
    if isinstance(auth, Mapping):
        rest = {str(name).lower(): value for name, value in auth.items()}
        method = rest.pop("method", None)
        auth = auth_from(_method_of(rest) if method is None else str(method), rest)
    return Vault(auth=auth, **_fitted(Vault, given))


def _made(given: dict[str, Any]) -> _Outcome:
    try:
        return _Outcome(vault_from(given), "")
    except ValueError as error:
        return _Outcome(None, str(error))
    except TypeError as error:
        return _Outcome(None, f"the login lacks a field: {str(error).rpartition(':')[2].strip() or 'see its method'}")


def _culprit(message: str, env: Mapping[str, Node], block: Node | None) -> Node:
    """The node that a message is about, by the name of its field; the first of all when none is named."""
    named = [(name.rpartition("__")[2], node) for name, node in env.items()]
    if block is not None:
        for key, node in block.value.items() if type(block.value) is dict else ():
            named += list(node.value.items()) if type(node.value) is dict else []
            named.append((key, node))
    nodes = {name.lower(): node for name, node in reversed(named)}
    return next((nodes[word] for word in re.findall(r"\w+", message.lower()) if word in nodes), named[0][1])


def _over(low: Vault, high: Vault) -> Vault:
    names = [one.name for one in fields(Vault)]
    return Vault(**{name: getattr(vault, name) for vault in (low, high) for name in names if vault.says(name)})


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _refused(path: tuple[str, ...], node: Node) -> Problem:
    return Problem(
        "TC504",
        show(path),
        node.key_origin,
        expected="in code, or in a variable",
        help="set it in the environment, or allow it with `Vault(allow_file_address=True)` in code",
        message=f"`{show(path)}` may not come from a file",
        label="not from a file",
    )


def _problem(node: Node, expected: str, message: str) -> Problem:
    return Problem(
        "TC504", "vault", node.origin, expected=expected, help=f"correct it in {node.origin}", message=message
    )


def _method_of(options: Mapping[str, Any]) -> str:
    """The method where none is named: a token, unless a field says that another one is meant."""
    known = {method: {one.name for one in fields(kind)} for method, kind in METHODS.items()}
    for name in options:
        having = [method for method, names in known.items() if name in names]
        if having and Token.method not in having:
            raise ValueError(f"`method` is missing, and `{name}` is a field of {', '.join(having)}")
    return Token.method


def _fitted(kind: type[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.name: str(one.type) for one in fields(kind) if one.name != "clock"}
    fitted: dict[str, Any] = {}
    for name, value in options.items():
        key = str(name).lower()
        if key not in known:
            raise ValueError(f"{kind.__name__}: unknown field {key!r}{_nearest(key, known)}; known: {', '.join(known)}")
        fitted[key] = _typed(f"{kind.__name__}.{key}", known[key], value)
    return fitted


def _typed(name: str, wanted: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if wanted.startswith("bool"):
        if value.lower() not in ("true", "false", "1", "0"):
            raise ValueError(f"{name}: expected true or false")
        return value.lower() in ("true", "1")
    if wanted in ("float", "int"):
        try:
            return int(value) if wanted == "int" else float(value)
        except ValueError:
            raise ValueError(f"{name}: expected a number") from None
    return value


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name.lower(), list(known), 1)
    return f", did you mean {found[0]!r}?" if found else ""
