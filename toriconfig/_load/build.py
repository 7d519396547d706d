"""Last step of a load: validation, freezing and the snapshot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from toriconfig._core.path import show
from toriconfig._core.problem import Code, Problem
from toriconfig._core.value import Value
from toriconfig._load.merge import at_nulls
from toriconfig._load.snapshot import Loaded, Snapshot, remember

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._core.tree import Node
    from toriconfig._load.context import Context
    from toriconfig._load.layers import Layers


class Draft(Value):
    """Result of the steps before the model is built.

    Attributes:
        context: the inputs of the load.
        layers: the layers as they were read.
        root: the tree from which the model is built, with handles for secrets.
        handles: the `Handles` of the secrets; None if the schema has no secrets.
        session: the session with Vault, or None.
        problems: every problem so far, warnings included.
    """

    context: Context
    layers: Layers
    root: Node
    handles: Any
    session: Any
    problems: list[Problem]


def built(draft: Draft) -> tuple[Loaded | None, Draft]:
    """Return `(settings, draft)`. The draft has all problems; if one is an error, the settings are None."""
    model, wrong = validated(draft)
    problems = [*draft.problems, *wrong]
    if model is None and not _has_error(problems):
        problems.append(Problem(Code.BROKEN_RULE, message="the schema rejected the values without giving a reason"))
    draft = draft.replaced(problems=problems)
    if model is None or _has_error(problems):
        return None, draft
    from toriconfig._load.freeze import freeze

    snapshot = snapshot_of_draft(draft)
    if "pydantic_settings" in sys.modules:  # otherwise no field is a settings class
        from toriconfig._load.nested_settings import with_sections

        snapshot = with_sections(snapshot, model)
    freeze(model)
    loaded = Loaded(model, snapshot)
    remember(loaded)
    return loaded, draft


def validated(draft: Draft, *, alone: bool = False) -> tuple[BaseModel | None, list[Problem]]:
    """Validate the values, and return `(model, problems)`. The model is None if pydantic rejects the values.

    Problems at a path that already has an error or a failed reference are omitted. If an input could not be read to
    its end, missing keys are not reported.

    Args:
        draft: the result of the step `judged` of the load.
        alone: True: a single tree is checked, in which a reference may have failed without being reported.
    """
    from toriconfig._validation.validate import validate

    context, root, problems = draft.context, draft.root, draft.problems
    known = {problem.path for problem in problems if problem.severity == "error"}
    whole = root
    if problems or alone:
        from toriconfig._load.templates import failures, has_failed, without_failed

        if has_failed(root):
            whole = without_failed(root)
            known.update(map(show, failures(root)))
    model, wrong = validate(whole, context.shape, context.make, context.how_to_set)
    complete = draft.layers.complete
    wrong = at_nulls(wrong, problems)
    return model, [one for one in wrong if one.path not in known and (complete or one.code != Code.MISSING_KEY)]


def _has_error(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def snapshot_of_draft(draft: Draft) -> Snapshot:
    """Return the snapshot of a load."""
    context, handles = draft.context, draft.handles
    return Snapshot(
        root=draft.root,
        shape=context.shape,
        recipe=context.recipe,
        options=context.options,
        secrets=handles.secrets if handles is not None else {},
        declared=handles.declared if handles is not None else {},
        source_texts=handles.source_texts if handles is not None else {},
        layers=tuple(draft.layers.read),
        files=context.files,
        findings=sorted_problems(draft),
        warned=handles.current_warnings if handles is not None else {},
        session=draft.session,
    )


def sorted_problems(draft: Draft) -> tuple[Problem, ...]:
    """Return the problems of a draft sorted by position, with excerpts of the files. Secrets in them are masked."""
    if not draft.problems:
        return ()
    from toriconfig._masking.registered import as_shown

    layers, context = draft.layers, draft.context
    return as_shown(draft.problems, layers.lines, context.shape, layers.roots, context.recipe.most)
