# dynaconf_after.py
from pydantic import BaseModel

from toriconfig import lazy


class Pool(BaseModel):
    max_size: int
    timeout: float


class Service(BaseModel):
    region: str
    pool: Pool


settings = lazy(Service, config_name="service", env_prefix="SERVICE_", env_nested_delimiter="__")
