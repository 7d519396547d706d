# settings_after.py
from pydantic import BaseModel

from toriconfig import Settings, SettingsConfigDict


class Pool(BaseModel):
    max_size: int = 10
    timeout: float = 30.0


class App(Settings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", config_name="app")
    region: str = "us-east-1"
    hosts: tuple[str, ...] = ()
    pool: Pool = Pool()
