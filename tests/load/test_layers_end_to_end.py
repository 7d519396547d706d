"""Layers from end to end: real files, a real environment, an outside process, random stacks of layers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, model_validator

from support.loading import FakeVault, attempt
from toriconfig import ConfigError, Origin, Secret, SettingsConfigDict, ToriSettings, explain, lazy, load, reload


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_layer_may_set_a_part_of_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parts(BaseModel):
        model_config = SettingsConfigDict(
            config_name="app", profile="prod", env_prefix="APP_", env_nested_delimiter="__", env_file=".env",
            secrets_dir="run", vault_path="secret/app",
        )  # fmt: skip
        who: dict[str, str] = {"defaults": "x", "all": "defaults"}
        token: Secret[str]

    Path("run").mkdir()
    Path("run/who__secrets_dir").write_text("x\n")
    Path("run/who__all").write_text("secrets_dir")
    Path(".env").write_text("APP_WHO__DOTENV=x\nAPP_WHO__ALL='dotenv'\n")
    Path("app.yaml").write_text("who: {plain: x, all: plain}\ntoken: low\n")
    Path("app.prod.yaml").write_text("who: {profile: x, all: profile}\n")
    Path("app.local.yaml").write_text("who: {local: x, all: local}\n")
    vault = FakeVault().connect(monkeypatch)
    vault["secret/app"] = {"token": "from vault"}
    model = load(
        Parts, environ={"APP_WHO__ENV": "x", "APP_WHO__ALL": "env", "APP_TOKEN": "env"}, overrides={"who.code": "x"}
    )
    layers = ("defaults", "plain", "profile", "local", "secrets_dir", "dotenv", "env", "code")
    assert {**dict.fromkeys(layers, "x"), "all": "env"} == model.who
    assert "from vault" == model.token.get()
    story = explain(model, "who.all")
    assert ["APP_WHO__ALL", ".env:2 APP_WHO__ALL", "run/who__all", "app.local.yaml:1:22", "app.prod.yaml:1:24",
            "app.yaml:1:22", "default Parts.who.all"] == [str(story.origin), *(str(one.origin) for one in story.losers)]  # fmt: skip


class Address(BaseModel):
    host: str = "localhost"
    port: int = 0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return dict(zip(("host", "port"), value.split(":"), strict=True)) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("given", "port", "host"),
    [(Address(port=5), 'overrides["db"]', "default Holder.db.host"), ("x:5", 'overrides["db"]', 'overrides["db"]')],
)
def test_a_part_of_a_whole_value_has_the_origin_of_the_whole(given: Any, port: str, host: str) -> None:
    class Holder(BaseModel):
        db: Address

    model = load(Holder, overrides={"db": given})
    assert (port, host) == (str(explain(model, "db.port").origin), str(explain(model, "db.host").origin))


def test_the_example_of_the_design_yields_five_origins_in_order() -> None:
    Path("tori.yaml").write_text("limits:\n  file_sizes:\n    small:\n      chunks: 310\n")
    Path("tori.prod.yaml").write_text("limits: {file_sizes: {small: {chunks: 320}}}\n")
    Path(".env").write_text("TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS=330\n")
    environ = {"TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS": "340", "TORI_PROFILE": "prod"}
    model = load(ToriSettings, environ=environ, env_file=".env", offline=True)
    story = explain(model, "limits.file_sizes.small.chunks")
    assert ("340", 340) == (story.value, model.limits.file_sizes.small.chunks)
    assert [
        ("TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS", "340"),
        (".env:1 TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS", "330"),
        ("tori.prod.yaml:1:39", "320"),
        ("tori.yaml:4:15", "310"),
        ("default FileSizes.small.chunks", "300"),
    ] == [(str(story.origin), story.value), *((str(one.origin), one.value) for one in story.losers)]


def test_a_real_process_reads_its_own_environment_and_folder(tmp_path: Path) -> None:
    Path("tori.yaml").write_text("chunking: {size: 900}\n")
    program = "from toriconfig import settings; print(settings.chunking.size, settings.chunking.overlap)"
    environ = {**os.environ, "TORI_CHUNKING__OVERLAP": "90", "PYTHONPATH": str(Path(__file__).parents[2])}
    environ = {name: text for name, text in environ.items() if not name.startswith(("VAULT_", "BAO_"))}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "900 90" == done.stdout.strip()


def test_an_environment_that_is_given_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORI_CHUNKING__SIZE", "900")
    assert 800 == load(ToriSettings, environ={}, offline=True).chunking.size
    assert 900 == load(ToriSettings, offline=True).chunking.size


def test_a_reload_drops_a_removed_key_and_a_broken_file_keeps_the_old_settings() -> None:
    Path("tori.yaml").write_text("chunking: {size: 900}\nsection_weights: {x: 1}\n")
    current = lazy(ToriSettings, environ={}, offline=True)
    assert (900, 1.0) == (current.chunking.size, current.section_weights["x"])
    Path("tori.yaml").write_text("chunking: {size: 900}\n")
    reload(current)
    assert "x" not in current.section_weights
    for text in ("chunking: {size: [", "chunking: 5", "- a"):
        Path("tori.yaml").write_text(text)
        with pytest.raises(ConfigError):
            reload(current)
        assert 900 == current.chunking.size


# Random stacks of layers against a model of three lines: the highest layer with a value wins.

_KEYS = ("a", "b", "c.x", "c.y", "d.k1", "d.k2")
_LAYERS = ("files", "secrets_dir", "dotenv", "env", "code")


class Inner(BaseModel):
    x: str = "default"
    y: str = "default"


class Stack(BaseModel):
    a: str = "default"
    b: str = "default"
    c: Inner = Inner()
    d: dict[str, str] = {"k1": "default"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(st.sampled_from(_LAYERS), st.sets(st.sampled_from(_KEYS))),
    order=st.permutations(_LAYERS),
)
def test_the_highest_layer_that_sets_a_value_wins(said: dict[str, set[str]], order: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for key in said.get("secrets_dir", ()):
        (folder / key.replace(".", "__")).write_text("secrets_dir")
    lines = [f"S_{key.upper().replace('.', '__')}=dotenv" for key in said.get("dotenv", ())]
    (tmp_path / ".env").write_text("\n".join(lines) + "\n")
    nested: dict[str, Any] = {}
    for key in said.get("files", ()):
        head, _, tail = key.partition(".")
        if tail:
            nested.setdefault(head, {})[tail] = "files"
        else:
            nested[head] = "files"
    (tmp_path / "s.json").write_text(json.dumps(nested))
    found = attempt(
        Stack,
        environ={f"S_{key.upper().replace('.', '__')}": "env" for key in said.get("env", ())},
        overrides=dict.fromkeys(said.get("code", ()), "code"),
        layers=[*order, "defaults"],
        config_files=[str(tmp_path / "s.json")], env_file=str(tmp_path / ".env"), secrets_dir=str(folder),
        env_prefix="S_", env_nested_delimiter="__",
    )  # fmt: skip
    assert () == found.problems
    assert found.loaded is not None
    dumped = found.loaded.model.model_dump()
    for key in _KEYS:
        expected = next((name for name in order if key in said.get(name, ())), "default" if key != "d.k2" else None)
        head, _, tail = key.partition(".")
        value = dumped[head].get(tail) if tail else dumped[head]
        assert expected == value, key
        if expected not in (None, "default"):
            origin = explain(found.loaded.model, key).origin
            assert isinstance(origin, Origin)
            assert expected == origin.layer
