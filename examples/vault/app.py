# app.py
from typing import Annotated

from pydantic import BaseModel

from toriconfig import Ref, Secret, lazy


class Account(BaseModel):
    username: str
    password: Secret[str]


class App(BaseModel):
    api_key: Secret[str]
    account: Annotated[Secret[Account], Ref("secret/database")]
    mail_key: Secret[str] | None = None


settings = lazy(App, config_name="app", env_prefix="APP_")
