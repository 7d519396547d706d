# model_after.py
from pydantic import BaseModel

from toriconfig import lazy


class Pool(BaseModel):
    max_size: int = 10
    timeout: float = 30.0


class App(BaseModel):
    region: str = "us-east-1"
    hosts: tuple[str, ...] = ()
    pool: Pool = Pool()


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")
