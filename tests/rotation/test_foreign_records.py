"""Data that is no record, or one of a later release, is reported as such and not changed."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from support.rotate_command import rotate
from support.rotating import Left, left_at
from toriconfig.cli.rotate import _fleet, _text
from toriconfig.rotation import Line, Outcome, Plan, Rotation, RotationError, RotationRefused, Status, kinds
from toriconfig.rotation._hooks import Deliveries
from toriconfig.rotation._stored_record import load_record
from toriconfig.testing import VaultServer

RECORD: dict[str, Any] = {
    "id": "a1",
    "kind": "generated",
    "step": "applied",
    "who": "ann@host",
    "since": "2026-01-01T00:00:00Z",
    "at": "2026-01-01T00:00:00Z",
    "base": 1,
    "keys": ["token"],
}
WRONG: dict[str, list[Any]] = {
    "id": [None, 7],
    "kind": [[], None, {"a": 1}],
    "step": ["frobnicated", ["done"], None, ""],
    "who": [None, 1],
    "since": [5, None],
    "at": [None, 0, ["now"]],
    "base": ["x", None, 1.5, True],
    "keys": ["password", None, [1], {"token": 1}],
    "version": ["2", None],
    "restores": ["1", [1]],
    "process": ["x", [1, 2]],
    "setup": ["x", [1, 2]],
    "undoes": ["x", [1]],
    "last": ["x", [1]],
    "exclusive": ["yes", []],
    "verifier": ["yes", 1, None],
    "grace": ["5", -1, True, 10**400],
    "grace_until": [5, None],
    "pending": [[1], "x"],
    "former": [[1], "x"],
}


def test_a_record_with_all_parts_as_they_are_written_is_read() -> None:
    assert load_record(RECORD, 3) is not None
    assert load_record({**RECORD, "grace": 5, "exclusive": None, "process": None, "later": 1}, 3) is not None


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_part_of_another_type_makes_it_none(name: str, value: Any) -> None:
    assert load_record({**RECORD, name: value}, 3) is None


@pytest.mark.parametrize("name", list(RECORD))
def test_a_part_that_is_missing_makes_it_none(name: str) -> None:
    assert load_record({key: value for key, value in RECORD.items() if key != name}, 3) is None


@pytest.mark.parametrize("changes", [{"step": "step of a later release"}, {"kind": []}, {"at": None}], ids=str)
def test_a_record_that_cannot_be_read_is_not_overwritten(vault: VaultServer, changes: dict[str, Any]) -> None:
    name = f"foreign-{next(iter(changes))}"
    vault.put(f"secret/{name}", {"token": "old"})
    rotation = Rotation(f"secret/{name}#token", kinds.Generated(), environ=vault.environ, on_event=left_at("verify"))
    with pytest.raises(Left):
        rotation.run()
    held = {**vault.get(f"secret/{name}.rotation"), **changes}
    store = vault.client.secrets.kv.v2
    newest = store.read_secret_metadata(f"{name}.rotation")["data"]["current_version"]
    store.create_or_update_secret(f"{name}.rotation", held, cas=newest)
    for act in (rotation.run, rotation.plan, rotation.resume, rotation.rollback, rotation.status, rotation.half_way):
        with pytest.raises(RotationRefused, match="does not hold the record of a rotation"):
            act()
    code, out, _ = rotate(vault.environ, f"secret/{name}#token", "--due", "--max-age", "0")
    assert (1, True) == (code, "does not hold the record" in out)
    assert ("old", held) == (vault.get(f"secret/{name}")["token"], vault.get(f"secret/{name}.rotation"))


APP = """
from typing import Annotated
from pydantic import BaseModel
from toriconfig import Ref, Secret

class App(BaseModel):
    token: Annotated[Secret[str], Ref("secret/foreign-lines#token", max_age=86400)]
"""


def test_a_line_break_in_a_record_makes_no_line_of_output(vault: VaultServer, tmp_path: Path) -> None:
    (tmp_path / "foreign.py").write_text(APP)
    reference = "secret/foreign-lines#token"
    vault.put("secret/foreign-lines", {"token": "old"})
    rotation = Rotation(
        reference, kinds.Generated(), environ=vault.environ, on_event=left_at("verify"), who="a\nforged"
    )
    with pytest.raises(Left):
        rotation.run()
    settings = ("--settings", "foreign:App")
    for arguments in ((reference, "--status"), (reference, "--due", "--max-age", "0"), ("--status", *settings)):
        _, out, err = rotate(vault.environ, *arguments, cwd=tmp_path)
        assert "a\\nforged" in out, (arguments, out, err)
        assert not [line for line in (out + err).splitlines() if line.startswith("forged")]
    rotation.rollback()


FORGED = "a\nforged ##[error]b\x1b[31m\u2028"
TEXTS: dict[Any, Any] = {
    Status("r", "k", "applied", True, "w", "s", "a", reason="u", works="n", grace_until="g", commands=("c", "d")): (
        _text.status_text
    ),
    Plan("r", "k", ("action",)): _text.plan_text,
    Outcome("r", "k", "rotated"): lambda one: _text.outcome_text(one, "rotate"),
    Outcome("r", "k", "nothing"): lambda one: _text.outcome_text(one, "rollback"),
    Line("r", "rotated", 5.0): _text.line_text,
    Line("r", "failed", 5.0, RotationError("m")): _text.line_text,
}


def forged(value: Any) -> Any:
    """Return data that another program may have written in place of a value."""
    if isinstance(value, tuple):
        return tuple(map(forged, value))
    return FORGED if value and isinstance(value, str) else value


@pytest.mark.parametrize("given", TEXTS, ids=lambda one: f"{type(one).__name__} {getattr(one, 'result', '')}")
def test_no_text_of_a_result_makes_a_line_or_a_command(given: Any) -> None:
    names = [one.name for one in fields(given) if one.name != "result"]
    text = TEXTS[given](replace(given, **{name: forged(getattr(given, name)) for name in names}))
    assert "forged" in text
    assert len(TEXTS[given](given).splitlines()) == len(text.splitlines())
    assert not [part for part in ("##[", "\x1b") if part in text]


def test_no_text_of_a_record_makes_a_row_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    times = {"age": None, "max_age": 5.0, "due_in": None}
    texts = dict.fromkeys(("reference", "kind", "result", "who", "at"), FORGED)
    _fleet._write([{**texts, **times, "error": {"message": FORGED, "help": FORGED}}])
    _fleet._write([{**texts, **times, "result": "half-way", "commands": (FORGED,)}])
    out, err = capsys.readouterr()
    assert (4, 2) == (len(out.splitlines()), len(err.splitlines()))
    assert "##[" not in out + err


def test_an_event_for_hooks_is_one_line_without_a_command() -> None:
    bodies: list[str] = []

    class Kept:
        name = "kept"

        def deliver(self, number: str, body: str, seconds: float) -> str:
            bodies.append(body)
            return ""

    deliveries = Deliveries([Kept()], 60)
    deliveries.send("1", {"who": FORGED})
    assert [] == deliveries.close()
    (body,) = bodies
    assert (1, {"who": FORGED}) == (len(body.splitlines()), json.loads(body))
    assert "##[" not in body
