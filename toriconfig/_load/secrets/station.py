"""Step of the load that inserts handles into the tree, and logs one warning per missing secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code
from toriconfig._load.secrets.handles import put_handles
from toriconfig._load.secrets.query import Query
from toriconfig._runtime import warn_once

if TYPE_CHECKING:
    from toriconfig._load.build import Draft
    from toriconfig._load.context import Context


def with_handles(draft: Draft) -> Draft:
    """Return `draft` with a handle for each secret in its tree, and log one warning per missing secret.

    The tree may already contain handles of an earlier load, which are in `draft.handles`. These handles are kept.
    """
    context = draft.context
    current: dict[tuple[str, Path], str] = {}
    warn = _warner(context, draft, current)
    session, recipe = draft.session, context.recipe
    query = Query(
        session.provider if session is not None and not recipe.offline else None,
        context.vault_path,
        context.options.layers,
        context.variable,
        context.looked,
        draft.layers.text_of,
        warn,
        offline=recipe.offline,
        complete=draft.layers.complete,
        presumed=recipe.presumed,
        configured=session is not None,
        backends=context.options.backends,
    )
    root, handles = put_handles(draft.root, context.shape, query, draft.handles)
    handles.current_warnings = current
    for path, message in handles.warnings.items():
        warn(path, "missing", message)
    return draft.replaced(root=root, handles=handles, problems=[*draft.problems, *handles.problems])


def _warner(context: Context, draft: Draft, current: dict[tuple[str, Path], str]) -> Callable[[Path, str, str], None]:
    """Return a function that takes the path of a secret, a kind of warning and a message, and logs the message once.

    An empty message ends the warning: a later message of the same kind is logged again. In an offline load, nothing
    is logged. The function must not refer to the tree or to the text of files.
    """
    schema = context.recipe.schema
    name, key = schema.__name__, f"{schema.__module__}.{schema.__qualname__}"
    # An invalid option for Vault is already an error, and secrets are missing because of it.
    quiet = context.recipe.offline or any(
        problem.code == Code.INVALID_OPTION and problem.severity == "error" for problem in draft.problems
    )

    def warn(path: Path, about: str, message: str) -> None:
        if not message:
            warn_once.over((about, key, show(path)))
            current.pop((about, path), None)
        elif not quiet:
            current[about, path] = f"{name}: {message}"
            warn_once.warn((about, key, show(path)), f"{name}: {message}")

    return warn
