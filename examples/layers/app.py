# app.py
from typing import Annotated

from pydantic import BaseModel

from toriconfig import Merge, Secret, SettingsConfigDict, lazy


class Database(BaseModel):
    host: str = "localhost"
    port: int = 5432
    url: str = "http://localhost"


class App(BaseModel):
    model_config = SettingsConfigDict(
        config_name="app",
        env_prefix="APP_",
        env_nested_delimiter="__",
        env_file=".env",
        frozen=True,
    )
    database: Database = Database()
    hosts: list[str] = []
    features: Annotated[list[str], Merge("append")] = []
    dsn: Secret[str] | None = None


settings = lazy(App)
