# wrap.py
from pydantic import BaseModel

from toriconfig import load
from toriconfig.vault import client


class Administration(BaseModel):
    pass


vault = client(load(Administration))
print(vault.auth.token.create(policies=["app"], wrap_ttl="60s")["wrap_info"]["token"])
