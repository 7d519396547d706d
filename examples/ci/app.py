# app.py
from pydantic import BaseModel, Field

from toriconfig import Secret, SettingsConfigDict


class Pool(BaseModel):
    max_size: int = Field(default=10, ge=1, le=100)
    timeout: float = 30.0


class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", config_dir="config", env_prefix="APP_")
    region: str
    pool: Pool = Pool()
    api_key: Secret[str]
