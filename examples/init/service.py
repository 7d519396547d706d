# service.py
from dynaconf import Dynaconf

config = Dynaconf(
    settings_files=["settings.toml", ".secrets.toml"],
    environments=True,
    env_switcher="SERVICE_PROFILE",
    envvar_prefix="SERVICE",
    merge_enabled=True,
)
