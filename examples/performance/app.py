# app.py
from pydantic import BaseModel

from toriconfig import Secret, lazy


class Pool(BaseModel):
    max_size: int = 5


class App(BaseModel):
    pool: Pool = Pool()
    api_key: Secret[str]


settings = lazy(App, config_name="app")
