"""Typed settings for Python pipelines: several layers, an origin for every value, and secrets that rotate."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toriconfig import integrations, rotation, testing
    from toriconfig._api import explain, health, lazy, load, on_change, override, reload, replace, snapshot
    from toriconfig._api.inspect import check, json_schema
    from toriconfig._api.secrets import aprefetch, arefresh, prefetch, refresh, shutdown
    from toriconfig._api.watch import watch
    from toriconfig._core.markers import Merge, Ref
    from toriconfig._core.origin import Origin
    from toriconfig._inspect.explain import Explanation
    from toriconfig._live.change import Change
    from toriconfig._live.health import Health
    from toriconfig._pydantic_settings import Settings
    from toriconfig._schema.options import SettingsConfigDict
    from toriconfig._secrets.secret import Secret
    from toriconfig.errors import (
        ConfigError,
        MissingCredentialError,
        Problem,
        SecretError,
        VaultDenied,
        VaultError,
        VaultNotFound,
        VaultSealed,
        VaultUnreachable,
    )
    from toriconfig.schema import ToriSettings
    from toriconfig.vault import Vault

    settings: ToriSettings

__version__ = "0.1.0"

_ROOMS = {
    "_api": "explain health lazy load on_change override reload replace snapshot",
    "_api.inspect": "check json_schema",
    "_api.secrets": "aprefetch arefresh prefetch refresh shutdown",
    "_api.watch": "watch",
    "_live.change": "Change",
    "_inspect.explain": "Explanation",
    "_live.health": "Health",
    "_schema.options": "SettingsConfigDict",
    "_core.origin": "Origin",
    "_core.markers": "Merge Ref",
    "_secrets.secret": "Secret",
    "_pydantic_settings": "Settings",
    "errors": "ConfigError MissingCredentialError Problem SecretError "
    "VaultDenied VaultError VaultNotFound VaultSealed VaultUnreachable",
    "schema": "ToriSettings",
    "vault": "Vault",
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names.split()}
_MODULES = ("integrations", "rotation", "testing")

# A literal list, because type checkers require one.
__all__ = [
    "Change",
    "ConfigError",
    "Explanation",
    "Health",
    "Merge",
    "MissingCredentialError",
    "Origin",
    "Problem",
    "Ref",
    "Secret",
    "SecretError",
    "Settings",
    "SettingsConfigDict",
    "ToriSettings",
    "Vault",
    "VaultDenied",
    "VaultError",
    "VaultNotFound",
    "VaultSealed",
    "VaultUnreachable",
    "aprefetch",
    "arefresh",
    "check",
    "explain",
    "health",
    "integrations",
    "json_schema",
    "lazy",
    "load",
    "on_change",
    "override",
    "prefetch",
    "refresh",
    "reload",
    "replace",
    "rotation",
    "settings",
    "shutdown",
    "snapshot",
    "testing",
    "watch",
]


def __getattr__(name: str) -> object:
    """Import a public name at its first use, so that `import toriconfig` stays fast."""
    if name == "settings":
        from toriconfig._lazy import Lazy

        value: object = Lazy("toriconfig.schema:ToriSettings", {})
    else:
        room = _HOME.get(name) or (name if name in _MODULES else None)
        if room is None:
            raise AttributeError(f"module 'toriconfig' has no attribute {name!r}")
        from toriconfig._core.collector import paused

        with paused():
            module = __import__(f"toriconfig.{room}", fromlist=["*"])
        value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
