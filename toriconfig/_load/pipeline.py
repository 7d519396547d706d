"""One load, station by station: sources, fit, merge, references, handles, validation."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toriconfig._core.markers import Ref, scheme_of
from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.path import Path, show
from toriconfig._core.problem import Problem, Severity
from toriconfig._core.tree import Layer, Node, Tree, refers
from toriconfig._load.aliases import one_spelling
from toriconfig._load.defaults import whole_lists, with_defaults
from toriconfig._load.hints import Remedies
from toriconfig._load.interpolate import resolve
from toriconfig._load.merge import at_nulls, merge, prune, without_vault_block
from toriconfig._load.read import Inputs, Reader, overlooked, read
from toriconfig._load.secrets.context import Places, connected, vault_path
from toriconfig._load.snapshot import LayerRead, Loaded, Recipe, Snapshot, remember
from toriconfig._load.steering import options_of
from toriconfig._load.templates import failures, without_failed
from toriconfig._runtime import warn_once
from toriconfig._schema.options import Options
from toriconfig._schema.renames import outdated, renamed
from toriconfig._schema.shape import Shape, has_exact, has_secrets, root_shape
from toriconfig._validation.unknown_keys import unknown_keys, without_unknown

if TYPE_CHECKING:
    from pydantic import BaseModel


_At = tuple[Path, Shape] | None
"""Where a part of the tree stands, and what the schema allows there; None: the whole."""


class Load:
    """The state of one load; gone when it has ended, and with it the text of the files."""

    def __init__(self, recipe: Recipe, reader: Reader | None = None, options: Options | None = None) -> None:
        self.recipe = recipe
        schema: object = recipe.schema  # whatever an untyped program passes
        if not isinstance(schema, type) or not hasattr(schema, "model_fields"):
            raise TypeError(f"settings are loaded into a pydantic model, not into a {type(schema).__name__}")
        if getattr(recipe.schema, "__pydantic_root_model__", False):
            raise TypeError(f"{recipe.schema.__name__} is a RootModel, which has no keys for layers to set")
        # A schema that has sources of its own reads them itself, and knows how it is made without reading them again.
        own: Reader = getattr(recipe.schema, "_toriconfig_read", read)
        self.reader = own if reader is None else reader
        self.make: Callable[[Any], BaseModel] = getattr(recipe.schema, "_toriconfig_make", recipe.schema.model_validate)
        self.environ: Mapping[str, str] = os.environ if recipe.environ is None else recipe.environ
        self.shape = root_shape(recipe.schema, recipe.options.get("renamed"))
        self.problems: list[Problem] = []
        self.lines: dict[str, list[str]] = {}
        self.files: dict[str, str | Problem] = {}
        self.layers: list[LayerRead] = []
        self.read: list[Node] = []
        self.warned: dict[tuple[str, Path], str] = {}
        self.complete, self.positions = True, False
        self.places: Places | None = None
        self.session: Any = None
        if options is None:
            if has_secrets(self.shape):
                from toriconfig._schema.secret_check import refuse_hidden

                refuse_hidden(self.shape)
            options = options_of(recipe, self.environ, self.shape, self.problems)
            if "files" in options.layers:
                self.problems += overlooked(options)
        self.options = options
        if self.shape.renamed:
            renamed(self.shape)  # what leads nowhere is told now, not at first use
        self.remedies = Remedies(options, self.shape)

    def load(self) -> Loaded | None:
        """Read everything and build the settings."""
        return self._built(*self._assembled())

    def judged(self) -> tuple[Node, Places, Any]:
        """Read everything, and stop before the settings are built."""
        root, places, session = self._assembled()
        return self._judged(root, places), places, session

    def _assembled(self) -> tuple[Node, Places, Any]:
        trees, env = self._trees()
        if any(refers(tree) for _, tree in trees):
            merged = self._merged(trees, [])
            trees[:] = ((kind, self._with_whole(tree, merged)) for kind, tree in trees)
        root, block = without_vault_block(self._merged(trees, self.problems), self.shape)
        self.session = session = self._session(env, block, root)
        if self.options.vault_layer == "eager" and "vault" in self.options.layers and not self.recipe.offline:
            self._read_eagerly(trees, session)
            root = without_vault_block(self._merged(trees, []), self.shape)[0]
        root = whole_lists(root, self.shape, self.problems) if self.positions else root
        root = prune(with_defaults(root, self.shape), self.shape, self.problems)
        return self._resolved(root, root), self._places(session), session

    def check(self, tree: Tree) -> None:
        """Judge one tree alone; what other layers could still say is not missed."""
        from toriconfig._validation.validate import validate

        self._note("files", tree, alone=True)
        root, block = without_vault_block(tree.root, self.shape)
        if block is not None:
            from toriconfig._load.vault_options import vault_options

            vault_options(self.options.vault, {}, self._block(block, root, alone=True), self.problems)
        root = prune(with_defaults(self._current(root), self.shape), self.shape, self.problems)
        places = self._places(None)
        root = self._judged(self._resolved(root, root, alone=True), places, alone=True)
        wrong = validate(without_failed(root), self.shape, self.make, self.remedies.how_to_set)[1]
        # An item of a list is whole in one layer, so what is missing in it no other layer can say.
        self._add([problem for problem in wrong if problem.code != "TC103" or "[" in problem.path], root)
        self.problems = [problem for problem in self.problems if problem.code != "TC401"]

    def derive(self, loaded: Loaded, updates: Mapping[str, Any]) -> Loaded | None:
        """The settings of an earlier load with `updates` above them; nothing is read again."""
        from toriconfig._load.derive import carried
        from toriconfig.sources.mapping import MappingSource

        base = loaded.snapshot
        tree = MappingSource(updates).load()
        self.problems += tree.problems
        given = self._current(tree.root)
        below = carried(base.root, given, loaded.model)
        given = self._with_whole(with_defaults(given, self.shape, below), below)
        root = merge(below, given, self.shape, self.problems)
        root = merge(below, self._resolved(given, root), self.shape, [])
        places = self._places(base.session)
        places.kept = frozenset(map(id, base.secrets.values()))
        places.unsupplied = {path: where for path, where in base.unsupplied.items() if root.find(path) is not None}
        places.declared, places.spelt = dict(base.declared), dict(base.spelt)
        self.layers = list(base.layers)
        return self._built(prune(root, self.shape, self.problems), places, base.session)

    def _current(self, root: Node) -> Node:
        """One tree with each key under the name that the schema has for it now, and values read by their exact type."""
        if self.options.extension_keys and root.layer.kind == "files":
            kept = {key: node for key, node in root.value.items() if key in self.shape.fields or key[:2] != "x-"}
            root = Node(kept, root.layer, root.at)
        if has_exact(self.shape):
            from toriconfig._load.exact_values import exact_values

            root = exact_values(root, self.shape, self._text_of)
        if outdated(self.shape):
            from toriconfig._load.renames import up_to_date

            root = up_to_date(root, self.shape, self.problems, self.remedies.variable)
        return one_spelling(root, self.shape, self.problems)

    def _resolved(
        self, root: Node, within: Node, *, alone: bool = False, at: _At = None, wrong: list[Problem] | None = None
    ) -> Node:
        return resolve(
            root,
            self.shape,
            within=within,
            at=at,
            environ=None if alone else self.environ,
            profile=self.options.profile,
            read_file=self._read_file,
            problems=self.problems if wrong is None else wrong,
            checks=self.options.checks,
        )

    def _with_whole(self, root: Node, within: Node) -> Node:
        """A tree with the lists and mappings that its references yield, for other layers to be merged with."""
        if not refers(root):
            return root
        from toriconfig._load.whole_references import with_whole_references

        def resolved(node: Node, here: Shape, path: Path, wrong: list[Problem]) -> Node:
            return self._resolved(node, within, at=(path, here), wrong=wrong)

        return with_whole_references(root, self.shape, resolved, self.problems)

    def _judged(self, root: Node, places: Places, *, alone: bool = False) -> Node:
        """The tree with handles, and without unknown keys that are let pass, lest `extra="forbid"` refuse them."""
        if self.options.unknown_keys != "ignore":
            severity: Severity = "error" if self.options.unknown_keys == "error" else "warning"
            self.problems += unknown_keys(root, self.shape, severity, whole=self.complete and not alone)
        if self.options.unknown_keys != "error":
            root = without_unknown(root, self.shape)
        if has_secrets(self.shape):
            from toriconfig._load.secrets.handles import put_handles

            root = put_handles(root, self.shape, places)
        self.problems += places.problems
        self.places = places
        return root

    def references(self) -> tuple[str, ...]:
        """Every place in Vault that the settings may be read from, as far as it is known by now."""
        eager = self.options.vault_layer == "eager" and "vault" in self.options.layers
        own = vault_path(self.options, self.problems) if eager else None
        found = [name for names in self.places.declared.values() for name in names] if self.places else []
        return tuple(dict.fromkeys([*([own] if own else []), *(one for one in found if scheme_of(one) == "vault")]))

    def _add(self, wrong: list[Problem], root: Node) -> None:
        """Add what validation found, unless it was told already, or a reference that failed in `root` is all of it."""
        told = {problem.path for problem in self.problems if problem.severity == "error"}
        told.update(map(show, failures(root) if wrong else ()))
        wrong = at_nulls(wrong, self.problems)
        self.problems += [p for p in wrong if p.path not in told and (self.complete or p.code != "TC103")]

    def _built(self, root: Node, places: Places, session: Any) -> Loaded | None:
        from toriconfig._load.freeze import freeze
        from toriconfig._validation.validate import validate

        root = self._judged(root, places)
        whole = without_failed(root) if self.problems else root
        model, wrong = validate(whole, self.shape, self.make, self.remedies.how_to_set)
        self._add(wrong, root)
        if model is None and not any(problem.severity == "error" for problem in self.problems):
            self.problems.append(Problem("TC108", message="the schema refuses what was read, and does not say why"))
        if model is None or any(problem.severity == "error" for problem in self.problems):
            return None
        snapshot = self.snapshot(root, places, session)
        if "pydantic_settings" in sys.modules:  # else nothing below can have read anything itself
            from toriconfig._load.nested_settings import with_sections

            snapshot = with_sections(snapshot, model)
        freeze(model)
        loaded = Loaded(model, snapshot)
        remember(loaded)
        return loaded

    def snapshot(self, root: Node, places: Places, session: Any) -> Snapshot:
        """Build the metadata of this load, without its model."""
        return Snapshot(
            root=root,
            shape=self.shape,
            recipe=self.recipe,
            options=self.options,
            secrets=places.secrets,
            unsupplied=places.unsupplied,
            declared=places.declared,
            spelt=places.spelt,
            layers=tuple(self.layers),
            findings=self.sorted_problems(),
            warned=self.warned,
            session=session,
        )

    def _trees(self) -> tuple[list[tuple[OriginKind, Node]], dict[str, Node]]:
        trees: list[tuple[OriginKind, Node]] = []
        env: dict[str, Node] = {}
        options, recipe = self.options, self.recipe
        read_all = list(self.reader(Inputs(options, self.environ, recipe.overrides, recipe.arguments)))
        for kind, said in read_all:
            tree, exact = said, None
            if said.flat and self.reader is read and options.restricts(kind):
                from toriconfig._load.exact_names import with_exact_names

                tree, exact = with_exact_names(kind, said, self.shape, options)
            root = tree.root
            self._note(kind, tree)
            if root.layer.text and (tree.flat or any(isinstance(node.value, dict) for node in root.value.values())):
                from toriconfig._load.flat_names import nested
                from toriconfig._load.free_keys import existing_keys, has_positions

                existing = exact or existing_keys(self.shape, [other.root for _, other in read_all], trees)
                root, names = nested(kind, tree, self.shape, options, existing, self.problems)
                env.update(names)
                self.positions = self.positions or has_positions(root)
            root = self._current(root)
            if root.value:
                trees.append((kind, root))
        return trees, env

    def _read_eagerly(self, trees: list[tuple[OriginKind, Node]], session: Any) -> None:
        """Put what Vault says of plain fields among the trees, at the rank of its layer."""
        path = vault_path(self.options, self.problems)
        if path is None:
            return
        if session is None:
            message = "Vault is not configured, so plain fields come from lower layers although `vault_layer` is eager"
            self.problems.append(Problem("TC405", help="set VAULT_ADDR", message=message, severity="warning"))
            return
        from toriconfig._load.flat_names import fit_paths
        from toriconfig.sources.vault import VaultSource

        tree = VaultSource(session.at(Ref(path)), path).load()
        self._note("vault", tree)
        above = self.options.layers[: self.options.layers.index("vault")]
        rank = next((at for at, (kind, _) in enumerate(trees) if kind in above), len(trees))
        trees.insert(rank, ("vault", self._current(fit_paths(tree.root, self.shape, self.problems))))

    def _note(self, kind: OriginKind, tree: Tree, *, alone: bool = False) -> None:
        self.problems += [problem for problem in tree.problems if self._concerns_us(problem)]
        self.complete = self.complete and tree.complete
        self.layers.append(LayerRead(kind, tree.root.layer.name, tree.root.leaves(), not alone and tree.blank))
        if tree.lines is not None:
            self.lines[tree.root.layer.name] = tree.lines
            if not tree.flat:
                self.read.append(tree.root)

    def _concerns_us(self, problem: Problem) -> bool:
        """True if a problem of a variable is ours: without a prefix the environment is full of other people's."""
        if self.options.environment_prefix or problem.origin is None or problem.origin.layer not in ("env", "dotenv"):
            return True
        name = problem.origin.name or (problem.origin.source if problem.origin.layer == "env" else "")
        if not name:
            return True
        from toriconfig._load.flat_names import means

        return means(name, self.shape, self.options.env_nested_delimiter)

    def _merged(self, trees: list[tuple[OriginKind, Node]], problems: list[Problem]) -> Node:
        root = Node({}, _NOTHING)
        for _, tree in trees:
            root = merge(root, tree, self.shape, problems)
        return root

    def _session(self, env: Mapping[str, Node], block: Node | None, within: Node) -> Any:
        if "vault" not in self.options.layers:
            return None
        nobody = self.options.vault_layer != "eager" and not has_secrets(self.shape)
        told = bool(env) or block is not None
        if nobody and not told:
            return None  # nobody will ask, so not even how to reach Vault is imported
        block = self._block(block, within) if block is not None else None
        vault = self.options.vault
        if told:
            from toriconfig._load.vault_options import vault_options

            vault = vault_options(vault, env, block, self.problems)
        if self.recipe.offline or nobody:
            return None
        session, wrong = connected(vault, self.environ)
        if wrong:
            self.problems.append(
                Problem("TC504", "vault", help="correct it in the environment or in `Vault(...)`", message=wrong)
            )
        return session

    def _block(self, block: Node, within: Node, *, alone: bool = False) -> Node | None:
        """The description of the connection with its references resolved."""
        holder = Node({"vault": block}, block.layer, block.at)
        found: Node | None = without_failed(self._resolved(holder, within, alone=alone)).value.get("vault")
        return found

    def _places(self, session: Any) -> Places:
        schema = self.recipe.schema
        key = f"{schema.__module__}.{schema.__qualname__}"
        # Vault was to be configured: that it is not would be a false story, and the true one is told as an error.
        quiet = self.recipe.offline or any(problem.code == "TC504" for problem in self.problems)

        warned = self.warned

        def warn(at: Path, about: str, message: str) -> None:
            if not message:
                warn_once.over((about, key, show(at)))
                warned.pop((about, at), None)
            elif not quiet:
                warned[about, at] = f"{schema.__name__}: {message}"
                warn_once.warn((about, key, show(at)), f"{schema.__name__}: {message}")

        return Places(
            schema.__name__,
            session.at if session is not None else None,
            vault_path(self.options, self.problems),
            self.options.layers,
            self.remedies.variable,
            self.remedies.looked,
            warn,
            offline=self.recipe.offline,
            complete=self.complete,
            presumed=self.recipe.presumed,
            backends=self.options.backends,
            text_of=self._text_of,
        )

    def _text_of(self, node: Node) -> str | None:
        """A number or word as its file spells it, when it stands there plainly; None else."""
        lines = self.lines.get(node.origin.source)
        if lines is None:
            return None
        from toriconfig.sources.yaml.scalars import as_spelt

        return as_spelt(node, lines)

    def _read_file(self, name: str) -> str | Problem:
        from toriconfig._load.file_reference import read_under

        if name not in self.files:
            self.files[name] = read_under(name, self.options.file_roots)
        return self.files[name]

    def sorted_problems(self) -> tuple[Problem, ...]:
        if not self.problems:
            return ()
        from toriconfig._masking.registered import as_shown

        return as_shown(self.problems, self.lines, self.shape, self.read, self.recipe.most)


_NOTHING = Layer("defaults", "nothing", lambda _at: Origin("defaults", "nothing"))
