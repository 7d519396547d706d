# app.py
from configparser import ConfigParser
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from toriconfig import Secret, lazy
from toriconfig.backends import Backend, Fetched
from toriconfig.sources import Format, Tree, register, tree


class Clock:
    """A source: any object with `load`."""

    def load(self) -> Tree:
        return tree({"started": {"year": datetime.now(UTC).year}}, "clock")


def read_ini(text: str, name: str) -> Tree:
    """A file format: a function that reads a text."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    sections = {section: dict(parser[section]) for section in parser.sections()}
    return tree(sections, name, kind="files", text=True)


register(Format("INI", (".ini",), read_ini, shows="keys"))


class Memory(Backend):
    """A secrets backend with a scheme of its own, `${memory:path#key}`."""

    scheme = "memory"

    def fetch(self, path: str, timeout: float) -> Fetched:
        return Fetched({"password": f"of {path}"}, version=1)


class Started(BaseModel):
    year: int


class Database(BaseModel):
    host: str
    port: int = 5432
    password: Secret[str]


class App(BaseModel):
    started: Started
    database: Database


options: dict[str, Any] = {"config_files": ["app.ini", "secrets.yaml"], "sources": [Clock()], "backends": [Memory()]}
settings = lazy(App, **options)

if __name__ == "__main__":
    print(settings.started.year >= 2026, settings.database.host, settings.database.port)
    print(settings.database.password.get())
