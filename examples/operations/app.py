# app.py
from typing import Annotated

from pydantic import BaseModel

from toriconfig import Ref, Secret, lazy


class App(BaseModel):
    api_key: Annotated[Secret[str], Ref("secret/app#api_key", max_age=90 * 24 * 60 * 60)]


settings = lazy(App)
