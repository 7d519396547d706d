"""The two sides of a comparison: the values of a file, a profile or a Vault path, with secrets masked."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from toriconfig._core.markers import is_reference
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code
from toriconfig._secrets.secret import Secret
from toriconfig.cli._scalar import yaml_scalar, yaml_text

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._core.markers import Ref
    from toriconfig._core.problem import Problem
    from toriconfig._core.tree import Node
    from toriconfig._inspect.effective import Leaf
    from toriconfig._load.snapshot import Recipe
    from toriconfig._masking.keys import Keys
    from toriconfig._masking.sensitive import Sensitive
    from toriconfig._schema.shape import Shape
    from toriconfig._vault.session import Session


class Said(NamedTuple):
    """Value of a key on one side of the comparison by `toriconfig diff`.

    Attributes:
        mark: text to compare instead of the value. Equal values have equal marks.
        text: the value as shown; a secret is masked.
        origin: origin of the value.
    """

    mark: str
    text: str
    origin: Origin

    @property
    def data(self) -> dict[str, str]:
        """Value and origin as data for JSON.

        The attribute `mark`, by which values are compared, is omitted: the mark of a secret differs in each run.
        """
        return {"value": self.text, "origin": str(self.origin)}


Side = dict[str, Said]

_KEY = os.urandom(32)


def of_profile(asked: Recipe, name: str) -> Side | Sequence[Problem]:
    """Return a dict from each key to its value in the profile `name`; or the problems, if the load fails.

    The name `default` means no profile.

    Raises:
        click.UsageError: there is no such profile.
    """
    from toriconfig._inspect.effective import leaves
    from toriconfig._load.attempt import try_load
    from toriconfig._load.lookup import value_at

    asked = asked.unasked()
    if name == "default":
        attempt = try_load(asked.replaced(environ=_without_profile(asked)))
    else:
        attempt = try_load(asked.replaced(options={**asked.options, "profile": name}))
    absent = next((problem for problem in attempt.problems if problem.code == Code.UNKNOWN_PROFILE), None)
    if absent is not None:
        raise click.UsageError(f"{absent.message}; {absent.help}")
    if attempt.loaded is None:
        return attempt.problems
    loaded = attempt.loaded

    def said(leaf: Leaf) -> Said:
        if not leaf.hidden and not leaf.secret:
            text = yaml_scalar(leaf.value)
            return Said(text, text, leaf.origin)
        held = _opened(value_at(loaded, show(leaf.path)))
        return Said(
            _mark((leaf.value, held)), yaml_scalar(leaf.value) if leaf.secret and leaf.value else MASK, leaf.origin
        )

    return {show(leaf.path): said(leaf) for leaf in leaves(loaded)}


def _opened(value: Any) -> Any:
    """Return a value in which each secret object is replaced by its value in memory. No request is sent."""
    if isinstance(value, Secret):
        return _opened(value.get(None))
    if isinstance(value, (list, tuple)):
        return [_opened(item) for item in value]
    if isinstance(value, dict):
        return {key: _opened(item) for key, item in value.items()}
    if hasattr(value, "get_secret_value"):  # pydantic's own
        return value.get_secret_value()
    # Not the `repr` of a model, which may leave keys out.
    return _opened(value.__dict__) if hasattr(value, "model_fields_set") else value


def _without_profile(asked: Recipe) -> dict[str, str]:
    from toriconfig._schema.options import Options

    options = Options.of(asked.schema.model_config, asked.options)
    variable = options.profile_env or f"{options.environment_prefix}PROFILE"
    return {name: text for name, text in os.environ.items() if name.upper() != variable.upper()}


def of_file(schema: type[BaseModel], name: str) -> Side | Sequence[Problem]:
    """Return a dict from each key to its value in the file alone; or the problems, if the file cannot be read."""
    from toriconfig._inspect.check import check_alone
    from toriconfig._masking.excerpts import known_secrets
    from toriconfig._masking.keys import Keys
    from toriconfig._schema.shape import root_shape
    from toriconfig.sources.settings_file import SettingsFile

    tree = SettingsFile(name, required=True).load()
    if any(problem.severity == "error" for problem in tree.problems):
        return check_alone(schema, [tree])
    shape = root_shape(schema)
    known = known_secrets(shape, [tree.root])(Origin("files", name))
    found: dict[str, list[Said]] = {}
    for key, one in _told(_said(tree.root, shape, (), known), Keys(shape, known)):
        found.setdefault(key, []).append(one)
    return {key: _together(values) for key, values in found.items()}


def _together(values: list[Said]) -> Said:
    """Merge the values of keys that look the same when masked.

    Return the first value. Its attribute `mark`, the text by which values are compared, is made from all values.
    """
    first, *others = values
    return first._replace(mark=_mark(sorted(one.mark for one in values))) if others else first


def _told(said: Iterable[tuple[Path, Node, Said]], keys: Keys) -> Iterator[tuple[str, Said]]:
    """Yield `(key, value)` for each `(path, node, value)` in `said`. Keys that may be secrets are masked.

    Different keys may look the same after masking. The yielded value of a masked key therefore has a `mark` that also
    depends on the original key, because `toriconfig diff` compares marks.
    """
    for path, node, one in said:
        shown = keys.path(path, null=node.value is None)
        yield show(shown), one if shown == path else one._replace(mark=_mark((path, one.mark)))


def _said(node: Node, shape: Shape | None, path: Path, known: Sensitive) -> Iterator[tuple[Path, Node, Said]]:
    from toriconfig._masking.keys import astray
    from toriconfig._masking.shown import conceals
    from toriconfig._schema.shape import Shape, confidential

    secret = shape is not None and confidential(shape)
    apart = shape is None or not secret or shape.kind in ("model", "mapping")
    if type(node.value) is dict and node.value and apart:
        lost = astray(node, shape) if shape is not None else ()
        for key, child in node.value.items():
            below = Shape("secret") if key in lost else shape.child(key) if shape is not None else None
            yield from _said(child, below, (*path, key), known)
        return
    if not path:
        return
    value = node.plain()
    # A key that is not in the schema may be a misspelt key of a secret.
    secret = (secret and value not in (None, [], {})) or (
        shape is None and any(isinstance(part, str) and known.names(part) for part in path)
    )
    if (secret or conceals(path[-1], value)) and not (isinstance(value, str) and is_reference(value)):
        yield path, node, Said(_mark(value), MASK, node.origin)
    else:
        text = yaml_text(value) if isinstance(value, str) else yaml_scalar(value)
        yield path, node, Said(text, text, node.origin)


def of_vault(reference: str) -> Side:
    """Return a dict from each key of a Vault path to its masked value. If the reference names a key, omit all others.

    Raises:
        click.UsageError: the reference is invalid, or Vault is not configured.
    """
    from toriconfig._core.markers import Ref
    from toriconfig.cli.vault import with_session

    try:
        ref = Ref(reference)
    except ValueError as error:
        raise click.UsageError(f"vault:{reference}: {error}") from None
    data, origin = with_session(lambda session: _read(session, ref))
    return {key: Said(_mark(value), MASK, origin) for key, value in sorted(data.items()) if ref.key in (None, key)}


def _read(session: Session, ref: Ref) -> tuple[dict[str, Any], Origin]:
    path = session.provider(ref)
    for flight in path.pending():
        flight.wait()
    reading = path.settle()
    return reading.value, reading.origin


def _mark(value: object) -> str:
    """Return a keyed hash of a value, to compare values without showing them. Each process uses its own random key."""
    return hmac.new(_KEY, repr(value).encode(), hashlib.sha256).hexdigest()
