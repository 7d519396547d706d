"""A tree that is checked without the other layers: keys that they may set are not missed, and the rest is reported."""

from __future__ import annotations

from typing import Any, Self

import pytest
from pydantic import BaseModel, model_validator

from toriconfig import Secret
from toriconfig._load.attempt import try_check_tree
from toriconfig.sources import tree


class Item(BaseModel):
    name: str
    size: int


class Range(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def _grow(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must be at most high")
        return self


class Account(BaseModel):
    user: str
    password: str


class Schema(BaseModel):
    name: str
    account: Secret[Account]
    items: list[Item] = []
    range: Range = Range(low=1, high=5)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, []),
        ({"items": [{"name": "a", "size": 1}]}, []),
        ({"items": [{"name": "a"}]}, [("TC103", "items[0].size")]),
        ({"range": {"low": 5}}, []),
        ({"range": {"low": 6}}, [("TC108", "range")]),
    ],
    ids=str,
)
def test_a_key_that_another_layer_may_set_is_not_reported_as_missing(
    values: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    wrong = try_check_tree(Schema, tree(values, "app.yaml", kind="files", references=True))
    assert found == [(one.code, one.path) for one in wrong]
