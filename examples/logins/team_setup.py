# team_setup.py
from pydantic import BaseModel

from toriconfig import Vault, load
from toriconfig.vault import client


class Administration(BaseModel):
    pass


vault = client(load(Administration))
vault.write_data("sys/namespaces/team")
team = client(load(Administration, vault=Vault(namespace="team")))
team.sys.enable_secrets_engine("kv", "secret", options={"version": "1"})
team.write_data("secret/app", data={"api_key": "only-for-the-team"})
vault.sys.enable_auth_method("userpass")
vault.sys.create_or_update_policy("team", 'path "team/secret/app" { capabilities = ["read"] }')
vault.auth.userpass.create_or_update_user("bob", "only-for-development", policies=["team"])
