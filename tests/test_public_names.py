"""The public names: complete, importable in any order, and none hidden by a module of the same name."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import toriconfig

PROMISED = [
    "settings",
    "ToriSettings",
    "Settings",
    "SettingsConfigDict",
    "Secret",
    "Ref",
    "Merge",
    "Vault",
    "lazy",
    "load",
    "reload",
    "snapshot",
    "replace",
    "override",
    "explain",
    "on_change",
    "health",
    "check",
    "json_schema",
    "prefetch",
    "aprefetch",
    "refresh",
    "arefresh",
    "shutdown",
    "watch",
    "ConfigError",
    "Problem",
    "Origin",
    "Change",
    "Health",
    "Explanation",
    "MissingCredentialError",
    "SecretError",
    "VaultError",
    "VaultDenied",
    "VaultNotFound",
    "VaultSealed",
    "VaultUnreachable",
    "testing",
    "rotation",
    "integrations",
]

ROOMS = {
    "toriconfig": PROMISED,
    "toriconfig.vault": [
        "Token",
        "AppRole",
        "Kubernetes",
        "JWT",
        "UserPass",
        "TLSCertificate",
        "Agent",
        "HvacLogin",
        "Login",
        "Vault",
        "client",
    ],
    "toriconfig.backends": ["Backend", "Fetched"],
    "toriconfig.sources": ["Format", "Source", "Tree", "register", "tree"],
    "toriconfig.pipeline": ["run_sync", "shutdown_executors", "ProgressTracker", "track", "get_logger"],
}


@pytest.mark.parametrize("room", ROOMS)
def test_promised_names_are_in_all_and_can_be_imported(room: str) -> None:
    module = importlib.import_module(room)
    assert set(ROOMS[room]) <= set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_all_is_exactly_the_promise() -> None:
    assert sorted(toriconfig.__all__) == sorted(PROMISED)
    assert dir(toriconfig) == sorted(PROMISED)


def test_no_public_module_carries_the_name_of_a_public_object() -> None:
    objects = set(PROMISED) - {"testing", "rotation", "integrations"}
    assert {module.name for module in pkgutil.iter_modules(toriconfig.__path__)}.isdisjoint(objects)


@pytest.mark.parametrize("order", [("Settings", "settings"), ("settings", "Settings")])
def test_settings_and_the_class_are_imported_in_either_order(order: tuple[str, str]) -> None:
    code = (
        f"from toriconfig import {order[0]}; from toriconfig import {order[1]}; import toriconfig\n"
        "from pydantic_settings import BaseSettings\n"
        "assert issubclass(Settings, BaseSettings) and repr(settings).startswith('<lazy ToriSettings')\n"
        "assert toriconfig.settings is settings and toriconfig.Settings is Settings"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        toriconfig.nothing_of_the_kind  # noqa: B018
