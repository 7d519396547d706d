"""One load, station by station: sources, fit, merge, references, handles, validation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from toriconfig import _warnings
from toriconfig._defaults import with_defaults
from toriconfig._fit import fit, names
from toriconfig._freeze import freeze
from toriconfig._handles import put_handles
from toriconfig._layers import Inputs, Reader, files_of, profile_of, read
from toriconfig._merge import merge, prune
from toriconfig._options import Options
from toriconfig._origin import OriginKind
from toriconfig._path import Path, show
from toriconfig._resolve import resolve, without_failed
from toriconfig._shape import Shape, root_shape
from toriconfig._snapshot import LayerRead, Loaded, Recipe, Snapshot, remember, remember_how
from toriconfig._supplier import Places
from toriconfig._tree import Layer, Node, Tree
from toriconfig._unknown import unknown_keys, without_unknown
from toriconfig._validate import validate
from toriconfig._vault_options import vault_options
from toriconfig.errors import ConfigError, Problem


class Attempt:
    """What became of one load.

    Attributes:
        loaded: the settings, or None when there is an error among the problems.
        problems: all that was found, warnings included, sorted by place.
        unsupplied: paths of secrets that nothing supplies here, with their place in Vault ("" for none) and the remedy.
    """

    __slots__ = ("loaded", "problems", "unsupplied")

    def __init__(
        self,
        loaded: Loaded | None,
        problems: tuple[Problem, ...],
        unsupplied: Mapping[Path, tuple[str, str]] = MappingProxyType({}),
    ) -> None:
        self.loaded = loaded
        self.problems = problems
        self.unsupplied = unsupplied


def load_now(recipe: Recipe) -> Loaded:
    """Load by the recipe.

    Raises:
        ConfigError: with everything that is wrong; this frame never held what was read.
    """
    attempt = try_load(recipe)
    if attempt.loaded is None:
        raise ConfigError(
            (problem for problem in attempt.problems if problem.severity == "error"), schema=recipe.schema.__name__
        )
    _tell(attempt.problems)
    return attempt.loaded


def try_load(recipe: Recipe) -> Attempt:
    """Load by the recipe; problems are returned, never raised."""
    run = _Load(recipe)
    loaded = run.load()
    return Attempt(loaded, run.sorted_problems(), run.unsupplied)


def try_check_tree(schema: type[BaseModel], tree: Tree) -> tuple[Problem, ...]:
    """What is wrong with one tree alone, whatever other layers may say; the environment does not count."""
    run = _Load(Recipe(schema, {}, environ={}, offline=True))
    run.check(tree)
    return run.sorted_problems()


def derive(base: Snapshot, updates: Mapping[str, Any]) -> Loaded:
    """The settings of an earlier load with `updates` above them, validated, sharing nothing that can change.

    Raises:
        ConfigError: with everything that is wrong with the updates.
    """
    attempt = _try_derive(base, updates)
    if attempt.loaded is None:
        errors = (problem for problem in attempt.problems if problem.severity == "error")
        raise ConfigError(errors, schema=base.recipe.schema.__name__)
    return attempt.loaded


def _try_derive(base: Snapshot, updates: Mapping[str, Any]) -> Attempt:
    run = _Load(base.recipe)
    loaded = run.derive(base, updates)
    return Attempt(loaded, run.sorted_problems())


class Draft:
    """A load for a model that makes itself: everything is there but the model.

    Attributes:
        root: what the model is to be made from, with handles where secrets are.
        shape: the shape of the schema.
        problems: all that was found so far, warnings included.
    """

    def __init__(self, recipe: Recipe, reader: Reader) -> None:
        self._run = run = _Load(recipe, reader)
        self.root, self._places, self._session = run.judged()
        self.shape = run.shape
        self.problems = run.sorted_problems()

    def finish(self, model: BaseModel) -> None:
        """Let everybody know where the values of `model` came from, and log what there is to warn of."""
        remember_how(model, self._run.snapshot(self.root, self._places, self._session))
        _tell(self.problems)


class _Load:
    """The state of one load; gone when it has ended, and with it the text of the files."""

    def __init__(self, recipe: Recipe, reader: Reader | None = None) -> None:
        self.recipe = recipe
        # A schema that has sources of its own reads them itself, and knows how it is made without reading them again.
        own: Reader = getattr(recipe.schema, "_toriconfig_read", read)
        self.reader = own if reader is None else reader
        self.make: Callable[[Any], BaseModel] = getattr(
            recipe.schema, "_toriconfig_make", recipe.schema.model_validate
        )
        self.environ: Mapping[str, str] = os.environ if recipe.environ is None else recipe.environ
        self.shape = root_shape(recipe.schema)
        self.problems: list[Problem] = []
        self.lines: dict[str, list[str]] = {}
        self.layers: list[LayerRead] = []
        self.read: list[Node] = []
        self.complete = True
        self.unsupplied: Mapping[Path, tuple[str, str]] = {}
        options = Options.of(recipe.schema.model_config, recipe.options)
        self.options = profile_of(options, self.environ, self.problems)

    def load(self) -> Loaded | None:
        """Read everything and build the settings."""
        return self._built(*self._assembled())

    def judged(self) -> tuple[Node, Places, Any]:
        """Read everything, and stop before the settings are built."""
        root, places, session = self._assembled()
        return self._judged(root, places), places, session

    def _assembled(self) -> tuple[Node, Places, Any]:
        trees, env = self._trees()
        root, block = _parted(self._merged(trees), self.shape)
        session = self._session(env, block)
        root = prune(with_defaults(root, self.shape), self.shape, self.problems)
        return self._resolved(root, root), self._places(session), session

    def check(self, tree: Tree) -> None:
        """Judge one tree alone; what other layers could still say is not missed."""
        self._note("files", tree)
        root, block = _parted(tree.root, self.shape)
        if block is not None:
            vault_options(None, {}, block, self.problems)
        root = prune(with_defaults(root, self.shape), self.shape, self.problems)
        places = self._places(None)
        root = without_failed(self._judged(self._resolved(root, root, alone=True), places))
        wrong = validate(root, self.shape, self.make, self._how_to_set)[1]
        self._add([problem for problem in wrong if problem.code != "TC103"])
        self.problems = [problem for problem in self.problems if problem.code != "TC401"]

    def derive(self, base: Snapshot, updates: Mapping[str, Any]) -> Loaded | None:
        """The settings of an earlier load with `updates` above them; nothing is read again."""
        from toriconfig.sources.mapping import MappingSource

        tree = MappingSource(updates).load()
        self.problems += tree.problems
        root = merge(base.root, tree.root, self.shape, self.problems)
        root = merge(base.root, self._resolved(tree.root, root), self.shape, [])
        places = self._places(base.session)
        places.kept = frozenset(map(id, base.secrets.values()))
        self.layers = list(base.layers)
        return self._built(prune(root, self.shape, self.problems), places, base.session)

    def _resolved(self, root: Node, within: Node, *, alone: bool = False) -> Node:
        return resolve(
            root,
            self.shape,
            within=within,
            environ=None if alone else self.environ,
            profile=self.options.profile,
            read_file=self._read_file,
            problems=self.problems,
        )

    def _judged(self, root: Node, places: Places) -> Node:
        """The tree with handles."""
        root = put_handles(root, self.shape, places)
        self.problems += places.problems
        self.unsupplied = places.unsupplied
        if self.options.unknown_keys == "error":
            self.problems += unknown_keys(root, self.shape, "error")
            return root
        if self.options.unknown_keys == "warn":
            self.problems += unknown_keys(root, self.shape, "warning")
        return without_unknown(root, self.shape)  # else `extra="forbid"` would refuse what was just let pass

    def _add(self, wrong: list[Problem]) -> None:
        """Add what validation found, unless an earlier station has told it already."""
        told = {problem.path for problem in self.problems if problem.severity == "error"}
        self.problems += [p for p in wrong if p.path not in told and (self.complete or p.code != "TC103")]

    def _built(self, root: Node, places: Places, session: Any) -> Loaded | None:
        root = self._judged(root, places)
        if self.problems:
            root = without_failed(root)
        model, wrong = validate(root, self.shape, self.make, self._how_to_set)
        self._add(wrong)
        if model is None or any(problem.severity == "error" for problem in self.problems):
            return None
        freeze(model)
        loaded = Loaded(model, self.snapshot(root, places, session))
        remember(loaded)
        return loaded

    def snapshot(self, root: Node, places: Places, session: Any) -> Snapshot:
        """What this load knows beside its model."""
        return Snapshot(
            root=root,
            shape=self.shape,
            recipe=self.recipe,
            options=self.options,
            secrets=places.secrets,
            unsupplied=places.unsupplied,
            layers=tuple(self.layers),
            findings=self.sorted_problems(),
            session=session,
        )

    def _trees(self) -> tuple[list[tuple[OriginKind, Node]], dict[str, Node]]:
        trees: list[tuple[OriginKind, Node]] = []
        env: dict[str, Node] = {}
        prefix, delimiter = self.options.environment_prefix, self.options.env_nested_delimiter
        for kind, tree in self.reader(Inputs(self.options, self.environ, self.recipe.overrides)):
            root = tree.root
            self._note(kind, tree)
            if tree.flat:
                root, vault = fit(root, self.shape, delimiter, prefix, self.problems)
                env.update(vault)
            if root.value:
                trees.append((kind, root))
        return trees, env

    def _note(self, kind: OriginKind, tree: Tree) -> None:
        self.problems += tree.problems
        self.complete = self.complete and tree.complete
        self.layers.append(LayerRead(kind, tree.root.layer.name, _leaves(tree.root)))
        if tree.lines is not None:
            self.lines[tree.root.layer.name] = tree.lines
            if not tree.flat:
                self.read.append(tree.root)

    def _merged(self, trees: list[tuple[OriginKind, Node]]) -> Node:
        root = Node({}, _NOTHING)
        for _, tree in trees:
            root = merge(root, tree, self.shape, self.problems)
        return root

    def _session(self, env: Mapping[str, Node], block: Node | None) -> Any:
        if "vault" not in self.options.layers:
            return None
        vault = self.options.vault
        if env or block is not None or vault is None:
            vault = vault_options(vault, env, block, self.problems)
        if self.recipe.offline:
            return None
        session, wrong = _connected(vault, self.environ)
        if wrong:
            self.problems.append(
                Problem("TC504", "vault", help="correct it in the environment or in `Vault(...)`", message=wrong)
            )
        return session

    def _places(self, session: Any) -> Places:
        path = self.options.vault_path
        if path is not None and self.options.profile is not None:
            path = path.replace("${profile}", self.options.profile)
        schema = self.recipe.schema
        key = f"{schema.__module__}.{schema.__qualname__}"

        def warn(at: Path, message: str) -> None:
            if not self.recipe.offline and _warnings.once(("secret", key, show(at))):
                _logger().warning("%s: %s", schema.__name__, message)

        return Places(
            schema.__name__,
            session.cell if session is not None else None,
            path,
            self.options.layers,
            self._variable,
            self._looked(),
            warn,
        )

    def _looked(self) -> list[str]:
        looked = [f"variables {self.options.env_prefix}*"] if self.options.env_prefix else []
        looked += [os.fspath(file) for file in (*self.options.env_file, *self.options.secrets_dir)]
        return looked + [file for file, _ in files_of(self.options, self.environ)]

    def _variable(self, path: Path) -> str | None:
        if self.options.env_prefix is None or "env" not in self.options.layers:
            return None
        return next(
            (n for n, at in names(self.shape, self.options.env_nested_delimiter, self.options.env_prefix) if at == path),
            None,
        )

    def _how_to_set(self, path: Path) -> str:
        variable = self._variable(path)
        looked = ", ".join(self._looked()) or "no layer: the options name none"
        return f"looked in: {looked}; set `{show(path)}`" + (f", or {variable} in the environment" if variable else "")

    def _read_file(self, name: str) -> str | Problem:
        from toriconfig._file_reference import read_under

        return read_under(name, self.options.file_roots)

    def sorted_problems(self) -> tuple[Problem, ...]:
        if not self.problems:
            return ()
        from toriconfig._excerpts import with_excerpts

        return with_excerpts(self.problems, self.lines, self.shape, self.read)


def _connected(vault: Any, environ: Mapping[str, str]) -> tuple[Any, str]:
    """The connection to Vault (None when none is configured), and what is wrong with its description."""
    from toriconfig._vault import connect

    try:
        return connect(vault, environ), ""
    except ValueError as error:
        return None, str(error)


def _parted(root: Node, shape: Shape) -> tuple[Node, Node | None]:
    """The tree without the block that describes the connection to Vault, and that block."""
    block = root.value.get("vault") if "vault" not in shape.fields else None
    if block is None:
        return root, None
    return Node({key: node for key, node in root.value.items() if key != "vault"}, root.layer, root.at), block


def _leaves(node: Node) -> int:
    if type(node.value) is not dict:
        return 1
    return sum(_leaves(child) for child in node.value.values())


def _tell(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        if problem.severity == "warning" and _warnings.once((problem.code, problem.path, str(problem.origin))):
            _logger().warning("%s%s", problem, f" ({problem.help})" if problem.help else "")


def _logger() -> Any:
    import logging

    return logging.getLogger("toriconfig")


def _nowhere(at: Any) -> Any:
    from toriconfig._origin import Origin

    return Origin("defaults", "nothing")


_NOTHING = Layer("defaults", "nothing", _nowhere)

