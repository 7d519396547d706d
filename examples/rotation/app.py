# app.py
from typing import Annotated

from pydantic import BaseModel

from toriconfig import Ref, Secret, lazy

DAY = 24 * 60 * 60


class App(BaseModel):
    api_key: Annotated[Secret[str], Ref("secret/app#api_key", max_age=30 * DAY)]
    session_key: Annotated[Secret[str], Ref("secret/app#session_key", max_age=90 * DAY)]
    license: Annotated[Secret[str], Ref("secret/license#text")]


settings = lazy(App, env_prefix="APP_", env_nested_delimiter="__")
