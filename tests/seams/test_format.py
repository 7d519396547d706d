"""A custom file format, INI: the search for its files, the places in them, and the lines that are shown."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from support import ini_format
from support.command import in_a_process
from support.ini_format import INI
from toriconfig import (
    ConfigError,
    Problem,
    Secret,
    Settings,
    SettingsConfigDict,
    check,
    explain,
    health,
    lazy,
    load,
    reload,
    sources,
)
from toriconfig.sources import Format, Source, Tree, register, tree
from toriconfig.testing import Canary, SourceContract


class Database(BaseModel):
    host: str = "localhost"
    port: int = 5432
    replicas: list[str] = []
    weights: dict[str, float] = {}


class App(BaseModel):
    database: Database = Database()
    token: Secret[str] | None = None
    size: int = 1


@pytest.fixture(autouse=True)
def _formats_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "FORMATS", sources.FORMATS)
    monkeypatch.chdir(tmp_path)
    register(INI)


def write(text: str, name: str = "app.ini") -> None:
    Path(name).write_text(text)


def refused(text: str, **changes: Any) -> Problem:
    """The one problem of a file, in a format with these changes."""
    if changes:
        register(INI.replaced(name="changed", endings=(".changed",), **changes))
    name = "app.changed" if changes else "app.ini"
    write(text, name)
    with pytest.raises(ConfigError) as caught:
        load(App, config_files=[name])
    (found,) = caught.value.problems
    return found


class OfFile:
    def __init__(self, text: str) -> None:
        write(text)

    def load(self) -> Tree:
        from toriconfig.sources.settings_file import SettingsFile

        return SettingsFile("app.ini").load()


class TestIni(SourceContract):
    def good(self) -> Source:
        return OfFile("[app]\nsize = 2\n[database]\nhost = x\n")

    def broken(self) -> Source:
        return OfFile("size = 2\n")


# Where files are found


def test_a_named_file_is_read_and_its_text_by_the_types_of_the_fields() -> None:
    write('[app]\nsize = 2\n[database]\nport = 7\nreplicas = a, b\nweights = {"A": 1}\n')
    settings = load(App, config_files=["app.ini"])
    assert (2, Database(port=7, replicas=["a", "b"], weights={"A": 1})) == (settings.size, settings.database)


def test_files_of_a_name_are_found_with_profile_and_local() -> None:
    for stem, text in (
        ("app", "size = 1\n[database]\nhost = plain\nport = 1"),
        ("app.prod", "size = 2"),
        ("app.local", ""),
    ):
        write(f"[app]\n{text}\n", f"{stem}.ini")
    write("[database]\nport = 3\n", "app.local.cfg")
    Path("app.local.ini").unlink()
    settings = load(App, config_name="app", profile="prod")
    assert (2, "plain", 3) == (settings.size, settings.database.host, settings.database.port)


def test_an_ending_in_config_name_is_cut_off() -> None:
    write("[app]\nsize = 2\n")
    assert 2 == load(App, config_name="app.ini").size
    Path("pyproject.toml").write_text("[tool.app]\nsize = 3\n")
    assert 3 == load(App, config_name="app.toml", config_files=["pyproject.toml"]).size
    Path("pyproject.toml").write_text("[tool.app]\nsize = 'x'\n")
    assert ["TC102"] == [one.code for one in check(App, "pyproject.toml", config_name="app.toml")]


def test_a_format_of_the_package_takes_precedence_over_a_custom_one() -> None:
    write("[app]\nsize = 2\n")
    write("size: 3\n", "app.yaml")
    assert 3 == load(App, config_name="app").size
    assert ["app.ini: warning[TC506]: this file is not read, because app.yaml exists"] == [
        str(one) for one in check(App, config_name="app")
    ]


@pytest.mark.parametrize("entry", ["conf.d", "conf.d/*"])
def test_folders_and_patterns_hold_files_of_the_format(entry: str) -> None:
    Path("conf.d").mkdir()
    write("[app]\nsize = 2\n", "conf.d/1.ini")
    write("[database]\nport = 3\n", "conf.d/2.cfg")
    settings = load(App, config_files=[entry])
    assert (2, 3) == (settings.size, settings.database.port)


def test_a_settings_class_of_pydantic_settings_reads_the_format() -> None:
    class Own(Settings):
        model_config = SettingsConfigDict(config_name="app")
        size: int = 1

    write("[app]\nsize = 2\n")
    assert 2 == Own().size


def test_a_reader_is_named_by_its_module_and_imported_at_the_first_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("named_reader.py").write_text(Path(ini_format.__file__).read_text())
    monkeypatch.syspath_prepend(".")
    register(Format("named", (".named",), "named_reader:read_ini"))
    write("[app]\nsize = 2\n", "app.named")
    assert 2 == load(App, config_files=["app.named"]).size


@pytest.mark.parametrize("reader", ["no_such_reader:read", "support.ini_format:read_nothing"])
def test_a_reader_that_cannot_be_imported_is_a_problem_of_the_file(reader: str) -> None:
    found = refused("x", reader=reader)
    assert ("TC505", "app.changed") == (found.code, str(found.origin))
    assert f"the reader of changed, {reader}, cannot be imported: " in found.message


# Values and places


def test_explain_names_the_line_of_a_value() -> None:
    write("[app]\nsize = 2\n[database]\nhost = x\n")
    settings = load(App, config_files=["app.ini"])
    assert "> app.ini:4:8" in str(explain(settings, "database.host"))


def test_references_are_resolved_if_the_reader_requires_it() -> None:
    write("[app]\ntoken = ${env:TOKEN}\n[database]\nreplicas = ${env:NAMES}\n")
    settings = load(App, config_files=["app.ini"], environ={"TOKEN": "of-the-variable", "NAMES": "a,b"})
    assert settings.token is not None
    assert ("of-the-variable", ["a", "b"]) == (settings.token.get(), settings.database.replicas)


def test_a_key_keeps_its_spelling_beside_the_same_key_of_another_file() -> None:
    write("database: {weights: {a: 1}}\n", "first.yaml")
    write('[database]\nweights = {"A": 2}\n')
    assert {"a": 1, "A": 2} == load(App, config_files=["first.yaml", "app.ini"]).database.weights
    register(
        Format(
            "bare",
            (".bare",),
            lambda text, name: tree({"database": {"weights": {"A": text}}}, name, kind="files", text=True),
        )
    )
    write("3", "app.bare")
    assert {"a": 1, "A": 3} == load(App, config_files=["first.yaml", "app.bare"]).database.weights


def test_a_file_sets_the_permitted_fields_of_vault() -> None:
    found = refused("[vault]\naddress = https://elsewhere:8200\n")
    assert ("TC504", "app.ini:2:11") == (found.code, str(found.origin))


# Reload


def test_a_file_that_is_emptied_while_being_written_keeps_the_settings() -> None:
    write("[app]\nsize = 2\n")
    settings = lazy(App, config_files=["app.ini"])
    assert 2 == settings.size
    assert [("files", "app.ini", 1)] == [(one.kind, one.name, one.leaves) for one in health(settings).layers]
    write("\n")
    with pytest.raises(ConfigError, match="an intentionally empty file contains a comment"):
        reload(settings)
    assert 2 == settings.size
    write("# nothing\n")
    reload(settings)
    assert 1 == settings.size


# What is shown of its lines


def test_a_format_that_declares_nothing_shows_no_line(canary: Canary) -> None:
    found = refused(f"[app]\nsize = {canary.secret}\n")
    assert ("TC102", "app.ini:2:8", ()) == (found.code, str(found.origin), found.excerpts)


def test_a_format_of_keys_shows_the_key_and_no_value(canary: Canary) -> None:
    found = refused(f"# {canary.secret}\n[app]\nsize = {canary.secret}\n", shows="keys")
    assert [("app.changed", 3, "size = **********")] == list(found.excerpts)
    register(INI.replaced(name="keys", endings=(".keys",), shows="keys"))
    write(f"[app]\n{canary.secret}\n", "app.keys")
    with pytest.raises(ConfigError) as caught:
        load(App, config_files=["app.keys"])
    canary.absent_from(caught.value)


def test_a_format_of_lines_shows_them_with_secrets_masked(canary: Canary) -> None:
    found = refused(f"[app]\nsize = many\ntoken = {canary.secret}\n", shows="lines")
    assert [("app.changed", 2, "size = many")] == list(found.excerpts)
    write(f"[app]\nsize = 2\ntoken = {canary.secret}${{env:}}\n", "app.changed")
    with pytest.raises(ConfigError) as caught:
        load(App, config_files=["app.changed"])
    (found,) = caught.value.problems
    assert [("app.changed", 3, "token = **********")] == list(found.excerpts)
    canary.absent_from(caught.value)


# Faults


def test_a_syntax_error_is_the_problem_that_the_reader_returns() -> None:
    found = refused("[app\n")
    assert ("TC001", "app.ini:1:1", "this is no INI") == (found.code, str(found.origin), found.message)


def test_an_exception_of_the_reader_is_a_problem_with_its_line(canary: Canary) -> None:
    def reads(text: str, name: str) -> Tree:
        raise ValueError(text)

    line = reads.__code__.co_firstlineno + 1
    found = refused(canary.secret, reader=reads)
    assert f"the reader of changed raised ValueError at test_format.py:{line}" == found.message
    assert ("TC505", "app.changed") == (found.code, str(found.origin))
    canary.absent_from(found)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ({"size": 2}, "the reader of changed returned a dict"),
        (None, "the reader of changed returned a NoneType"),
        ([tree({}, "x", kind="files")], "the reader of changed returned a list"),
        (tree({}, "x"), "the reader of changed returned a tree of the kind source"),
    ],
)
def test_a_tree_that_is_not_of_a_file_is_a_problem_with_its_remedy(returned: Any, message: str) -> None:
    found = refused("x", reader=lambda text, name: returned)
    assert ("TC505", message) == (found.code, found.message)
    assert 'kind="files"' in found.help


def test_a_file_that_is_no_text_or_too_large_does_not_reach_the_reader() -> None:
    Path("app.ini").write_bytes(b"[app]\nsize = \xff\n")
    with pytest.raises(ConfigError, match="the file is not UTF-8 text"):
        load(App, config_files=["app.ini"])
    Path("app.ini").write_bytes(b"\n" * 1_000_001)
    with pytest.raises(ConfigError, match="too many lines"):
        load(App, config_files=["app.ini"])


def test_a_byte_order_mark_and_line_ends_of_other_systems_are_no_part_of_the_text() -> None:
    read: list[str] = []

    def reads(text: str, name: str) -> Tree:
        read.append(text)
        return tree({}, name, kind="files")

    register(Format("reads", (".reads",), reads))
    Path("app.reads").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    load(App, config_files=["app.reads"])
    assert ["a\nb\nc\n"] == read


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (5, "register() takes a Format, not a int"),
        (INI.replaced(name=""), "Format.name is text"),
        (INI.replaced(endings=()), "INI: Format.endings is a tuple"),
        (INI.replaced(endings=("ini",)), "INI: Format.endings is a tuple"),
        (INI.replaced(endings=(".INI",)), "INI: Format.endings is a tuple"),
        (INI.replaced(endings=".ini"), "INI: Format.endings is a tuple"),
        (INI.replaced(reader="no target"), "INI: Format.reader is a function"),
        (INI.replaced(shows="all"), "INI: Format.shows is one of nothing, keys, lines"),
        (INI.replaced(raw=True), "INI: Format.raw is for formats of the package alone"),
        (
            Format("other", (".xy", ".toml"), ini_format.read_ini),
            "other: files that end in .toml are read as TOML already",
        ),
        (Format("other", (".cfg",), ini_format.read_ini), "other: files that end in .cfg are read as INI already"),
    ],
)
def test_an_invalid_format_is_refused_by_name(form: Any, message: str) -> None:
    with pytest.raises(ValueError, match="Format|files that end") as caught:
        register(form)
    assert message in str(caught.value)


def test_the_same_format_may_be_registered_again() -> None:
    register(INI.replaced())
    assert 1 == sum(one.name == "INI" for one in sources.FORMATS)


def test_a_module_that_registers_its_reader_may_be_imported_twice(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from toriconfig.sources import Format, register, tree\n"
        "def read(text, name):\n"
        '    return tree({}, name, kind="files")\n'
        'register(Format("X", (".x",), read))\n'
        'if __name__ == "__main__":\n'
        "    import importlib, app\n"
        "    importlib.reload(app)\n"
    )
    done = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


# The command line

CLI = """
from my_ini import INI
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict
from toriconfig.sources import register

register(INI)


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app.ini")
    token: Secret[str]
    size: int = 1
"""


@pytest.mark.parametrize(
    ("command", "size", "code", "shown"),
    [
        (("check",), "2", 0, ""),
        (("check", "app.ini"), "2", 0, "no problems in 1 file"),
        (("check", "."), "2", 0, "no problems in 1 file"),
        (("check", "app.ini"), "x", 1, "app.ini:3:8"),
        (("check", "app.ini", "-o", "json"), "x", 1, "app.ini"),
        (("check", "app.ini", "-o", "sarif"), "x", 1, "app.ini"),
        (("check", "app.ini", "x.yaml", "--only-named"), "2", 0, "no problems in 1 file"),
        (("check", "app.ini", "--fix"), "2", 0, ""),
        (("check", "app.ini", "--diff"), "2", 0, ""),
        (("explain", "token"), "2", 0, "app.ini:2:9"),
        (("show", "--origins"), "2", 0, "app.ini:3:8"),
        (("diff", "app.ini", "app.ini"), "2", 0, ""),
        (("doctor",), "2", 0, ""),
        (("schema", "-O", "-"), "2", 0, '"urn:toriconfig:app"'),
    ],
)
def test_a_command_reads_the_format_of_the_class_and_shows_no_secret(
    command: tuple[str, ...], size: str, code: int, shown: str, canary: Canary
) -> None:
    shutil.copy(ini_format.__file__, "my_ini.py")
    Path("my_app.py").write_text(CLI)
    write(f"[app]\ntoken = {canary.secret}\nsize = {size}\n")
    done = in_a_process(*command, "--settings", "my_app:App", cwd=Path.cwd())
    assert (code, True) == (done.code, shown in done.out + done.err), done
    canary.absent_from(done.out, done.err)


def test_check_validates_a_file_alone(canary: Canary) -> None:
    write(f"[app]\ntokn = {canary.secret}\n[database]\nreplicas = a,b\n")
    (found,) = check(App, "app.ini")
    assert ("TC101", "app.ini:2:8", True) == (found.code, str(found.origin), "`token`" in found.help)
    canary.absent_from(found, str(found))
