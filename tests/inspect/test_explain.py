"""Explain, where no key stands at the path: a KeyError that says so, and why."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from toriconfig import explain, load


class Pool(BaseModel):
    size: int = 1


class Schema(BaseModel):
    pool: Pool | None = None


def test_below_a_section_that_is_none_there_is_no_key_and_it_is_reported_why() -> None:
    with pytest.raises(KeyError, match=r"no key `pool\.size`: `pool` is None"):
        explain(load(Schema), "pool.size")
    assert "1" == explain(load(Schema, overrides={"pool": {}}), "pool.size").value
