"""Functions that run a load, and return its problems or raise them all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toriconfig._core.clean_call import clean_call
from toriconfig._core.collector import paused
from toriconfig._core.path import Path
from toriconfig._core.problem import MOST_SHOWN, Problem
from toriconfig._core.tree import Tree
from toriconfig._load.build import Draft, built, snapshot_of_draft, sorted_problems
from toriconfig._load.context import Context
from toriconfig._load.pipeline import assembled, checked, derived
from toriconfig._load.read import Reader, looked_for
from toriconfig._load.snapshot import Loaded, Recipe, Snapshot
from toriconfig._runtime import warn_once
from toriconfig._schema.options import Options

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._secrets.secret import Secret
    from toriconfig.backends import Backend


_MOST_WARNED = 100
"""Maximum number of warnings that one load logs. The others are counted."""


class Attempt:
    """Result of one load.

    Attributes:
        loaded: the settings, or None if one of the problems is an error.
        problems: all problems, including warnings, sorted by position.
        complete: False if an input could not be read. A missing key may then be in the unread input.
        unsupplied: dict from the path of each secret without a value to `(reference, remedy)`; the reference is ""
            if the secret has none.
        secrets: dict from each path to its handle, also if `loaded` is None.
        references: every reference to Vault that the settings use.
        elsewhere: every reference to another backend that the settings use, with its scheme.
        backends: the backends of the option `backends`.
        session: the connection to Vault, or None.
    """

    __slots__ = (
        "backends",
        "complete",
        "elsewhere",
        "loaded",
        "problems",
        "references",
        "secrets",
        "session",
        "unsupplied",
    )

    def __init__(self, draft: Draft, loaded: Loaded | None) -> None:
        handles = draft.handles
        self.loaded = loaded
        self.problems = sorted_problems(draft)
        self.complete = draft.layers.complete
        self.unsupplied: Mapping[Path, tuple[str, str]] = handles.unsupplied if handles is not None else {}
        self.secrets: Mapping[Path, Secret[Any]] = handles.secrets if handles is not None else {}
        self.references, self.elsewhere = _references(draft)
        self.backends: Sequence[Backend] = draft.context.options.backends
        self.session: Any = draft.session

    def outcome(self, schema: str) -> Loaded:
        """Return the settings.

        Args:
            schema: name of the schema, for the error.

        Raises:
            ConfigError: there are errors. Its traceback shows no value of a setting.
        """
        if self.loaded is None:
            from toriconfig.errors import ConfigError

            raise ConfigError((problem for problem in self.problems if problem.severity == "error"), schema=schema)
        return self.loaded


@clean_call
def load_now(recipe: Recipe) -> Loaded:
    """Run the load of a recipe, log its warnings, and return the settings.

    Raises:
        ConfigError: there are errors. Its traceback shows no value of a setting.
    """
    attempt = try_load(recipe)
    loaded = attempt.outcome(recipe.schema.__name__)
    _tell(attempt.problems)
    _tell_files(loaded.snapshot)
    return loaded


def try_load(recipe: Recipe) -> Attempt:
    """Run the load of a recipe, and return its `Attempt`. Problems are never raised."""
    with paused():
        loaded, draft = built(assembled(Context(recipe)))
        return Attempt(draft, loaded)


def _references(draft: Draft) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return `(references, elsewhere)` for an `Attempt`: the references to Vault, and those to other backends."""
    from toriconfig._core.markers import scheme_of

    context, handles = draft.context, draft.handles
    own = [context.vault_path] if context.eager and context.vault_path is not None else []
    found = [name for names in handles.declared.values() for name in names] if handles is not None else []
    in_vault = [one for one in found if scheme_of(one) == "vault"]
    elsewhere = [one for one in found if scheme_of(one) != "vault"]
    return tuple(dict.fromkeys([*own, *in_vault])), tuple(dict.fromkeys(elsewhere))


def try_check_tree(
    schema: type[BaseModel], tree: Tree, most: int = MOST_SHOWN, backends: Sequence[Backend] = ()
) -> tuple[Problem, ...]:
    """Return the problems of a single tree. Other layers and the environment are ignored.

    Args:
        schema: the schema.
        tree: the tree.
        most: maximum number of problems that show their lines; 0: all.
        backends: the backends to use; empty: those in the `model_config` of the schema.
    """
    given = {"backends": backends} if backends else {}
    with paused():
        context = Context(Recipe(schema, given, environ={}, offline=True, most=most))
        return sorted_problems(checked(context, tree))


def try_unknown(recipe: Recipe, options: Options, updates: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return a problem for each key of `updates` that is not in the schema.

    If the option `unknown_keys` is not "error", return ().
    """
    if options.unknown_keys != "error":
        return ()
    from toriconfig._load.layers import normalized
    from toriconfig._validation.unknown_keys import unknown_keys
    from toriconfig.sources.mapping import MappingSource

    context = Context(recipe, options=options)
    root = normalized(MappingSource(updates).load().root, context, {}, [])
    return tuple(unknown_keys(root, context.shape, "error", whole=False))


@clean_call
def derive(base: Loaded, updates: Mapping[str, Any]) -> Loaded:
    """Return a validated copy of the settings of `base`, with `updates` merged over the values.

    If `updates` is empty and `copy.deepcopy` succeeds, the copy is not validated.

    Raises:
        ConfigError: the updates are invalid; the error lists every problem.
    """
    return try_derive(base, updates).outcome(base.snapshot.recipe.schema.__name__)


def try_derive(base: Loaded, updates: Mapping[str, Any]) -> Attempt:
    """Merge `updates` over the settings of `base`, and return an `Attempt`. Problems are never raised."""
    from toriconfig._load.derive import copied
    from toriconfig._load.layers import no_layers

    context = Context(base.snapshot.recipe, options=base.snapshot.options)
    loaded = None if updates else copied(base)
    if loaded is not None:
        return Attempt(Draft(context, no_layers(), base.snapshot.root, None, base.snapshot.session, []), loaded)
    loaded, draft = built(derived(context, base, updates))
    return Attempt(draft, loaded)


class UnbuiltLoad:
    """A load without the validation, for a class whose constructor validates the values.

    Args:
        recipe: the arguments of the load.
        reader: function that reads every layer.

    Attributes:
        root: the values for the model, with handles for secrets.
        shape: the shape of the schema.
        problems: all problems so far, including warnings.
    """

    def __init__(self, recipe: Recipe, reader: Reader) -> None:
        self._draft = draft = assembled(Context(recipe, reader))
        self.root = draft.root
        self.shape = draft.context.shape
        self.problems = sorted_problems(draft)

    def finish(self) -> Snapshot:
        """Log the warnings of the load, and return its snapshot. Call this method after the model was built."""
        _tell(self.problems)
        snapshot = snapshot_of_draft(self._draft)
        _tell_files(snapshot)
        return snapshot


def _tell(problems: tuple[Problem, ...]) -> None:
    warn_once.flush()
    warnings = [problem for problem in problems if problem.severity == "warning"]
    for problem in warnings[:_MOST_WARNED]:
        text = f"{problem}{f' ({problem.help})' if problem.help else ''}"
        warn_once.warn((problem.code, problem.path, str(problem.origin), problem.message), text)
    if len(warnings) > _MOST_WARNED:
        text = f"{len(warnings) - _MOST_WARNED:,} more warnings like these: `toriconfig check` shows them"
        warn_once.warn(("more warnings", text), text)


def _tell_files(snapshot: Snapshot) -> None:
    """Log the settings files that were read, at level INFO; if no file was read, log the paths that were searched.

    If the layer `files` is not among the layers of the load, log nothing.
    """
    if not warn_once.informs() or "files" not in snapshot.options.layers:
        return
    read = [layer.name for layer in snapshot.layers if layer.kind == "files"]
    looked = looked_for(snapshot.options)
    if read:
        warn_once.inform("%s: settings files: %s", snapshot.recipe.schema.__name__, ", ".join(read))
    elif looked:
        warn_once.inform("%s: no settings file; looked for %s", snapshot.recipe.schema.__name__, ", ".join(looked))
