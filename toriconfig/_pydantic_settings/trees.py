"""Trees of the sources of a `Settings` class and of the layers of this library, in the order of precedence.

The order is that of `settings_customise_sources`, and then the files of this library. The option `layers`,
if given, selects and reorders the sources. A custom source stays next to the source that is before it in
`settings_customise_sources`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic_settings.exceptions import SettingsError
from pydantic_settings.sources import DefaultSettingsSource

from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource
from toriconfig._core.origin import LayerKind, Origin, OriginKind
from toriconfig._core.path import Path
from toriconfig._core.problem import Problem
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig._core.value import Value
from toriconfig._load.read import Inputs, read_layer
from toriconfig._pydantic_settings.places import layer_of, variables
from toriconfig._pydantic_settings.sources import Sources, build
from toriconfig._schema.options import LAYERS, Options
from toriconfig._schema.renames import renamed
from toriconfig._schema.shape import ANY, Shape, has_secrets, root_shape

if TYPE_CHECKING:
    from toriconfig._load.flat_names import UnknownVariables
    from toriconfig._pydantic_settings.failures import Failure


class Said(Value):
    """Result of reading one source.

    Attributes:
        source: the source.
        data: the values; {} after a failure.
        failure: the failure; None if the source was read.
    """

    source: Any
    data: Mapping[str, Any]
    failure: Failure | None = None


_Entry = tuple[OriginKind, Tree]


def read(schema: type[BaseSettings], inputs: Inputs) -> Iterator[_Entry]:
    """Yield `(kind of layer, tree)` for each input of a load of `schema`, lowest precedence first.

    For a source that fails or cannot be created, the tree contains a problem.
    """
    sources, failed = _built(schema, inputs)
    if failed is not None:
        yield "source", failed
    yield from trees(schema, inputs, sources, caught=Exception)


def _built(schema: type[BaseSettings], inputs: Inputs) -> tuple[Sources, Tree | None]:
    """Return `(sources, None)`, or `((), tree with the problem)` if a source cannot be created."""
    try:
        given = {} if inputs.arguments else {"cli_parse_args": False}
        return build(schema, inputs.options, inputs.environ, given, {}), None
    except Exception as error:  # noqa: BLE001 - the settings class is user code
        from toriconfig._pydantic_settings.failures import failure_of, maker_of

        maker = maker_of(error)
        name = f"{schema.__name__}.settings_customise_sources" if maker is None else name_of(maker)
        layer = Layer("source", name, lambda _: Origin("source", name))
        problem = failure_of(error, maker, name).problem(layer)
        return (), Tree(Node({}, layer, ()), problems=(problem,), complete=False)


def trees(
    schema: type[BaseSettings], inputs: Inputs, sources: Sources, *, caught: type[Exception] = SettingsError
) -> Iterator[_Entry]:
    """Yield `(kind of layer, tree)` for the sources and the layers of this library, lowest precedence first.

    Args:
        schema: the settings class.
        inputs: the inputs of the load.
        sources: the sources, highest precedence first.
        caught: class of the exceptions of a source that become a problem; others are raised.
    """
    layers = inputs.options.layers
    overrides: list[_Entry] = [("code", tree) for tree in read_layer("code", inputs)] if "code" in layers else []
    said = ask(sources, overrides[0][1].root.plain() if overrides else {}, caught)
    code = next((at for at, one in enumerate(said) if type(one.source) is InitSettingsSource), -1)
    entries = [*overrides] if code < 0 else []
    for at, one in enumerate(said):
        if at == code:
            entries += overrides
        entries += _entries(one, schema, inputs, above_code=at < code)
    if "files" in layers:
        files: list[_Entry] = [("files", tree) for tree in read_layer("files", inputs)]
        entries += reversed(files)
    yield from reversed(_ordered(entries, layers))


def ask(sources: Sources, state: Mapping[str, Any], caught: type[Exception]) -> list[Said]:
    """Read the sources except the defaults, and return the results, highest precedence first.

    Args:
        sources: the sources, highest precedence first. Each can use the results of the sources before it.
        state: values that the first source can use.
        caught: class of the exceptions that become a failure in the result; others are raised.
    """
    said: list[Said] = []
    states: dict[str, dict[str, Any]] = {}
    current = dict(state)
    for source in sources:
        if isinstance(source, DefaultSettingsSource):
            continue
        if isinstance(source, PydanticBaseSettingsSource):
            source._set_current_state(current)
            source._set_settings_sources_data(states)
        one = _asked(source, caught)
        said.append(one)
        states[name_of(source)] = dict(one.data)
        current = _over(one.data, current)
    return said


def name_of(source: Any) -> str:
    """Return the name by which later sources find the values of this source."""
    return str(getattr(source, "__name__", type(source).__name__))


def tree_of(data: Mapping[str, Any], layer: Layer) -> Node:
    """Return the values of a source as a tree. The `at` of each node is its path."""
    return _node(dict(data), layer, ())


def _node(value: Any, layer: Layer, path: Path) -> Node:
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        value = {key: _node(child, layer, (*path, key)) for key, child in value.items()}
    elif type(value) is list:
        value = [_node(child, layer, path) for child in value]
    return Node(value, layer, path)


def _asked(source: Any, caught: type[Exception]) -> Said:
    try:
        return Said(source, dict(source()))
    except caught as error:
        from toriconfig._pydantic_settings.failures import failure_of

        return Said(source, {}, failure_of(error, source))


def _over(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _ordered(entries: list[_Entry], layers: tuple[str, ...]) -> list[_Entry]:
    if layers == LAYERS:
        return entries
    ranked: list[tuple[int, _Entry]] = []
    rank = 0
    for entry in entries:
        if entry[0] in layers:
            rank = layers.index(entry[0])
        elif entry[0] != "source":
            continue
        ranked.append((rank, entry))
    return [entry for _, entry in sorted(ranked, key=itemgetter(0))]


def _entries(one: Said, schema: type[BaseSettings], inputs: Inputs, *, above_code: bool) -> Iterator[_Entry]:
    layer = layer_of(one.source, schema, inputs.environ, above_code=above_code)
    root, problems = tree_of(one.data, layer), []
    shape = root_shape(schema, inputs.options.renamed)
    if one.failure is not None:
        problems.append(one.failure.problem(layer))
    if layer.kind == "dotenv" and root.value:
        root = _without_steering(root, inputs.options, shape)
    if layer.text:
        from toriconfig._load.text_values import read_by_shape

        decodes = schema.model_config.get("enable_decoding") is not False
        root = read_by_shape(root, shape, problems, decodes=decodes) or root
    if layer.kind in ("env", "dotenv"):
        root = _Known(inputs.options, shape, problems).tree(root)
    if layer.kind in ("env", "dotenv") and inputs.options.file_suffix:
        for tree in reversed(list(_named_files(layer.kind, inputs, shape))):
            yield layer.kind, tree
    if layer.kind == "secrets_dir" and inputs.options.secrets_dir:
        for tree in reversed(list(_secret_files(inputs, shape))):
            yield "secrets_dir", tree
    if layer.kind == "env":
        other, wrong = _others(one.source, inputs, shape, layer)
        problems += wrong
        if other.value:
            yield "env", Tree(other, flat=True)
    if root.value or problems or layer.kind in ("env", "source"):
        yield layer.kind, Tree(root, problems=tuple(problems), complete=one.failure is None)


def _without_steering(root: Node, options: Options, shape: Shape) -> Node:
    """Return the tree without the variables that control the load. A key of the schema with such a name is kept."""
    from toriconfig._load.flat_names import STEERING

    names = {f"{options.environment_prefix}{name}".lower() for name in STEERING if options.environment_prefix}
    if options.profile_env:
        names.add(options.profile_env.lower())
    names -= {key.lower() for key in shape.fields}
    return Node({key: node for key, node in root.value.items() if key.lower() not in names}, root.layer, root.at)


class _Known:
    """Removal of unknown variables from a tree.

    Args:
        options: the options of the load.
        shape: the shape of the settings class.
        problems: list to which a warning is added for each removed variable.
    """

    def __init__(self, options: Options, shape: Shape, problems: list[Problem]) -> None:
        self._options = options
        self._shape = shape
        self._problems = problems
        self._unknown: UnknownVariables | None = None

    def tree(self, root: Node) -> Node:
        """Return the tree without variables of unknown keys in nested models: `DB__FOO` if `db` has no `foo`.

        If the nested model has `extra="forbid"`, the variable is kept, so that pydantic reports an error.
        """
        known = {key: self._below(child, self._shape.child(key) or ANY, (key,)) for key, child in root.value.items()}
        return Node(known, root.layer, root.at)

    def _below(self, node: Node, shape: Shape, path: Path) -> Node:
        if type(node.value) is not dict or shape.kind not in ("model", "mapping"):
            return node
        strict = any(getattr(model, "model_config", {}).get("extra") == "forbid" for model in shape.models)
        known: dict[str, Node] = {}
        for key, child in node.value.items():
            below, at = shape.child(key), (*path, key)
            if below is None and not strict and self._names(child, key) and not self._formerly(at):
                self._unknown = self._unknown or _unknown(self._options, self._shape)
                self._problems.append(self._unknown.problem(_name_of(child), child))
            else:
                known[key] = self._below(child, below or ANY, at)
        return Node(known, node.layer, node.at)

    def _formerly(self, path: Path) -> bool:
        """Return True if `path` is the former path of a renamed key, or above or below such a path."""
        return any(key.old[: len(path)] == path[: len(key.old)] for key in renamed(self._shape))

    def _names(self, node: Node, key: str) -> bool:
        """Return True if the name of the variable that set `node` ends with `key`.

        If False, `key` is in the JSON text of the variable.
        """
        name = _name_of(node)
        return name.lower().endswith(f"{self._options.env_nested_delimiter or ''}{key}".lower())


def _name_of(node: Node) -> str:
    """Return the name of the variable that set the node; without a variable, the source of the node."""
    return node.origin.name or node.origin.source


def _unknown(options: Options, shape: Shape) -> UnknownVariables:
    from toriconfig._load.flat_names import UnknownVariables

    return UnknownVariables(shape, options.env_nested_delimiter, options.environment_prefix)


def _others(source: EnvSettingsSource, inputs: Inputs, shape: Shape, layer: Layer) -> tuple[Node, list[Problem]]:
    """Return `(tree, problems)` for the variables that have the prefix, but are not read by pydantic-settings.

    `tree` contains the variables for the connection to Vault (`VAULT__...`), and variables with the old name of a
    renamed key. `problems` has a warning for each unknown variable.
    """
    options = inputs.options
    nothing = Node({}, layer, ())
    if options.env_prefix is None or "env" not in options.layers:
        return nothing, []
    from toriconfig.sources.environ import Environ

    cased, delimiter = source.case_sensitive, options.env_nested_delimiter
    tree = Environ(inputs.environ, options.env_prefix, case_sensitive=cased).load()
    problems = list(tree.problems) if options.env_prefix else []  # without a prefix, names may belong to other programs
    heads = {name for several in variables(source).values() for name in several}
    spelt = {name: node.at if cased else node.at.lower() for name, node in tree.root.value.items()}
    left = [name for name in spelt if heads.isdisjoint(_heads(spelt[name], source.env_nested_delimiter))]
    if not left:
        return nothing, problems
    from toriconfig._load.flat_names import STEERING, VAULT, meant_formerly, names_a_file

    others: dict[str, Node] = {}
    unknown = _unknown(options, shape)
    for name in left:
        node = tree.root.value[name]
        if options.file_suffix and names_a_file(options.environment_prefix + name, shape, options):
            continue
        of_vault = name.startswith(VAULT) and "vault" not in shape.fields
        if of_vault or meant_formerly(name, shape, delimiter, case_sensitive=cased):
            others[name.upper()] = node
        elif options.env_prefix and name not in STEERING:
            problems.append(unknown.problem(_name_of(node), node))
    return Node(others, tree.root.layer, tree.root.at) if others else nothing, problems


def _heads(name: str, delimiter: str | None) -> Iterator[str]:
    """Yield the name, and the part of the name before each delimiter."""
    yield name
    cut = name.find(delimiter) if delimiter else -1
    while delimiter and cut > 0:
        yield name[:cut]
        cut = name.find(delimiter, cut + 1)


def _named_files(kind: LayerKind, inputs: Inputs, shape: Shape) -> Iterator[Tree]:
    """Yield one flat tree per input (environment, `.env` file), lowest precedence first.

    Each tree has the variables that name a file, such as `KEY_FILE`, and their counterparts without the suffix, such as
    `KEY`. An input without variables that name a file is skipped.
    """
    from toriconfig._load.flat_names import names_a_file

    options = inputs.options
    for tree in read_layer(kind, inputs):
        said = tree.root.value
        named = [name for name in said if names_a_file(options.environment_prefix + name, shape, options)]
        plain = [name[: -len(options.file_suffix or "")] for name in named]
        kept = {name: said[name] for name in (*named, *plain) if name in said}
        if kept:
            yield Tree(Node(kept, tree.root.layer, tree.root.at), flat=True, lines=tree.lines)


def _secret_files(inputs: Inputs, shape: Shape) -> Iterator[Tree]:
    """Yield one flat tree per folder of the option `secrets_dir`, lowest precedence first.

    A tree contains the files of `Secret` fields, and the files whose names mean a nested key. A source of
    pydantic-settings reads the other files.
    """
    from toriconfig._load.flat_names import meaning, means_secret

    delimiter = inputs.options.delimiter("secrets_dir")
    if delimiter is None and not has_secrets(shape):
        return
    for tree in read_layer("secrets_dir", inputs):
        kept = {
            name: node
            for name, node in tree.root.value.items()
            if means_secret(name, shape, delimiter) or len(meaning(name, shape, delimiter) or ()) > 1
        }
        places = {node.origin.source for node in kept.values()}
        problems = tuple(p for p in tree.problems if p.origin is not None and p.origin.source in places)
        if kept:
            yield Tree(Node(kept, tree.root.layer, tree.root.at), flat=True, problems=problems)
