# hvac_before.py
import os

import hvac


def api_key() -> str:
    client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
    answer = client.secrets.kv.v2.read_secret_version("app", mount_point="secret", raise_on_deleted_version=True)
    key: str = answer["data"]["data"]["api_key"]
    return key
