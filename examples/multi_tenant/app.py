# app.py
from contextvars import ContextVar

from pydantic import BaseModel

from toriconfig import lazy


class Limits(BaseModel):
    requests: int = 100
    storage_gb: int = 10


class Tenant(BaseModel):
    limits: Limits = Limits()
    theme: str = "plain"


class App(BaseModel):
    region: str = "eu"
    default: Tenant = Tenant()
    tenants: dict[str, Tenant] = {}


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__")
tenant_name: ContextVar[str] = ContextVar("tenant_name")


def tenant() -> Tenant:
    """The settings of the tenant of the current task; a tenant without settings of its own has the default."""
    return settings.tenants.get(tenant_name.get(""), settings.default)
