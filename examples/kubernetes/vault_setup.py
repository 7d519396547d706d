# vault_setup.py
from pydantic import BaseModel

from toriconfig import load
from toriconfig.vault import client


class Administration(BaseModel):
    pass


vault = client(load(Administration))
vault.sys.enable_auth_method("kubernetes")
vault.sys.create_or_update_policy("app", 'path "secret/data/app" { capabilities = ["read"] }')
vault.auth.kubernetes.create_role(
    "app", bound_service_account_names=["app"], bound_service_account_namespaces=["default"], policies=["app"], ttl="1h"
)
print("role app is for", *vault.auth.kubernetes.read_role("app")["bound_service_account_names"])
