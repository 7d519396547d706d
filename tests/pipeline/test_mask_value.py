"""Masking of values never raises, always ends, and shows no secret, for any kind of value."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, Field

from toriconfig.pipeline import MaskingFilter, loguru_patcher, structlog_processor
from toriconfig.pipeline._mask_value import CIRCULAR, mask_value
from toriconfig.pipeline._redact import MASK, forget, register
from toriconfig.testing import Canary


@pytest.fixture(name="canary")
def _canary() -> Iterator[Canary]:
    canary = Canary()
    register(canary.secret)
    yield canary
    forget(canary.secret, keep=0.0)


class Raising(Mapping[str, str]):
    """A mapping that cannot be read, and whose text shows its content."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __getitem__(self, key: str) -> str:
        raise RuntimeError(self.text)

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return self.text


class RaisingList(list[str]):
    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("changed meanwhile")


class Changing(dict[str, str]):
    def items(self) -> Any:
        raise RuntimeError("dictionary changed size during iteration")


class Frozen(dict[str, str]):
    def __hash__(self) -> int:  # type: ignore[override]
        return 1


@dataclass
class Hidden:
    """A dataclass whose `repr` leaves the secret out, but no serializer does."""

    token: str = field(repr=False)


class HiddenModel(BaseModel):
    token: str = Field(repr=False)


def tree(secret: str) -> dict[str, Any]:
    """A tree whose nodes refer to their parent."""
    root: dict[str, Any] = {"name": secret, "children": []}
    root["children"] += [{"name": str(number), "parent": root, "all": root["children"]} for number in range(8)]
    return root


def shared(secret: str) -> list[Any]:
    """A list with 2**40 paths to it."""
    value: list[Any] = [secret]
    for _ in range(40):
        value = [value, value]
    return value


def deep(secret: str) -> list[Any]:
    value: list[Any] = [secret]
    for _ in range(100_000):
        value = [value]
    return value


ODD: dict[str, Callable[[str], Any]] = {
    "a frozenset as a key": lambda secret: {frozenset([secret]): 1},
    "frozensets in a set": lambda secret: {frozenset([secret]), frozenset(["other"])},
    "a tuple as a key": lambda secret: {(1, frozenset([secret])): 1},
    "a mapping as a key": lambda secret: {Frozen({"a": secret}): 1},
    "a mapping that raises": Raising,
    "a list that raises": lambda secret: RaisingList([secret]),
    "a mapping that is being changed": lambda secret: Changing(a=secret),
    "a tree with parents": tree,
    "too deep": deep,
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_value_is_masked_and_nothing_is_raised(kind: str, canary: Canary) -> None:
    shown = mask_value(ODD[kind](canary.secret))
    try:
        text = f"{shown} {shown!r}"
    except RecursionError:
        text = ""
    assert not canary.found_in(text)


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_value_without_a_secret_reaches_the_handler(kind: str) -> None:
    record = logging.makeLogRecord({"msg": "quiet", "field": ODD[kind]("harmless")})
    assert MaskingFilter().filter(record)
    structlog_processor(None, "info", {"event": "quiet", "field": ODD[kind]("harmless")})
    loguru_patcher({"message": "quiet", "extra": {"field": ODD[kind]("harmless")}, "exception": None})


def test_a_value_without_a_secret_is_the_same_object_even_if_recursive() -> None:
    value = tree("harmless")
    assert mask_value(value) is value


def test_the_copy_of_a_recursive_value_does_not_lead_to_the_original(canary: Canary) -> None:
    shown = mask_value(tree(canary.secret))
    assert (MASK, 8) == (shown["name"], len(shown["children"]))
    assert {CIRCULAR} == {child["parent"] for child in shown["children"]}


def test_a_container_with_many_references_is_searched_once(canary: Canary) -> None:
    shown = mask_value(shared(canary.secret))
    while isinstance(shown[0], list):
        assert shown[0] is shown[1]
        shown = shown[0]
    assert [MASK] == shown


def test_a_masked_frozenset_is_a_frozenset(canary: Canary) -> None:
    assert frozenset([MASK]) == mask_value(frozenset([canary.secret]))
    assert isinstance(mask_value(frozenset([canary.secret])), frozenset)


@pytest.mark.parametrize("kind", [Hidden, lambda secret: HiddenModel(token=secret)])
def test_a_field_that_the_repr_leaves_out_does_not_reach_a_handler_for_machines(
    kind: Callable[[str], Any], canary: Canary
) -> None:
    for value in (kind(canary.secret), [kind(canary.secret)]):
        shown = mask_value(value)
        assert isinstance(shown[0] if isinstance(shown, list) else shown, str)
    harmless = kind("harmless")
    assert mask_value(harmless) is harmless


def test_a_number_that_is_a_secret_is_masked_as_a_value() -> None:
    register("8392746155")
    try:
        assert [MASK, 5, 1.5, 83927461] == mask_value([8392746155, 5, 1.5, 83927461])
    finally:
        forget("8392746155", keep=0.0)


def test_the_message_that_another_handler_has_made_is_masked(canary: Canary) -> None:
    record = logging.makeLogRecord({"msg": "value %s", "args": (canary.secret,)})
    logging.Formatter().format(record)
    assert MaskingFilter().filter(record)
    assert "message" in vars(record)
    canary.absent_from(repr(vars(record)))


def test_an_exception_without_text_is_logged_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("no text")

    monkeypatch.setattr("toriconfig.pipeline._guard._formatter.formatException", fail)
    record = logging.makeLogRecord({"msg": "failed", "exc_info": (KeyError, KeyError("a"), None)})
    assert MaskingFilter().filter(record)
