"""Masking of registered secrets in problems. The message of a validator may contain a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from toriconfig._core.problem import Problem
from toriconfig._core.tree import Node
from toriconfig._masking.excerpts import with_excerpts
from toriconfig._schema.shape import Shape
from toriconfig.pipeline._redact import mask

_TEXTS = ("expected", "help", "message", "label", "layer")


def as_shown(
    problems: Iterable[Problem], lines: Mapping[str, Sequence[str]], shape: Shape, roots: Iterable[Node], most: int
) -> tuple[Problem, ...]:
    """Return the result of `with_excerpts(...)`, with every registered secret masked in texts and excerpts."""
    return tuple(map(_masked, with_excerpts(problems, lines, shape, roots, most)))


def _masked(problem: Problem) -> Problem:
    changes: dict[str, object] = {}
    for name in _TEXTS:
        text: str = getattr(problem, name)
        if text and (shown := mask(text)) != text:
            changes[name] = shown
    excerpts = tuple((source, number, mask(line)) for source, number, line in problem.excerpts)
    if excerpts != problem.excerpts:
        changes["excerpts"] = excerpts
    return problem.replaced(**changes) if changes else problem
