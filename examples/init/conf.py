# conf.py
from pydantic import BaseModel, SecretStr, field_validator

from pydantic_settings import BaseSettings, SettingsConfigDict


class Pool(BaseModel):
    max_size: int = 10


class Config(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", env_nested_delimiter="__")

    region: str = "eu-west-1"
    pool: Pool = Pool()
    api_key: SecretStr

    @field_validator("region")
    @classmethod
    def lower(cls, value: str) -> str:
        return value.lower()
