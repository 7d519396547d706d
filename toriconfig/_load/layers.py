"""First step of the load: reading of every layer, and conversion of each tree to the names and types of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toriconfig._core.origin import LayerKind, OriginKind
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import Node, Tree
from toriconfig._core.value import Value
from toriconfig._load.aliases import one_spelling
from toriconfig._load.read import Inputs, read
from toriconfig._load.snapshot import LayerRead
from toriconfig._schema.renames import outdated
from toriconfig._schema.shape import has_exact

if TYPE_CHECKING:
    from toriconfig._load.context import Context
    from toriconfig._schema.options import Options


class Layers(Value):
    """Result of reading every layer.

    Attributes:
        trees: `(layer, tree)` for each tree, lowest layer first. The keys and values of the trees are already
            converted to the names and types of the schema.
        variables: the variables for the connection to Vault: dict from the name after `VAULT__` to the node.
        read: metadata of each layer, such as its name and its number of values.
        lines: dict from the name of each input to its lines, which problems can show.
        roots: the trees of the inputs in `lines`; they show which parts of the lines are secret.
        complete: False if an input could not be read to its end.
        positions: True if a variable sets single items of a list.
        problems: problems of the inputs.
    """

    trees: list[tuple[OriginKind, Node]]
    variables: Mapping[str, Node]
    read: list[LayerRead]
    lines: dict[str, list[str]]
    roots: list[Node]
    complete: bool = True
    positions: bool = False
    problems: tuple[Problem, ...] = ()

    def text_of(self, node: Node) -> str | None:
        """Return the text of a number or word as its file spells it; None if the text is not known."""
        return _text_of(node, self.lines)


def no_layers(read: list[LayerRead] | None = None) -> Layers:
    """Return a `Layers` object without trees. No input is read.

    Args:
        read: metadata of the layers of an earlier load; None: no metadata.
    """
    return Layers([], {}, [] if read is None else read, {}, [])


def read_layers(context: Context) -> Layers:
    """Read every layer, convert its tree to the names and types of the schema, and return the trees with the problems.

    Variables that describe the connection to Vault are returned apart from the trees.
    """
    found = no_layers()
    problems: list[Problem] = []
    variables: dict[str, Node] = {}
    complete, positions = True, False
    options, recipe, shape = context.options, context.recipe, context.shape
    trees = list(context.reader(Inputs(options, context.environ, recipe.overrides, recipe.arguments)))
    for kind, source in trees:
        tree, exact = source, None
        if tree.flat and context.reader is read and options.restricts(kind):
            from toriconfig._load.exact_names import with_exact_names

            tree, exact = with_exact_names(kind, tree, shape, options)
        root = tree.root
        complete = _record(kind, tree, found, context, problems) and complete
        named = root.layer.text and kind != "files" and bool(root.value)
        if named and (tree.flat or any(isinstance(node.value, dict) for node in root.value.values())):
            from toriconfig._load.flat_names import nested as nest
            from toriconfig._load.free_keys import existing_keys, has_positions

            existing = exact or existing_keys(shape, [other.root for _, other in trees], found.trees)
            wrong: list[Problem] = []
            root, names = nest(kind, tree, shape, options, existing, wrong)
            problems += [problem for problem in wrong if not _selects_profile(problem, options)]
            variables.update(names)
            positions = positions or has_positions(root)
        root = normalized(root, context, found.lines, problems)
        if root.value:
            found.trees.append((kind, root))
    return found.replaced(variables=variables, complete=complete, positions=positions, problems=tuple(problems))


def with_tree(kind: OriginKind, tree: Tree, context: Context, layers: Layers, *, alone: bool = False) -> Layers:
    """Return a copy of `layers` with the metadata and problems of `tree`. The tree itself is not added to the copy.

    Args:
        alone: True: the caller checks one input without other layers. An empty input is then not recorded as empty.
    """
    problems = list(layers.problems)
    more = layers.replaced(read=[*layers.read], lines={**layers.lines}, roots=[*layers.roots])
    complete = _record(kind, tree, more, context, problems, alone=alone) and layers.complete
    return more.replaced(complete=complete, problems=tuple(problems))


def _record(
    kind: OriginKind, tree: Tree, layers: Layers, context: Context, problems: list[Problem], *, alone: bool = False
) -> bool:
    """Add the metadata of a tree to `layers`, and its problems to `problems`. Skip problems that `_is_ours` excludes.

    Return True if the input of the tree was read to its end. If `alone` is True, the metadata has `blank=False`,
    even if the input is empty.
    """
    problems += [problem for problem in tree.problems if _is_ours(problem, context)]
    kind = tree.root.layer.kind if kind == "files" else kind  # the layer `files` includes custom sources
    layers.read.append(LayerRead(kind, tree.root.layer.name, tree.root.leaves(), not alone and tree.blank))
    if tree.lines is not None:
        layers.lines[tree.root.layer.name] = tree.lines
        if not tree.flat:
            layers.roots.append(tree.root)
    return tree.complete


def _is_ours(problem: Problem, context: Context) -> bool:
    """Return False for a problem to ignore: its variable is not meant as a key of the schema.

    The variable selects the profile (option `profile_env`), or may belong to another program, because the options
    set no prefix and the schema has no such key.
    """
    options = context.options
    if _selects_profile(problem, options):
        return False
    name = _variable_of(problem)
    if options.environment_prefix or not name:
        return True
    from toriconfig._load.flat_names import means

    return means(name, context.shape, options.env_nested_delimiter)


def _selects_profile(problem: Problem, options: Options) -> bool:
    """Return True if a problem reports the variable of the option `profile_env` as unknown."""
    if not options.profile_env or problem.code != Code.UNKNOWN_VARIABLE:
        return False
    return _variable_of(problem).upper() == options.profile_env.upper()


def _variable_of(problem: Problem) -> str:
    """Return the name of the variable in the origin of a problem; "" if the origin is no variable."""
    origin = problem.origin
    if origin is None or origin.layer not in ("env", "dotenv"):
        return ""
    return origin.name or (origin.source if origin.layer == "env" else "")


def normalized(root: Node, context: Context, lines: Mapping[str, list[str]], problems: list[Problem]) -> Node:
    """Return `root` with the keys of the schema in place of aliases and renamed keys, and with converted values.

    Args:
        lines: dict from the name of each input to its lines, from which the exact text of a number is taken.
        problems: list to which problems are appended.
    """
    shape = context.shape
    if root.layer.text and root.layer.rank == "files":
        from toriconfig._load.text_values import read_by_shape

        root = read_by_shape(root, shape, problems) or root
    if context.options.extension_keys and root.layer.kind == "files":
        kept = {key: node for key, node in root.value.items() if key in shape.fields or key[:2] != "x-"}
        root = Node(kept, root.layer, root.at)
    if has_exact(shape):
        from toriconfig._load.exact_values import exact_values

        root = exact_values(root, shape, lambda node: _text_of(node, lines))
    if outdated(shape):
        from toriconfig._load.renames import up_to_date

        root = up_to_date(root, shape, problems, context.variable)
    return one_spelling(root, shape, problems)


def _text_of(node: Node, lines: Mapping[str, list[str]]) -> str | None:
    text = lines.get(node.origin.source)
    if text is None:
        return None
    from toriconfig.sources.yaml.scalars import as_spelt

    return as_spelt(node, text)


def read_eagerly(context: Context, layers: Layers, session: Any) -> Layers:
    """Return `layers` with one more tree: the values in Vault for fields that are not secrets.

    If the option `vault_path` is not set, return `layers`. If `session` is None, add a warning and no tree.
    """
    path = context.vault_path
    if path is None:
        return layers
    if session is None:
        message = "Vault is not configured, so plain fields come from lower layers although `vault_layer` is eager"
        problem = Problem(Code.BACKEND_UNREACHABLE, help="set VAULT_ADDR", message=message, severity="warning")
        return layers.replaced(problems=(*layers.problems, problem))
    from toriconfig._core.markers import Ref
    from toriconfig._load.flat_names import fit_paths
    from toriconfig.sources.vault import VaultSource

    tree = VaultSource(session.provider(Ref(path)), path).load()
    layers = with_tree("vault", tree, context, layers)
    problems: list[Problem] = []
    root = normalized(fit_paths(tree.root, context.shape, problems), context, layers.lines, problems)
    above = context.options.layers[: context.options.layers.index("vault")]
    trees, read = list(layers.trees), layers.read[:-1]
    trees.insert(_rank([kind for kind, _ in trees], above), ("vault", root))
    read.insert(_rank(["files" if one.kind == "source" else one.kind for one in read], above), layers.read[-1])
    return layers.replaced(trees=trees, read=read, problems=(*layers.problems, *problems))


def _rank(kinds: list[OriginKind], above: Sequence[LayerKind]) -> int:
    """Return the index in `kinds` at which a new layer is inserted: just below the layers in `above`.

    If `kinds` has none of the layers in `above`, return the length of `kinds`.

    Args:
        kinds: layers, lowest first.
        above: the layers that have precedence over the new layer.
    """
    return next((at for at, kind in enumerate(kinds) if kind in above), len(kinds))
