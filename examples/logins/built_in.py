# built_in.py
from pydantic import BaseModel

from toriconfig import Secret, lazy
from toriconfig.vault import client


class App(BaseModel):
    api_key: Secret[str]


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")

if __name__ == "__main__":
    print("key:     ", settings.api_key, "with", len(settings.api_key.get()), "characters")
    print("policies:", *client(settings).lookup_token()["data"]["policies"])
