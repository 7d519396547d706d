"""Handle of a secret. Only `get()` and `aget()` return the value."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from types import CellType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, get_args, overload

from toriconfig._core.clean_call import clean_call
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._runtime.warn_once import flush
from toriconfig._secrets.provider import EXACT, Fixed, Provider, Reading, State, is_rounded
from toriconfig.errors import SecretError

if TYPE_CHECKING:
    from typing import LiteralString

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

T = TypeVar("T")
D = TypeVar("D")

_RAISE: Any = object()
_Cached = tuple[Any, Any, Provider, Callable[[], float] | None]
"""The last reading, its value as a T, the provider, and its clock (None: the value never changes)."""


class _Serializer:
    """Descriptor that imports pydantic and creates the serializer of `Secret` at the first use."""

    def __init__(self) -> None:
        self._made: Any = None

    def __get__(self, secret: object, owner: object = None) -> Any:
        if self._made is None:
            from pydantic_core import SchemaSerializer, core_schema

            masked = core_schema.plain_serializer_function_ser_schema(_masked, when_used="json")
            self._made = SchemaSerializer(core_schema.any_schema(serialization=masked))
        return self._made


class Secret(Generic[T]):
    """Handle to a secret. The secret is fetched at the first `get()`, cached, and kept up to date.

    A handle is not a `str`: `repr`, `str`, `format`, JSON, logs and tracebacks show a constant mask.
    T is `str`, `bytes`, a number, or a pydantic model for several keys of one Vault path.

    Args:
        value: a fixed value, for tests, `replace` and `override`. The handles in loaded settings are created by the
            load.

    >>> token = Secret("s3cr3t")
    >>> print(token, repr(token), f"{token:>4}")
    ********** Secret('**********') **********
    >>> token.get()
    's3cr3t'
    """

    __slots__ = ("__weakref__", "_cached", "_inner", "_path")

    _cached: CellType
    """A closure cell with a `_Cached`. Code that walks over attributes, slots and mappings does not look into cells."""
    _inner: Any
    _path: str

    def __init__(self, value: T) -> None:
        if isinstance(value, str) and value == MASK:
            raise ValueError("the mask of a secret was given as its value; pass the secret itself")
        provider = Fixed(value, Origin("code", "Secret(...)"))
        _initialize(self, provider, None, "")
        _store(self, provider.reading, value, provider)
        _register(value)

    @overload
    def get(self) -> T: ...
    @overload
    def get(self, default: D) -> T | D: ...
    def get(self, default: Any = _RAISE) -> Any:
        """Return the current value. If no usable value is in memory, fetch the value first.

        Args:
            default: value to return, instead of raising an exception, if the secret has no usable value.

        Raises:
            MissingCredentialError: no layer and no backend supplies the secret.
            VaultError: the request to Vault failed; the subclass depends on the reason.
            SecretError: another backend failed, or the value cannot be converted to the T of `Secret[T]`. The
                message does not contain the value.
        """
        reading, value, provider, now = self._cached.cell_contents
        if now is None or (reading is provider.reading and now() < provider.fresh_until):
            return value
        del reading, value, provider, now  # a traceback shows local variables, and the value may be an old one
        return self._read(default)

    get_secret_value = get

    @overload
    async def aget(self) -> T: ...
    @overload
    async def aget(self, default: D) -> T | D: ...
    @clean_call
    async def aget(self, default: Any = _RAISE) -> Any:
        """Return the current value like `get`, for coroutines. A fetch does not block the event loop.

        Args:
            default: value to return, instead of raising an exception, if the secret has no usable value.
        """
        for flight in provider_of(self).pending():
            await flight.await_end()
        return self._settled(default)

    @clean_call
    def _read(self, default: Any) -> Any:
        flush()
        for flight in provider_of(self).pending():
            flight.wait()
        return self._settled(default)

    def _settled(self, default: Any) -> Any:
        provider = provider_of(self)
        reading, error = _settle(provider)
        if reading is not None:
            value, wrong = self._value_of(reading)
            if not wrong:
                return value
            error = SecretError(f"the value is not {wrong}", reference=provider.reference, help=f"see {reading.origin}")
        if default is not _RAISE:
            return default
        assert error is not None
        raise error.at(self._path) if self._path else error

    def _value_of(self, reading: Reading) -> tuple[Any, str]:
        """Convert a reading to T. Return `(value, "")`, or on failure `(None, expected)`, such as "UTF-8 text"."""
        known, seen, provider, _ = self._cached.cell_contents
        if known is reading:
            return seen, ""
        rounded = self._inner in (str, int) and is_rounded(reading.value, reading)
        value, wrong = (None, EXACT) if rounded else convert(self._inner, reading.value)
        if not wrong:
            _register(value, reading)
            if value is not reading.value:
                _register(reading.value, reading)
            _store(self, reading, value, provider)
        return value, wrong

    @property
    def version(self) -> int | str | None:
        """Version of the value in memory: a number in KV v2, a number or text in another backend. None: no version."""
        reading = provider_of(self).reading
        return reading.version if reading is not None else None

    @property
    def expires_at(self) -> float | None:
        """Expiry time of the value in memory, in seconds since 1970; None: no expiry, or no value in memory."""
        reading = provider_of(self).reading
        return reading.expires_at if reading is not None else None

    @property
    def origin(self) -> Origin:
        """Origin of the value, also before the first read. Never fetches."""
        return provider_of(self).origin

    @property
    def state(self) -> State:
        """State of the value in memory. Never fetches.

        "fresh": confirmed within the refresh interval. "stale": in use although it could not be confirmed. "missing":
        there is no usable value because the last request failed, or the value is invalid. "unread": not read yet.
        """
        return "missing" if type_mismatch(self) else provider_of(self).state

    @property
    def reference(self) -> str:
        """Reference, such as `secret/tori#api_key` of Vault or `aws:prod/db#key` of another backend; "" if absent."""
        return provider_of(self).reference

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> NoReturn:
        raise TypeError("a Secret has no truth value, since that would fetch it: test `secret.get(None) is None`")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        provider, of_other = provider_of(self), provider_of(other)
        if provider is of_other:
            return True
        mine, theirs = provider.reading, of_other.reading
        if mine is None or theirs is None:
            return mine is theirs and self.reference == other.reference and self.origin == other.origin
        return hmac.compare_digest(_bytes(mine.value), _bytes(theirs.value))

    def __hash__(self) -> int:
        return hash(Secret)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in _HIDDEN]

    def __copy__(self) -> Secret[T]:
        return self

    def __deepcopy__(self, memo: Any) -> Secret[T]:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            "a Secret is not pickled, so that no value leaves the process: pickle the lazy settings object "
            "instead (it travels as its recipe), or load in the other process"
        )

    __pydantic_serializer__ = _Serializer()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        inner = (get_args(source) or (str,))[0]

        def accept(secret: Secret[Any]) -> Secret[Any]:
            found, wrong = typed(secret, inner)
            return found if found is not None else _refuse("toriconfig_secret", f"the value is not {wrong}")

        # In two steps, because an error shows the input of its step: the input of the second step is a sealed handle.
        steps = map(core_schema.no_info_plain_validator_function, (_sealed, accept))
        schema = core_schema.chain_schema(
            list(steps),
            serialization=core_schema.plain_serializer_function_ser_schema(_masked, when_used="json"),
        )
        schema["metadata"] = {"toriconfig_secret": inner}
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        inner = schema.get("metadata", {}).get("toriconfig_secret", str)
        known = {int: "integer", float: "number"}
        kind = known.get(inner, "object" if hasattr(inner, "model_fields") else "string")
        kinds = kind if kind == "string" else ["string", kind]  # references and the mask are text
        return {"type": kinds, "format": "password", "writeOnly": True, "x-toriconfig-secret": True}


_HIDDEN = frozenset(Secret.__slots__) - {"__weakref__"}
Secret.__slots__ = ()  # type: ignore[assignment]  # the slots exist, but code that copies slot by slot finds none


def handle(provider: Provider, inner: Any, path: str) -> Secret[Any]:
    """Return a `Secret[inner]` of `provider` for the field at `path`. If `inner` is None, values are not converted."""
    secret: Secret[Any] = Secret.__new__(Secret)
    _initialize(secret, provider, inner, path)
    return secret


def typed(secret: Secret[T], inner: Any, path: str = "") -> tuple[Secret[T] | None, str]:
    """Return `(handle, "")`, or `(None, expected form)` if the fetched value cannot be converted to `inner`.

    If `secret` has no type T, and the fetched value needs a conversion, the handle is a new `Secret[inner]` for
    the field at `path`. Otherwise the handle is `secret`.
    """
    reading = provider_of(secret).reading
    if secret._inner is not None or reading is None:
        return secret, ""
    value, wrong = convert(inner, reading.value)
    if wrong:
        return None, wrong
    return (secret if value is reading.value else handle(provider_of(secret), inner, path)), ""


def provider_of(secret: Secret[Any]) -> Provider:
    """Return the provider of a handle."""
    held: _Cached = secret._cached.cell_contents
    return held[2]


def settled(secret: Secret[Any]) -> Any:
    """Return the value without waiting. Call this function after the pending requests of the secret have ended.

    Raises:
        SecretError: the secret has no usable value, or the value cannot be converted to the T of `Secret[T]`.
    """
    return secret._settled(_RAISE)


def type_mismatch(secret: Secret[Any]) -> str:
    """Return the expected form if the value in memory does not fit the T of `Secret[T]`; else "". Never fetches."""
    reading = provider_of(secret).reading
    return secret._value_of(reading)[1] if reading is not None else ""


def _initialize(secret: Secret[Any], provider: Provider, inner: Any, path: str) -> None:
    secret._cached = CellType((_RAISE, None, provider, provider.now))  # no reading is `_RAISE`
    secret._inner = inner
    secret._path = path


def _store(secret: Secret[Any], reading: Reading | None, value: Any, provider: Provider) -> None:
    """Store a reading and its converted value, which `get()` returns while the reading is current."""
    now = None if type(provider) is Fixed else provider.now
    secret._cached.cell_contents = (reading, value, provider, now)


def convert(inner: Any, raw: Any) -> tuple[Any, str]:
    """Convert `raw` to the type `inner`. Return `(value, "")`, or `(None, expected form)` if the conversion fails.

    The expected form is text such as "UTF-8 text", without the value. If `inner` is None, `raw` is returned unchanged.
    """
    if inner is None:
        return raw, ""
    if inner is str:
        if isinstance(raw, str):
            return raw, ""
        if isinstance(raw, bytes):
            return _decoded(raw)
        if isinstance(raw, (bool, int, float)):
            import json

            return json.dumps(raw), ""
        return None, "text"
    if inner is bytes:
        return (raw, "") if isinstance(raw, bytes) else (raw.encode(), "") if isinstance(raw, str) else (None, "text")
    return _validated(inner, raw)


def _decoded(raw: bytes) -> tuple[Any, str]:
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        return None, "UTF-8 text"


def _validated(inner: Any, raw: Any) -> tuple[Any, str]:
    from pydantic import ValidationError

    try:
        kinds = get_args(inner) or (inner,)  # one model, or a union of models
        as_json = isinstance(raw, (str, bytes)) and all(hasattr(kind, "model_fields") for kind in kinds)
        if hasattr(inner, "model_fields"):
            return (inner.model_validate_json if as_json else inner.model_validate)(raw), ""
        from pydantic import TypeAdapter

        adapter = TypeAdapter(inner)
        return (adapter.validate_json if as_json else adapter.validate_python)(raw), ""
    except ValidationError as error:
        places = sorted({".".join(map(str, line["loc"])) for line in error.errors(include_input=False)} - {""})
        name = getattr(inner, "__name__", str(inner))
        return None, f"a valid {name}" + (f": look at {', '.join(places)}" if places else "")
    except Exception:  # noqa: BLE001  (a validator of the program raised an exception of its own)
        return None, f"a valid {getattr(inner, '__name__', inner)}"


def _settle(provider: Provider) -> tuple[Reading | None, SecretError | None]:
    try:
        return provider.settle(), None
    except SecretError as error:
        return None, error.with_traceback(None)


def _register(value: Any, reading: Reading | None = None) -> None:
    from toriconfig._secrets.registration import register_value

    register_value(value, reading)


STAND_INS: dict[str, Secret[Any]] = {}
"""Dict from each token that replaces a handle in JSON to this handle; see `_validation/strict`."""


def _sealed(value: Any) -> Secret[Any]:
    if isinstance(value, Secret):
        return value
    if STAND_INS and type(value) is str and value in STAND_INS:
        return STAND_INS[value]
    return Secret(value) if value != MASK else _refuse("toriconfig_mask", "the mask of a secret was given as its value")


def _refuse(kind: LiteralString, message: str) -> NoReturn:
    from pydantic_core import PydanticCustomError

    raise PydanticCustomError(kind, "{message}", {"message": message})


def _masked(_value: Any) -> str:
    return MASK


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else repr(value).encode()
