# app.py
from pydantic import BaseModel

from toriconfig import Secret, Vault, lazy
from toriconfig.vault import HvacLogin


class App(BaseModel):
    api_key: Secret[str]


login = HvacLogin("userpass", username="ann", password_file="password.txt")
settings = lazy(App, config_name="app", vault=Vault(auth=login))

if __name__ == "__main__":
    print("key:", settings.api_key, "with", len(settings.api_key.get()), "characters")
