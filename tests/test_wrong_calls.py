"""Every public name called wrongly: no error shows an argument, in its text, its chain or its frames.

The names come from `__all__`: a new public name is covered at once, or fails here until it is listed.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from toriconfig import (
    ConfigError,
    Secret,
    SettingsConfigDict,
    ToriSettings,
    Vault,
    explain,
    lazy,
    load,
    on_change,
    override,
    replace,
)
from toriconfig._lazy import Lazy
from toriconfig._schema.options import Options
from toriconfig.testing import Canary
from toriconfig.vault import Token

ROOMS = ["toriconfig", "toriconfig.vault", "toriconfig.errors", "toriconfig.pipeline", "toriconfig.rotation"]
ROOMS += ["toriconfig.rotation.kinds", "toriconfig.testing", "toriconfig.schema", "toriconfig.integrations"]
ROOMS += ["toriconfig.sources", "toriconfig.backends", "toriconfig.backends.aws", "toriconfig.integrations.metrics"]
ROOMS += [
    f"toriconfig.integrations.{name}" for name in ("boto", "httpx", "hvac", "psycopg_pool", "requests", "sqlalchemy")
]

EXEMPT = {
    "toriconfig.SettingsConfigDict": "a dict, which takes anything",
    "toriconfig.ToriSettings": "a pydantic model: its constructor raises what pydantic raises, see below",
    "toriconfig.schema.ToriSettings": "the same",
    "toriconfig.rotation.Kind": "a protocol, which nobody makes",
    "toriconfig.errors.Severity": "a Literal, which nobody calls",
    "toriconfig.sources.Source": "a protocol, which nobody makes",
    "toriconfig.backends.Backend": "a base class, which nobody makes",
    "toriconfig.errors.ToriconfigWarning": "a warning, which takes anything",
    "toriconfig.testing.vault_server": "starts a server, whatever it is given",
}
NAMES = {
    ("explain", "path"), ("on_change", "path"), ("refresh", "path"), ("arefresh", "path"), ("MaskingFilter", "name"), ("Rotation", "reference"), ("Rotation", "kind"), ("HvacLogin", "name"), ("Keeper", "name"), ("Ref", "given"),
    ("Settings", "_secrets_dir"), ("KeyPair", "algorithm"), ("recorded", "name"),
}  # fmt: skip
NAMING_OPTIONS = frozenset(
    ("config_name", "config_dir", "config_files", "profile", "env_file", "secrets_dir", "vault_path")
)
"""Arguments and options that are names and not values: an error repeats them, or nobody would find the typing error."""


LOAD: Any = load
LAZY: Any = lazy
TORI: Any = ToriSettings
"""As programs without a type checker call them."""


class App(BaseModel):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
    num: int = 1
    key: Secret[str] | None = None


class Showing:
    """An object whose text is the secret."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


WRONG: dict[str, Callable[[str], Any]] = {
    "text": lambda secret: secret,
    "bytes": str.encode,
    "a URL": lambda secret: f"https://user:{secret}@host",
    "a line break": lambda secret: f"{secret}\n",
    "a mapping": lambda secret: {"num": 5, "APP_KEY": secret},
    "a mapping by numbers": lambda secret: {1: secret, None: [secret]},
    "an environment": lambda secret: {"APP_NUM": 5, "APP_KEY": secret},
    "a list": lambda secret: [secret],
    "a list of pairs": lambda secret: [("num", 1), ("key", secret)],
    "a set": lambda secret: {secret},
    "an object": Showing,
    "a class": lambda secret: type("Other", (), {"__doc__": secret, "value": secret}),
    "a generator": lambda secret: (one for one in [secret]),
}

VALID: dict[str, Callable[[], Any]] = {
    "settings": lambda: lazy(App, environ={}, offline=True),
    "cls": lambda: App,
    "target": lambda: App,
    "path": lambda: "num",
    "callback": lambda: print,
    "secret": lambda: Secret("other"),
    "credentials": lambda: Secret("other"),
    "name": lambda: "name",
    "reference": lambda: "secret/app#key",
    "values": dict,
    "value": lambda: "other",
    "arguments": lambda: ["true"],
    "message": lambda: "message",
    "username": lambda: "user",
    "role": lambda: "role",
    "role_id": lambda: "role",
    "iterable": lambda: [1],
}
"""What the other parameters are given, so that the wrong one is reached; None where nothing is said."""


def public() -> Iterator[tuple[str, Any]]:
    for room in ROOMS:
        module = import_module(room)
        own = [name for name, one in vars(module).items() if getattr(one, "__module__", "") == room]
        for name in getattr(module, "__all__", [name for name in own if name[0] != "_" and "integrations" in room]):
            found = getattr(module, name)
            protocol = getattr(found, "_is_protocol", False)  # never instantiated
            if callable(found) and not (isinstance(found, Lazy) or protocol) and f"{room}.{name}" not in EXEMPT:
                yield f"{room}.{name}", found


PUBLIC = dict(public())


def calls(function: Any, wrong: Any) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The calls that give the wrong value to each parameter in turn, and valid ones to what else must be given."""
    parameters = list(inspect.signature(function).parameters.values())
    for one in parameters:
        args: list[Any] = []
        named: dict[str, Any] = {}
        for other in parameters:
            value = wrong if other is one else VALID.get(other.name, lambda: None)()
            if other.kind is other.VAR_POSITIONAL or other.kind is other.VAR_KEYWORD:
                continue
            if other is not one and other.default is not other.empty:
                continue
            if other.kind is other.POSITIONAL_ONLY:
                args.append(value)
            else:
                named[other.name] = value
        if one.kind is one.VAR_POSITIONAL:
            yield one.name, (*args, wrong), named
        elif one.kind is one.VAR_KEYWORD:
            for name in (*Options._fields, "overrides", "environ", "num", "nonsense"):
                yield name, tuple(args), named | {name: wrong}
        else:
            yield one.name, tuple(args), named
    yield "too many", (wrong,) * 40, {}
    yield "nonsense", (), {"nonsense": wrong}


def use(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Call it, and use what it returns as far as it is needed for an error."""
    made = function(*args, **named)
    if inspect.iscoroutine(made):
        asyncio.run(asyncio.wait_for(made, 5))
    elif function is override:
        with made:
            pass
    elif isinstance(made, Lazy):
        made.num  # noqa: B018 - the first read loads


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("name", PUBLIC)
def test_the_error_of_a_wrong_call_shows_no_argument(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["program"])
    canary = Canary()
    number = len(list(calls(PUBLIC[name], None)))
    for at in range(number):
        parameter, args, named = list(calls(PUBLIC[name], WRONG[kind](canary.secret)))[at]
        if (name.rpartition(".")[2], parameter) in NAMES:
            continue
        try:
            use(PUBLIC[name], args, named)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises must show nothing
            if isinstance(error, ConfigError) and parameter in NAMING_OPTIONS:
                continue
            if name == "toriconfig.Settings" and isinstance(error, (ValidationError, SystemExit)):
                continue  # what pydantic-settings raises, and what its command line ends with
            try:
                canary.absent_from(error)
            except AssertionError as found:
                raise AssertionError(f"{name}({parameter}={kind}): {type(error).__name__}: {found}") from None


def test_every_public_module_is_covered() -> None:
    import toriconfig

    names = [found.name for found in walk_packages(toriconfig.__path__, "toriconfig.", onerror=lambda _: None)]
    public = [name for name in names if not any(part.startswith(("_", "cli")) for part in name.split("."))]
    assert {"toriconfig", *(name for name in public if hasattr(import_module(name), "__all__"))} <= set(ROOMS)
    assert {"toriconfig.load", "toriconfig.vault.Token", "toriconfig.integrations.requests.SecretAuth"} <= set(PUBLIC)


@pytest.mark.parametrize(
    "call",
    [
        lambda bad: LOAD(App, environ={"APP_NUM": 5, "APP_KEY": bad}),
        lambda bad: LOAD(App, environ=[("APP_KEY", bad)]),
        lambda bad: LOAD(App, overrides=[bad]),
        lambda bad: LOAD(App, vault=f"https://u:{bad}@h"),
        lambda bad: LAZY(App, environ={"APP_NUM": 5, "APP_KEY": bad}),
        lambda bad: LAZY(App, overrides=[bad]),
        lambda bad: LAZY(App, vault={"token": bad}),
        lambda bad: override(lazy(App, environ={}), App.model_construct(key=bad)),  # type: ignore[arg-type]
        lambda bad: replace(App(), [bad]),  # type: ignore[arg-type]
        lambda bad: explain({"key": bad}, "key"),
        lambda bad: on_change({"key": bad}, "key", print),
    ],
)
def test_a_wrong_call_is_a_type_error_at_once(call: Callable[[str], object]) -> None:
    canary = Canary()
    with pytest.raises(TypeError) as caught:
        call(canary.secret)
    canary.absent_from(caught.value)
    assert caught.value.__context__ is None


def test_exceptions_of_the_programs_code_keep_its_frames() -> None:
    class Environ(dict[str, str]):
        def items(self) -> Any:
            raise LookupError("of the program")

    with pytest.raises(LookupError, match="of the program") as caught:
        load(App, environ=Environ())
    assert ["call", "items"] == [entry.name for entry in caught.traceback][1:]


def test_an_error_deep_inside_has_its_position() -> None:
    with pytest.raises(TypeError) as caught:
        PUBLIC["toriconfig.pipeline.ProgressTracker"]("five")
    assert any("_progress.py" in note for note in getattr(caught.value, "__notes__", ()))


def test_an_error_of_a_wrong_call_is_freed_without_the_garbage_collector() -> None:
    import gc
    import weakref

    class Held(dict[str, Any]):
        pass

    gc.disable()
    try:
        held = Held()
        ref = weakref.ref(held)
        with pytest.raises(TypeError):
            replace(App(), [held])  # type: ignore[arg-type]
        del held
        assert ref() is None
    finally:
        gc.enable()


def test_the_names_and_the_doc_of_a_public_function_are_its_own() -> None:
    assert ("load", "toriconfig._api") == (load.__name__, load.__module__)
    assert "overrides" in inspect.signature(load).parameters
    assert "address" in inspect.signature(Vault).parameters
    assert ["self", "token", "file"] == list(inspect.signature(Token.__init__).parameters)[:3]


def test_the_constructor_of_tori_settings_shows_no_secret_though_another_field_is_wrong() -> None:
    canary = Canary()
    with pytest.raises(ValidationError) as caught:
        TORI(api_key=canary.secret, chunking={"size": "x"})
    canary.absent_from(caught.value)


def test_a_config_error_shows_only_the_frame_of_the_public_function() -> None:
    with pytest.raises(ConfigError) as caught:
        load(App, environ={"APP_NUM": "x"})
    assert 2 == len(caught.traceback)
