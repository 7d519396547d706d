"""Loads in one line: texts become files in the working directory, lowest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, Problem, load
from toriconfig._core.markers import Ref
from toriconfig._core.origin import Origin
from toriconfig._load.attempt import Attempt, try_load
from toriconfig._load.snapshot import Recipe
from toriconfig._secrets.provider import Flight, Reading, State, Swap
from toriconfig.errors import SecretError, VaultNotFound

M = TypeVar("M", bound=BaseModel)


def write(*texts: str) -> list[str]:
    """The texts as the files 1.yaml, 2.yaml, ... of the working directory."""
    names = [f"{number}.yaml" for number in range(1, len(texts) + 1)]
    for name, text in zip(names, texts, strict=True):
        Path(name).write_text(text)
    return names


def attempt(
    schema: type[BaseModel],
    *texts: str,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    offline: bool = True,
    **options: Any,
) -> Attempt:
    """A load of the texts as files, lowest first; no environment but what is given."""
    if texts:
        options["config_files"] = write(*texts)
    return try_load(Recipe(schema, options, overrides, environ or {}, offline))


def loaded(schema: type[M], *texts: str, **given: Any) -> M:
    """The settings; the load must find no error."""
    found = attempt(schema, *texts, **given)
    assert found.loaded is not None, "\n".join(map(str, found.problems))
    assert isinstance(found.loaded.model, schema)
    return found.loaded.model


def problems(schema: type[BaseModel], *texts: str, **given: Any) -> list[Problem]:
    """Problems of a load, warnings included."""
    return list(attempt(schema, *texts, **given).problems)


def told(schema: type[BaseModel], *texts: str, **given: Any) -> list[tuple[str, str, str]]:
    """Problems of a load, as (code, place, path)."""
    return [(one.code, str(one.origin or ""), one.path) for one in problems(schema, *texts, **given)]


def refused(schema: type[BaseModel], *texts: str, **given: Any) -> ConfigError:
    """The ConfigError of a load by the public function."""
    if texts:
        given["config_files"] = write(*texts)
    given.setdefault("environ", {})
    given.setdefault("offline", True)
    with pytest.raises(ConfigError) as caught:
        load(schema, **given)
    return caught.value


class FakeProvider:
    """State of one Vault path that its handles read: a value, or an error, that a test sets."""

    def __init__(self, path: str, value: Any = None, version: int = 1) -> None:
        self.reference = path
        self.reading: Reading | None = None
        self.fresh_until = float("-inf")
        self.now: Callable[[], float] = lambda: 0.0
        self.error: Exception | None = None
        self.age: float | None = None
        self.settled = 0
        self._path = path
        self._listeners: list[Swap] = []
        self._version = version
        self.value = value
        self.newest: Any = None  # the value after the next refresh

    def put(self, value: Any) -> None:
        """Store a new version, as a rotation does, and call the subscribers."""
        old, self.value, self.error, self._version = self.reading, value, None, self._version + 1
        self.reading = self._made()
        self.tell(old)

    def drop(self, error: SecretError) -> None:
        """Drop the value, as after repeated answers that the path does not exist, and call the subscribers."""
        old, self.reading, self.error = self.reading, None, error
        self.tell(old)

    def tell(self, old: Reading | None) -> None:
        """Call the subscribers after a swap."""
        for listener in list(self._listeners):
            listener(old, self.reading)

    def pending(self) -> Sequence[Flight]:
        return ()

    def refresh(self) -> Sequence[Flight]:
        if self.newest is not None:
            self.put(self.newest)
        return ()

    ask = refresh

    def settle(self) -> Reading:
        self.settled += 1
        if self.error is not None:
            assert isinstance(self.error, SecretError)
            raise self.error
        if self.value is None:
            raise VaultNotFound(f"Vault has no {self._path}", reference=self._path)
        if self.reading is None:
            self.reading = self._made()
        return self.reading

    def _made(self) -> Reading:
        return Reading(self.value, Origin("vault", self._path, version=self._version), self._version)

    @property
    def state(self) -> State:
        if self.reading is not None:
            return "fresh"
        return "unread" if self.error is None else "missing"

    @property
    def origin(self) -> Origin:
        return self.reading.origin if self.reading is not None else Origin("vault", self._path)

    def subscribe(self, swap: Swap) -> Callable[[], None]:
        self._listeners.append(swap)
        return lambda: self._listeners.remove(swap)


class FakeVault:
    """A connection to Vault without Vault: `paths`, made on demand."""

    def __init__(self, **values: Any) -> None:
        self.paths: dict[str, FakeProvider] = {}
        for path, value in values.items():
            self.paths[path] = FakeProvider(path, value)

    def __setitem__(self, path: str, value: Any) -> None:
        self.paths[path] = FakeProvider(path, value)

    def path(self, path: str, version: int | None = None) -> FakeProvider:
        name = path if version is None else f"{path}?version={version}"
        return self.paths.setdefault(name, FakeProvider(name))

    def provider(self, ref: Ref) -> FakeProvider:
        return self.path(ref.path, ref.version)

    def connect(self, monkeypatch: pytest.MonkeyPatch) -> FakeVault:
        """Make every load that is not offline use it."""
        monkeypatch.setattr("toriconfig._load.connection.connected", lambda vault, environ: (self, ""))
        return self
