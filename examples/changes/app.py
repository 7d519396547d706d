# app.py
from pydantic import BaseModel, ConfigDict

from toriconfig import Secret, lazy


class Pool(BaseModel):
    model_config = ConfigDict(frozen=True)
    max_size: int = 10


class App(BaseModel):
    model_config = ConfigDict(frozen=True)
    greeting: str = "hello"
    pool: Pool = Pool()
    api_key: Secret[str]


settings = lazy(App, config_name="app", env_prefix="APP_")
