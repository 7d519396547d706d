"""`Settings`: a bridge between pydantic-settings and the layers of this library.

For a class with an option of this library, a `Secret` field or a renamed key, the sources of pydantic-settings
become layers, in their usual order. Any other class is built by pydantic-settings alone, and the origin of each
value is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Unpack, cast
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError
from pydantic_settings.sources.types import ENV_FILE_SENTINEL

from pydantic_settings import BaseSettings, InitSettingsSource
from toriconfig._core.clean_call import cleaned
from toriconfig._core.collector import paused
from toriconfig._core.origin import Origin, OriginKind
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig._load.attempt import UnbuiltLoad
from toriconfig._load.merge import merge
from toriconfig._load.read import Inputs
from toriconfig._load.snapshot import LayerRead, Recipe, Snapshot, remember_how
from toriconfig._pydantic_settings.places import layer_of
from toriconfig._pydantic_settings.sources import Sources, build
from toriconfig._pydantic_settings.trees import name_of, read, tree_of, trees
from toriconfig._pydantic_settings.values import for_pydantic
from toriconfig._schema.options import SHARED, Options, SettingsConfigDict
from toriconfig._schema.renames import has_renamed
from toriconfig._schema.shape import has_secrets, root_shape

_OURS = frozenset(Options._fields) - set(SHARED)
_BASE_CODE = BaseSettings.__init__.__code__
_ARGUMENTS = _BASE_CODE.co_varnames[1 : _BASE_CODE.co_argcount]
_ASKS: WeakKeyDictionary[type[BaseModel], bool] = WeakKeyDictionary()


class Settings(BaseSettings):
    """A `BaseSettings` that also has the options of this library: layers with origins, `Secret` fields and Vault.

    `model_config` takes the options of pydantic, pydantic-settings and this library. The constructor raises the errors
    of pydantic and pydantic-settings (`ValidationError`, `SettingsError`). `load`, `lazy` and `reload` raise
    `ConfigError`.
    """

    if TYPE_CHECKING:  # type checkers make the signature of the constructor from the fields

        def __init_subclass__(cls, **options: Unpack[SettingsConfigDict]) -> None: ...
    else:

        def __init_subclass__(cls, **keywords):
            for name in keywords.keys() & Options._fields:  # pydantic accepts only its own keywords
                cls.model_config[name] = keywords.pop(name)
            super().__init_subclass__(**keywords)

        @wraps(BaseSettings.__init__)
        def __init__(self, /, *args, **values):
            try:
                with paused():
                    error = _init(self, args, values)
            except Exception as raised:  # noqa: BLE001 - any error may show an argument
                error = cleaned(raised)
            if error is not None:
                del args, values  # a traceback that shows local variables then shows no secret
                raise error

        @classmethod
        def _settings_init_sources(cls, **arguments):
            if is_neutral(cls):
                return super()._settings_init_sources(**arguments)
            options = Options.of(cls.model_config, _shared(arguments))
            given = {name[1:]: value for name, value in arguments.items()}
            init_kwargs = given.pop("init_kwargs", None) or {}
            return build(cls, options, os.environ, given, init_kwargs), init_kwargs

    @classmethod
    def _toriconfig_read(cls, inputs: Inputs) -> Iterator[tuple[OriginKind, Tree]]:
        return read(cls, inputs)

    @classmethod
    def _toriconfig_make(cls, values: dict[str, Any]) -> BaseModel:
        return cast(BaseModel, cast(Any, cls)(_build_sources=(_MERGED, values)))


_MERGED: Sources = ()
"""Used instead of sources if the values are already merged and only the model must be built."""


def is_neutral(schema: type[BaseSettings]) -> bool:
    """Return True if the class uses no feature of this library, so that pydantic-settings alone builds the instance."""
    config: Mapping[str, Any] = schema.model_config
    return not any(config.get(name) is not None for name in _OURS) and not _fields_ask(schema)


def _fields_ask(schema: type[BaseSettings]) -> bool:
    """Return True if the class has a `Secret` field or a renamed key, also inside nested models."""
    known = _ASKS.get(schema)
    if known is None:
        shape = root_shape(schema)
        known = has_secrets(shape) or has_renamed(shape)
        if schema.__pydantic_complete__:
            _ASKS[schema] = known
    return known


def _init(model: Settings, args: tuple[Any, ...], values: dict[str, Any]) -> Exception | None:
    """Set the fields of `model`. Return None on success.

    An error is either raised here or returned. The caller must raise a returned error.

    Args:
        model: the new instance.
        args: the positional arguments of the constructor.
        values: the keyword arguments of the constructor.
    """
    schema = type(model)
    arguments = dict(zip(_ARGUMENTS, args, strict=False))
    arguments |= {name: values.pop(name) for name in _ARGUMENTS if name in values}
    built = arguments.pop("_build_sources", None)
    if built is not None and built[0] == _MERGED:
        BaseModel.__init__(model, **built[1])
        return None
    if built is None:
        built = schema._settings_init_sources(**arguments, _init_kwargs=values)
    if not is_neutral(schema):
        return _fill(model, _shared(arguments), built[0])
    BaseSettings.__init__(model, _build_sources=built)
    remember_how(model, _Memory(dict(model.__dict__), lambda: _traced(schema, built[0])))
    return None


def _fill(model: Settings, given: dict[str, Any], sources: Sources) -> Exception | None:
    schema = type(model)
    draft = UnbuiltLoad(Recipe(schema, given), lambda inputs: trees(schema, inputs, sources))
    wrong = [problem for problem in draft.problems if problem.severity == "error"]
    if not wrong:
        try:
            BaseModel.__init__(model, **for_pydantic(draft.root, draft.shape))
        except ValidationError as error:
            from toriconfig._validation.strict import strict_model

            strict = strict_model(draft.root, draft.shape, model)
            if strict is None or strict[0] is None:
                return error.with_traceback(None)
        snapshot = draft.finish()
        remember_how(model, _Memory(dict(model.__dict__), lambda: snapshot))
        return None
    from toriconfig._pydantic_settings.errors import refused, unreadable

    return unreadable(wrong, schema.__name__) or refused(model, wrong, for_pydantic(draft.root, draft.shape))


def _shared(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of this library among the constructor arguments: `env_file` for `_env_file`, and so on."""
    given = {name: arguments[f"_{name}"] for name in SHARED if arguments.get(f"_{name}") is not None}
    if "_env_file" in arguments:
        given["env_file"] = arguments["_env_file"]  # None: no file at all
        if arguments["_env_file"] == ENV_FILE_SENTINEL:
            del given["env_file"]
    return given


class _Memory:
    """Function that returns the current snapshot of one instance.

    A field that was assigned after the construction has the origin "code".
    """

    def __init__(self, fields: dict[str, Any], snapshot: Callable[[], Snapshot]) -> None:
        self._fields = fields
        self._snapshot = snapshot

    def __call__(self, model: BaseModel) -> Snapshot:
        from toriconfig._load.nested_settings import with_sections

        snapshot = with_sections(self._snapshot(), model)
        changed = [name for name, value in model.__dict__.items() if self._fields.get(name, self) is not value]
        if not changed:
            return snapshot
        from toriconfig._load.from_model import adopt

        said = adopt(model)
        keys = [key for key, field in said.shape.fields.items() if field.name in changed]
        top = Node({key: said.root.value[key] for key in keys if key in said.root.value}, said.root.layer, ())
        return snapshot.replaced(root=merge(snapshot.root, top, snapshot.shape, []))


def _traced(schema: type[BaseSettings], sources: Sources) -> Snapshot:
    """Return a snapshot of the values that pydantic-settings has read from `sources` for an instance of `schema`."""
    states = sources[-1].settings_sources_data if sources else {}
    shape = root_shape(schema)
    root = Node({}, Layer("defaults", schema.__name__, lambda _: Origin("defaults", schema.__name__)))
    read: list[LayerRead] = []
    first = next((at for at, source in enumerate(sources) if type(source) is InitSettingsSource), -1)
    for at, source in reversed(list(enumerate(sources))):
        data = states.get(name_of(source))
        if data:
            layer = layer_of(source, schema, os.environ, above_code=at < first)
            root = merge(root, tree_of(data, layer), shape, [])
            read.append(LayerRead(layer.kind, layer.name, len(data)))
    return Snapshot(root, shape, Recipe(schema, {}), Options.of(schema.model_config, {}), {}, layers=tuple(read))
