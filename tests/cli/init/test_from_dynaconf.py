"""`toriconfig init --from-dynaconf`: the values of each environment, with types, and no secret in any file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig, python
from support.written_project import failures
from toriconfig.testing import Canary

CONFIG = """
from dynaconf import Dynaconf

settings = Dynaconf(
    settings_files=["settings.toml", ".secrets.toml"],
    environments=True,
    env_switcher="SERVICE_PROFILE",
    envvar_prefix="SERVICE",
    merge_enabled=True,
)
"""
SETTINGS = """
[default]
REGION = "eu-west-1"
debug = false
ratio = 1
started = 2024-01-02
"my-key" = "x"
class = "${literal}"
hosts = ["a", "b"]
pool = { max_size = 20, timeout = 30.0 }
database__host = "h"
wait = "@int 5"
none = "@none"

[default.database]
port = 5432
password = "placeholder"

[development]
debug = true

[production]
pool = { max_size = 50 }
ratio = 1.5
extra = 3
[production.cache]
size = 3
"""
SECRETS = """
[default]
api_key = "{c}"
[default.database]
password = "{c}"
[production]
api_key = "{c}"
"""
THEIRS = """
import json
from config import settings
print(json.dumps({key.lower(): value for key, value in settings.as_dict().items()}, default=str))
"""
OURS = """
import json
from settings import settings
print(json.dumps(settings.model_dump(by_alias=True), default=str))
"""
SECRET = {"api_key", "password", "profile"}  # `profile` is the variable that selects the environment


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    for name, text in {"config.py": CONFIG, "settings.toml": SETTINGS, ".secrets.toml": SECRETS}.items():
        (tmp_path / name).write_text(text.lstrip())
    return tmp_path


def values(folder: Path, program: str, profile: str) -> object:
    done = python(folder, "-c", program, SERVICE_PROFILE=profile)
    assert done.returncode == 0, done.stderr
    return _without_secrets(json.loads(done.stdout))


def _without_secrets(value: object) -> object:
    if not isinstance(value, dict):
        return value
    kept = {key: _without_secrets(item) for key, item in value.items() if key not in SECRET}
    return {key: item for key, item in kept.items() if item is not None}


@pytest.mark.parametrize("profile", ["development", "production"])
def test_each_environment_has_the_values_of_dynaconf(profile: str, project: Path, toriconfig: Toriconfig) -> None:
    theirs = values(project, THEIRS, profile)
    assert 0 == toriconfig("init", "--from-dynaconf").code
    assert theirs == values(project, OURS, profile)


def test_every_tool_accepts_the_written_project(project: Path, toriconfig: Toriconfig) -> None:
    assert 0 == toriconfig("init", "--from-dynaconf", "--name", "shop").code
    (project / "config.py").unlink()
    assert {} == failures(project)
    assert {} == failures(project, SERVICE_PROFILE="production")
    assert 0 == toriconfig("check", "--all-profiles").code


def test_the_types_are_inferred_from_the_values_of_all_environments(project: Path, toriconfig: Toriconfig) -> None:
    toriconfig("init", "--from-dynaconf")
    text = (project / "settings.py").read_text()
    for line in (
        "region: str",
        "debug: bool",
        "ratio: float",
        "started: date",
        'my_key: str = Field(alias="my-key")',
        'class_: str = Field(alias="class")',
        "hosts: list[str]",
        "pool: Pool",
        "max_size: int",
        "wait: int",
        "none: Any",
        "extra: int | None = None",
        "cache: Cache | None = None",
        "api_key: Secret[str]",
        "password: Secret[str]",
        'env_prefix="SERVICE_"',
        'profile_env="SERVICE_PROFILE"',
    ):
        assert f"    {line}" in text, line


@pytest.mark.parametrize("ending", ["toml", "yaml", "json"])
def test_no_secret_is_written_or_shown(ending: str, tmp_path: Path, toriconfig: Toriconfig) -> None:
    canary = Canary()
    secrets: dict[str, dict[str, object]] = {
        "default": {"api_key": canary.secret, "db": {"password": canary.secret}, "all": [canary.secret], "n": "@int x"}
    }
    plain: dict[str, dict[str, object]] = {
        "default": {"region": "eu", "token": canary.secret, "url": f"http://u:{canary.secret}@h/", "n": 3}
    }
    for name, content in {"settings": plain, ".secrets": secrets}.items():
        text = json.dumps(content)
        if ending == "toml":
            pairs = [f"{key} = {json.dumps(value)}" for key, value in content["default"].items() if key != "db"]
            text = "\n".join(
                ["[default]", *pairs, *([f'[default.db]\npassword = "{canary.secret}"'] if name == ".secrets" else [])]
            )
        (tmp_path / f"{name}.{ending}").write_text(text)
    results = [toriconfig("init", "--from-dynaconf", *dry) for dry in (("--dry-run",), ())]
    assert [0, 0] == [result.code for result in results], results
    read = {f"settings.{ending}", f".secrets.{ending}"}
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.name not in read]
    canary.absent_from(*written, *(part for result in results for part in result[1:]))
    assert "api_key: ${vault:secret/app#api_key}\n" in (tmp_path / "app.yaml").read_text()
    assert "all: Secret[list[str]]" in (tmp_path / "settings.py").read_text()
    assert "\n#DYNACONF_API_KEY=\n" in (tmp_path / ".env.example").read_text()
    assert "the value of `token`: it looks like a secret" in results[1].err
    assert {} == failures(tmp_path)


def test_each_environment_has_its_own_secret(project: Path, toriconfig: Toriconfig) -> None:
    toriconfig("init", "--from-dynaconf")
    assert "api_key: ${vault:secret/app#api_key}\n" in (project / "app.yaml").read_text()
    assert "api_key: ${vault:secret/app/production#api_key}\n" in (project / "app.production.yaml").read_text()
    assert "api_key" not in (project / "app.development.yaml").read_text()


def test_files_without_environments_become_one_file(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "settings.yaml").write_text("REGION: eu\nPOOL: {SIZE: 3}\nNOTHING: {}\n")
    assert 0 == toriconfig("init", "--from-dynaconf").code
    text = (tmp_path / "app.yaml").read_text().partition("\n")[2]
    assert "region: eu\npool:\n  size: 3\nnothing: {}\n" == text
    assert {} == failures(tmp_path)


def test_the_later_of_a_value_and_a_key_below_it_stays_as_in_dynaconf(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "settings.yaml").write_text("a: 1\na__b: 2\nc__d: 3\nc: 4\n")
    assert 0 == toriconfig("init", "--from-dynaconf").code
    assert (tmp_path / "app.yaml").read_text().endswith("\na:\n  b: 2\nc: 4\n")
    done = python(tmp_path, "-c", "import dynaconf; print(dynaconf.Dynaconf(settings_files='settings.yaml').as_dict())")
    assert "{'A': {'b': 2}, 'C': 4}\n" == done.stdout


def test_parts_that_cannot_be_carried_over_are_listed(project: Path, toriconfig: Toriconfig) -> None:
    (project / "config.py").write_text(
        CONFIG.replace("merge_enabled=True,", "").replace(
            '".secrets', '"settings.local.toml", "x.ini", "plain", ".secrets'
        )
    )
    for name in ("x.ini", "plain"):
        (project / name).write_text("")
    (project / "settings.local.toml").write_text("")
    with (project / "settings.toml").open("a") as file:
        file.write(
            'home = "@format {env[HOME]}"\nhosts = ["c", "dynaconf_merge"]\ndynaconf_include = []\n["../x"]\na = 1\n[local]\n'
        )
    result = toriconfig("init", "--from-dynaconf")
    told = result.err.partition("not carried over:\n")[2]
    assert 0 == result.code, result.err
    for part in (
        "settings.local.toml",
        "x.ini: this format",
        "plain: this format",
        "`cache.home`, a value that begins with `@`",
        "`cache.hosts` is appended",
        "`cache.dynaconf_include`, an option of dynaconf",
        "an environment of settings.toml",
        "unless `merge_enabled` is set",
        "set SERVICE_PROFILE=development",
    ):
        assert part in told, (part, told)
    assert not (project.parent / "x.yaml").exists()


DATES = """
default:
  day: 2024-01-02
  time: 2024-01-02 03:04:05
  short: 2024-01-02T03:04:05.5
  utc: 2024-01-02T03:04:05Z
  offset: 2024-01-02T03:04:05+02:00
  days: [2024-01-02, 2024-02-03]
  mixed: [2024-01-02, "x"]
  flow: {day: 2024-01-02, "other": 2024-01-03}
  anchor: &day 2024-05-06
  alias: *day
  base: &base {day: 2024-01-02, text: "2024-01-02"}
  merged:
    <<: *base
    more: 2024-03-04
  quoted: "2024-01-02"
  single: '2024-01-02'
  folded: >-
    2024-01-02
  tagged: !!str 2024-01-02
  loose: 2024-1-2
  clock: 12:30:00
  commented: 2024-01-02  # a day
  later: 2024-01-02
development:
  later: 2024-03-03
production:
  later: 2025-01-02
"""
TYPES = {
    "day": "date",
    "time": "datetime",
    "short": "datetime",
    "utc": "datetime",
    "offset": "datetime",
    "days": "list[date]",
    "mixed": "list[date | str]",
    "anchor": "date",
    "alias": "date",
    "more": "date",
    "text": "str",
    **dict.fromkeys(("quoted", "single", "folded", "tagged", "loose", "clock"), "str"),
    "commented": "date",
    "later": "date",
}


def test_dates_of_yaml_are_dates_of_the_same_values(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "config.py").write_text(CONFIG.replace("settings.toml", "settings.yaml"))
    (tmp_path / "settings.yaml").write_text(DATES)
    theirs = {profile: values(tmp_path, THEIRS, profile) for profile in ("development", "production")}
    assert 0 == toriconfig("init", "--from-dynaconf").code
    text = (tmp_path / "settings.py").read_text()
    assert {key: f"    {key}: {kind}\n" in text for key, kind in TYPES.items()} == dict.fromkeys(TYPES, True), text
    for profile, expected in theirs.items():
        assert expected == values(tmp_path, OURS, profile)
    (tmp_path / "config.py").unlink()
    assert {} == failures(tmp_path)


@pytest.mark.parametrize(
    "line", ["a: 2024-13-45", "a: 9999-12-31T23:59:59-12:00", "a: 0000-01-01", "? [a]\n: 2024-01-02"]
)
def test_text_that_only_looks_like_a_date_causes_no_crash(line: str, tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "settings.yaml").write_text(f"{line}\nb: 2024-01-02\n")
    result = toriconfig("init", "--from-dynaconf")
    if "?" in line:
        assert (2, True) == (result.code, "settings.yaml:1:3 cannot be read" in result.err), result.err
        return
    assert 0 == result.code, result.err
    text = (tmp_path / "settings.py").read_text()
    assert "    a: str\n    b: date\n" in text


ODD = """
default:
  3: a
  "": b
  model_config: c
  json: d
  copy: {schema: 1, schema_json: 2}
  "a b": 1
  a.b: 2
  a-b: 3
  map: {"1": 2, "x y": 3}
  many: [1, 2.5, null, "x", [1], {a: 1}]
  database: {database: {database: {any: 1}}}
  field: {x: 1}
  none: null
  bool: true
  flag: false
  list: [1]
  date: 2024-01-02
  day: 2024-01-02
  text: "line\\nline ${x} 'quoted' \\"both\\" é"
production:
  int: 1
  size: 2
"""


def test_keys_and_values_of_every_shape_give_a_class_that_every_tool_accepts(
    tmp_path: Path, toriconfig: Toriconfig
) -> None:
    (tmp_path / "settings.yaml").write_text(ODD)
    result = toriconfig("init", "--from-dynaconf")
    assert 0 == result.code, result.err
    assert {} == failures(tmp_path)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no settings file of dynaconf was found; looked for settings.toml"),
        ({"config.py": CONFIG}, "looked for settings.toml, .secrets.toml"),
        ({"settings.toml": "[default]\na = {c}\n"}, "settings.toml:2:"),
        ({".secrets.toml": 'a = "{c}\n'}, ".secrets.toml:1:"),
        ({".secrets.yaml": "a: [{c}\nb: {c}"}, ".secrets.yaml:"),
        ({".secrets.json": '{{"a": "{c}", "a": "{c}"}}'}, ".secrets.json:1:"),
        ({"settings.yaml": "- {c}\n"}, "settings.yaml"),
        ({"settings.yaml": "\0"}, "settings.yaml"),
        ({"settings.yaml": "a: 1\n---\nb: 2\n"}, "it must be one mapping"),
    ],
)
def test_input_that_cannot_be_read_is_named_without_its_content(
    files: dict[str, str], why: str, tmp_path: Path, toriconfig: Toriconfig
) -> None:
    canary = Canary()
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace("{c}", canary.secret).replace("{{", "{").replace("}}", "}"))
    result = toriconfig("init", "--from-dynaconf")
    assert (2, True) == (result.code, why in " ".join(result.err.split())), result.err
    canary.absent_from(*result[1:])
    assert not (tmp_path / "settings.py").exists()


def test_a_file_that_is_no_regular_file_is_refused(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "settings.yaml").symlink_to("/dev/zero")
    (tmp_path / "config.py").write_text(CONFIG.replace("settings.toml", "settings.yaml"))
    result = toriconfig("init", "--from-dynaconf")
    assert (2, True) == (result.code, "settings.yaml cannot be read" in result.err), result.err


def test_the_two_ways_cannot_be_used_at_once(toriconfig: Toriconfig) -> None:
    result = toriconfig("init", "--from-dynaconf", "--from", "a:B")
    assert (2, True) == (result.code, "use one of them" in result.err)
