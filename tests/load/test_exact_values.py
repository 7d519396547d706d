"""Decimals with all their digits, and durations, from every layer alike."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NewType

import pytest
from pydantic import BaseModel, create_model

from support.loading import problems
from support.one_field import BASES, PREFIX, value
from toriconfig import load


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest) -> type[BaseModel]:
    return BASES[request.param]


DURATIONS = {
    "300": 300,
    "1.5": 1.5,
    "-5": -5,
    "5m": 300,
    "90d": 90 * 86400,
    "1h30m": 5400,
    "1 h 30 min": 5400,
    "2 days": 2 * 86400,
    "500ms": 0.5,
    "PT5M": 300,
    "00:05:00": 300,
    "-1d": -86400,
    "2w": 14 * 86400,
}


@pytest.mark.parametrize("text", DURATIONS)
@pytest.mark.parametrize(
    "layer", ["a variable", ".env", "YAML", "quoted YAML", "JSON", "code", "a reference", "a secret file"]
)
def test_a_duration_is_the_same_from_every_layer(base: type[BaseModel], layer: str, text: str) -> None:
    Path("c.yaml").write_text(
        {"YAML": f"v: {text}", "quoted YAML": f"v: '{text}'", "a reference": "v: ${env:L}"}.get(layer, "{}")
    )
    Path("d.json").write_text(json.dumps({"v": text}) if layer == "JSON" else "{}")
    Path(".env").write_text(f"A_V='{text}'\n" if layer == ".env" else "")
    Path("s").mkdir()
    if layer == "a secret file":
        Path("s/a_v").write_text(text)
    given = {"A_V": text} if layer == "a variable" else {"L": text}
    overrides = {"v": text} if layer == "code" else None
    schema: Any = create_model("Schema", __base__=base, v=(datetime.timedelta, ...))
    options: dict[str, Any] = {"config_files": ["c.yaml", "d.json"], "env_file": ".env", "secrets_dir": "s", **PREFIX}
    made = load(schema, environ=given, overrides=overrides, **options)
    assert datetime.timedelta(seconds=DURATIONS[text]) == made.v


@pytest.mark.parametrize("annotation", [list[datetime.timedelta], dict[str, datetime.timedelta]], ids=str)
def test_durations_are_allowed_in_lists_and_mappings(base: type[BaseModel], annotation: Any) -> None:
    five = datetime.timedelta(minutes=5)
    expected = [five] if annotation == list[datetime.timedelta] else {"a": five}
    assert expected == value(base, annotation, A_V="5m" if annotation == list[datetime.timedelta] else "a=5m")


def test_a_text_beside_a_duration_stays_text(base: type[BaseModel]) -> None:
    assert "5m" == value(base, datetime.timedelta | str, A_V="5m")


@pytest.mark.parametrize("text", ["5x", "m5", "5m x", "1.2.3", "--5"])
def test_text_that_is_not_a_duration_is_refused(text: str) -> None:
    class Schema(BaseModel):
        t: datetime.timedelta

    assert ["TC102"] == [problem.code for problem in problems(Schema, environ={"A_T": text}, **PREFIX)]


DIGITS = ["12345678901234567.89", "1.10", "1e400", "0.1", "-0.30"]


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("file", ["c.yaml", "c.json"])
def test_a_decimal_keeps_the_digits_of_its_file(base: type[BaseModel], file: str, digits: str) -> None:
    Path(file).write_text(f'{{"v": {digits}}}')
    assert repr(Decimal(digits)) == repr(value(base, Decimal, config_name="c"))
    assert repr(Decimal(digits)) == repr(value(base, Decimal | None, config_name="c"))
    assert Fraction(digits) == value(base, Fraction, config_name="c")


@pytest.mark.parametrize(
    ("annotation", "yaml", "expected"),
    [
        (list[Decimal], "[1.10, 2]", "[Decimal('1.10'), Decimal('2')]"),
        (dict[str, Decimal], "{a: 1.10}", "{'a': Decimal('1.10')}"),
        (tuple[Decimal, float], "[1.10, 1.10]", "(Decimal('1.10'), 1.1)"),
        (int | Decimal, "1.10", "Decimal('1.10')"),
        (float | Decimal, "1.10", "1.1"),
        (NewType("Price", Decimal), "1.10", "Decimal('1.10')"),
        (float, "1.10", "1.1"),
        (Any, "1.10", "1.1"),
    ],
    ids=str,
)
def test_decimals_keep_their_digits_everywhere(
    base: type[BaseModel], annotation: Any, yaml: str, expected: str
) -> None:
    Path("c.yaml").write_text(f"v: {yaml}\n")
    assert expected == repr(value(base, annotation, config_name="c"))


def test_an_anchor_and_a_reference_keep_the_digits() -> None:
    class Schema(BaseModel):
        a: Decimal
        b: Decimal
        c: Decimal

    Path("c.yaml").write_text("a: &x 1.10\nb: *x\nc: ${a}\n")
    made = load(Schema, environ={}, config_name="c")
    assert ["1.10"] * 3 == [str(made.a), str(made.b), str(made.c)]
