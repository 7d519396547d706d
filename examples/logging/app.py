# app.py
from pydantic import BaseModel

from toriconfig import Secret, lazy


class App(BaseModel):
    api_key: Secret[str]


settings = lazy(App, config_name="app")
