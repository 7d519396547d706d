"""Stations that judge the merged tree: unknown keys, handles for secrets, validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toriconfig._core.path import show
from toriconfig._core.problem import Problem, Severity
from toriconfig._load.merge import at_nulls
from toriconfig._schema.shape import has_secrets
from toriconfig._validation.unknown_keys import unknown_keys, without_unknown

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._load.pipeline import Draft


def judged(draft: Draft, *, alone: bool = False) -> Draft:
    """The draft with handles, and without unknown keys that are allowed, or `extra="forbid"` would refuse them.

    Args:
        draft: its `handles` are those of an earlier load, or None.
        alone: True if one tree is judged without other layers.
    """
    context, root = draft.context, draft.root
    shape, options = context.shape, context.options
    problems = list(draft.problems)
    if options.unknown_keys != "ignore":
        severity: Severity = "error" if options.unknown_keys == "error" else "warning"
        problems += unknown_keys(root, shape, severity, whole=draft.layers.complete and not alone)
    if options.unknown_keys != "error":
        root = without_unknown(root, shape)
    draft = draft.replaced(root=root, problems=problems)
    if not has_secrets(shape):
        return draft
    from toriconfig._load.secrets.station import with_handles

    return with_handles(draft)


def validated(draft: Draft, *, alone: bool = False) -> tuple[BaseModel | None, list[Problem]]:
    """Build the model; return it with the problems that are new.

    A problem is not new if its path has an error already, or if a reference failed there.

    Args:
        draft: after `judged`.
        alone: True if one tree is judged without other layers, where a reference may fail without a problem.
    """
    from toriconfig._validation.validate import validate

    context, root, problems = draft.context, draft.root, draft.problems
    known = {problem.path for problem in problems if problem.severity == "error"}
    whole = root
    if problems or alone:
        from toriconfig._load.templates import failures, without_failed

        whole = without_failed(root)
        known.update(map(show, failures(root)))
    model, wrong = validate(whole, context.shape, context.make, context.how_to_set)
    complete = draft.layers.complete
    wrong = at_nulls(wrong, problems)
    return model, [one for one in wrong if one.path not in known and (complete or one.code != "TC103")]
