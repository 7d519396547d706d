"""Problems found while reading a YAML text. Their messages contain keys, but no values, tags, anchors or aliases.

A password that begins with `!`, `&` or `*` and has no quotes is read as a tag, an anchor or an alias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from toriconfig._core.origin import Origin
from toriconfig._core.path import show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.tree import Layer, Node
from toriconfig.sources.yaml.scalars import CORE, LONGEST_NUMBER, MERGE, REFUSED, reading_of_1_1, remedy

if TYPE_CHECKING:
    from toriconfig.sources.yaml.standins import Restore

Frame = tuple[Any, Any, Any, Any, str | None, int, bool | None]
"""An outer collection while an inner collection is read. For the outer collection: its mapping or its items. For the
inner collection: its key, the position of the key, its anchor, the number of nodes before it, and True for brackets."""

Where = tuple[list[Frame], Any, Any, Any]
"""The position of the loop: the outer collections, the current mapping, the current items, the current key."""

MOST_PROBLEMS: Final = 100
"""Maximum number of errors, and of hints, of one document."""

END_BITS: Final = 30
"""Number of bits of the end in the position of a node. A file of 2**30 characters does not fit into memory as a tree."""

_REFERENCES: Final = frozenset({"!vault", "!env", "!file", "!secret"})
_NAMED_TAGS: Final = _REFERENCES | {CORE + name for name in ("binary", "set", "omap", "pairs", "timestamp", "value")}


def position(event: Any) -> int:
    """Return the position of an event: `start << END_BITS | end`, where both are indexes in the text.

    The marks of the parser would take seven times the memory of this number.
    """
    start: int = event.start_mark.index
    end: int = event.end_mark.index
    return start << END_BITS | end


class Stop(Exception):
    """Exception that ends the reading. Its problem is already recorded."""


class Findings:
    """The problems of one document.

    If the document reaches `MOST_PROBLEMS` errors, the methods with the argument `where` raise the exception
    `Stop`. The method `differs` never raises `Stop`, because this method records no errors.

    Attributes:
        problems: the problems.
        complete: False if a part of the document was skipped. Missing keys are then not reported.
    """

    def __init__(self, layer: Layer, restore: Restore | None) -> None:
        self.problems: list[Problem] = []
        self.complete = True
        self._layer = layer
        self._restore = restore
        self._errors = 0
        self._hints = 0

    def at(self, event: Any) -> Origin:
        """Return the origin of an event."""
        return self._layer.locate(position(event))

    def duplicate(self, at: Any, where: Where) -> None:
        """Record a duplicate key of a mapping."""
        _, mapping, _, key = where
        if key is not REFUSED:
            self._add(
                Code.DUPLICATE_KEY,
                self._layer.locate(at),
                where,
                message=f"duplicate key `{self._path(where)[-1]}`",
                label="most YAML readers would silently use this one",
                related=(Related(mapping[key].key_origin, "first defined here"),),
                help="write one `<<: [*first, *second]`" if key is MERGE else "remove one of them",
            )

    def key(self, event: Any, where: Where) -> None:
        """Record a key that is a mapping, a list or empty."""
        self._add(
            Code.FORBIDDEN_TAG_OR_KEY,
            self.at(event),
            where,
            message="a key that is not a plain text",
            label="not a key",
            expected="a text or a number as key",
            help="write the key as `key:`; put a text that starts with `{`, `[`, `?` or `*` in quotes",
        )

    def tag(self, event: Any, where: Where) -> None:
        """Record a tag that is not in the core schema."""
        tag: str = event.tag
        python = tag.startswith(f"{CORE}python/")
        named = tag.replace(CORE, "!!") if tag in _NAMED_TAGS else "!!python/..." if python else ""
        self._add(
            Code.FORBIDDEN_TAG_OR_KEY,
            self.at(event),
            where,
            message=f"the tag `{named}` has no meaning in a settings file"
            if named
            else "a tag that settings files do not have",
            label="this tag",
            expected="no tag, or one of !!str, !!int, !!float, !!bool, !!null, !!map, !!seq",
            help="write a reference as `${vault:...}`, `${env:...}` or `${file:...}`"
            if tag in _REFERENCES
            else "remove the tag; put a text that starts with `!` in quotes",
        )

    def misfit(self, event: Any, where: Where) -> None:
        """Record a scalar that does not fit its tag."""
        self._add(
            Code.FORBIDDEN_TAG_OR_KEY,
            self.at(event),
            where,
            message="the scalar does not fit its tag",
            help="remove the tag",
        )

    def long_number(self, event: Any, where: Where) -> None:
        """Record a number with too many digits."""
        self._add(
            Code.TOO_LARGE,
            self.at(event),
            where,
            message="a number with too many digits",
            expected=f"at most {LONGEST_NUMBER:,} digits",
            help="put it in quotes if it is meant as text",
        )

    def unknown_alias(self, event: Any, where: Where) -> None:
        """Record an alias without an anchor."""
        self._add(
            Code.INVALID_SYNTAX,
            self.at(event),
            where,
            message="an alias to an anchor that is not defined above it",
            label="no such anchor",
            help="define the anchor (`&name`) first; put a text that starts with `*` in quotes",
        )

    def endless_alias(self, event: Any, target: Node, where: Where) -> None:
        """Record an alias inside its own anchor."""
        self._add(
            Code.TOO_LARGE,
            self.at(event),
            where,
            message="an alias inside its own anchor: it would expand without end",
            label="this alias",
            related=(Related(target.origin, "this is its anchor"),),
            help="remove the alias",
        )

    def merge(self, wrong: Node, where: Where) -> None:
        """Record a merge key whose value cannot be merged."""
        self._add(
            Code.FORBIDDEN_TAG_OR_KEY,
            wrong.origin,
            where,
            message="a merge key (`<<`) takes a mapping or a list of mappings",
            label="not a mapping",
            help="name an anchor of a mapping, such as `<<: *defaults`",
        )

    def top_level(self, root: Node) -> None:
        """Record a document that is not a mapping."""
        kind = "a list" if type(root.value) is list else "a single value"
        self._put(
            Code.NOT_A_MAPPING,
            root.origin,
            message=f"the top level is {kind}, not a mapping",
            label=kind,
            expected="`key: value` lines",
            help="give it a key",
        )

    def many(self, event: Any, most: int) -> NoReturn:
        """Record that there are more than `most` values, and raise `Stop`."""
        self._put(
            Code.TOO_LARGE,
            self.at(event),
            message=f"the file expands to more than {most:,} values",
            label="too many here",
            help="use fewer aliases and merge keys, or split the file",
        )
        raise Stop

    def many_documents(self, event: Any, most: int) -> NoReturn:
        """Record that there are more than `most` documents, and raise `Stop`."""
        self._put(
            Code.TOO_LARGE,
            self.at(event),
            message=f"the file has more than {most:,} documents",
            label="one too many begins here",
            help="split the file",
        )
        raise Stop

    def deep(self, origin: Origin, most: int) -> None:
        """Record that collections are nested more than `most` deep."""
        self._put(
            Code.TOO_LARGE,
            origin,
            message=f"more than {most:,} nested collections",
            label="too deep here",
            help="make the settings flatter",
        )

    def differs(self, event: Any, value: Any, where: Where) -> None:
        """Record a hint if YAML 1.1 reads a scalar differently. After `MOST_PROBLEMS` hints, record nothing."""
        reading = reading_of_1_1(event.value)
        if not reading or self._hints >= MOST_PROBLEMS:
            return
        self._hints += 1
        kind = "text" if type(value) is str else "a decimal number"
        self.problems.append(
            Problem(
                Code.YAML_1_1_SCALAR,
                path=show(self._path(where)),
                origin=self.at(event),
                severity="info",
                message=f"YAML 1.1 reads this scalar as {reading}; here it is {kind}",
                label=f"{kind} in YAML 1.2",
                help=remedy(reading),
            )
        )

    def _add(self, code: str, origin: Origin, where: Where, **fields: Any) -> None:
        self._put(code, origin, show(self._path(where)), **fields)
        if self._errors >= MOST_PROBLEMS:
            raise Stop

    def _put(self, code: str, origin: Origin, path: str = "", **fields: Any) -> None:
        self.problems.append(Problem(code, path=path, origin=origin, **fields))
        self._errors += 1
        if code != Code.DUPLICATE_KEY:
            self.complete = False

    def _path(self, where: Where) -> tuple[str | int, ...]:
        stack, mapping, items, key = where
        parts: list[Any] = [
            frame[2] if frame[0] is not None else len(frame[1]) - 1
            for frame in stack
            if frame[0] is not None or frame[1] is not None
        ]
        if mapping is not None and key is not None:
            parts.append(key)
        elif items is not None:
            parts.append(len(items))
        named = ["<<" if part is MERGE else part for part in parts if part is not REFUSED]
        restore = self._restore
        return tuple(restore(part) if restore and type(part) is str else part for part in named)
