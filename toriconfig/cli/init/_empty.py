"""The draft of a new project: one section, one constrained number, one secret."""

from __future__ import annotations

from toriconfig.cli.init._draft import Draft, Names

_MODULE = '''"""Settings of the program. Other modules import `settings`."""

from typing import Literal

from pydantic import BaseModel, Field
from toriconfig import Secret, SettingsConfigDict, lazy


class Database(BaseModel):
    """Connection to the database."""

    host: str = Field(default="localhost", description="Host of the database.")
    port: int = Field(default=5432, ge=1, le=65535, description="Port of the database.")


class {cls}(BaseModel):
    """All settings of the program."""

    model_config = SettingsConfigDict(
        config_name="{name}",
        env_prefix="{prefix}",
        env_nested_delimiter="__",
        env_file=".env",
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    database: Database = Database()
    api_key: Secret[str] | None = Field(default=None, description="Key of a service.")


settings = lazy({cls})
'''

_SETTINGS = """\
log_level: info
database:
  host: localhost
  port: 5432
# A secret is a reference, never a value. Without Vault, the variable {prefix}API_KEY is used.
# api_key: ${{vault:secret/{name}#api_key}}
"""


def draft_of_nothing(names: Names) -> Draft:
    """Return the draft of a new project, with example settings."""
    module = _MODULE.format(cls=names.cls, name=names.name, prefix=names.prefix)
    return Draft(module, names.cls, {f"{names.name}.yaml": _SETTINGS.format(name=names.name, prefix=names.prefix)})
