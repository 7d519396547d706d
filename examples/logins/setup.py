# setup.py
from pydantic import BaseModel

from toriconfig import load
from toriconfig.vault import client


class Administration(BaseModel):
    pass


vault = client(load(Administration))
vault.sys.enable_auth_method("userpass")
vault.sys.create_or_update_policy("app", 'path "secret/data/app" { capabilities = ["read"] }')
vault.auth.userpass.create_or_update_user("ann", "only-for-development", policies=["app"])
