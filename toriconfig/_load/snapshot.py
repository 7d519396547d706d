"""The metadata of one load: its arguments, the merged tree, and the findings."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import OriginKind
from toriconfig._core.path import Path
from toriconfig._core.problem import MOST_SHOWN, Problem
from toriconfig._core.tree import Node
from toriconfig._core.value import Value
from toriconfig._schema.options import Options
from toriconfig._schema.shape import Shape

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._secrets.secret import Secret


class Recipe(Value):
    """Arguments of a load, kept so that the load can be repeated.

    Attributes:
        schema: the model class.
        options: the options given in addition to those of the class.
        overrides: the values of the code layer.
        environ: the environment variables; None: those of the process at the time of the load.
        offline: True: backends are not used.
        presumed: only for an offline load. True: a secret with a reference to a configured backend counts as set.
            False: the value of a lower layer is used. If no lower layer has a value, an optional secret is None,
            and each read of a required secret fails.
        arguments: True: a schema may read the command line of the program.
        most: maximum number of problems with excerpts of their lines; 0: all.
        connected: True: a session with Vault is created even if no secret of the schema uses it.
    """

    schema: type[BaseModel]
    options: Mapping[str, Any]
    overrides: Mapping[str, Any] | None = None
    environ: Mapping[str, str] | None = None
    offline: bool = False
    presumed: bool = False
    arguments: bool = True
    most: int = MOST_SHOWN
    connected: bool = False

    def unasked(self) -> Recipe:
        """Return a copy of these load arguments, for a load that sends no request to a backend.

        This load assumes that a configured backend has every secret to which a reference points.
        """
        return self.replaced(offline=True, presumed=True)

    def __repr__(self) -> str:
        return f"Recipe({self.schema.__name__})"  # the arguments may hold secrets, and tracebacks show locals


class LayerRead(Value):
    """One layer as it was read.

    Attributes:
        kind: the layer.
        name: name for messages.
        leaves: number of values.
        blank: True if the input is empty, for example while an editor writes it.
    """

    kind: OriginKind
    name: str
    leaves: int
    blank: bool = False


_NONE: Mapping[Any, Any] = MappingProxyType({})


class Snapshot(Value):
    """Metadata of one load, without a reference to the model, so that an unused model can be freed.

    Attributes:
        root: the merged tree with its overridden nodes.
        shape: the shape of the schema.
        recipe: the arguments of the load.
        options: the options, with the profile decided.
        secrets: dict from each path to its handle.
        declared: dict from each path to the references to backends from which the secret may be read.
        source_texts: dict from each path to the reference, or mapping of references, that a file sets. Secrets that
            a higher layer sets are omitted.
        layers: the layers that were read, lowest first.
        files: the files that `${file:…}` names in fields that are not secrets, as written.
        findings: warnings and hints of the load.
        warned: dict from `(kind, path)` to the current warning about a secret; the kind is "missing" or "outage".
        session: the connection to Vault, or None.
    """

    root: Node
    shape: Shape
    recipe: Recipe
    options: Options
    secrets: dict[Path, Secret[Any]]
    declared: Mapping[Path, tuple[str, ...]] = _NONE
    source_texts: Mapping[Path, Any] = _NONE
    layers: tuple[LayerRead, ...] = ()
    files: tuple[str, ...] = ()
    findings: tuple[Problem, ...] = ()
    warned: Mapping[tuple[str, Path], str] = _NONE
    session: Any = None

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Loaded(Value):
    """Result of one load: the validated settings and their metadata."""

    model: BaseModel
    snapshot: Snapshot


_KNOWN: dict[int, tuple[weakref.ref[BaseModel], Snapshot | Callable[[BaseModel], Snapshot]]] = {}


def snapshot_of(model: BaseModel) -> Snapshot | None:
    """Return the snapshot of a model, or None if no load created the model."""
    known = _KNOWN.get(id(model))
    if known is None or known[0]() is not model:
        return None
    snapshot = known[1]
    return snapshot if isinstance(snapshot, Snapshot) else snapshot(model)


def remember(loaded: Loaded) -> None:
    """Register the snapshot of a model for `snapshot_of`, as long as the model exists."""
    remember_how(loaded.model, loaded.snapshot)


def remember_how(model: BaseModel, snapshot: Snapshot | Callable[[BaseModel], Snapshot]) -> None:
    """Register the snapshot of a model, or a function that `snapshot_of` calls each time to create the snapshot.

    A model whose class does not support weak references is not registered.
    """
    identity = id(model)
    try:
        ref = weakref.ref(model, lambda _: _forget(identity))
    except TypeError:  # a model with __slots__ and no place for weak references
        return
    _KNOWN[identity] = (ref, snapshot)


def _forget(identity: int) -> None:
    known = _KNOWN.get(identity)
    if known is not None and known[0]() is None:
        del _KNOWN[identity]
