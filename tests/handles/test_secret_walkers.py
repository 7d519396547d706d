"""Tools that walk over objects or serialize them find the mask of a secret and never its value."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pprint
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MemberDescriptorType
from typing import Any

import pytest
from pydantic import BaseModel, RootModel, TypeAdapter
from pydantic_core import to_json, to_jsonable_python

from toriconfig import Secret, SettingsConfigDict, load
from toriconfig._core.mask import MASK
from toriconfig._core.origin import Origin
from toriconfig._secrets.file import FileProvider
from toriconfig._secrets.secret import handle
from toriconfig.testing import Canary


class Account(BaseModel):
    username: str
    password: str


class Model(BaseModel):
    any: Any
    secret: Secret[str]


@dataclasses.dataclass
class Data:
    any: Any


def held(value: str, _: Path) -> Secret[Any]:
    return Secret(value)


def loaded(value: str, _: Path) -> Secret[Any]:
    class App(BaseModel):
        model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")
        key: Secret[str]

    return load(App, environ={"APP_KEY": value}).key


def of_model(value: str, _: Path) -> Secret[Any]:
    secret: Secret[Any] = Secret(Account(username="ann", password=value))
    return secret


def of_file(value: str, folder: Path) -> Secret[Any]:
    (folder / "key").write_text(value)
    return handle(FileProvider(str(folder / "key"), Origin("files", "key")), str, "key")


KINDS: list[Callable[[str, Path], Secret[Any]]] = [held, loaded, of_model, of_file]


def by_slots(thing: object) -> Iterator[object]:
    for cls in type(thing).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield getattr(thing, name, None)


def by_descriptors(thing: object) -> Iterator[object]:
    for cls in type(thing).__mro__:
        for name, found in vars(cls).items():
            if isinstance(found, MemberDescriptorType):
                yield getattr(thing, name, None)


def by_vars(thing: object) -> Iterator[object]:
    yield from getattr(thing, "__dict__", {}).values()


def by_dir(thing: object) -> Iterator[object]:
    for name in dir(thing):
        if name[:2] != "__":
            yield getattr(thing, name, None)


def by_members(thing: object) -> Iterator[object]:
    yield from (value for name, value in inspect.getmembers(thing) if name[:2] != "__")


WALKS = [by_slots, by_descriptors, by_vars, by_dir, by_members]


def walked(thing: object, walk: Callable[[object], Iterator[object]], depth: int = 6) -> Iterator[str]:
    """Every text that is found on the walk."""
    if isinstance(thing, (str, bytes)):
        yield str(thing)
        return
    yield repr(thing)
    if depth == 0 or callable(thing):
        return
    if isinstance(thing, dict):
        below: Iterator[object] = iter([*thing.keys(), *thing.values()])
    elif isinstance(thing, (list, tuple, set, frozenset)):
        below = iter(thing)
    else:
        below = walk(thing)
    for one in below:
        yield from walked(one, walk, depth - 1)


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_walk_over_attributes_reaches_the_value(
    kind: Callable[[str, Path], Secret[Any]], walk: Callable[[object], Iterator[object]], tmp_path: Path
) -> None:
    canary = Canary()
    secret = kind(canary.secret, tmp_path)
    secret.get()
    canary.absent_from(*walked(secret, walk), *walked({"a": [secret]}, walk))


def test_the_names_of_a_secret_are_its_public_ones() -> None:
    names = {name for name in dir(Secret("x")) if name[:1] != "_"}
    assert {"aget", "expires_at", "get", "get_secret_value", "origin", "reference", "state", "version"} == names


JSON: dict[str, Callable[[Any], Any]] = {
    "a field that takes anything": lambda secret: Model(any=secret, secret=secret).model_dump_json(),
    "serialize_as_any": lambda secret: Model(any=[secret], secret=secret).model_dump_json(serialize_as_any=True),
    "serialize_as_any in Python's JSON mode": lambda secret: json.dumps(
        Model(any=secret, secret=secret).model_dump(mode="json", serialize_as_any=True)
    ),
    "TypeAdapter(Any)": lambda secret: TypeAdapter(Any).dump_json(secret),
    "TypeAdapter(Any) of a mapping": lambda secret: TypeAdapter(Any).dump_json({"a": [secret]}),
    "TypeAdapter(Any) in Python's JSON mode": lambda secret: TypeAdapter(Any).dump_python(secret, mode="json"),
    "TypeAdapter(object)": lambda secret: TypeAdapter(object).dump_json(secret),
    "TypeAdapter(Secret)": lambda secret: TypeAdapter(Secret[str]).dump_json(secret),
    "TypeAdapter of a dataclass": lambda secret: TypeAdapter(Data).dump_json(Data(secret)),
    "to_json": lambda secret: to_json({"a": secret}),
    "to_jsonable_python": lambda secret: json.dumps(to_jsonable_python([secret])),
    "a root model": lambda secret: RootModel[Any](secret).model_dump_json(),
}


@pytest.mark.parametrize("way", JSON)
def test_serializers_show_the_mask(way: str) -> None:
    canary = Canary()
    shown = JSON[way](Secret(canary.secret))
    canary.absent_from(shown)
    assert MASK in str(shown)


def test_in_python_mode_the_handle_itself_is_dumped() -> None:
    secret = Secret("hunter2hunter2")
    dumped = Model(any=secret, secret=secret).model_dump(serialize_as_any=True)
    assert (secret, secret) == (dumped["any"], dumped["secret"])
    assert isinstance(dumped["any"], Secret)


def test_printing_and_copying_tools_show_the_mask() -> None:
    canary = Canary()
    secret = Secret(canary.secret)
    copied = dataclasses.asdict(Data({"a": [secret]}))
    canary.absent_from(pprint.pformat(Data(secret)), repr(copied), f"{copied}")
    assert canary.secret == copied["any"]["a"][0].get()


def test_a_changed_value_is_returned(tmp_path: Path) -> None:
    secret = of_file("first-value", tmp_path)
    assert "first-value" == secret.get()
    (tmp_path / "key").write_text("second-value!")
    from toriconfig._secrets.secret import provider_of

    provider_of(secret).refresh()
    assert "second-value!" == secret.get()
