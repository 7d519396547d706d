"""The steps of one load, in their order: name, result, and module in `_load`.

read_layers   a tree for each source, with the names and types of the schema     `layers`
merge_layers  one tree, in which the highest layer of each key has precedence     `merge`
vault_session the connection that the layers describe                             `connection`
with_defaults defaults added to mappings and lists that the layers set in part    `defaults`
resolved      the tree, with each `${...}` replaced                               `references`, `interpolate`
judged        unknown keys reported, handles for secrets inserted                 `secrets/`
built         the validated and frozen model, with its snapshot                   `build`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig._core.problem import Code, Severity
from toriconfig._core.tree import Tree, refers
from toriconfig._load.build import Draft, validated
from toriconfig._load.context import Context
from toriconfig._load.defaults import whole_lists, with_defaults
from toriconfig._load.layers import no_layers, normalized, read_eagerly, read_layers, with_tree
from toriconfig._load.merge import merge, merge_layers, prune, without_vault_block
from toriconfig._load.references import resolved, with_whole, with_whole_in_all
from toriconfig._load.snapshot import Loaded
from toriconfig._schema.shape import has_secrets
from toriconfig._validation.unknown_keys import unknown_keys, without_unknown


def assembled(context: Context) -> Draft:
    """Run every step of a load except the last, which builds the model. Return the result of these steps."""
    shape, problems = context.shape, list(context.problems)
    layers = read_layers(context)
    if any(refers(tree) for _, tree in layers.trees):
        layers = with_whole_in_all(layers, context, merge_layers(layers.trees, shape)[0])
    merged, wrong = merge_layers(layers.trees, shape)
    root, block = without_vault_block(merged, shape)
    session: Any = None
    if "vault" in context.options.layers and (context.needs_vault or layers.variables or block is not None):
        from toriconfig._load.connection import vault_session

        session, unreachable = vault_session(context, layers.variables, block, root)
        wrong += unreachable
    if context.eager and not context.recipe.offline:
        layers = read_eagerly(context, layers, session)
        root = without_vault_block(merge_layers(layers.trees, shape)[0], shape)[0]
    problems += layers.problems
    problems += wrong
    root = whole_lists(root, shape, problems) if layers.positions else root
    root = prune(with_defaults(root, shape), shape, problems)
    root, wrong = resolved(root, context, root)
    return judged(Draft(context, layers, root, None, session, problems + wrong))


def checked(context: Context, tree: Tree) -> Draft:
    """Check one tree alone, and return the result of the steps of a load before the model is built.

    A missing key or secret that another layer may set is not reported.
    """
    shape, problems = context.shape, list(context.problems)
    layers = with_tree("files", tree, context, no_layers(), alone=True)
    problems += layers.problems
    root, block = without_vault_block(tree.root, shape)
    if block is not None:
        from toriconfig._load.connection import vault_description

        vault_description(context, {}, block, root, problems, alone=True)
    root = normalized(root, context, layers.lines, problems)
    root = prune(with_defaults(root, shape), shape, problems)
    root, wrong = resolved(root, context, root, alone=True)
    draft = judged(Draft(context, layers, root, None, None, problems + wrong), alone=True)
    _, wrong = validated(draft, alone=True)
    # One layer sets a whole item of a list, so no other layer can set a key that is missing in the item.
    kept = [problem for problem in wrong if problem.code != Code.MISSING_KEY or "[" in problem.path]
    return draft.replaced(
        problems=[problem for problem in (*draft.problems, *kept) if problem.code != Code.SECRET_WITHOUT_VALUE]
    )


def derived(context: Context, base: Loaded, updates: Mapping[str, Any]) -> Draft:
    """Merge `updates` over the values of the earlier load `base`. Return the result before the model is built.

    No source is read again.
    """
    from toriconfig._load.derive import carried
    from toriconfig.sources.mapping import MappingSource

    shape, problems, snapshot = context.shape, list(context.problems), base.snapshot
    layers = no_layers(list(snapshot.layers))
    tree = MappingSource(updates).load()
    problems += tree.problems
    given = normalized(tree.root, context, layers.lines, problems)
    below = carried(snapshot.root, given, base.model)
    given, wrong = with_whole(with_defaults(given, shape, below), context, below)
    problems += wrong
    root = merge(below, given, shape, problems)
    given, wrong = resolved(given, context, root)
    problems += wrong
    root = prune(merge(below, given, shape, []), shape, problems)
    handles: Any = None
    if snapshot.secrets or snapshot.declared:
        from toriconfig._load.secrets.query import Handles

        handles = Handles.of(snapshot)
    return judged(Draft(context, layers, root, handles, snapshot.session, problems))


def judged(draft: Draft, *, alone: bool = False) -> Draft:
    """Return the draft with handles for its secrets, and with the problems of unknown keys.

    The option `unknown_keys` decides about an unknown key. "error" adds an error. "warn" removes the key and adds a
    warning. "ignore" only removes the key.

    Args:
        draft: its `handles` are those of an earlier load, or None.
        alone: True: the draft comes from one tree. A required key of a model may then be missing, because another
            layer may set the key.
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
