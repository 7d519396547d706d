# app.py
from pydantic import BaseModel

from toriconfig import SettingsConfigDict


class Pool(BaseModel):
    max_size: int = 10


class Database(BaseModel):
    host: str = "localhost"
    pool: Pool = Pool()


class App(BaseModel):
    model_config = SettingsConfigDict(
        config_name="app",
        env_prefix="APP_",
        env_nested_delimiter="__",
        renamed={"pool_size": "database.pool.max_size"},
    )
    database: Database = Database()
