# own.py
from typing import Any

from pydantic import BaseModel

from toriconfig import Secret, Vault, lazy
from toriconfig.vault import Login


class App(BaseModel):
    api_key: Secret[str]


def log_in(vault: Any) -> None:
    with open("password.txt", encoding="utf-8") as file:
        vault.auth.userpass.login("ann", file.read().strip())


settings = lazy(App, config_name="app", vault=Vault(auth=Login(log_in)))

if __name__ == "__main__":
    print("key:", settings.api_key, "with", len(settings.api_key.get()), "characters")
