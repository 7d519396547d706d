"""Changes between two loads. A change contains the values of a plain key, and never the value of a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr

from toriconfig._core import path as paths
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._load.lookup import origin_at
from toriconfig._load.snapshot import Loaded
from toriconfig._secrets.derived import Derived
from toriconfig._secrets.fallback import Fallback
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.provider import Fixed, Provider, Reading
from toriconfig._secrets.secret import Secret, provider_of

Kind = Literal["added", "changed", "removed", "rotated"]


@dataclass(frozen=True, slots=True)
class Change:
    """Change of one key. The new value is already in place when a callback receives the change.

    Attributes:
        path: dotted key path.
        kind: "added", "changed" or "removed" by a reload. For the value of a secret: "rotated" (a new value),
            "removed" (no value any more) or "added" (a value again).
        old_origin: origin of the old value, or None when there was none.
        new_origin: origin of the new value, or None when there is none.
        old: the old value. None for a secret, for a value that contains a secret, and when there was no value.
        new: the new value. None for a secret, for a value that contains a secret, and when there is no value.
    """

    path: str
    kind: Kind
    old_origin: Origin | None
    new_origin: Origin | None
    old: Any = field(default=None, repr=False, compare=False)
    new: Any = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> Path:
        """The path as a tuple of keys."""
        return paths.parse(self.path)


def change_of_secret(path: Path, old: Reading | None, new: Reading | None, *, was_absent: bool) -> Change | None:
    """Return the change of a secret; None if the value did not change.

    Args:
        path: path of the secret.
        old: the old value; None: the secret was missing, or was not fetched yet.
        new: the new value; None: the secret has no value now. If `old` is a value, the change is then "removed".
        was_absent: used if `old` is None. True: the secret was missing, and a new value is a change ("added").
            False: the secret was not fetched yet, and a new value is no change.
    """
    if old is None:
        return Change(show(path), "added", None, new.origin) if new is not None and was_absent else None
    if new is None:
        return Change(show(path), "removed", old.origin, None)
    if old.comparable == new.comparable:
        return None  # another key of its path changed, another layer has the same value, or only the end moved
    return Change(show(path), "rotated", old.origin, new.origin)


def changes_between(old: Loaded, new: Loaded) -> list[Change]:
    """Return the changes of the leaves, in the order of the schema. A model that was or is None is one leaf."""
    return [
        Change(
            show(path),
            kind,
            origin_at(old, path) if kind != "added" else None,
            origin_at(new, path) if kind != "removed" else None,
            _plain_at(old.model, path) if kind != "added" else None,
            _plain_at(new.model, path) if kind != "removed" else None,
        )
        for path, kind in _differences(old.model, new.model, ())
    ]


def _differences(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Kind]]:
    before, after = _section(old), _section(new)
    if before is None or after is None:
        if not _same(old, new):
            yield path, "changed"
        return
    for key, value in after.items():
        if key in before:
            yield from _differences(before[key], value, (*path, key))
        else:
            for leaf in _leaves(value, (*path, key)):
                yield leaf, "added"
    for key, value in before.items():
        if key not in after:
            for leaf in _leaves(value, (*path, key)):
                yield leaf, "removed"


def _plain_at(value: Any, path: Path) -> Any:
    """Return the value at a path; None for a secret, and for a value that contains a secret."""
    for key in path:
        section = _section(value)
        if section is None or key not in section:
            return None
        value = section[key]
    return None if _holds_secret(value) else value


def _holds_secret(value: Any) -> bool:
    section = _section(value)
    if section is not None:
        return any(map(_holds_secret, section.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_holds_secret, value))
    return isinstance(value, (Secret, SecretStr, SecretBytes))


def _section(value: Any) -> dict[str, Any] | None:
    """Return the children of a model, or of a dict whose keys are all text, as a dict; None for any other value."""
    if isinstance(value, BaseModel):
        fields = {name: value.__dict__[name] for name in type(value).model_fields}  # `getattr` warns if deprecated
        return fields | (value.model_extra or {})
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    section = _section(value)
    if not section:
        yield path
        return
    for key, below in section.items():
        yield from _leaves(below, (*path, key))


def _same(old: Any, new: Any) -> bool:
    """True if a leaf has not changed.

    Two secrets are the same if they have the same inputs. NaN equals NaN. If a comparison raises an exception, return
    False.
    """
    if isinstance(old, Secret) and isinstance(new, Secret):
        return _same_provider(provider_of(old), provider_of(new))
    if type(old) is type(new) and _section(old) is not None and _section(new) is not None:
        return not any(_differences(old, new, ()))
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)) and len(old) == len(new):
        return all(map(_same, old, new))
    try:
        return bool(old == new or (old != old and new != new))  # noqa: PLR0124 - true only for NaN
    except Exception:  # noqa: BLE001 - `__eq__` is user code
        return False


def _same_provider(old: Provider, new: Provider) -> bool:
    """True if two providers have the same inputs.

    If `old` is a `Fallback` that uses its second provider, the second providers must have the same inputs too.
    """
    in_use = old.inputs[1] if isinstance(old, Fallback) and old.uses_second else None
    if in_use is not None and not (isinstance(new, Fallback) and _same_provider(in_use, new.inputs[1])):
        return False
    return bool(_made_of(old) == _made_of(new))


def _made_of(provider: Provider) -> Any:
    """Return an object to compare providers: equal for providers that use the same inputs in the same way.

    For a `Fallback`, which has two providers, return the object of the first.
    """
    if isinstance(provider, Fallback):
        return _made_of(provider.inputs[0])
    if isinstance(provider, Derived):
        return provider.plan, [_made_of(one) for one in provider.inputs]
    if isinstance(provider, FileProvider):
        return provider.file
    if isinstance(provider, Fixed):
        return (provider.settle().value,)
    return getattr(provider, "store", None), provider.reference
