"""Where secrets may be looked for in one load, and what was found out about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toriconfig._origin import LayerKind
    from toriconfig._path import Path
    from toriconfig._reference import Ref
    from toriconfig._secret import Secret
    from toriconfig._supply import Supply
    from toriconfig._tree import Node
    from toriconfig.errors import Problem


def _no_text(_node: Node) -> str | None:
    return None


class Places:
    """Where secrets may be looked for in this load.

    Attributes:
        schema: name of the schema, for messages.
        cell: the shared supply of one Vault path and version; None when Vault is not there to be asked.
        vault_path: KV path whose keys feed secrets, or None.
        layers: the layers that count, highest first.
        how_to_set: the variable that sets the secret at a path, or None.
        looked: sentence fragments naming where the secret at a path was looked for.
        warn: told of a secret, by its path, what kind of trouble it has, and the message, "" when it has it no more:
            "missing", or supplied by a lower layer as Vault is not asked; "outage", a lower layer stands in.
        kept: identities of handles made by an earlier load, which stay as they are.
        offline: whether Vault is left alone on purpose.
        complete: whether everything could be read; else what is missing here may well be there.
        presumed: whether an optional secret with a place in Vault counts as there all the same.
        text_of: a scalar as the file spells it: `1.10` in a secret is no number.
        problems: what is wrong with them.
        secrets: the handles by their paths.
        unsupplied: those that nothing supplies, with their place in Vault ("" for none) and the remedy.
        declared: the places in Vault that each may be read from.
        spelt: what a file says of a secret: a reference, or a mapping of such; where there is one and no higher layer
            speaks.
    """

    def __init__(
        self,
        schema: str,
        cell: Callable[[Ref], Supply] | None,
        vault_path: str | None,
        layers: Sequence[LayerKind],
        how_to_set: Callable[[Path], str | None],
        looked: Callable[[Path], Sequence[str]],
        warn: Callable[[Path, str, str], None],
        *,
        kept: frozenset[int] = frozenset(),
        offline: bool = False,
        complete: bool = True,
        presumed: bool = False,
        text_of: Callable[[Node], str | None] = _no_text,
    ) -> None:
        self.schema = schema
        self.cell = cell
        self.vault_path = vault_path
        self.layers = layers
        self.how_to_set = how_to_set
        self.looked = looked
        self.warn = warn
        self.kept = kept
        self.offline = offline
        self.complete = complete
        self.presumed = presumed
        self.text_of = text_of
        self.problems: list[Problem] = []
        self.secrets: dict[Path, Secret[Any]] = {}
        self.unsupplied: dict[Path, tuple[str, str]] = {}
        self.declared: dict[Path, tuple[str, ...]] = {}
        self.spelt: dict[Path, Any] = {}

    @property
    def absent(self) -> str:
        """Why Vault is not asked."""
        return "Vault is left alone: offline" if self.offline else "Vault is not configured"
