# team.py
from pydantic import BaseModel

from toriconfig import Secret, Vault, lazy
from toriconfig.vault import UserPass


class App(BaseModel):
    api_key: Secret[str]


login = UserPass("bob", password_file="password.txt")
settings = lazy(App, config_name="app", vault=Vault(auth=login, namespace="team", login_namespace="/"))

if __name__ == "__main__":
    print("key:", settings.api_key, "with", len(settings.api_key.get()), "characters")
