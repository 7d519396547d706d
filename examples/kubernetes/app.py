# app.py
from pydantic import BaseModel

from toriconfig import Secret, lazy


class App(BaseModel):
    log_level: str = "info"
    workers: int = 1
    smtp_password: Secret[str]
    api_key: Secret[str]


settings = lazy(
    App, config_dir="config", config_name="app", secrets_dir="secrets", env_prefix="APP_", env_nested_delimiter="__"
)

if __name__ == "__main__":
    print("log level:    ", settings.log_level)
    print("smtp password:", len(settings.smtp_password.get()), "characters")
    print("api key:      ", len(settings.api_key.get()), "characters")
