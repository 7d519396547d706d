# app.py
from pydantic import BaseModel

from toriconfig import Secret, lazy


class Pool(BaseModel):
    max_size: int = 10
    timeout: float = 30.0


class App(BaseModel):
    pool: Pool = Pool()
    token: Secret[str]


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")
