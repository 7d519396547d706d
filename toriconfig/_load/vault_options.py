"""Options of the connection to Vault, merged from code, `<PREFIX>VAULT__*` variables and `vault:` in files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from toriconfig._core.path import show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._core.trust import TRUSTED_LAYERS, file_may_set
from toriconfig.vault import Vault
from toriconfig.vault.logins import METHODS, Auth, Token


class _Outcome(NamedTuple):
    vault: Vault | None
    message: str


def vault_options(code: Vault | None, env: Mapping[str, Node], block: Node | None, problems: list[Problem]) -> Vault:
    """Return the connection. Each field comes from code, or else from a variable, or else from a file.

    In a file (YAML, JSON, `.env`), a field such as the address adds a problem, because a person who can change the
    file could send the token to another server. If code sets `allow_file_address`, a file may set every field.

    Args:
        code: the connection from code, or None.
        env: dict from the name after `VAULT__` to the node of each variable.
        block: the block `vault:` of the files, or None.
        problems: list to which problems are appended.
    """
    allowed = code is not None and code.allow_file_address is True
    given: dict[str, Any] = {}
    login: dict[str, Node] = {}
    if block is not None and type(block.value) is dict:
        for key, node in block.value.items():
            name = key.lower()
            if name == "auth" and type(node.value) is dict:
                login.update(node.value)
            elif allowed or _may_set(Vault, name, node):
                given[name] = node.plain()
            else:
                problems.append(_refused(("vault", key), node))
    elif block is not None and block.value is not None:
        problems.append(_problem(block, "a mapping", "`vault` is not a mapping"))
    for name, node in env.items():
        group, _, key = name.partition("__")
        if group == "auth" and key:
            login = {**{known: one for known, one in login.items() if known.lower() != key}, key: node}
        elif allowed or _may_set(Vault, group, node):
            given[group] = {**_mapping(given.get(group)), key: node.value} if key else node.value
        else:
            problems.append(_refused(("vault", *name.split("__")), node))
    refused = [] if allowed else _refused_of(login)
    problems.extend(_refused(("vault", "auth", key), login[key]) for key in refused)
    if login and not refused:  # without the refused field, the login would cause a second problem
        given["auth"] = {key.lower(): node.plain() for key, node in login.items()}
    made = _made(given)
    if made.vault is None:
        culprit = _culprit(made.message, env, block)
        problems.append(_problem(culprit, "a field and a value that `Vault(...)` takes", made.message))
    vault = made.vault or Vault()
    return vault if code is None else _over(vault, code)


def _refused_of(login: Mapping[str, Node]) -> list[str]:
    """Return the names of the fields in `login` whose layer, such as a file, is not permitted to set the field."""
    named = [node.value for key, node in login.items() if key.lower() == "method"]
    methods = [METHODS.get(str(name).strip().lower()) for name in named]

    def kinds(name: str) -> list[type[Any]]:
        # If the method does not have the field, or two are set (`method` and `METHOD`), every method that has the
        # field must allow it.
        kind = methods[0] if len(methods) == 1 else None
        return [kind] if kind is not None and _has(kind, name) else [one for one in METHODS.values() if _has(one, name)]

    return [
        key for key, node in login.items() if not all(_may_set(one, key.lower(), node) for one in kinds(key.lower()))
    ]


def _may_set(kind: type[Any], name: str, node: Node) -> bool:
    return node.layer.kind in TRUSTED_LAYERS or not _has(kind, name) or file_may_set(kind, name)


def _has(kind: type[Any], name: str) -> bool:
    return any(one.name == name for one in fields(kind))


def auth_from(method: str, options: Mapping[str, Any]) -> Auth:
    """Return the login method `method`, created from its fields, such as `role_id`.

    Args:
        method: name of the method.
        options: the fields of the method as text.

    Raises:
        ValueError: a method or field is unknown (the message names the most similar one), or a field is invalid.
        TypeError: a required field of the method is missing.
    """
    kind = METHODS.get(method.strip().lower())
    if kind is None:
        from toriconfig._core.suggest import did_you_mean
        from toriconfig.vault.hvac_logins import WAYS

        if method.strip().lower() in WAYS:
            raise ValueError(f'the login method {method!r} is given in code: `Vault(auth=HvacLogin("{method}", ...))`')
        raise ValueError(f"unknown login method {method!r}{did_you_mean(method, METHODS)}; known: {', '.join(METHODS)}")
    built: Auth = kind(**_fitted(kind, options))
    return built


def vault_from(options: Mapping[str, Any]) -> Vault:
    """Return a `Vault` created from a mapping of field names to values.

    A value has the type of the field, or is text to convert. The value of `auth` may be a mapping with `method`
    (the name of the login method) and the fields of this method.

    Raises:
        ValueError: a field is unknown or invalid, see `Vault` and `auth_from`.
        TypeError: a required field of the login method is missing.
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
    """Return the node of the field that a message names; the first node if the message names no field."""
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
    what = "source" if node.layer.kind == "source" else "file"
    return Problem(
        Code.INVALID_OPTION,
        show(path),
        node.key_origin,
        expected="in code, or in a variable",
        help="set it in the environment, or allow it with `Vault(allow_file_address=True)` in code",
        message=f"`{show(path)}` may not come from a {what}",
        label=f"not from a {what}",
    )


def _problem(node: Node, expected: str, message: str) -> Problem:
    return Problem(
        Code.INVALID_OPTION,
        "vault",
        node.origin,
        expected=expected,
        help=f"correct it in {node.origin}",
        message=message,
    )


def _method_of(options: Mapping[str, Any]) -> str:
    """Check the fields of a login that does not set `method`, and return the default method, "token".

    Raises:
        ValueError: a field exists only in other methods; the message names these methods.
    """
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
            from toriconfig._core.suggest import did_you_mean

            raise ValueError(
                f"{kind.__name__}: unknown field {key!r}{did_you_mean(key, known)}; known: {', '.join(known)}"
            )
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
