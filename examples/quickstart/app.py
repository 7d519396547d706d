# app.py
from pydantic import BaseModel

from toriconfig import Secret, lazy


class Pool(BaseModel):
    max_size: int = 5
    timeout: float = 30.0


class App(BaseModel):
    pool: Pool = Pool()
    api_key: Secret[str] | None = None


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")

if __name__ == "__main__":
    print("pool:", settings.pool.max_size)
    if settings.api_key is not None:
        print("key: ", settings.api_key, "with", len(settings.api_key.get()), "characters")
