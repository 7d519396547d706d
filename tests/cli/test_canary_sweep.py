"""A secret in every place of a possible mistake: no command shows it in any format."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.cli.formats import FORMATS
from toriconfig.testing import Canary, VaultServer

FLEET = [
    ("--status",),
    ("--status", "--max-age", "1d"),
    ("--due", "--status"),
    ("--due", "--dry-run", "--max-age", "0s"),
    ("secret/swept#api_key", "--status"),
    ("secret/swept#api_key", "--dry-run"),
    ("secret/swept#api_kye", "--dry-run"),
]
COMMANDS = [
    *(("check", "-o", form) for form in FORMATS),
    *(("check", "--online", "-o", form) for form in FORMATS),
    *(("check", "tori.yaml", "-o", form) for form in FORMATS),
    *(("doctor", "-o", form) for form in FORMATS),
    ("check", "tori.yaml", "--diff"),
    *(("show", "-f", form, "--origins") for form in ("yaml", "json", "env")),
    *(("show", "--html", "-", *online) for online in ((), ("--online",))),
    *(("explain", key, "-o", form) for key in ("api_key", "database", "database.host") for form in ("text", "json")),
    ("explain", "api_key", "--online"),
    *(("health", *online, "-o", form) for online in ((), ("--online",)) for form in ("text", "json")),
    ("policy",),
    ("policy", "--online"),
    ("policy", "--backend", "vault"),
    ("schema", "-O", "-"),
    ("schema", "--env-example", "-O", "-"),
    ("init", "--dry-run"),
    *(("rotate", *which, "-o", form) for which in FLEET for form in ("text", "json")),
    *(
        ("diff", *sides, "-o", form)
        for sides in (("tori.yaml", "other.yaml"), ("default", "other"))
        for form in ("text", "json")
    ),
    ("diff", "vault:secret/swept?version=1", "vault:secret/swept"),
    ("vault", "get", "secret/swept#api_key"),
    ("vault", "get", "secret/swept#api_kye"),
]
SWEPT = "support.swept:Swept"
FILES = {
    "all is well": "api_key: {c}\ndatabase: {{credentials: {{username: u, password: {c}}}, host: 'http://u:{c}@h'}}\n",
    "from Vault": "api_key: ${{vault:secret/swept#api_key}}\n",
    "wrong type": "api_key: [{c}]\ndatabase: {{credentials: [{c}]}}\n",
    "duplicate": "api_key: {c}\napi_key: {c}\n",
    "syntax error": "api_key: {c}\nx: [\n",
    "syntax error on its line": "api_key: [{c}\n",
    "near miss of its key": "api_kye: {c}\n",
    "nested near miss": "database: {{credentials: {{username: u, pasword: {c}}}}}\n",
    "unknown sibling": "api_key: {c}\nsibling: 1\n",
    "multi-line": "api_key: |\n  {c}\n  {c}\nsibling: 1\n",
    "in a wrong number": "database: {{port: 'https://u:{c}@h'}}\n",
    "in a bad reference": "api_key: '${{vault:../x#k}} {c}'\n",
    "in a comment": "sibling: 1 # password: {c}\n",
}


@pytest.mark.parametrize("place", FILES)
def test_no_command_shows_a_secret(
    place: str, toriconfig: Toriconfig, tmp_path: Path, shared_vault_server: VaultServer
) -> None:
    canary = Canary()
    text = FILES[place].format(c=canary.secret)
    (tmp_path / "tori.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text(text.replace(canary.secret, canary.secret[::-1]))
    (tmp_path / "tori.other.yaml").write_text(text.replace(canary.secret, "x" + canary.secret))
    (tmp_path / ".env").write_text(f"TORI_EMBEDDING_TOKEN={canary.secret}\nTORI_EMBEDING_TOKEN={canary.secret}\n")
    shared_vault_server.put("secret/swept", {"api_key": "older" + canary.secret})
    shared_vault_server.put("secret/swept", {"api_key": canary.secret, "api_kye_": canary.secret})
    environ = {
        **shared_vault_server.environ,
        "TORI_DATABASE_URL": f"postgresql://u:{canary.secret}@db/x",
        "TORI_DATABASE_ULR": canary.secret,
        "TORI_LOGGING__LEVEL": "DEBUG",
        "VAULT_TOKN": canary.secret,
    }
    backwards = canary.secret[::-1]
    for command in COMMANDS:
        more = (
            ["--env-file", ".env"] if command[0] in ("check", "show", "explain", "doctor", "health", "policy") else []
        )
        result = toriconfig(*command, *more, **environ)
        assert "a bug of toriconfig" not in result.err, (command, result.err)
        canary.absent_from(*result[1:])
        assert backwards not in result.out + result.err


SHAPES = {
    "all is well": (
        "peers: [{c}]\ncodes: [{c}]\nnets: {{a: {c}}}\nbadge: {c}\npair: [u, {c}]\n"
        "creds: {{account: u, phrase: {c}}}\nway: {{kind: b, value: {c}}}\n"
    ),
    "wrong kinds": "peers: {c}\ncodes: {{a: {c}}}\nnets: [{c}]\nbadge: [{c}]\npair: {c}\ncreds: {c}\nway: {c}\n",
    "wrong items": "peers: [[{c}]]\ncodes: [{{a: {c}}}]\nnets: {{a: [{c}]}}\npair: [[u], [{c}], {c}]\n",
    "too short": "badge: {c}\ncodes: [{c}]\ncount: x\n",
    "a space too few": "nets: {{db:{c}}}\ncreds: {{account: u, phrase:{c}}}\n",
    "an equals sign": "nets: {{db={c}}}\nbadge={c}: 1\n",
    "indentation lost": "creds:\naccount: u\nphrase: {c}\nnets:\ndb: {c}\n",
    "a colon lost": "creds\n  phrase: {c}\n",
    "unclosed": "peers: [{c}\n",
    "duplicates": "nets: {{a: {c}, a: {c}}}\nbadge: {c}\nbadge: {c}\ncreds: {{phrase: {c}, phrase: {c}}}\n",
    "beside a mistake": "{{badge: {c}, peers: [{c}], cuont: 1, way: {{kind: b, value: {c}, nokey: 1}}}}\n",
    "as keys": "nets: {{{c}: }}\ncreds: {{{c}: 1}}\n",
    "in a validator's words": "title: 'bad password: {c}'\n",
}


@pytest.mark.parametrize("place", SHAPES)
def test_no_command_shows_a_secret_of_any_shape(place: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    text = SHAPES[place].format(c=canary.secret)
    (tmp_path / "swept.yaml").write_text(text)
    (tmp_path / "other.yaml").write_text(text.replace(canary.secret, "x" + canary.secret))
    for form in FORMATS:
        told = toriconfig("check", "--settings", SWEPT, "-o", form)
        alone = toriconfig("check", "swept.yaml", "--settings", SWEPT, "-o", form)
        assert {told.code, alone.code} <= {0, 1}
        canary.absent_from(*told[1:], *alone[1:])
    for command in (
        *(("show", "-f", form, "--origins") for form in ("yaml", "json", "env")),
        ("show", "--html", "-"),
        *(("explain", key) for key in ("peers", "nets", "codes", "pair", "creds", "way", "badge")),
        *(("diff", "swept.yaml", "other.yaml", "-o", form) for form in ("text", "json")),
        ("check", "swept.yaml", "--fix", "--diff"),
        ("schema", "-O", "-"),
        ("schema", "--env-example", "-O", "-"),
    ):
        result = toriconfig(*command, "--settings", SWEPT)
        assert "a bug of toriconfig" not in result.err, (command, result.err)
        canary.absent_from(*result[1:])


LOGINS = (
    "HvacLogin('ldap', username='ann', password='{c}')",
    "HvacLogin('ldap', username='ann', password=lambda: '{c}')",
    "HvacLogin('aws', role='app', access_key='{c}', secret_key='{c}')",
    "Login(lambda client: client.auth.ldap.login('ann', '{c}'))",
    "Login(lambda client: 1 / int('{c}'))",
    "Token('{c}', wrapped=True)",
)


@pytest.mark.parametrize("login", LOGINS)
def test_no_command_shows_an_argument_of_a_login(
    login: str, toriconfig: Toriconfig, tmp_path: Path, shared_vault_server: VaultServer
) -> None:
    canary = Canary()
    (tmp_path / "swept_login.py").write_text(
        "from support.swept import Swept\nfrom toriconfig import Vault, lazy\n"
        "from toriconfig.vault import HvacLogin, Login, Token\n"
        f"settings = lazy(Swept, vault=Vault(auth={login.format(c=canary.secret)}))\n"
    )
    (tmp_path / "swept.yaml").write_text(
        "badge: ${vault:secret/swept#api_key}\npeers: ['${vault:secret/swept#api_key}']\n"
    )
    for command in (
        ("check", "--online"),
        ("check", "--online", "-o", "json"),
        ("doctor",),
        ("show", "--origins"),
        ("show", "--html", "-", "--online"),
        ("explain", "peers", "--online"),
        ("health", "--online", "-o", "json"),
        ("policy", "--online"),
    ):
        result = toriconfig(*command, "--settings", "swept_login:settings", VAULT_ADDR=shared_vault_server.address)
        assert "a bug of toriconfig" not in result.err, (command, result.err)
        canary.absent_from(*result[1:])


CONF = """
import os
from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

class Account(BaseModel):
    name: str = "app"
    password: SecretStr = SecretStr("{c}")

class Config(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SWEPT_", env_file=".env", secrets_dir="run")
    api_key: SecretStr = SecretStr("{c}")
    codes: list[SecretStr] = [SecretStr("{c}")]
    made: SecretStr = Field(default_factory=lambda: SecretStr("{c}"), description="A code.")
    account: Account = Account(password=SecretStr("{c}"))
    token: str = os.environ.get("SWEPT_TOKEN", "")
    size: int = 1
"""
INITS = {
    "a class": {"conf.py": CONF},
    "a class that its variables do not fit": {"conf.py": CONF, ".env": "SWEPT_SIZE={c}\nSWEPT_API_KEY={c}\n"},
    "a module that raises": {"conf.py": CONF + "raise ValueError('{c}')\n"},
    "a module with a mistake": {"conf.py": CONF + "x = '{c}\n"},
    "an instance": {"conf.py": "Config = '{c}'\n"},
    "dynaconf": {
        "settings.toml": "[default]\nhost = 'h'\nurl = 'http://u:{c}@h/'\ntoken = '{c}'\n[default.db]\nport = 1\n",
        ".secrets.toml": "[default]\napi_key = '{c}'\nall = ['{c}']\n[default.db]\npassword = '{c}'\n",
    },
    "dynaconf with a mistake": {"settings.toml": "[default]\napi_key = '{c}\n"},
    "dynaconf with other tags": {"settings.yaml": "default: {{api_key: !x '{c}', api_key: '@int {c}'}}\n"},
    "dynaconf with variables": {".env": "DYNACONF_API_KEY={c}\n", "settings.json": '{{"default": {{"A": "{c}" 1}}}}'},
}

WELL_FORMED = ("a class", "a class that its variables do not fit", "dynaconf")


@pytest.mark.parametrize("place", INITS)
def test_init_shows_and_writes_no_secret(place: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    given = {tmp_path / name for name in INITS[place]}
    for name, text in INITS[place].items():
        (tmp_path / name).write_text(text.format(c=canary.secret))
    (tmp_path / "run").mkdir()
    source = ("--from", "conf:Config") if "conf.py" in INITS[place] else ("--from-dynaconf",)
    codes = []
    for more in (("--dry-run",), ("--dry-run", "--name", "other"), (), ()):
        result = toriconfig("init", *source, *more, SWEPT_TOKEN=canary.secret, DYNACONF_TOKEN=canary.secret)
        assert "a bug of toriconfig" not in result.err, result.err
        canary.absent_from(*result[1:])
        codes.append(result.code)
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    canary.absent_from(*(file.read_text() for file in written if file not in given))
    assert ([0, 0, 0, 2] if place in WELL_FORMED else [2, 2, 2, 2]) == codes


def test_the_sweep_covers_every_command_but_those_that_only_run_others() -> None:
    from toriconfig.cli import COMMANDS as KNOWN

    swept = {command[0] for command in COMMANDS}
    assert swept | {"validate", "completion"} == set(KNOWN)
