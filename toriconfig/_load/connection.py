"""The connection of one load to Vault: the `Vault` object that the layers describe, and the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node
from toriconfig._load.references import resolved
from toriconfig._load.templates import without_failed

if TYPE_CHECKING:
    from toriconfig._load.context import Context
    from toriconfig.vault import Vault


stand_in: Any = None
"""Replacement of Vault and of all other backends, set by `toriconfig.testing`; None: the backends are used."""


def vault_session(
    context: Context, variables: Mapping[str, Node], block: Node | None, root: Node
) -> tuple[Any, list[Problem]]:
    """Return `(session, problems)` for the connection to Vault that the layers describe.

    The session is None if the load needs no Vault, or if no valid address is described. An offline load has a
    session only if `context.recipe.presumed` is True. This session only shows that Vault is configured.

    Args:
        variables: dict from the name after `VAULT__` to the node of each variable that describes the connection.
        block: the block `vault:` of the files, or None.
        root: the tree in which the references of the block are resolved.
    """
    problems: list[Problem] = []
    vault = context.options.vault
    if variables or block is not None:
        vault = vault_description(context, variables, block, root, problems)
    recipe = context.recipe
    if not context.needs_vault or (recipe.offline and not recipe.presumed):
        return None, problems
    session, wrong = connected(vault, context.environ)
    if wrong and not recipe.offline:
        help = "correct it in the environment or in `Vault(...)`"
        problems.append(Problem(Code.INVALID_OPTION, "vault", help=help, message=wrong))
    return session, problems


def vault_description(
    context: Context,
    variables: Mapping[str, Node],
    block: Node | None,
    root: Node,
    problems: list[Problem],
    *,
    alone: bool = False,
) -> Vault:
    """Return the `Vault` object that code, variables and files describe. Problems are appended to `problems`.

    Args:
        block: the block `vault:` of the files, or None. This function resolves the references in the block.
        root: the tree in which these references are looked up.
        alone: True: a single settings file is checked, and no other layer is read. A reference to a value that is
            not in the file is then no problem.
    """
    from toriconfig._load.vault_options import vault_options

    if block is not None:
        holder = Node({"vault": block}, block.layer, block.at)
        holder, wrong = resolved(holder, context, root, alone=alone)
        problems += wrong
        block = without_failed(holder).value.get("vault")
    return vault_options(context.options.vault, variables, block, problems)


_ADDRESSES = ("BAO_ADDR", "VAULT_ADDR", "BAO_AGENT_ADDR", "VAULT_AGENT_ADDR")


def connected(vault: Vault | None, environ: Mapping[str, str]) -> tuple[Any, str]:
    """Return `(session, message)` for the connection that `vault` and `environ` describe.

    If the description is invalid, the session is None, and the message is the reason. Otherwise the message is "".
    Without an address, the session is None. In tests, the module variable `stand_in` replaces the session.
    """
    if stand_in is not None:
        return stand_in, ""
    if vault is None:
        if not any(map(environ.get, _ADDRESSES)):
            return None, ""  # usual during development: a dozen modules are not imported
        from toriconfig.vault import Vault

        vault = Vault()
    from toriconfig._vault import connect

    try:
        return connect(vault, environ), ""
    except ValueError as error:
        return None, str(error)
