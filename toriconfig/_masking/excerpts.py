"""Excerpts of input files that are shown with problems, with every known or suspected secret masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from toriconfig._core.origin import Origin
from toriconfig._core.problem import MOST_SHOWN, Code, Problem
from toriconfig._core.tree import Node
from toriconfig._masking.frames import Masked
from toriconfig._masking.keys import Keys, astray
from toriconfig._masking.sensitive import Sensitive, Span
from toriconfig._render import select, sort_problems
from toriconfig._schema.annotations import shape_of
from toriconfig._schema.renames import renamed
from toriconfig._schema.shape import ANY, Field, Shape, confidential


def with_excerpts(
    problems: Iterable[Problem],
    lines: Mapping[str, Sequence[str]],
    shape: Shape,
    roots: Iterable[Node] = (),
    most: int = MOST_SHOWN,
) -> tuple[Problem, ...]:
    """Return the problems without duplicates, sorted by position.

    Keys in the problems are masked. Each problem gets the lines of its input, in which secrets are masked.

    Args:
        problems: the problems.
        lines: the lines of each input, by its name (`Origin.source`).
        shape: the shape of the schema, which identifies the secrets.
        roots: the trees of the inputs, which show the positions of secrets.
        most: maximum number of problems with lines; 0: all problems have lines.
    """
    problems = list(problems)
    sensitive = known_secrets(shape, roots, _instead_of_keys(problems, shape))
    shown: dict[str, Masked] = {}
    nulls = {problem.path for problem in problems if problem.code == Code.NULL_REMOVES and not problem.related}
    keys = Keys(shape, sensitive(Origin("files", "")), nulls)

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

    told = sort_problems(dict.fromkeys(map(keys.told, problems)))
    chosen = set(map(id, select(told, most)))
    return tuple(framed(problem) if id(problem) in chosen else problem for problem in told)


def known_secrets(
    shape: Shape, roots: Iterable[Node] = (), places: Iterable[Origin] = ()
) -> Callable[[Origin], Sensitive]:
    """Return a function that takes an origin, and returns a `Sensitive` with the secrets of the input of this origin.

    Args:
        shape: the shape of the schema.
        roots: the trees of the inputs.
        places: positions of other values that may be secrets.
    """
    moved = renamed(shape)
    fields = [(name, field.shape, sealed) for field, sealed in _fields(shape) for name in (field.name, *field.keys)]
    fields += [(str(key.old[-1]), key.shape, False) for key in moved]
    names = {name for name, below, sealed in fields if sealed or _secret_throughout(below)}
    sections = {name for name, below, _ in fields if confidential(below)} - names
    plain = {name for name, _, _ in fields} - names
    spans: dict[str, list[Span]] = {}
    read = [(root, shape) for root in roots]
    read += [(node, key.shape) for root, _ in read for key in moved if (node := root.find(key.old)) is not None]
    found = (origin for root, below in read for origin in _secret_places(root, below))
    for origin in (*found, *places):
        if origin.line is not None and origin.column is not None:
            end = (origin.end_line or origin.line, origin.end_column or origin.column + 1)
            spans.setdefault(origin.source, []).append((origin.line, origin.column, *end))
    return lambda origin: Sensitive(
        names,
        plain=plain,
        sections=sections,
        spans=spans.get(origin.source, ()),
        everything=origin.layer == "dotenv",
    )


def _instead_of_keys(problems: Iterable[Problem], shape: Shape) -> Iterator[Origin]:
    """Yield the origin of each input whose top level is not a mapping, according to `problems`.

    The content of this input may be a secret. If the schema has no secrets, yield nothing.
    """
    if confidential(shape):
        yield from (
            problem.origin for problem in problems if problem.code == Code.NOT_A_MAPPING and problem.origin is not None
        )


def _fields(shape: Shape, seen: frozenset[type] = frozenset(), *, sealed: bool = False) -> Iterator[tuple[Field, bool]]:
    """Yield `(field, sealed)` for every field at any depth. `sealed` is True for a field inside a secret."""
    if shape.kind == "secret":
        yield from _fields(shape_of(shape.inner), seen, sealed=True)
    for part in shape.parts:
        yield from _fields(part, seen, sealed=sealed)
    if shape.kind == "model" and not seen.issuperset(shape.models):
        for field in shape.fields.values():
            yield field, sealed
            yield from _fields(field.shape, seen | set(shape.models), sealed=sealed)


def _secret_throughout(shape: Shape) -> bool:
    """Return True if the shape is a secret, or a container in which every part is secret."""
    if shape.kind == "secret" or shape.sealed:
        return True
    return bool(shape.parts) and all(map(_secret_throughout, shape.parts))


def _secret_places(node: Node, shape: Shape) -> Iterator[Origin]:
    if not confidential(shape):
        return
    if type(node.value) is dict and shape.kind in ("model", "mapping") and not shape.sealed:
        lost = astray(node, shape)
        for key, child in node.value.items():
            below = shape.child(key)
            if below is not None:
                yield from _secret_places(child, below)
            elif key in lost:
                yield from _all_of(child)
    elif type(node.value) is list and shape.kind == "sequence" and not shape.sealed:
        for index, child in enumerate(node.value):
            yield from _secret_places(child, shape.child(index) or ANY)
    else:  # a secret, or a value of the wrong kind where a container of secrets is expected
        yield from _all_of(node)


def _all_of(node: Node) -> Iterator[Origin]:
    yield node.origin
    if type(node.value) in (dict, list):
        for child in node.value.values() if type(node.value) is dict else node.value:
            yield from _all_of(child)
