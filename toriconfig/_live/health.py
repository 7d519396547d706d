"""State of settings and their secrets, read from memory without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from toriconfig._core.origin import Origin
from toriconfig._core.path import show
from toriconfig._load.snapshot import LayerRead, Loaded
from toriconfig._runtime.warn_once import given_by
from toriconfig._secrets.provider import State
from toriconfig._secrets.secret import provider_of, type_mismatch


class SecretHealth(NamedTuple):
    """The state of one secret.

    Attributes:
        state: "fresh", "stale", "missing", or "unread" before the first read.
        origin: origin of the value, known even before the first read.
        age: seconds since a backend or file last confirmed the value; None: never confirmed.
        expires_at: expiry time in seconds since 1970; None: no expiry, or no value in memory.
        error: reason why the last fetch failed or the value is invalid, or "".
    """

    state: State
    origin: Origin
    age: float | None
    expires_at: float | None
    error: str


@dataclass(frozen=True, slots=True)
class Health:
    """State of a settings object.

    Attributes:
        loaded: True if the settings are loaded.
        layers: the layers that the load read, lowest first.
        secrets: the state of each secret by its dotted path.
        error: reason why the last load or reload failed, or "".
        warnings: the warnings of the load, one line each.
    """

    loaded: bool
    layers: tuple[LayerRead, ...] = ()
    secrets: Mapping[str, SecretHealth] = field(default_factory=dict)
    error: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool | None:
        """True if the last load succeeded and no secret is missing or stale, else False; None before the first load.

        Secrets that were never read do not count as missing.
        """
        if self.error:
            return False
        if not self.loaded:
            return None
        return all(secret.state in ("fresh", "unread") for secret in self.secrets.values())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the state in IPython: one line for the whole, and one line for each warning and each secret."""
        lines = [f"ok: {self.ok}", *filter(None, [self.error]), *self.warnings]
        printer.text("\n".join([*lines, *(f"{path}: {secret.state}" for path, secret in self.secrets.items())]))

    def _repr_html_(self) -> str:
        """Return a table for notebooks with the state of each secret."""
        from toriconfig._render.html import table

        rows = [(path, one.state, one.origin, one.error) for path, one in self.secrets.items()]
        return table(f"ok: {self.ok} {self.error}", ("secret", "state", "origin", "error"), rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the state as plain data for JSON, with origins as text and without any setting or secret."""
        return {
            "ok": self.ok,
            "loaded": self.loaded,
            "error": self.error,
            "warnings": list(self.warnings),
            "layers": [{"kind": one.kind, "name": one.name, "leaves": one.leaves} for one in self.layers],
            "secrets": {
                path: {**secret._asdict(), "origin": str(secret.origin)} for path, secret in self.secrets.items()
            },
        }


def health_of(loaded: Loaded | None, error: Exception | None) -> Health:
    """Return the state of a load.

    Args:
        loaded: the load; None: nothing is loaded.
        error: the error of the last failed load or reload, or None.
    """
    if loaded is None:
        return Health(False, error=_line(error))
    snapshot = loaded.snapshot
    secrets: dict[str, SecretHealth] = {}
    for path, secret in snapshot.secrets.items():
        provider = provider_of(secret)
        reading, error_now, wrong = provider.reading, provider.error, type_mismatch(secret)
        secrets[show(path)] = SecretHealth(
            secret.state,
            provider.origin if reading is None else reading.origin,
            provider.age,
            None if reading is None else reading.expires_at,
            f"the value is not {wrong}" if wrong else _line(error_now),
        )
    warnings = [str(problem) for problem in snapshot.findings if problem.severity == "warning"]
    warnings += list(snapshot.warned.values())  # at once: another thread may warn meanwhile
    warnings += given_by("toriconfig.vault") if snapshot.session is not None else ()
    return Health(True, snapshot.layers, secrets, _line(error), tuple(warnings))


def _line(error: Exception | None) -> str:
    return str(error).partition("\n")[0] if error is not None else ""
