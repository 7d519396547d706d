"""The time for wrong input grows linearly with its size, for every kind of error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from support.work import growth
from toriconfig import Merge, Secret, SettingsConfigDict, load
from toriconfig.testing import reset_warnings


class Pool(BaseModel):
    max_size: int = 10


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    legs: int = 4


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = 1


class App(BaseModel):
    model_config = SettingsConfigDict(
        config_name="app", env_prefix="APP_", env_nested_delimiter="__", renamed={"old": "names"}
    )
    pool: Pool = Pool()
    items: list[int] = []
    pairs: list[tuple[int, int]] = []
    pools: list[Pool] = []
    stricts: list[Strict] = []
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    names: dict[str, int] = {}
    colours: list[Literal["red", "green"]] = []
    more: Annotated[list[int], Merge("append")] = []
    unique: Annotated[list[int], Merge("unique")] = []
    keys: dict[str, Secret[str]] = {}
    token: Secret[str] | None = None


def lines(head: str, line: str) -> Callable[[int], str]:
    return lambda count: head + "".join(line.format(at=at) for at in range(count))


FILES: dict[str, Callable[[int], str]] = {
    "unknown keys": lines("", "key{at}: 1\n"),
    "unknown keys below a key": lines("pool:\n", "  key{at}: 1\n"),
    "unknown keys in models of a list": lines("pools:\n", "  - max_szie: {at}\n"),
    "keys that the model itself forbids": lines("stricts:\n", "  - more{at}: 1\n"),
    "wrong items": lines("items:\n", "  - a{at}\n"),
    "pairs that are too short": lines("pairs:\n", "  - [1]\n"),
    "pairs of nothing": lines("pairs:\n", "  - []\n"),
    "wrong values of a mapping": lines("names:\n", "  k{at}: x\n"),
    "wrong values under an old name": lines("old:\n", "  k{at}: x\n"),
    "values that are not allowed": lines("colours:\n", "  - gren{at}\n"),
    "tags that nobody has": lines("pets:\n", "  - kind: rat{at}\n"),
    "missing keys": lines("pets:\n", "  - lives: {at}\n"),
    "references to nothing": lines("names:\n", "  k{at}: ${{nothing{at}}}\n"),
    "files that nobody may read": lines("names:\n", "  k{at}: ${{file:/tmp/{at}}}\n"),
    "references to secrets in plain fields": lines("names:\n", "  k{at}: ${{vault:secret/x#k{at}}}\n"),
    "words of YAML 1.1": lines("items:\n", "  - yes\n"),
    "the same key again and again": lines("", "pool: {{}}\n"),
    "anchors that are used": lines("items:\n", "  - &a{at} x\n  - *a{at}\n"),
    "secrets of the wrong kind": lines("keys:\n", "  k{at}: [x]\n"),
    "an item that is wrong behind many that are right": lambda count: "items:\n" + "  - 1\n" * count + "  - x\n",
    "wrong items on one line": lambda count: f"items: [{', '.join(f'a{at}' for at in range(count))}]\n",
}


@pytest.mark.parametrize("wrong", FILES)
def test_the_work_of_a_wrong_file_grows_as_its_size(wrong: str, tmp_path: Path) -> None:
    def judged(count: int) -> None:
        (tmp_path / "app.yaml").write_text(FILES[wrong](count))
        try:
            load(App, config_dir=tmp_path, environ={})
        except ValueError as error:
            str(error)

    assert growth(judged, 200) < 4.2


VARIABLES: dict[str, Callable[[int], dict[str, Any]]] = {
    "unknown variables": lambda count: {f"APP_KEY{at}": "1" for at in range(count)},
    "variables of a mapping": lambda count: {f"APP_NAMES__K{at}": "x" for at in range(count)},
    "variables of unknown keys": lambda count: {f"APP_POOL__K{at}": "x" for at in range(count)},
    "variables below an old name": lambda count: {f"APP_OLD__K{at}": "x" for at in range(count)},
    "variables of Vault's block": lambda count: {f"APP_VAULT__K{at}": "x" for at in range(count)},
    "variables of other programs": lambda count: {f"OTHER_KEY{at}": "x" for at in range(count)},
    "one name of many parts": lambda count: {f"APP_{'__'.join(f'K{at}' for at in range(count))}": "x"},
}


@pytest.mark.parametrize("wrong", VARIABLES)
def test_the_work_of_an_environment_grows_as_its_size(wrong: str) -> None:
    def judged(count: int) -> None:
        reset_warnings()
        try:
            load(App, environ=VARIABLES[wrong](count))
        except ValueError as error:
            str(error)

    assert growth(judged, 200) < 4.2


def test_the_work_of_overrides_grows_as_their_number() -> None:
    def judged(count: int) -> None:
        try:
            load(App, environ={}, overrides={f"key{at}": 1 for at in range(count)})
        except ValueError as error:
            str(error)

    assert growth(judged, 200) < 4.2


RIGHT = {
    "a list that is merged without doubles": lines("unique:\n", "  - {at}\n"),
    "a list that is appended": lines("more:\n", "  - {at}\n"),
    "a mapping": lines("names:\n", "  k{at}: {at}\n"),
    "references": lines("pool: {max_size: 1}\nnames:\n", "  k{at}: ${{pool.max_size}}\n"),
    "secrets": lines("keys:\n", "  k{at}: value{at}\n"),
    "nulls": lines("names:\n", "  k{at}: null\n"),
}


@pytest.mark.parametrize("right", RIGHT)
def test_the_work_of_layers_grows_as_their_size(right: str, tmp_path: Path) -> None:
    def loaded(count: int) -> None:
        (tmp_path / "app.yaml").write_text(RIGHT[right](count))
        (tmp_path / "app.prod.yaml").write_text(RIGHT[right](2 * count))
        load(App, config_dir=tmp_path, environ={}, profile="prod")

    assert growth(loaded, 150) < 4.2


COMMANDS = [
    ["show"],
    ["show", "-f", "env"],
    ["show", "-f", "shell"],
    ["show", "-f", "json"],
    ["show", "--html", "page.html"],
    ["explain", "names.k1"],
    ["explain", "names.kk1x"],
    ["diff", "app.yaml", "app.prod.yaml"],
    ["check", "--diff", "bad.yaml"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_work_of_a_command_grows_as_its_files(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from toriconfig.cli import cli

    monkeypatch.chdir(tmp_path)

    def run(count: int) -> None:
        Path("app.yaml").write_text(RIGHT["a mapping"](count))
        Path("app.prod.yaml").write_text(RIGHT["a mapping"](2 * count))
        Path("bad.yaml").write_text("pools:\n" + "  - max_szie: 1\n" * (count // 8))
        with contextlib.suppress(click.UsageError):
            cli.main([*command, "--settings", "test_growth:App"], standalone_mode=False)
        capsys.readouterr()

    monkeypatch.setitem(sys.modules, "test_growth", sys.modules[__name__])
    assert growth(run, 160) < 4.4


class Ports(BaseModel):
    model_config = SettingsConfigDict(config_name="ports")
    names: dict[int, str] = {}


@pytest.mark.parametrize("command", [["show"], ["show", "--html", "page.html"]], ids=" ".join)
@pytest.mark.parametrize("keys", ["fields of one model", "numbers"])
def test_the_work_of_showing_keys_grows_as_their_number(
    command: list[str], keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from toriconfig.cli import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "test_growth", sys.modules[__name__])

    def run(count: int) -> None:
        fields: dict[str, Any] = {f"k{at}": (int, at) for at in range(count)}
        wide = create_model("Wide", **fields) if keys == "fields of one model" else Ports
        monkeypatch.setattr(sys.modules[__name__], "Shown", wide, raising=False)
        Path("ports.yaml").write_text("names:\n" + "".join(f"  {at}: x\n" for at in range(count)))
        cli.main([*command, "--settings", "test_growth:Shown"], standalone_mode=False)
        capsys.readouterr()

    assert growth(run, 160) < 4.4
