"""Inputs and results of the step of the load that creates handles for secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from toriconfig._core.markers import Ref
from toriconfig._core.origin import LayerKind
from toriconfig._core.value import Value
from toriconfig._load import connection

if TYPE_CHECKING:
    from toriconfig._core.path import Path
    from toriconfig._core.problem import Problem
    from toriconfig._core.tree import Node
    from toriconfig._load.snapshot import Snapshot
    from toriconfig._secrets.provider import Provider
    from toriconfig._secrets.secret import Secret
    from toriconfig.backends import Backend


class Absence(NamedTuple):
    """The reason why a load sends no request to a backend.

    Attributes:
        reason: text such as "Vault is not configured".
        remedy: text such as "set VAULT_ADDR"; "" if the load is offline.
        presumed: True: the load is offline, and assumes that the backend has the secret.
    """

    reason: str
    remedy: str = ""
    presumed: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}" if self.remedy else self.reason


class Choice(Value):
    """The provider of one secret, and the findings about it.

    Attributes:
        provider: the provider, or a `Secret` that code gave; None if the secret is invalid, or optional and
            not set.
        declared: the references to backends from which the secret may be read.
        source_text: the reference, or mapping of references, that a file sets; else None.
        unsupplied: `(reference or "", remedy)` if nothing supplies the secret, else None.
        problems: errors of the secret.
        warning: text to log; "" for none.
    """

    provider: Provider | Secret[Any] | None = None
    declared: tuple[str, ...] = ()
    source_text: Any = None
    unsupplied: tuple[str, str] | None = None
    problems: tuple[Problem, ...] = ()
    warning: str = ""


class Query(Value):
    """Inputs of one load that may supply secrets. No step of the load changes them.

    Attributes:
        vault_provider: function that returns the shared provider of one Vault path and version. If Vault is not
            available, the attribute is None.
        vault_path: path in Vault's KV engine at which each key holds one secret, or None.
        layers: the layers to read, highest first.
        how_to_set: function that returns the variable for the secret at a path. If no variable can set the secret,
            the function returns None.
        looked: function that returns the names of the inputs searched for the secret at a path.
        text_of: function that returns the text of a scalar in its file: in a secret, `1.10` is text and no number.
        warn: function to call at run time, `warn(path, "outage", message)`, when a backend does not answer, and a
            lower layer replaces the backend. When the backend answers again, the message is "".
        offline: True if no request may be sent to a backend.
        complete: False if an input could not be read. A missing secret may then be in the unread input.
        presumed: True if an offline load assumes that a configured backend has the secret.
        configured: True if Vault is configured; always False in an offline load without `presumed`.
        backends: the backends of the option `backends`.
    """

    vault_provider: Callable[[Ref], Provider] | None
    vault_path: str | None
    layers: Sequence[LayerKind]
    how_to_set: Callable[[Path], str | None]
    looked: Callable[[Path], Sequence[str]]
    text_of: Callable[[Node], str | None]
    warn: Callable[[Path, str, str], None]
    offline: bool = False
    complete: bool = True
    presumed: bool = False
    configured: bool = False
    backends: Sequence[Backend] = ()

    @property
    def absent(self) -> str:
        """Text for messages in a load that does not use Vault: the load is offline, or Vault is not configured.

        If the load uses Vault, the text has no meaning.
        """
        return "Vault is not used (offline)" if self.offline else "Vault is not configured"

    @property
    def fetched(self) -> Callable[[str, str], Provider] | None:
        """Function that returns the shared provider of a scheme and a reference; None if the load is offline."""
        return None if self.offline else self._fetched

    def _fetched(self, scheme: str, reference: str) -> Provider:
        if connection.stand_in is not None:
            found: Provider = connection.stand_in.provider_of(scheme, reference)
            return found
        from toriconfig._secrets.backend_session import session_of
        from toriconfig.backends import backend_of

        return session_of(backend_of(scheme, self.backends)).provider(reference)

    def absence(self, schemes: Iterable[str]) -> Absence | None:
        """Return the reason why the backend of one of `schemes` cannot be used; None if all can be used."""
        return next(filter(None, map(self._absence, schemes)), None)

    def _absence(self, scheme: str) -> Absence | None:
        if scheme == "vault" and not self.offline:
            return Absence(self.absent, "set VAULT_ADDR") if self.vault_provider is None else None
        if self.offline:
            reason = self.absent if scheme == "vault" else f"{scheme} is not used (offline)"
            usable = self.presumed and (self.configured if scheme == "vault" else self._unusable(scheme) is None)
            return Absence(reason, presumed=usable)
        return self._unusable(scheme)

    def _unusable(self, scheme: str) -> Absence | None:
        """Return the reason why the backend of `scheme` (not Vault) cannot be used; None if it can be used."""
        if connection.stand_in is not None:
            return None
        from toriconfig.backends import backend_of, unconfigured

        why = unconfigured(backend_of(scheme, self.backends))
        return Absence(*why) if why is not None else None


class Handles:
    """The handles of one load, and the findings about the secrets.

    Attributes:
        secrets: dict from each path to its handle.
        unsupplied: dict from the path of each secret without a value to `(reference or "", remedy)`.
        declared: dict from each path to the references to backends from which the secret may be read.
        source_texts: dict from each path to the reference, or mapping of references, that a file sets.
        problems: errors of secrets.
        warnings: dict from each path to the text to log.
        current_warnings: dict from `(kind, path)` to the current warning; the kind is "missing" or "outage". The
            dict changes at run time.
    """

    __slots__ = ("current_warnings", "declared", "problems", "secrets", "source_texts", "unsupplied", "warnings")

    def __init__(self) -> None:
        self.secrets: dict[Path, Secret[Any]] = {}
        self.unsupplied: dict[Path, tuple[str, str]] = {}
        self.declared: dict[Path, tuple[str, ...]] = {}
        self.source_texts: dict[Path, Any] = {}
        self.problems: list[Problem] = []
        self.warnings: dict[Path, str] = {}
        self.current_warnings: dict[tuple[str, Path], str] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Handles:
        """Return a `Handles` with `secrets`, `declared` and `source_texts` of an earlier load."""
        known = cls()
        known.secrets.update(snapshot.secrets)
        known.declared.update(snapshot.declared)
        known.source_texts.update(snapshot.source_texts)
        return known

    def carried(self) -> Handles:
        """Return new handles for a derived tree, with a copy of `declared` and `source_texts` and nothing else."""
        new = Handles()
        new.declared.update(self.declared)
        new.source_texts.update(self.source_texts)
        return new

    def add(self, path: Path, choice: Choice) -> Provider | Secret[Any] | None:
        """Copy the problems, the warning and the references in `choice` to this object, and return `choice.provider`.

        `path` is the path of the secret.
        """
        if choice.declared:
            self.declared[path] = choice.declared
        if choice.source_text is not None:
            self.source_texts[path] = choice.source_text
        if choice.unsupplied is not None:
            self.unsupplied[path] = choice.unsupplied
        if choice.warning:
            self.warnings[path] = choice.warning
        self.problems += choice.problems
        return choice.provider
