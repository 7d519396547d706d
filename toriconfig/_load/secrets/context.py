"""Places in which one load may look for secrets, and the findings about the secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import Ref, split
from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.problem import Problem

if TYPE_CHECKING:
    from toriconfig._core.path import Path
    from toriconfig._core.tree import Node
    from toriconfig._schema.options import Options
    from toriconfig._secrets.provider import Supply
    from toriconfig._secrets.secret import Secret
    from toriconfig.backends import Backend


def _no_text(_node: Node) -> str | None:
    return None


class Places:
    """Places in which this load may look for secrets.

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
        offline: whether backends are left alone on purpose.
        complete: whether everything could be read; else what is missing here may well be there.
        presumed: whether an optional secret with a place in a backend counts as there all the same.
        backends: those of the option `backends`.
        text_of: a scalar as the file spells it: `1.10` in a secret is no number.
        problems: what is wrong with them.
        secrets: the handles by their paths.
        unsupplied: those that nothing supplies, with their place in a backend ("" for none) and the remedy.
        declared: the places in backends that each may be read from.
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
        backends: Sequence[Backend] = (),
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
        self.backends = backends
        self.text_of = text_of
        self.problems: list[Problem] = []
        self.secrets: dict[Path, Secret[Any]] = {}
        self.unsupplied: dict[Path, tuple[str, str]] = {}
        self.declared: dict[Path, tuple[str, ...]] = {}
        self.spelt: dict[Path, Any] = {}

    @property
    def absent(self) -> str:
        """Reason for which Vault is not asked."""
        return "Vault is left alone: offline" if self.offline else "Vault is not configured"

    @property
    def fetched(self) -> Callable[[str, str], Supply] | None:
        """The shared supply of the path that a reference to another backend names; None when the load is offline."""
        return None if self.offline else self._fetched

    def _fetched(self, scheme: str, reference: str) -> Supply:
        from toriconfig._secrets.backend_session import session_of
        from toriconfig.backends import backend_of

        return session_of(backend_of(scheme, self.backends)).provider(reference)

    def absence(self, schemes: Iterable[str]) -> str:
        """Return the reason for which one of these backends is not asked; "" if all are asked."""
        reasons = ("" if self._can_ask(scheme) else self._absent(scheme) for scheme in schemes)
        return next(filter(None, reasons), "")

    def _can_ask(self, scheme: str) -> bool:
        return self.cell is not None if scheme == "vault" else not self.offline

    def _absent(self, scheme: str) -> str:
        return self.absent if scheme == "vault" else f"{scheme} is left alone: offline"


def vault_path(options: Options, problems: list[Problem]) -> str | None:
    """The path that feeds secrets; None after telling why it cannot."""
    path = options.vault_path
    if path is None:
        return None
    if options.profile is not None:
        path = path.replace("${profile}", options.profile)
    try:
        split(path)
    except ValueError as error:
        unset = "${profile}" in path
        problem = Problem(
            "TC404",
            origin=Origin("code", "vault_path"),
            expected="a path in Vault such as `secret/tori`",
            help="name the profile, or take `${profile}` out of `vault_path`" if unset else "correct the option",
            message="`vault_path` holds ${profile}, and no profile is set" if unset else f"`vault_path`: {error}",
        )
        if problem not in problems:
            problems.append(problem)
        return None
    return path


_ADDRESSES = ("BAO_ADDR", "VAULT_ADDR", "BAO_AGENT_ADDR", "VAULT_AGENT_ADDR")


def connected(vault: Any, environ: Mapping[str, str]) -> tuple[Any, str]:
    """The connection to Vault (None when none is configured), and what is wrong with its description."""
    if vault is None:
        if not any(map(environ.get, _ADDRESSES)):
            return None, ""  # the usual case on a laptop: a dozen modules need not be imported
        from toriconfig.vault import Vault

        vault = Vault()
    from toriconfig._vault import connect

    try:
        return connect(vault, environ), ""
    except ValueError as error:
        return None, str(error)
