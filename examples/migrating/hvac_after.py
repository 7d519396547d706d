# hvac_after.py
from typing import Annotated

from pydantic import BaseModel

from toriconfig import Ref, Secret, lazy


class Keys(BaseModel):
    api_key: Annotated[Secret[str], Ref("secret/app#api_key")]


settings = lazy(Keys)


def api_key() -> str:
    return settings.api_key.get()
