"""`toriconfig show` of lists, dataclasses and root models: their content is written as in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary

APP = """
from dataclasses import dataclass
from typing import Literal
from pydantic import AliasChoices, AliasPath, BaseModel, Field, RootModel, computed_field, field_serializer
from toriconfig import Secret, SettingsConfigDict
@dataclass
class Hall:
    seats: int
    door: Secret[str] | None = None
class Keys(RootModel[dict[str, Secret[str]]]):
    pass
class Account(BaseModel):
    user: str
    password: str
class Player(BaseModel):
    kind: Literal["flute"] = "flute"
    badge: Secret[str] | None = Field(None, validation_alias=AliasChoices("badge", "bad-ge"))
    hall: Hall | None = None
class Item(BaseModel):
    name: str = Field("n", validation_alias="na-me")
    weight: int = Field(1, alias="kilos")
    hidden: int = Field(0, exclude=True)
    width: int = Field(5, validation_alias=AliasPath("size", "width"))
    @computed_field
    @property
    def twice(self) -> int: return self.weight * 2
    @field_serializer("hidden")
    def _angled(self, value: int) -> str: return f"<{value}>"
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", env_prefix="APP_", env_nested_delimiter="__")
    players: list[Player] = []
    tokens: list[Secret[str]] = []
    hall: Hall | None = None
    keys: Keys = Keys({})
    account: Secret[Account] | None = None
    item: Item = Item()
    items: list[Item] = []
    table: dict[str, list[Item]] = {}
"""


@pytest.fixture(autouse=True)
def _app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)


REFERENCES = """\
players: [{kind: flute, badge: "${vault:secret/a#w}", hall: {seats: 2, door: "${vault:secret/b#w}"}}]
tokens: ["${vault:secret/a#k}", "${vault:secret/b#k}"]
hall:
  seats: 3
  door: "${vault:secret/h#w}"
keys:
  p: "${vault:secret/h#p}"
account: {user: "${vault:secret/x#u}", password: "${vault:secret/y#p}"}
item:
  na-me: q
  kilos: 3
  hidden: 7
  size:
    width: 6
items: [{na-me: q, kilos: 3, hidden: 7, size: {width: 6}}]
table:
  t: [{na-me: q, kilos: 4, hidden: 7, size: {width: 5}}]
"""


def test_secrets_and_models_in_any_container_are_shown_as_in_a_file(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(REFERENCES)
    assert toriconfig("show", "--settings", "app:App").out == REFERENCES


def test_json_reads_back_to_the_same(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(REFERENCES)
    by_yaml = toriconfig("show", "--settings", "app:App", "-f", "json").out
    (tmp_path / "app.yaml").unlink()
    (tmp_path / "app.json").write_text(by_yaml)
    assert toriconfig("show", "--settings", "app:App").out == REFERENCES
    assert json.loads(by_yaml)["players"][0]["badge"] == "${vault:secret/a#w}"


def test_a_secret_in_a_list_is_found_by_the_key_that_its_file_uses(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("players: [{bad-ge: '${vault:secret/a#w}'}]\n")
    shown = toriconfig("show", "players", "--settings", "app:App").out
    assert shown == 'players: [{kind: flute, badge: "${vault:secret/a#w}", hall: null}]\n'


def test_a_list_with_a_reference_in_it_is_no_variable(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("tokens: ['${vault:secret/a#k}']\n")
    shown = toriconfig("show", "tokens", "-f", "env", "--settings", "app:App").out
    assert shown == """# APP_TOKENS: '["${vault:secret/a#k}"]'\n"""


def test_a_container_of_a_secret_without_a_reference_is_a_comment_and_reported_as_omitted(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    secret = canary.secret
    (tmp_path / "app.yaml").write_text(
        f"players: [{{badge: {secret}}}]\ntokens: ['x${{vault:secret/a#k}}{secret}']\nhall: {{seats: 3, door: {secret}}}\n"
        f"keys: {{p: {secret}}}\naccount: {{user: '${{vault:secret/x#u}}', password: {secret}}}\n"
    )
    results = [toriconfig("show", "--settings", "app:App", "-f", form) for form in ("yaml", "json", "env")]
    canary.absent_from(*(text for result in results for text in result[1:]))
    assert "# players: **********  # app.yaml:1:10\n" in results[0].out
    assert "without a reference: players, tokens, hall.door, keys.p, account" in results[1].err


def test_a_secret_in_a_root_model_differs_if_its_value_does(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("keys: {p: one}\nhall: {seats: 1, door: one}\n")
    (tmp_path / "app.other.yaml").write_text("keys: {p: two}\nhall: {seats: 1, door: two}\n")
    result = toriconfig("diff", "default", "other", "--settings", "app:App")
    assert [line.split(":")[0] for line in result.out.splitlines() if line.startswith("+ ")] == [
        "+ hall.door",
        "+ keys.p",
    ]
