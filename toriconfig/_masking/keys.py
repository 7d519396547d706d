"""Masking of the key of a problem. After a mistake such as `password:hunter2`, a secret is a part of the key.

Keys with the secret `hunter2`, the masked keys, and the mistakes:

    database.password:hunter2  ->  database.password:**********    no space after the colon
    weights.api_key=hunter2    ->  weights.api_key=**********      `=` in place of a colon and a space
    "https://u:hunter2@h"      ->  "https://**********"            a URL without a key
    credentials.hunter2        ->  credentials.**********          unknown key in a secret with named fields
    secrets.db:hunter2         ->  secrets.db:**********           no space, in a mapping of secrets
    secrets.hunter2            ->  secrets.**********              key without a value, in a mapping of secrets
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._core.path import Path, parse, show
from toriconfig._core.problem import CODES, Problem, Related
from toriconfig._core.tree import Node
from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import TOKEN, Sensitive
from toriconfig._schema.renames import renamed
from toriconfig._schema.shape import Shape, confidential

_NAME = re.compile(r"[\w.-]*\Z")
"""Text that can only be the name of a key, unless it is a token."""

_BEHIND_NAME = re.compile(r"(?<=[:=\s]).*", re.DOTALL)
"""Part of a key that was meant as its value, for any name."""


class Keys:
    """Masking of the key paths that problems show, for one schema.

    Args:
        shape: the shape of the schema. Inside a secret, only keys that the schema declares are shown.
        sensitive: the names of secrets.
        nulls: the paths, as in `Problem.path`, of keys that have no value in any layer.
    """

    def __init__(self, shape: Shape, sensitive: Sensitive, nulls: Collection[str] = ()) -> None:
        self._shape = shape
        self._moved = renamed(shape)
        self._sensitive = sensitive
        self._nulls = nulls

    def told(self, problem: Problem) -> Problem:
        """Return the problem with each secret part of its key masked; the same problem if the key has no secret part.

        The key in the message is masked too. If the message still contains a secret part, the whole
        message becomes a general one. Any other text of the problem, such as `help`, becomes empty if the text contains a
        secret part.
        """
        path = _parsed(problem.path)
        shown = self.path(path, null=problem.path in self._nulls)
        if shown == path:
            return problem
        hidden = [str(part) for part, new in zip(path, shown, strict=True) if part != new]
        spelt = "|".join(re.escape(text) for part in hidden for text in (part, show((part,))) if text)
        repeats = re.compile(rf"(?<!\w)(?:{spelt})(?!\w)") if spelt else re.compile(r"\Z.")

        def spoken(text: str) -> str:
            return "" if repeats.search(text) else text

        def named(origin: Origin) -> Origin:
            # Only origins in code name the value by its key; other origins name a file or a variable.
            return origin.replaced(source=origin.source.replace(problem.path, show(shown)))

        return problem.replaced(
            path=show(shown),
            origin=problem.origin and named(problem.origin),
            message=spoken(problem.message.replace(f"`{problem.path}`", f"`{show(shown)}`"))
            or f"{CODES.get(problem.code, problem.code)}: `{show(shown)}`",
            related=tuple(Related(named(other.origin), spoken(other.label)) for other in problem.related),
            **{field: spoken(getattr(problem, field)) for field in ("expected", "help", "label", "layer")},
        )

    def path(self, path: Path, *, null: bool = False) -> Path:
        """Return the path with a mask for each part that may be a value.

        Args:
            null: True: the last key has no value. In a mapping of secrets, such a key is masked, because it may be a
                secret that was written without a key.
        """
        return tuple(self._shown(path, len(path) - 1 if null else None))

    def _shown(self, path: Path, null: int | None) -> Iterator[str | int]:
        here: Shape | None = self._shape
        start = 0
        for key in self._moved:
            if path[: len(key.old)] == key.old:
                here, start = key.shape, len(key.old)
        secret = False
        for depth, part in enumerate(path):
            declared = among = False
            if depth >= start and here is not None:
                secret = secret or here.kind == "secret" or here.sealed
                declared = part in here.fields
                among = nameless(here)
                here = here.child(part)
            if isinstance(part, int) or declared:
                yield part
            elif secret or (among and depth == null):
                yield MASK
            else:
                masked = self._masked(part)
                yield _BEHIND_NAME.sub(MASK, masked) if among else masked

    def _masked(self, key: str) -> str:
        if _NAME.match(key) and not TOKEN.search(key):
            return key
        lines = key.split("\n")
        masked = Masked(lines, self._sensitive)
        return "\n".join(masked.line(number) for number in range(1, len(lines) + 1))


def nameless(shape: Shape) -> bool:
    """Return True if the shape is a mapping with arbitrary keys whose values are, or may contain, secrets.

    If the values are models, return False.
    """
    item = shape.item if shape.kind == "mapping" else None
    return item is not None and item.kind != "model" and confidential(item)


def astray(node: Node, shape: Shape) -> frozenset[str]:
    """Return the unknown keys of `node` if `node` also has an empty mapping of secrets; otherwise an empty set.

    The unknown keys may belong to the empty mapping. Example, where `nets` is a mapping of secrets and `db` is
    unknown:

        nets:
        db: hunter2
    """
    below = {key: shape.child(key) for key in node.value}
    empty = any(at is not None and node.value[key].value is None and nameless(at) for key, at in below.items())
    return frozenset(key for key, at in below.items() if empty and at is None)


def _parsed(path: str) -> Path:
    try:
        return parse(path) if path else ()
    except ValueError:  # a source outside this package may write paths differently
        return (path,)
