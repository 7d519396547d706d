"""Changes that a reload reports as changed, added and removed, and the subscribers that it calls."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from toriconfig import Change, Secret, lazy, on_change, reload


class Pool(BaseModel):
    size: int = 3
    ratio: float = 0.5


class Free(BaseModel):
    model_config = ConfigDict(extra="allow")


class Schema(BaseModel):
    pool: Pool | None = None
    weights: dict[str, int] = {}
    ratio: float = math.nan
    several: list[Pool] = []
    free: Free = Free()
    renamed: int = Field(default=0, alias="spelt")


class Files:
    """Settings of one file, which a test writes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "app.yaml"

    def settings(self, text: str, schema: Any = Schema) -> Any:
        """Loaded from the text."""
        self.file.write_text(text)
        settings = lazy(schema, config_files=[self.file], environ={})
        assert settings.weights is not None
        return settings

    def changes(self, before: str, after: str) -> list[tuple[str, str]]:
        """Return the changes of a reload after the text has changed."""
        return self.told(self.settings(before), after)

    def told(self, settings: Any, text: str) -> list[tuple[str, str]]:
        """Return the changes of a reload with this text."""
        self.file.write_text(text)
        return [(change.path, change.kind) for change in reload(settings)]


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize(("before", "after"), [("{}", "pool: {size: 4}"), ("pool: {size: 4}", "{}")])
def test_a_section_that_was_none_or_is_none_now_has_changed(files: Files, before: str, after: str) -> None:
    assert [("pool", "changed")] == files.changes(before, after)


def test_keys_of_a_free_mapping_are_added_and_removed(files: Files) -> None:
    assert [("weights.a", "added"), ("weights.b", "added")] == files.changes("{}", "weights: {a: 1, b: 2}")
    assert [("weights.a", "removed")] == files.changes("weights: {a: 1, b: 2}", "weights: {b: 2}")
    assert [("weights.a", "removed")] == files.changes("weights: {a: 1}", "weights: {}")


def test_keys_that_a_model_allows_beside_its_fields_are_reported(files: Files) -> None:
    assert [("free.b", "changed"), ("free.c", "added"), ("free.a", "removed")] == files.changes(
        "free: {a: 1, b: 1}", "free: {b: 2, c: 1}"
    )


def test_a_nan_has_not_changed(files: Files) -> None:
    same = "ratio: .nan\nseveral: [{ratio: .nan}]"
    assert [] == files.changes(same, same)
    assert [("ratio", "changed")] == files.changes("ratio: .nan", "ratio: 1")
    assert [("several", "changed")] == files.changes(same, "several: [{size: 4, ratio: .nan}]")


@pytest.mark.parametrize(
    ("path", "after"),
    [("several[0].size", "several: [{size: 4}]"), ("pool.size", "pool: {size: 4}"), ("spelt", "spelt: 5")],
)
def test_a_callback_for_a_key_is_called_for_a_change_of_its_parent(files: Files, path: str, after: str) -> None:
    settings = files.settings("{}")
    heard: list[Change] = []
    on_change(settings, path, heard.append)
    told = files.told(settings, after)
    assert told == [(change.path, change.kind) for change in heard]
    assert 1 == len(heard)


@pytest.mark.parametrize(
    ("path", "meant"), [("poool", "pool"), ("pool.szie", "pool.size"), ("several[0].szie", "several[0].size")]
)
def test_a_key_that_the_schema_cannot_have_is_refused_at_once(path: str, meant: str) -> None:
    with pytest.raises(KeyError) as caught:
        on_change(lazy(Schema, environ={}), path, print)
    assert f"no key `{path}`; did you mean `{meant}`?" == caught.value.args[0]


@pytest.mark.parametrize("path", ["", "weights.any", "free.any", "several[7]", "pool", "renamed", "spelt"])
def test_a_key_that_the_schema_can_have_is_accepted(path: str) -> None:
    on_change(lazy(Schema, environ={}), path, print).cancel()


def test_a_schema_that_is_not_imported_yet_refuses_an_impossible_key_at_the_first_load(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files.file.parent / "later_schema.py").write_text(
        "from pydantic import BaseModel\nclass Schema(BaseModel):\n    pool: int = 1\n"
    )
    monkeypatch.syspath_prepend(files.file.parent)
    settings = lazy("later_schema:Schema", environ={})
    on_change(settings, "poool", print)
    assert "later_schema" not in sys.modules
    with pytest.raises(KeyError, match="did you mean `pool`"):
        _ = settings.pool


def test_a_callback_must_be_callable() -> None:
    with pytest.raises(TypeError, match="on_change"):
        on_change(lazy(Schema, environ={}), "pool", 5)  # type: ignore[arg-type]


def test_a_change_carries_the_values_of_plain_keys_and_none_of_secrets(tmp_path: Path) -> None:
    class Sealed(BaseModel):
        n: int = 0
        tags: list[str] = []
        token: Secret[str]
        others: dict[str, Secret[str]] = {}

    file = tmp_path / "app.yaml"
    file.write_text("n: 1\ntags: [a]\ntoken: canary-1\nothers: {a: canary-2}\n")
    settings = lazy(Sealed, config_files=[file], environ={})
    assert 1 == settings.n
    file.write_text("n: 2\ntags: [a, b]\ntoken: canary-3\nothers: {a: canary-4}\n")
    changes = {change.path: change for change in reload(settings)}
    assert (1, 2) == (changes["n"].old, changes["n"].new)
    assert (["a"], ["a", "b"]) == (changes["tags"].old, changes["tags"].new)
    for path in ("token", "others.a"):
        assert (None, None) == (changes[path].old, changes[path].new)
    assert "canary" not in repr(list(changes.values()))
