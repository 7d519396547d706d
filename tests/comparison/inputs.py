"""The inputs of the tasks, the same for every library, and the settings as dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field

LOW = "host: a.internal\nport: 1\n"
HIGH = "host: b.internal\nport: 2\n"
TYPO = "pool:\n  max_szie: 5\n"
WRONG = "host: a.internal\nport: many\npool:\n  max_size: large\n"
BASE, PROFILE = "pool: {max_size: 2}\n", "pool: {hosts: [b]}\n"
INI = "[pool]\nmax_size = 2\n"
SECRET = "n0t-f0r-y0ur-eyes"


@dataclass
class Pool:
    max_size: int = 1
    hosts: list[str] = field(default_factory=lambda: ["a"])


@dataclass
class App:
    host: str = ""
    port: int = 0
    pool: Pool = field(default_factory=Pool)


def dataclass_program(imports: str, settings: str) -> str:
    """Return a program that reads a setting of such dataclasses.

    Args:
        imports: the line that imports the library.
        settings: the expression that loads `App` from `app.yaml`.
    """
    return f"""\
from dataclasses import dataclass, field

{imports}


@dataclass
class Pool:
    max_size: int = 1


@dataclass
class App:
    pool: Pool = field(default_factory=Pool)


settings = {settings}
number: int = settings.pool.max_size
"""
