"""A source that the package does not ship, built with public names: a store of keys and values, as Consul is one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from toriconfig import ConfigError, Problem, Secret, load
from toriconfig.sources import Tree, tree


class Store:
    """A store of keys and values, as Consul is one; `wrong` makes it fail."""

    def __init__(self, values: Any, **how: Any) -> None:
        self.values = values
        self.how = how
        self.loads = 0
        self.wrong: Exception | None = None

    def load(self) -> Tree:
        self.loads += 1
        if self.wrong is not None:
            raise self.wrong
        return tree(self.values, "consul", **self.how)


class Database(BaseModel):
    host: str = "localhost"
    port: int = 5432
    replicas: list[str] = []


class App(BaseModel):
    database: Database = Database()
    token: Secret[str] | None = None
    size: int | None = 1
    weights: dict[str, float] = {}


def refused(schema: type[BaseModel], *sources: Any, **options: Any) -> Problem:
    """The one problem of a load."""
    with pytest.raises(ConfigError) as caught:
        load(schema, sources=sources, **options)
    (found,) = caught.value.problems
    return found
