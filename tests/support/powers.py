"""Attempts to use a power through an input: to have a file read, a host contacted, code run, an identity chosen.

Each attempt runs in an empty working directory and returns whether it succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from pydantic import BaseModel, field_validator

from support.command import in_a_process
from support.fake_vault import FakeVault
from toriconfig import Secret, SettingsConfigDict, Vault, VaultUnreachable
from toriconfig._core.markers import Ref
from toriconfig._load.attempt import try_load
from toriconfig._load.secrets.compose import Parts, provider_at
from toriconfig._load.snapshot import Recipe
from toriconfig._secrets.secret import handle
from toriconfig._vault.http.response import Answer
from toriconfig.sources import Tree, tree
from toriconfig.testing import FakeClock


class App(BaseModel):
    model_config = SettingsConfigDict(
        env_prefix="T_", env_nested_delimiter="__", config_name="app", env_file=".env", secrets_dir="folder"
    )
    text: str = ""
    key: Secret[str] | None = None


class Bare(BaseModel):
    """The same without a file that code names."""

    model_config = SettingsConfigDict(env_prefix="T_", env_nested_delimiter="__")
    text: str = ""
    key: Secret[str] | None = None


class Running(BaseModel):
    """A program whose class runs code."""

    text: str

    @field_validator("text")
    @classmethod
    def run(cls, text: str) -> str:
        Path("ran").touch()
        return text


class Own:
    """A source that resolves the references in what it returns."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def load(self) -> Tree:
        return tree(self._values, "own", references=True)


class At(NamedTuple):
    """Setup of an attempt: its input, and True if code gave the permission."""

    channel: str
    permitted: bool
    monkeypatch: pytest.MonkeyPatch


Attempt = Callable[[At], bool]
Fields = dict[str, str]


def give(channel: str, fields: Fields) -> dict[str, Any]:
    """Put the fields (`vault__auth__role`) into an input; returns what a load is to be given besides."""
    match channel:
        case "code":
            return {"overrides": _nested(fields)}
        case "environment":
            return {"environ": {f"T_{name}": value for name, value in fields.items()}}
        case "secrets folder":
            Path("folder").mkdir()
            for name, value in fields.items():
                Path("folder", f"t_{name}").write_text(value)
        case "YAML and JSON":
            Path("app.yaml").write_text(yaml.safe_dump(_nested(fields)))
        case ".env":
            Path(".env").write_text("".join(f"T_{name}='{value}'\n" for name, value in fields.items()))
        case "own source":
            return {"source": Own(_nested(fields))}
        case _:
            raise LookupError(channel)
    return {}


def _nested(fields: Fields) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in fields.items():
        *groups, key = name.split("__")
        here = built
        for group in groups:
            here = here.setdefault(group, {})
        here[key] = value
    return built


def _loaded(schema: type[BaseModel], at: At, **given: Any) -> tuple[Any, Vault | None]:
    """The settings, or None, and the connection to Vault that the load created."""
    asked: list[Vault] = []

    def connected(vault: Vault, _environ: object) -> tuple[None, str]:
        asked.append(vault)
        return None, ""

    at.monkeypatch.setattr("toriconfig._load.connection.connected", connected)
    options: dict[str, Any] = {"vault": Vault(allow_file_address=True)} if at.permitted else {}
    options |= {"sources": [given["source"]]} if "source" in given else {}
    found = try_load(Recipe(schema, options, given.get("overrides"), given.get("environ", {})))
    return found.loaded and found.loaded.model, asked[0] if asked else None


def connects(**fields: str) -> Attempt:
    """Changes the connection to Vault."""

    def attempt(at: At) -> bool:
        given = give(at.channel, {f"vault__{name}": value for name, value in fields.items()})
        model, vault = _loaded(App, at, **given)
        return model is not None and vault != (Vault(allow_file_address=True) if at.permitted else None)

    return attempt


def reads(reference: str, field: str) -> Attempt:
    """Reads a file into a field."""

    def attempt(at: At) -> bool:
        Path("beside").write_text("what the file holds")
        model, _ = _loaded(App, at, **give(at.channel, {field: reference}))
        value = getattr(model, field, None)
        found = value.get("") if isinstance(value, Secret) else value
        return bool(found) and found != reference

    return attempt


def named_file(field: str) -> Attempt:
    """Reads a file that a variable with the suffix of `file_suffix` names into a field."""

    def attempt(at: At) -> bool:
        Path("beside").write_text("what the file holds")
        schema = type(
            "Suffixed", (App,), {"model_config": SettingsConfigDict(file_suffix="_file"), "__module__": __name__}
        )
        model, _ = _loaded(schema, at, **give(at.channel, {f"{field}_file": "beside"}))
        value = getattr(model, field, None)
        return bool(value.get("") if isinstance(value, Secret) else value)

    return attempt


def runs(text: str) -> Attempt:
    """Runs a value."""

    def attempt(at: At) -> bool:
        schema = Running if at.channel == "code" else App
        model, _ = _loaded(schema, at, **give(at.channel, {"text": text}))
        return Path("ran").exists() or getattr(model, "text", text) != text

    return attempt


CLASS = "from pydantic import BaseModel\nclass Mine(BaseModel):\n    text: str = 'plain'\n"
RUNNING = "open('ran', 'w')\n"
NAMED = '[tool.toriconfig]\nsettings = "conf:Mine"\n'


def command_runs(*arguments: str, **files: str) -> Attempt:
    """A command in a folder with these modules runs one of them."""

    def attempt(at: At) -> bool:
        Path("conf.py").write_text(CLASS)
        for name, text in files.items():
            Path(name if name == "pyproject.toml" else f"{name}.py").write_text(text)
        in_a_process(*arguments, cwd=Path.cwd())
        return Path("ran").exists()

    return attempt


def pyproject_sets(line: str) -> Attempt:
    """A line of pyproject.toml changes what a command shows."""

    def attempt(at: At) -> bool:
        Path("conf.py").write_text(CLASS)
        Path("beside.yaml").write_text("text: other\n")
        shown = set()
        for text in (NAMED, NAMED + line):
            Path("pyproject.toml").write_text(text)
            shown.add(in_a_process("show", "--origins", cwd=Path.cwd()).out)
        assert any("plain" in text for text in shown)
        return len(shown) > 1

    return attempt


def here(name: str, text: str, schema: type[BaseModel] = Bare) -> Attempt:
    """A file of the working directory changes the settings or the connection."""

    def attempt(at: At) -> bool:
        Path(name).write_text(text)
        model, vault = _loaded(schema, at)
        return model is None or model.text != "" or vault != (Vault(allow_file_address=True) if at.permitted else None)

    return attempt


def vault_says(text: str, **headers: str) -> Attempt:
    """A value of Vault, or an answer with these headers, is more than a value."""

    def attempt(at: At) -> bool:
        Path("beside").write_text("what the file holds")
        fake = FakeVault(FakeClock())
        session = fake.session(Vault(clock=fake.clock))
        fake.put("app", k=text)
        if headers:
            fake.answers["secret/data/app"] = lambda method, body: Answer(307, {}, headers, "http://127.0.0.1:1")
        try:
            provider = provider_at(Ref("secret/app#k"), Parts(session.provider, _no_other), "secret/app#k")
            value = handle(provider, str, "").get()
        except VaultUnreachable:
            value = text
        hosts = {address for address, *_ in fake.asked}
        return value != text or Path("ran").exists() or hosts != {"http://127.0.0.1:1"}

    return attempt


def _no_other(path: Any) -> Any:
    raise LookupError(path)
