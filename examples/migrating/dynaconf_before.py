# dynaconf_before.py
from dynaconf import Dynaconf

settings = Dynaconf(
    settings_files=["dynaconf.toml"],
    environments=True,
    env_switcher="SERVICE_PROFILE",
    envvar_prefix="SERVICE",
    merge_enabled=True,
)
