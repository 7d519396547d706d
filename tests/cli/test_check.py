"""`toriconfig check`: the five mistakes, alone and together, in every format; what is judged, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary

GOOD = "database:\n  host: db1\n  pool:\n    max_size: 20\n"

MISTAKES = {
    "wrong type": (GOOD.replace("20", "ten"), "TC102", "4:15", "database.pool.max_size"),
    "near miss": (GOOD.replace("max_size", "max_szie"), "TC101", "4:5", "database.pool.max_szie"),
    "unclosed bracket": ("generic_terms: [a, b\nchunking:\n  size: 500\n", "TC001", "1:16", ""),
    "duplicate key": (GOOD + "    max_size: 30\n", "TC002", "5:5", "database.pool.max_size"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_place_and_remedy(mistake: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    text, code, place, key = MISTAKES[mistake]
    (tmp_path / "tori.yaml").write_text(text)
    result = toriconfig("check", "tori.yaml")
    assert result.code == 1
    assert f"error[{code}]" in result.out
    assert f"--> tori.yaml:{place}\n" in result.out
    assert "= help:" in result.out
    if key:
        assert f"= key:      {key}" in result.out


def test_a_missing_required_key_points_at_its_parent_with_the_searched_layers(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel\nfrom toriconfig import SettingsConfigDict\n"
        "class Db(BaseModel):\n    host: str\n    port: int = 1\n"
        "class App(BaseModel):\n    model_config = SettingsConfigDict(config_name='app', env_prefix='APP_', "
        "env_nested_delimiter='__')\n    db: Db\n"
    )
    (tmp_path / "app.yaml").write_text("# settings\ndb:\n  port: 2\n")
    result = toriconfig("check", "--settings", "app:App")
    assert result.code == 1
    assert "error[TC103]" in result.out
    assert "--> app.yaml:2:1" in result.out
    assert "APP_DB__HOST" in result.out
    assert toriconfig("check", "app.yaml", "--settings", "app:App").code == 0, "alone, another layer may say it"


FIVE = """
from pydantic import BaseModel
from toriconfig import SettingsConfigDict
class Pool(BaseModel):
    max_size: int = 10
    timeout: float = 5.0
class Server(BaseModel):
    host: str
    pool: Pool = Pool()
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app")
    servers: list[Server] = []
    main: Server | None = None
    features: list[str] = []
"""
FIRST = """\
main:
  host: db1
  pool:
    max_size: ten
    timeuot: 3
  host: db2
features: [alpha, beta
servers: []
"""
SECOND = """\
servers:
  - host: a
  - pool: {max_size: 3}
"""
FORMATS = ("text", "concise", "json", "github", "sarif")
EXPECTED = [
    ("config/a.yaml", 4, 15, "TC102", "main.pool.max_size"),
    ("config/a.yaml", 5, 5, "TC101", "main.pool.timeuot"),
    ("config/a.yaml", 6, 3, "TC002", "main.host"),
    ("config/a.yaml", 7, 11, "TC001", None),
    ("config/b.yaml", 3, 5, "TC103", "servers[1].host"),
]


@pytest.fixture(name="five")
def _five(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "a.yaml").write_text(FIRST)
    (folder / "b.yaml").write_text(SECOND)
    (tmp_path / "app.py").write_text(FIVE)


def test_one_run_over_two_files_reports_all_five_mistakes_in_full(five: None, toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "config", "--settings", "app:App", "-o", "json")
    assert result.code == 1
    found = json.loads(result.out)
    diagnostics = found["diagnostics"]
    assert EXPECTED == [
        (one["origin"]["source"], one["origin"]["line"], one["origin"]["column"], one["code"], one["path"])
        for one in diagnostics
    ]
    assert (False, 5) == (found["valid"], found["error_count"])
    for one in diagnostics:
        assert one["expected"] or one["code"] in ("TC001", "TC002")
        assert one["help"]
        assert [one["origin"]["line"]] <= [snippet["line"] for snippet in one["snippets"]]
    assert "did you mean `timeout`?" == diagnostics[1]["help"]
    assert [2] == [other["origin"]["line"] for other in diagnostics[2]["related"]]


Place = tuple[str, int, int, str]


def _told(form: str, out: str, expected: list[Place]) -> list[Place]:
    """Return those of the expected places that the output contains, in its order."""
    if form in ("json", "sarif"):
        return _listed(form, json.loads(out))
    spelt = {
        "text": "error[{3}]: {{}}--> {0}:{1}:{2}\n",
        "concise": "{0}:{1}:{2}: error[{3}]",
        "github": "::error file={0},line={1},col={2},",
    }[form]
    plain = re.sub(r"(?<=\]: ).*\n *(?=--> )", "{}", out) if form == "text" else out
    found = {plain.find(spelt.format(*place)): place for place in expected}
    return [found[at] for at in sorted(found) if at >= 0]


def _listed(form: str, document: Any) -> list[Place]:
    if form == "json":
        origins = [(one["origin"], one["code"]) for one in document["diagnostics"]]
        return [(at["source"], at["line"], at["column"], code) for at, code in origins]
    results = document["runs"][0]["results"]
    physical = [(one["locations"][0]["physicalLocation"], one["ruleId"]) for one in results]
    return [
        (at["artifactLocation"]["uri"], at["region"]["startLine"], at["region"]["startColumn"], code)
        for at, code in physical
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_shows_all_five_mistakes_in_order(form: str, five: None, toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "config", "--settings", "app:App", "-o", form)
    assert result.code == 1
    expected = [place[:4] for place in EXPECTED]
    assert expected == _told(form, result.out, expected)


ALONE = {
    "wrong type": ("main: {host: a, pool: {max_size: ten}}\n", 1, 34, "TC102"),
    "near miss": ("main:\n  host: a\n  pool:\n    max_szie: 10\n", 4, 5, "TC101"),
    "unclosed bracket": ("main: {host: a}\nfeatures: [alpha\n", 2, 11, "TC001"),
    "duplicate key": ("main:\n  host: a\n  host: b\n", 3, 3, "TC002"),
    "missing key": ("servers:\n  - host: a\n  - pool: {max_size: 3}\n", 3, 5, "TC103"),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("mistake", ALONE)
def test_each_mistake_alone_is_reported_in_every_format(
    mistake: str, form: str, five: None, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    text, line, column, code = ALONE[mistake]
    (tmp_path / "alone.yaml").write_text(text)
    result = toriconfig("check", "alone.yaml", "--settings", "app:App", "-o", form)
    assert result.code == 1
    expected = [("alone.yaml", line, column, code)]
    assert expected == _told(form, result.out, expected)


def test_a_mistake_in_a_variable_names_it_and_the_line_that_it_overrides(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "tori.yaml").write_text(GOOD)
    result = toriconfig("check", TORI_DATABASE__POOL__MAX_SIZE="ten")
    assert result.code == 1
    assert "TORI_DATABASE__POOL__MAX_SIZE" in result.out
    assert "TORI_DATABASE__POOL__MAX_SIZE wins; tori.yaml:4:15 is overridden" in result.out


def test_an_unknown_variable_is_a_finding_with_the_near_miss(toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "-o", "concise", TORI_CHUNKING__SZIE="5")
    assert "TC501" in result.out
    assert "TORI_CHUNKING__SIZE" in result.out
    assert result.code == 0, "a warning"
    assert toriconfig("check", "--strict", TORI_CHUNKING__SZIE="5").code == 1


def test_secrets_in_vault_are_reported_as_not_checked_offline(toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "-o", "concise")
    assert result.code == 0
    assert "secret/tori#api_key" in result.out
    assert 1 == result.out.count("not checked"), "one line, however many secrets there are"


def test_a_secret_without_any_source_is_an_error(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from pydantic import BaseModel\nfrom toriconfig import Secret\nclass App(BaseModel):\n    token: Secret[str]\n"
    )
    result = toriconfig("check", "--settings", "app:App", "-o", "concise")
    assert result.code == 1
    assert "TC401" in result.out
    assert "token" in result.out


def test_standard_input_is_checked_under_its_name_document_by_document(toriconfig: Toriconfig) -> None:
    result = toriconfig(
        "check", "-", "--stdin-filename", "piped.yaml", "-o", "concise", stdin="chunking: {size: 500}\n---\nx: 1\n"
    )
    assert result.code == 1
    assert result.out.startswith("piped.yaml:3:1: error[TC101]")


def test_the_environment_does_not_count_for_files(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("chunking: {size: '${env:SIZE}', overlap: '${chunking.size}'}\n")
    assert toriconfig("check", "a.yaml", TORI_CHUNKING__SIZE="many").code == 0


@pytest.mark.parametrize("name", ["absent.yaml", "unreadable"])
def test_input_that_cannot_be_read_ends_with_2(name: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    import os

    if name == "unreadable":
        os.mkfifo(tmp_path / name)
    result = toriconfig("check", name)
    assert result.code == 2
    assert name in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chekc",), "did you mean `check`"),
        (("check", "--nope"), "--nope"),
        (("check", "--settings", "no.module:X"), "no.module"),
        (("check", "--settings", "json:loads"), "is not a settings class, but a function"),
        (("check", "--output-format", "xml"), "xml"),
    ],
)
def test_wrong_usage_ends_with_2_on_standard_error(
    arguments: tuple[str, ...], said: str, toriconfig: Toriconfig
) -> None:
    result = toriconfig(*arguments)
    assert result.code == 2
    assert said in result.err
    assert result.out == ""


def test_pyproject_names_the_settings(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("from pydantic import BaseModel\nclass Mine(BaseModel):\n    size: int\n")
    (tmp_path / "pyproject.toml").write_text('[tool.toriconfig]\nsettings = "conf:Mine"\n')
    result = toriconfig("check")
    assert "error in Mine" in result.out


def test_colours_are_written_on_request_only(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    assert "\x1b[" not in toriconfig("check", "a.yaml").out
    assert "\x1b[" in toriconfig("check", "a.yaml", "--color", "always").out
    assert "\x1b[" in toriconfig("check", "a.yaml", FORCE_COLOR="1").out
    assert "\x1b[" not in toriconfig("check", "a.yaml", FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b[" not in toriconfig("check", "a.yaml", "--color", "never", FORCE_COLOR="1").out


def test_lines_fit_a_narrow_terminal(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "chunking:\n  a_very_long_key_that_does_not_exist_at_all_in_the_schema_of_anybody: 1\n"
    )
    result = toriconfig("check", "a.yaml", COLUMNS="40")
    frame = [line for line in result.out.splitlines() if line.lstrip().startswith(("2 |", "|"))]
    assert frame
    assert all(len(line) <= 40 for line in frame)


PLACES = {
    "wrong type": "api_key: [{c}]\n",
    "duplicate": "api_key: {c}\napi_key: {c}\n",
    "syntax error": "api_key: {c}\nx: [\n",
    "syntax error on its line": "api_key: [{c}\n",
    "near miss of its key": "api_kye: {c}\n",
    "unknown sibling": "api_key: {c}\nsibling: 1\n",
    "in a flow mapping": "database: {{credentials: {{username: u, pasword: {c}}}, x: 1}}\n",
    "userinfo": "database: {{host: [postgres://u:{c}@db/x]}}\n",
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_no_format_shows_a_secret(place: str, form: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    (tmp_path / "tori.yaml").write_text(PLACES[place].format(c=canary.secret))
    alone = toriconfig("check", "tori.yaml", "-o", form)
    whole = toriconfig("check", "-o", form, TORI_API_KYE=canary.secret, TORI_DATABASE__CREDENTIALS=canary.secret)
    assert whole.code == 1
    canary.absent_from(*alone[1:], *whole[1:])
