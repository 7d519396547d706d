"""`toriconfig explain KEY`: every layer with a value, in order, the effective one marked; secrets without their value."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from pathlib import Path

import pytest

from local_postgres import Postgres, database_role
from support.command import Toriconfig
from toriconfig.testing import Canary, VaultServer

KEY = "limits.file_sizes.small.chunks"
VARIABLE = "TORI_LIMITS__FILE_SIZES__SMALL__CHUNKS"


@pytest.fixture(name="five_layers")
def _five_layers(tmp_path: Path) -> dict[str, str]:
    """The value in the schema, two files, `.env` and the environment; the environment is returned."""
    (tmp_path / "tori.yaml").write_text("limits:\n  file_sizes:\n    small:\n      chunks: 320\n")
    (tmp_path / "tori.prod.yaml").write_text("limits: {file_sizes: {small: {chunks: 330}}}\n")
    (tmp_path / ".env").write_text(f"# local\n{VARIABLE}=340\n")
    return {"TORI_PROFILE": "prod", VARIABLE: "350"}


def test_five_origins_are_listed_in_order_with_the_effective_one_marked(
    five_layers: dict[str, str], toriconfig: Toriconfig
) -> None:
    result = toriconfig("explain", KEY, "--env-file", ".env", **five_layers)
    assert result.code == 0
    assert result.out.splitlines() == [
        f"{KEY} = 350",
        f"  > {VARIABLE}         350",
        f"    .env:2 {VARIABLE}  340",
        "    tori.prod.yaml:1:39                            330",
        "    tori.yaml:4:15                                 320",
        "    default FileSizes.small.chunks                 300",
        "  Maximum chunks to keep per document.",
    ]


def test_the_explanation_is_available_as_json(five_layers: dict[str, str], toriconfig: Toriconfig) -> None:
    found = json.loads(toriconfig("explain", KEY, "--env-file", ".env", "-o", "json", **five_layers).out)
    assert [(one["layer"], one["value"], one["wins"]) for one in found["candidates"]] == [
        ("env", "350", True),
        ("dotenv", "340", False),
        ("files", "330", False),
        ("files", "320", False),
        ("defaults", "300", False),
    ]
    assert found["secret"] is False


def test_an_unread_secret_shows_its_place(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("api_key: s3cr3t-of-a-laptop\n")
    result = toriconfig("explain", "api_key")
    assert result.code == 0
    assert "> tori.yaml:1:10  **********" in result.out
    assert "vault:    secret/tori#api_key" in result.out
    assert "age:      not read yet" in result.out
    assert "s3cr3t" not in result.out + result.err


def test_online_a_secret_shows_version_age_and_overridden_values(
    shared_vault_server: VaultServer, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    path = "secret/explained"
    shared_vault_server.put(path, {"api_key": "older"})
    version = shared_vault_server.put(path, {"api_key": canary.secret})
    (tmp_path / "tori.yaml").write_text(f"api_key: ${{vault:{path}#api_key}}\n")
    result = toriconfig("explain", "api_key", "--online", TORI_API_KEY=canary.secret, **shared_vault_server.environ)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "api_key = **********"
    assert re.fullmatch(rf"  > vault {path}#api_key v{version} +\*{{10}}", lines[1])
    assert re.fullmatch(r"    TORI_API_KEY +\*{10}", lines[2])
    assert f"  vault:    {path}#api_key" in lines
    assert f"  version:  {version}" in lines
    assert re.search(r"^  age:      \d+ s$", result.out, re.MULTILINE)
    assert "  state:    fresh" in lines
    canary.absent_from(*result[1:])


def test_a_lease_shows_when_it_ends(
    shared_vault_server: VaultServer, shared_postgres: Postgres, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    place = database_role(shared_vault_server, shared_postgres, "explained", ttl="10m")
    (tmp_path / "tori.yaml").write_text(f"database: {{credentials: '${{vault:{place}}}'}}\n")
    begun = int(time.time())
    result = toriconfig("explain", "database.credentials", "--online", **shared_vault_server.environ)
    assert result.code == 0
    found = re.search(r"^  expires:  (\S+)$", result.out, re.MULTILINE)
    assert found is not None
    ends = datetime.fromisoformat(found[1]).timestamp()
    assert begun + 590 <= ends <= time.time() + 610


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        ({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x"}, 3, "127.0.0.1:1"),
        ({}, 1, "Vault is not configured"),
    ],
)
def test_an_unavailable_secret_is_still_explained(
    environ: dict[str, str], code: int, said: str, toriconfig: Toriconfig
) -> None:
    result = toriconfig("explain", "api_key", "--online", **environ)
    assert result.code == code
    assert said in result.err
    assert "vault:    secret/tori#api_key" in result.out


@pytest.mark.parametrize(
    ("environ", "marked"),
    [({"VAULT_ADDR": "http://127.0.0.1:1"}, "vault secret/explained#api_key"), ({}, "TORI_API_KEY")],
)
def test_without_a_request_the_source_that_the_program_reads_first_is_marked(
    environ: dict[str, str], marked: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "tori.yaml").write_text("api_key: ${vault:secret/explained#api_key}\n")
    result = toriconfig("explain", "api_key", "-o", "json", TORI_API_KEY="of-a-laptop", **environ)
    candidates = [(one["origin"], one["wins"]) for one in json.loads(result.out)["candidates"]]
    assert candidates[0] == (marked, True)
    assert ("TORI_API_KEY" in dict(candidates), result.code) == (True, 0)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("chunking.szie", "did you mean `chunking.size`?"),
        ("chunkin.size", "did you mean `chunking.size`?"),
        ("section_weights.tilte", "did you mean `section_weights.title`?"),
        ("zzz", "no key `zzz`"),
        ("chunking..size", "a key is missing"),
    ],
)
def test_a_missing_key_is_wrong_usage_with_the_near_miss(key: str, said: str, toriconfig: Toriconfig) -> None:
    result = toriconfig("explain", key)
    assert result.code == 2
    assert said in result.err


def test_a_section_is_explained_with_its_secrets_masked(toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "tori.yaml").write_text(
        f"database: {{host: 'postgres://u:{canary.secret}@db/x', credentials: {{username: u, password: {canary.secret}}}}}\n"
    )
    for key in ("database", "database.host", "database.credentials"):
        result = toriconfig("explain", key)
        assert result.code == 0
        assert "**********" in result.out
        canary.absent_from(*result[1:])


def test_a_plain_field_with_the_name_of_a_secret_is_masked(toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel, SecretStr\nfrom toriconfig import SettingsConfigDict\nclass App(BaseModel):\n"
        "    model_config = SettingsConfigDict(config_name='app')\n"
        f"    password: str = '{canary.secret}'\n    old: SecretStr = SecretStr('{canary.secret}')\n    max_tokens: int = 5\n"
    )
    (tmp_path / "app.yaml").write_text(f"password: {canary.secret}x\n")
    for key in ("password", "old"):
        result = toriconfig("explain", key, "--settings", "app:App")
        assert result.code == 0
        canary.absent_from(*result[1:])
    assert "max_tokens = 5" in toriconfig("explain", "max_tokens", "--settings", "app:App").out


@pytest.mark.parametrize("key", ["codes", "pair"])
def test_overridden_values_in_containers_are_masked_too(key: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel, SecretStr\nfrom toriconfig import SettingsConfigDict\nclass App(BaseModel):\n"
        "    model_config = SettingsConfigDict(config_name='app', env_prefix='APP_')\n"
        "    codes: list[SecretStr] = []\n    pair: tuple[SecretStr, int] = (SecretStr(''), 0)\n"
    )
    (tmp_path / "app.yaml").write_text(f"codes: [{canary.secret}]\npair: [{canary.secret}, 1]\n")
    result = toriconfig("explain", key, "--settings", "app:App", APP_CODES='["x"]', APP_PAIR='["x", 2]')
    assert result.code == 0
    assert "app.yaml" in result.out
    canary.absent_from(*result[1:])


def test_settings_with_errors_are_reported_instead_of_explained(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {size: many}\n")
    result = toriconfig("explain", "chunking.size")
    assert result.code == 1
    assert "error[TC102]" in result.out


def test_a_value_neither_forges_a_line_nor_steers_the_terminal(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "tori.yaml").write_text('database: {name: "a\\e[31m \\u202e\\n  > fake.yaml"}\n')
    winner = toriconfig("explain", "database.name").out.splitlines()[1]
    assert winner.split("  ", 2)[1:] == ["> tori.yaml:1:18", "                    a\\x1b[31m \\u202e\\n  > fake.yaml"]


def test_a_suggested_key_neither_forges_a_line_nor_steers_the_terminal(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "tori.yaml").write_text('section_weights: {"zeb\\era": 2}\n')
    assert "section_weights.zeb\\x1bra" in toriconfig("explain", "section_weights.zebra").err
