"""TOML files are read like YAML: every value and every mistake has its place."""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from toriconfig import ConfigError, Secret, check, explain, load
from toriconfig._core.tree import Node, Tree
from toriconfig.sources.settings_file import SettingsFile
from toriconfig.sources.toml.file import LARGEST, read_toml


class Pool(BaseModel):
    max_size: int = 1


class Database(BaseModel):
    host: str = ""
    pool: Pool = Pool()
    tags: list[str] = []


class App(BaseModel):
    n: int = 0
    ratio: float = 0.0
    day: date | None = None
    database: Database = Database()
    servers: list[Database] = []


TEXT = """\
n = 1  # a comment
ratio = 1.5
day = 2026-11-29
database.host = "db.internal"
database.pool = {max_size = 20}

[[servers]]
host = '''
first'''
tags = [
    "a",  # one ] in a comment
    "b",
]

[[servers]]
"host" = 'second'
[servers.pool]
max_size = 0x10
"""


def read(text: str | bytes, **options: Any) -> Tree:
    (tree,) = read_toml(text, "app.toml", **options)
    return tree


def leaves(node: Node) -> Iterator[Node]:
    if type(node.value) in (dict, list):
        for child in node.value.values() if type(node.value) is dict else node.value:
            yield from leaves(child)
    else:
        yield node


def slice_of(text: str, node: Node) -> str:
    start, end = node.at
    return text[start:end]


def test_values_are_those_of_the_standard_library() -> None:
    assert tomllib.loads(TEXT) == read(TEXT).root.plain()


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("n", "app.toml:1:5"),
        ("day", "app.toml:3:7"),
        ("database.host", "app.toml:4:17"),
        ("database.pool", "app.toml:5:17"),
        ("database.pool.max_size", "app.toml:5:29"),
        ("servers[0].host", "app.toml:8:8"),
        ("servers[0].tags", "app.toml:10:8"),
        ("servers[0].tags[1]", "app.toml:12:5"),
        ("servers[1].host", "app.toml:16:10"),
        ("servers[1].pool.max_size", "app.toml:18:12"),
    ],
)
def test_each_value_has_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, place: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.toml").write_text(TEXT)
    assert place == str(explain(load(App, config_name="app", environ={}), key).origin)


def test_a_key_has_a_place_of_its_own() -> None:
    tree = read("[a.b]\nc.d = 1\n")
    found = [tree.root.find(path) for path in (("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d"))]
    assert ["app.toml:1:2", "app.toml:1:4", "app.toml:2:1", "app.toml:2:3"] == [
        str(node.key_origin) for node in found if node is not None
    ]


_KEYS = st.text("abc-_ .\"'#=[é", min_size=1, max_size=4)
_SCALARS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
_VALUES = st.recursive(
    _SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEYS, below, max_size=3), max_leaves=8
)


def written(value: Any, tables: bool) -> str:
    """TOML of a value, in inline form or, at the top, in tables."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[ # ]\n" + ",\n".join(written(one, False) for one in value) + "\n]"
    if not isinstance(value, dict):
        return str(value)
    if not tables:
        return "{" + ", ".join(f"{quoted(key)} = {written(one, False)}" for key, one in value.items()) + "}"
    plain = {key: one for key, one in value.items() if not isinstance(one, dict)}
    rows = [f"{quoted(key)}= {written(one, False)} # x = 1" for key, one in plain.items()]
    for key, one in value.items():
        if key not in plain:
            rows += [f"[ {quoted(key)} ] # [x]"]
            rows += [f"{quoted(inner)} = {written(below, False)}" for inner, below in one.items()]
    return "\n".join(rows) + "\n"


def quoted(text: str) -> str:
    escaped = "".join(f"\\U{ord(one):08x}" if one in '"\\' or not one.isprintable() else one for one in text)
    return f'"{escaped}"'


@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.booleans())
def test_every_place_holds_just_its_value(data: dict[str, Any], crlf: bool) -> None:
    text = written(data, tables=True)
    tree = read(text.replace("\n", "\r\n") if crlf else text)
    assert () == tree.problems
    assert data == tree.root.plain()
    for leaf in leaves(tree.root):
        assert leaf.value == tomllib.loads(f"value = {slice_of(text, leaf)}")["value"]


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("a = 1\nb 2\n", "TC001", "2:3", "no `=` after a key"),
        ("a = db.internal\n", "TC001", "1:5", "put text in quotes"),
        ('a = "x\nb = 1\n', "TC001", "1:7", ""),
        ("a = [1,\n2\n", "TC001", "3:1", "an array that is not closed"),
        ("a = 1\na = 2\n", "TC002", "2:1", ""),
        ("[a]\n[a]\n", "TC002", "2:3", "declared twice"),
        ("a = 1 2\n", "TC001", "1:7", "text after a value"),
        ("[a\n", "TC001", "1:3", "a table header that is not closed"),
        ("a = 2026-13-01\n", "TC001", "1:5", ""),
        ('a = "\\x"\n', "TC001", "1:6", ""),
    ],
)
def test_a_mistake_is_reported_with_its_place(text: str, code: str, place: str, says: str) -> None:
    (problem,) = read(text).problems
    assert code == problem.code
    assert int(place.partition(":")[0]) == (problem.origin.line if problem.origin else None)
    assert says in f"{problem.message} {problem.help}"
    assert problem.help


def test_text_before_an_error_is_still_read() -> None:
    tree = read("a = 1\n[b]\nc = 2\nd = oops\ne = 3\n")
    assert {"a": 1, "b": {"c": 2}} == tree.root.plain()
    assert not tree.complete


@pytest.mark.parametrize(
    "text",
    [
        "n = 1\npassword = canary-1\n",
        'n = 1\npassword = "canary-1\n',
        'n = 1\nnote = """\ncanary-1\n',
        "n = 1\ncanary-1\n",
        'n = 1\nlist = ["canary-1",\n"canary-2"\n',
        'n = 1\n[credentials]\nuser = "canary-1"\nx = \n',
        'n = 1\nblob = "canary-1" oops\n',
    ],
)
def test_a_file_with_an_error_shows_no_value_after_the_valid_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(App, config_name="app", environ={})
    assert "TC001" in str(caught.value)
    assert "canary" not in str(caught.value).replace("[credentials]", "")


def test_a_secret_in_a_good_file_is_masked_in_the_frames_of_other_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sealed(BaseModel):
        token: Secret[str]
        n: int = 0

    monkeypatch.chdir(tmp_path)
    Path("app.toml").write_text(
        'token = """\ncanary-1"""\nn = {token = "canary-2"}\ntokne = "canary-3"\n[other]\napi_token = """a\ncanary-4\n"""\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(Sealed, config_name="app", environ={})
    assert "tokne" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_references_in_text_are_resolved(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text('database.host = "${env:HOST:-other}"\n')
    assert "other" == load(App, config_files=[file], environ={}).database.host


def test_a_date_and_a_number_keep_their_types(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text("day = 2026-11-29\nratio = 1e3\n")
    settings = load(App, config_files=[file], environ={})
    assert (date(2026, 11, 29), 1000.0) == (settings.day, settings.ratio)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("n = True\n", "1:5", "write `true` or `false`"),
        ("n = null\n", "1:5", "omit the key"),
        ("n = None\n", "1:5", "omit the key"),
        ("n =\n", "1:4", "write a value, or remove the key"),
        ("n = # soon\n", "1:5", "write a value, or remove the key"),
        ("n == 1\n", "1:4", "write one `=`"),
        ("n = ${env:N}\n", "1:5", 'put it in quotes: `"${...}"`'),
        ("n = .5\n", "1:5", "write one, as in `0.5`"),
        ("n = \u201ca\u201d\n", "1:5", "write `\"` or `'`"),
        ("n = 'a\n", "2:1", "close its quotes"),
        ('n = "a\n', "1:7", "close its quotes"),
        ("n = {a = 1,}\n", "1:12", "remove the comma"),
        ("n = {\na = 1}\n", "1:6", "keep it in one line, or write a `[table]` of its own"),
        ("[a.]\n", "1:4", "write a name"),
        ("= 1\n", "1:1", "write `key = value` or `[table]`"),
        ("n = [1 2]\n", "1:8", "write a comma between values, or the closing `]`"),
    ],
)
def test_a_mistake_gets_the_remedy_of_its_kind(text: str, place: str, remedy: str) -> None:
    (problem,) = read(text).problems
    assert ("TC001", f"app.toml:{place}", remedy) == (problem.code, str(problem.origin), problem.help)


def test_the_table_of_a_pyproject_is_read_alone(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[build-system]\nrequires = []\n[tool.app]\nn = 7\n[tool.other]\nn = 8\n[other]\nn = 9\n")
    assert 7 == load(App, config_name="app", config_files=[file], environ={}).n
    header = ("tool", "other")
    assert 8 == load(App, config_files=[file], pyproject_toml_table_header=header, environ={}).n


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("[project]\n", "", "add the table"),
        ("[tool.ap]\nn = 1\n", "", "it has `[tool.ap]`: rename it"),
        ("[tools.app]\nn = 1\n", "", "it has `[tools.app]`: rename it"),
        ("[tool]\napp = 1\n", ":2:1", "add the table"),
        ("[[tool.app]]\nn = 1\n", ":1:8", "add the table"),
    ],
)
def test_a_pyproject_without_the_table_causes_a_warning(tmp_path: Path, text: str, place: str, remedy: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    (only,) = check(App, config_files=[file], config_name="app", environ={})
    assert ("TC006", "warning", f"{file}{place}") == (only.code, only.severity, str(only.origin))
    assert "the file has no table `[tool.app]`, so nothing is read from it" == only.message
    assert f"{remedy}, or name another one with `pyproject_toml_table_header`" == only.help


def test_a_toml_file_without_its_table_causes_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text("n = 7\n")
    (only,) = check(App, toml_file=file, toml_table_header=("deep", "app"), environ={})
    assert ("TC006", "add the table, or name another one with `toml_table_header`") == (only.code, only.help)


def test_the_table_of_a_toml_file_is_an_option(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_text("[deep.app]\nn = 7\n")
    assert 7 == load(App, toml_file=file, toml_table_header=("deep", "app"), environ={}).n


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 20_000,
        "a = " + "[" * 200 + "]" * 200,
        ".".join(["a"] * 5_000) + " = 1\n",
        "".join(f"[{'.'.join(['a'] * n)}]\n" for n in range(1, 150)),
    ],
)
def test_values_nested_too_deep_are_refused(text: str) -> None:
    (problem,) = read(text).problems
    assert problem.code in ("TC001", "TC004")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "app.toml"
    file.write_bytes(b"#" * (LARGEST + 1))
    (problem,) = SettingsFile(file).load().problems
    assert "TC004" == problem.code


@pytest.mark.parametrize("content", [b"a = '\xff'\n", b"\xff\xfea\x00"])
def test_input_that_is_not_text_is_refused(content: bytes) -> None:
    (problem,) = read(content).problems
    assert "UTF-8" in problem.message + problem.help


def test_yaml_and_json_take_precedence_over_toml_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.toml").write_text("n = 1\n")
    assert 1 == load(App, config_name="app", environ={}).n
    Path("app.json").write_text('{"n": 2}')
    assert 2 == load(App, config_name="app", environ={}).n


def test_profiles_are_read_from_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.toml").write_text("n = 1\n[database]\nhost = 'a'\n")
    Path("app.prod.toml").write_text("[database]\nhost = 'b'\n")
    settings = load(App, config_name="app", profile="prod", environ={})
    assert (1, "b") == (settings.n, settings.database.host)


def test_the_garbage_collector_is_paused_while_a_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[bool] = []
    loads = tomllib.loads

    def watched(text: str) -> dict[str, Any]:
        running.append(gc.isenabled())
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", watched)
    read_toml("a = 1\n", "f.toml")
    assert [False] == running
    assert gc.isenabled()
