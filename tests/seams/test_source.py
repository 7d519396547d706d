"""A custom source, built with public names: its rank, its origins, reload, and the output of tools."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from support.command import in_a_process
from support.memory_backend import Memory
from support.own_source import App, Database, Store, refused
from toriconfig import (
    ConfigError,
    Ref,
    Secret,
    Settings,
    SettingsConfigDict,
    check,
    explain,
    health,
    lazy,
    load,
    on_change,
    override,
    reload,
    replace,
)
from toriconfig.sources import Source, Tree, tree
from toriconfig.testing import Canary, SourceContract


class TestStore(SourceContract):
    def good(self) -> Source:
        return Store({"database": {"port": 5432, "replicas": ["a"]}, "size": 5})

    def broken(self) -> Source:
        return Store(["no mapping"])


class TestStoreWithPlaces(SourceContract):
    def good(self) -> Source:
        return Store({"a": {"b": "1", "c": "2"}}, text=True, places={("a", "b"): (3, 5), ("a",): (2, 1)})

    def broken(self) -> Source:
        return Store({"a": {1.5: "x"}})


# Rank and values


def test_a_source_ranks_above_the_files_and_below_variables_and_code(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("database: {host: file, port: 1}\nsize: 1\n")
    sources = [Store({"database": {"host": "store"}, "size": 2, "weights": {"a": 1}})]
    options: Any = {"config_name": "app", "config_dir": tmp_path, "env_prefix": "APP_", "sources": sources}
    settings = load(App, environ={"APP_SIZE": "3"}, overrides={"weights": {"b": 2}}, **options)
    assert ("store", 1, 3, {"a": 1, "b": 2}) == (
        settings.database.host, settings.database.port, settings.size, settings.weights,
    )  # fmt: skip


def test_the_first_source_of_the_list_wins() -> None:
    first, second = Store({"database": {"host": "first"}}), Store({"database": {"host": "second", "port": 2}})
    assert Database(host="first", port=2) == load(App, sources=[first, second]).database


def test_the_option_layers_ranks_sources_as_files() -> None:
    store = Store({"size": 2})
    environ: Any = {"env_prefix": "APP_", "environ": {"APP_SIZE": "3"}, "sources": [store]}
    assert 2 == load(App, layers=["files", "env"], **environ).size
    assert 3 == load(App, layers=["env"], **environ).size
    assert 1 == store.loads


def test_a_secret_of_a_source_ranks_above_a_backend_if_the_files_do(memory: Memory) -> None:
    class Both(BaseModel):
        token: Annotated[Secret[str], Ref("db#user", scheme="memory")]

    options: Any = {"sources": [Store({"token": "of-the-store"})], "backends": [memory]}
    assert "of-the-store" == load(Both, layers=["files", "vault"], **options).token.get()
    assert "u" == load(Both, **options).token.get()


def test_a_key_may_hold_a_dot_and_a_number() -> None:
    assert {"a.b": 1.0, "2": 2.0} == load(App, sources=[Store({"weights": {"a.b": 1, 2: 2}})]).weights


def test_text_is_read_by_the_type_of_its_field() -> None:
    class Deep(App):
        sizes: Mapping[str, list[int]] = Field(default_factory=dict)

    values = {"database": {"port": "7", "replicas": "a,b"}, "size": "null", "sizes": {"x": "[1, 2]"}, "token": "a,b"}
    settings = load(Deep, sources=[Store(values, text=True)])
    assert (Database(port=7, replicas=["a", "b"]), None, {"x": [1, 2]}) == (
        settings.database, settings.size, settings.sizes,
    )  # fmt: skip
    assert settings.token is not None
    assert "a,b" == settings.token.get()
    wrong = refused(Deep, Store({"database": {"replicas": "a,b"}}))
    assert ("TC102", "database.replicas") == (wrong.code, wrong.path)


def test_an_object_that_cannot_be_copied_is_the_value_itself() -> None:
    class Holds(BaseModel):
        lock: Any = None

    lock = threading.Lock()
    assert lock is load(Holds, sources=[Store({"lock": lock})]).lock
    assert lock is load(Holds, overrides={"lock": lock}).lock


def test_references_are_resolved_if_the_source_requires_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"database": {"host": "${env:NAME}", "replicas": "${env:SEVERAL}"}}
    environ = {"NAME": "named", "SEVERAL": "a,b"}
    found = load(App, sources=[Store(values, references=True, text=True)], environ=environ).database
    assert Database(host="named", replicas=["a", "b"]) == found
    assert "${env:NAME}" == load(App, sources=[Store({"database": {"host": "${env:NAME}"}})]).database.host
    wrong = refused(App, Store({"token": "${env:NAME}"}), environ=environ)
    assert ("TC307", 'consul["token"]') == (wrong.code, str(wrong.origin))


def test_a_tree_that_is_returned_again_gives_the_same_values() -> None:
    class Kept:
        kept = tree({"database": {"host": "x", "replicas": "a,b"}, "size": "2"}, "kept", text=True)

        def load(self) -> Tree:
            return self.kept

    first, second = (load(App, sources=[Kept(), Store({"database": {"port": 1}})]) for _ in range(2))
    assert first == second
    assert ["a", "b"] == second.database.replicas


# Origins


def test_explain_names_the_source_and_the_overridden_values(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("database: {host: file}\n")
    store = Store({"database": {"host": "store"}})
    found = str(explain(load(App, config_name="app", config_dir=tmp_path, sources=[store]), "database.host"))
    assert '> consul["database.host"]' in found
    assert f"{tmp_path}/app.yaml:1:18" in found


def test_places_are_the_lines_of_a_problem() -> None:
    store = Store(
        {"database": {"port": "x", "replicas": 5}}, places={("database", "port"): (3, 8), ("database",): (2, 1)}
    )
    with pytest.raises(ConfigError) as caught:
        load(App, sources=[store])
    assert ["consul:2:1", "consul:3:8"] == [str(one.origin) for one in caught.value.problems]
    assert all(not one.excerpts for one in caught.value.problems)


def test_a_place_may_have_an_end() -> None:
    found = refused(App, Store({"size": "x"}, places={("size",): (3, 8, 3, 9)}))
    assert found.origin is not None
    assert (3, 8, 3, 9) == (found.origin.line, found.origin.column, found.origin.end_line, found.origin.end_column)


def test_an_unknown_key_of_a_source_is_an_error_with_the_nearest_name() -> None:
    found = refused(App, Store({"databse": {"host": "x"}}))
    assert ("TC101", 'consul["databse"]') == (found.code, str(found.origin))
    assert "`database`" in found.help


def test_a_missing_key_names_the_sources_that_were_searched() -> None:
    class Needs(BaseModel):
        name: str

    assert "looked in: the source Store" in refused(Needs, Store({})).help


def test_health_lists_a_source_beside_the_files() -> None:
    settings = lazy(App, sources=[Store({"size": 2})])
    assert 2 == settings.size
    assert [("source", "consul", 1)] == [(one.kind, one.name, one.leaves) for one in health(settings).layers]


# Reload, override


def test_a_source_is_read_again_at_each_reload() -> None:
    store = Store({"size": 2, "token": "first-token"})
    settings = lazy(App, sources=[store])
    told: list[str] = []
    on_change(settings, "", lambda change: told.append(change.path))
    assert 2 == settings.size
    store.values = {"size": 3, "token": "second-token"}
    assert ["size", "token"] == sorted(change.path for change in reload(settings)) == sorted(told)
    assert settings.token is not None
    assert (3, "second-token", 2) == (settings.size, settings.token.get(), store.loads)


def test_lower_layers_count_when_a_source_holds_nothing_any_more() -> None:
    store = Store({"size": 2})
    settings = lazy(App, sources=[store])
    assert 2 == settings.size
    store.values = {}
    reload(settings)
    assert 1 == settings.size


def test_a_failed_reload_keeps_the_earlier_values_of_the_source(canary: Canary) -> None:
    store = Store({"token": canary.secret, "size": 2})
    settings = lazy(App, sources=[store])
    assert 2 == settings.size
    store.wrong = ConnectionError(canary.secret)
    with pytest.raises(ConfigError, match="TC505") as caught:
        reload(settings)
    canary.absent_from(caught.value)
    assert settings.token is not None
    assert (2, canary.secret) == (settings.size, settings.token.get())


def test_override_and_replace_take_precedence_over_a_source() -> None:
    store = Store({"database": {"host": "store"}, "token": "of-the-store"})
    settings = lazy(App, sources=[store])
    assert settings.token is not None
    with override(settings, {"database.host": "other"}):
        assert ("other", "of-the-store") == (settings.database.host, settings.token.get())
    assert "store" == settings.database.host
    assert "other" == replace(settings, {"database.host": "other"}).database.host
    assert 1 == store.loads


# Beside pydantic-settings, and on the command line


def test_a_settings_class_of_pydantic_settings_takes_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Settings):
        model_config = SettingsConfigDict(sources=[Store({"size": "2", "name": "store", "hosts": "a,b"}, text=True)])
        size: int = 1
        name: str = ""
        hosts: tuple[str, ...] = ()

    monkeypatch.setenv("NAME", "variable")
    settings = Own()
    assert (2, "variable", ("a", "b")) == (settings.size, settings.name, settings.hosts)


CLI = """
from pydantic import BaseModel
from toriconfig import Secret, SettingsConfigDict
from toriconfig.sources import tree


class Store:
    def load(self):
        return tree({{"token": "{secret}", "size": {size}}}, "consul")


class App(BaseModel):
    model_config = SettingsConfigDict(sources=[Store()])
    token: Secret[str]
    size: int = 1
"""


@pytest.mark.parametrize(
    ("command", "size", "code", "shown"),
    [
        (("check",), "2", 0, ""),
        (("check",), "'x'", 1, 'consul["size"]'),
        (("check",), "1 / 0", 1, "the source Store raised ZeroDivisionError at my_app.py:9"),
        (("explain", "token"), "2", 0, 'consul["token"]'),
        (("explain", "size"), "2", 0, 'consul["size"]'),
        (("show", "--origins"), "2", 0, "consul"),
        (("doctor",), "2", 0, ""),
    ],
)
def test_a_command_reads_a_source_and_shows_no_secret(
    command: tuple[str, ...], size: str, code: int, shown: str, canary: Canary, tmp_path: Path
) -> None:
    (tmp_path / "my_app.py").write_text(CLI.format(secret=canary.secret, size=size))
    done = in_a_process(*command, "--settings", "my_app:App", cwd=tmp_path)
    assert (code, True) == (done.code, shown in done.out + done.err), done
    canary.absent_from(done.out, done.err)


def test_no_output_shows_the_secret_of_a_source(canary: Canary) -> None:
    settings = lazy(App, sources=[Store({"token": canary.secret, "database": {"port": "x"}})])
    with pytest.raises(ConfigError) as caught:
        _ = settings.size
    canary.absent_from(caught.value, repr(settings), *check(settings))
    good = load(App, sources=[Store({"token": canary.secret})])
    canary.absent_from(good, str(explain(good, "token")))
