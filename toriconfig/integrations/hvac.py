"""An `hvac.Client` that shares login, failover, deadline and TLS with the Vault connection of loaded settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toriconfig._api import loaded_settings
from toriconfig._core.clean_call import clean_call
from toriconfig._core.problem import Code
from toriconfig.errors import ConfigError, MissingCredentialError

if TYPE_CHECKING:
    import hvac

    from toriconfig._load.snapshot import Snapshot
    from toriconfig._vault.session import Session


@clean_call
def client(settings: Any) -> hvac.Client:
    """Return an `hvac.Client` that uses the Vault connection of `settings`.

    The client uses the addresses, the TLS settings, the namespace and the token of the settings. The token is renewed
    and replaced automatically. Each request takes at most the `timeout` of the `Vault`. Errors are instances of
    `toriconfig.errors.VaultError` and of an error class of hvac. `client.token = "..."` uses another token until it is
    set to None. No request is sent before the first call of a method.

    Args:
        settings: a lazy object or a model. Later reloads of the settings do not change the client.

    Raises:
        ConfigError: the Vault options of the settings are invalid.
        MissingCredentialError: the settings name no address of Vault, have no layer `vault`, or were loaded with
            `offline=True`.
        TypeError: `settings` is neither a lazy object nor a model.

    >>> from toriconfig import load
    >>> from pydantic import BaseModel
    >>> class App(BaseModel):
    ...     port: int = 8080
    >>> client(load(App, environ={"VAULT_ADDR": "https://vault:8200"})).url
    'https://vault:8200'
    """
    from toriconfig._vault.adapter import hvac_client

    # the client refers to its session, which drops the token in a forked child, and revokes it at shutdown
    return hvac_client(_session(loaded_settings(settings).snapshot).client)


def _session(snapshot: Snapshot) -> Session:
    """Return the Vault session of the settings. If there is none, create a session.

    Raise ConfigError or MissingCredentialError, as the function `client` does, if no session can be created.
    """
    if snapshot.session is not None:
        known: Session = snapshot.session
        return known
    if snapshot.recipe.offline:
        raise MissingCredentialError(
            "the settings were loaded offline, so they have no connection to Vault", help="load them without `offline`"
        )
    if "vault" not in snapshot.options.layers:
        raise MissingCredentialError("the settings have no layer `vault`", help="add it to the option `layers`")
    from toriconfig._load.attempt import try_load

    attempt = try_load(snapshot.recipe.replaced(connected=True))
    if attempt.session is not None:
        made: Session = attempt.session
        return made
    wrong = [one for one in attempt.problems if one.code == Code.INVALID_OPTION and one.severity == "error"]
    if wrong:
        raise ConfigError(wrong, schema=snapshot.recipe.schema.__name__)
    raise MissingCredentialError("Vault is not configured", help="set VAULT_ADDR, or give `vault=Vault(address=...)`")
