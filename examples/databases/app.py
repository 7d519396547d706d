# app.py
from pydantic import BaseModel

from toriconfig import Secret, Vault, lazy


class Account(BaseModel):
    username: str
    password: str


class Database(BaseModel):
    host: str
    port: int = 5432
    name: str
    account: Secret[Account]


class App(BaseModel):
    database: Database


settings = lazy(App, config_name="app", env_prefix="APP_", env_nested_delimiter="__", vault=Vault(overlap=1.0))
