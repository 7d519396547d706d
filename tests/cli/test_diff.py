"""`toriconfig diff A B`: profiles, files and Vault versions; a secret is only reported as different."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary, VaultServer


@pytest.fixture(name="profiles", autouse=True)
def _profiles(tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {size: 500}\nlogging: {level: INFO}\n")
    (tmp_path / "tori.prod.yaml").write_text("chunking: {size: 900, overlap: 90}\napi_key: ${vault:secret/prod#key}\n")


def test_two_profiles_are_compared_by_their_effective_settings(toriconfig: Toriconfig) -> None:
    result = toriconfig("diff", "default", "prod", TORI_PROFILE="prod")
    assert result.code == 1
    assert result.out == (
        "--- default\n+++ prod\n"
        "- chunking.size: 500  # tori.yaml:1:18\n"
        "+ chunking.size: 900  # tori.prod.yaml:1:18\n"
        "- chunking.overlap: 80  # default ToriSettings.chunking.overlap\n"
        "+ chunking.overlap: 90  # tori.prod.yaml:1:32\n"
        '- api_key: "${vault:secret/tori#api_key}"  # vault secret/tori#api_key\n'
        '+ api_key: "${vault:secret/prod#key}"  # vault secret/prod#key\n'
    )


def test_equal_sides_give_no_output_and_exit_code_0(toriconfig: Toriconfig) -> None:
    assert toriconfig("diff", "prod", "prod") == (0, "", "")
    assert toriconfig("diff", "tori.yaml", "tori.yaml") == (0, "", "")


def test_two_files_are_compared_without_defaults(toriconfig: Toriconfig) -> None:
    result = toriconfig("diff", "tori.yaml", "tori.prod.yaml")
    assert result.code == 1
    assert "- logging.level: INFO  # tori.yaml:2:18" in result.out
    assert "+ chunking.overlap: 90  # tori.prod.yaml:1:32" in result.out
    assert '+ api_key: "${vault:secret/prod#key}"' in result.out
    assert "features" not in result.out


def test_the_difference_is_available_as_json(toriconfig: Toriconfig) -> None:
    found = json.loads(toriconfig("diff", "tori.yaml", "tori.prod.yaml", "-o", "json").out)
    assert found["changes"][0] == {
        "path": "chunking.size",
        "a": {"value": "500", "origin": "tori.yaml:1:18"},
        "b": {"value": "900", "origin": "tori.prod.yaml:1:18"},
    }
    assert found["changes"][1]["b"] is None
    assert json.loads(toriconfig("diff", "prod", "prod", "-o", "json").out)["changes"] == []


def test_versions_in_vault_differ_by_key_masked(shared_vault_server: VaultServer, toriconfig: Toriconfig) -> None:
    canary = Canary()
    shared_vault_server.put("secret/diffed", {"same": canary.secret, "moved": canary.secret, "gone": "x"})
    shared_vault_server.put("secret/diffed", {"same": canary.secret, "moved": "other" + canary.secret, "new": "x"})
    result = toriconfig("diff", "vault:secret/diffed?version=1", "vault:secret/diffed", **shared_vault_server.environ)
    assert result.code == 1
    assert [line.split(":")[0] for line in result.out.splitlines()[2:]] == ["- gone", "- moved", "+ moved", "+ new"]
    assert "+ moved: **********  # vault secret/diffed v2" in result.out
    canary.absent_from(*result[1:])
    one = toriconfig(
        "diff",
        "vault:secret/diffed?version=1#same",
        "vault:secret/diffed?version=2#same",
        **shared_vault_server.environ,
    )
    assert one == (0, "", "")


@pytest.mark.parametrize(
    "side",
    [
        "api_key: {}\n",
        "database: {{credentials: {{username: u, password: {}}}}}\n",
        "database: {{host: 'x://u:{}@h'}}\n",
    ],
)
def test_a_secret_differs_or_not_and_is_never_shown(side: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary, other = Canary(), Canary()
    for name, text in (("tori.a.yaml", canary.secret), ("tori.b.yaml", other.secret), ("tori.c.yaml", canary.secret)):
        (tmp_path / name).write_text(side.format(text))
    for a, b, code in (
        ("tori.a.yaml", "tori.b.yaml", 1),
        ("tori.a.yaml", "tori.c.yaml", 0),
        ("a", "b", 1),
        ("a", "c", 0),
    ):
        result = toriconfig("diff", a, b)
        assert result.code == code
        canary.absent_from(*result[1:])
        other.absent_from(*result[1:])


def test_a_profile_without_a_file_is_wrong_usage_with_the_near_miss(toriconfig: Toriconfig) -> None:
    result = toriconfig("diff", "default", "prdo")
    assert result.code == 2
    assert "the profile `prdo` has no file; did you mean `prod`?" in result.err


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("tori.yaml", "prod", "compare two of the same kind"),
        ("../x", "prod", "compare two of the same kind"),
        ("tori.yaml", "absent.yaml", "does not exist"),
        ("vault:../x", "vault:secret/x", "`..` segment"),
        ("vault:secret/x", "vault:secret/y", "set VAULT_ADDR"),
        ("../prod", "../prod", "does not exist"),
        ("a b", "prod", "not a name"),
    ],
)
def test_comparing_different_kinds_is_wrong_usage(a: str, b: str, said: str, toriconfig: Toriconfig) -> None:
    result = toriconfig("diff", a, b)
    assert result.code == 2
    assert said in result.out + result.err


def test_an_unreachable_vault_ends_with_3(toriconfig: Toriconfig) -> None:
    environ = {"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}
    assert toriconfig("diff", "vault:secret/x", "vault:secret/y", **environ).code == 3


def test_a_file_with_errors_is_reported_as_check_does(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [\n")
    result = toriconfig("diff", "tori.yaml", "bad.yaml", "-o", "concise")
    assert result.code == 1
    assert result.out.startswith("bad.yaml:1:4: error[TC001]")


CONTAINERS = """
from pydantic import AliasPath, BaseModel, Field, SecretStr
from toriconfig import Secret, SettingsConfigDict
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")
    peers: list[Secret[str]] = []
    codes: list[SecretStr] = []
    pair: tuple[SecretStr, int] | None = None
    nets: dict[str, Secret[str]] = {}
    inside: Secret[str] | None = Field(None, validation_alias=AliasPath("login", "peer"))
"""


@pytest.mark.parametrize(
    "said",
    [
        "peers: [{}]",
        "codes: [{}]",
        "pair: [{}, 1]",
        "nets: {{a: {}}}",
        "nets: [{}]",
        "peers: {{a: {}}}",
        "codes: {}",
        "login: {{peer: {}}}",
    ],
)
def test_secrets_in_containers_are_masked(said: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "app.py").write_text(CONTAINERS)
    (tmp_path / "a.yaml").write_text(said.format(canary.secret))
    (tmp_path / "b.yaml").write_text(said.format("other"))
    result = toriconfig("diff", "a.yaml", "b.yaml", "--settings", "app:App")
    assert result.code == 1
    assert "**********" in result.out
    canary.absent_from(*result[1:])


@pytest.mark.parametrize("said", ["peers: [{}]", "codes: [{}]", "pair: [{}, 1]", "nets: {{a: {}}}"])
def test_profiles_whose_containers_hold_other_secrets_differ(said: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "app.py").write_text(CONTAINERS)
    (tmp_path / "app.a.yaml").write_text(said.format(canary.secret))
    (tmp_path / "app.b.yaml").write_text(said.format("other"))
    result = toriconfig("diff", "a", "b", "--settings", "app:App")
    assert result.code == 1
    canary.absent_from(*result[1:])


def test_a_value_in_the_key_of_a_nameless_secret_is_not_shown(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(CONTAINERS)
    (tmp_path / "a.yaml").write_text("nets: {db:HUNTER}\n")
    (tmp_path / "b.yaml").write_text("nets: {db:OTHER}\n")
    result = toriconfig("diff", "a.yaml", "b.yaml", "--settings", "app:App")
    assert result.out.splitlines()[2:] == [
        "- nets.**********: null  # a.yaml:1:17",
        "+ nets.**********: null  # b.yaml:1:16",
    ]


def test_a_key_neither_forges_a_line_nor_steers_the_terminal(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "a.yaml").write_text('section_weights: {"k\\e[31m\\nv": 1}\n')
    (tmp_path / "b.yaml").write_text("{}\n")
    result = toriconfig("diff", "a.yaml", "b.yaml")
    assert result.out.splitlines()[2:] == ['- section_weights."k\\x1b[31m\\nv": 1  # a.yaml:1:33']


def test_a_nameless_secret_that_lost_its_indentation_is_masked(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "app.py").write_text(CONTAINERS)
    (tmp_path / "a.yaml").write_text("nets:\ndb: HUNTER\n")
    (tmp_path / "b.yaml").write_text("nets:\n")
    result = toriconfig("diff", "a.yaml", "b.yaml", "--settings", "app:App")
    assert result.out.splitlines()[2:] == ["- db: **********  # a.yaml:2:5"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("changed", [None, 0, 1])
def test_values_of_keys_that_are_masked_alike_differ(
    order: tuple[int, int], changed: int | None, tmp_path: Path, toriconfig: Toriconfig
) -> None:
    (tmp_path / "app.py").write_text(CONTAINERS.replace("nets: dict[str, Secret[str]]", "nets: dict[str, SecretStr]"))
    keys = ["hvs.CAESIFirstFirstFirstFirst", "hvs.CAESISecondSecondSecond"]
    (tmp_path / "a.yaml").write_text("nets:\n" + "".join(f"  {key}: same\n" for key in keys))
    lines = [f"  {key}: {'other' if at == changed else 'same'}\n" for at, key in enumerate(keys)]
    (tmp_path / "b.yaml").write_text("nets:\n" + "".join(lines[at] for at in order))
    result = toriconfig("diff", "a.yaml", "b.yaml", "--settings", "app:App")
    assert result.code == (0 if changed is None else 1), result
    assert not [key for key in keys if key in result.out + result.err]
