"""Gives problems the lines of their frames, with every secret that the schema or habit knows of masked, also in keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from toriconfig._masking.frames import Masked
from toriconfig._masking.keys import Keys
from toriconfig._masking.sensitive import Sensitive, Span
from toriconfig._origin import Origin
from toriconfig._renamed import renamed
from toriconfig._render import sort_problems
from toriconfig._shape import Field, Shape, has_secrets
from toriconfig._tree import Node
from toriconfig.errors import Problem


def with_excerpts(
    problems: Iterable[Problem], lines: Mapping[str, Sequence[str]], shape: Shape, roots: Iterable[Node] = ()
) -> tuple[Problem, ...]:
    """The problems, sorted, each with its key masked and with the masked lines that its places stand on.

    Args:
        lines: the lines of each input by the name in its origins.
        shape: the shape of the schema, which knows the secrets.
        roots: the trees that were read from those inputs, to find the values of secrets in them.
    """
    sensitive = known_secrets(shape, roots)
    shown: dict[str, Masked] = {}
    keys = Keys(shape, sensitive(Origin("files", "")))

    def framed(problem: Problem) -> Problem:
        excerpts = dict.fromkeys(_excerpts(problem))
        return problem.replaced(excerpts=tuple(excerpts)) if excerpts else problem

    def _excerpts(problem: Problem) -> Iterator[tuple[str, int, str]]:
        for origin in (problem.origin, *(related.origin for related in problem.related)):
            if origin is None or origin.line is None or origin.source not in lines:
                continue
            if origin.source not in shown:
                shown[origin.source] = Masked(lines[origin.source], sensitive(origin))
            yield shown[origin.source].excerpt(origin)

    told = dict.fromkeys(map(keys.told, dict.fromkeys(problems)))
    return tuple(map(framed, sort_problems(told)))


def known_secrets(shape: Shape, roots: Iterable[Node] = ()) -> Callable[[Origin], Sensitive]:
    """What is known of the secrets in the input of an origin: their names, and where the trees have them."""
    moved = renamed(shape)
    names = frozenset(_names(shape, secret=True)) | {str(key.old[-1]) for key in moved if has_secrets(key.shape)}
    plain = frozenset(_names(shape, secret=False))
    spans: dict[str, list[Span]] = {}
    read = [(root, shape) for root in roots]
    read += [(node, key.shape) for root, _ in read for key in moved if (node := root.find(key.old)) is not None]
    for root, below in read:
        for origin in _secret_places(root, below):
            if origin.line is not None and origin.column is not None:
                end = (origin.end_line or origin.line, origin.end_column or origin.column + 1)
                spans.setdefault(origin.source, []).append((origin.line, origin.column, *end))
    return lambda origin: Sensitive(
        names, plain=plain, spans=spans.get(origin.source, ()), everything=origin.layer == "dotenv"
    )


def _names(shape: Shape, *, secret: bool, seen: frozenset[type] = frozenset()) -> Iterator[str]:
    below = seen | set(shape.models)
    if shape.kind == "model" and not seen.issuperset(shape.models):
        for field in shape.fields.values():
            if (field.shape.kind == "secret") is secret:
                yield from _spellings(field)
            yield from _names(field.shape, secret=secret, seen=below)
    elif shape.item is not None:
        yield from _names(shape.item, secret=secret, seen=seen)


def _spellings(field: Field) -> Iterator[str]:
    yield field.name
    yield from field.keys


def _secret_places(node: Node, shape: Shape) -> Iterator[Origin]:
    if shape.kind == "secret":
        yield node.origin
    elif type(node.value) is dict and shape.kind in ("model", "mapping"):
        for key, child in node.value.items():
            below = shape.child(key)
            if below is not None:
                yield from _secret_places(child, below)
    elif type(node.value) is list and shape.item is not None:
        for child in node.value:
            yield from _secret_places(child, shape.item)
