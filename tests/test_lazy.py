"""The lazy object: loads once, on first use; later reads are plain attribute reads."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasPath, BaseModel, Field, SecretStr, field_validator

from toriconfig import ConfigError, Secret, SettingsConfigDict, lazy, snapshot
from toriconfig._lazy import Lazy
from toriconfig.vault import JWT, AppRole, Token, UserPass, Vault

COUNT = 0


class Inner(BaseModel):
    size: int = 3


class Schema(BaseModel):
    model_config = SettingsConfigDict(frozen=True, env_prefix="LAZYTEST_")

    name: str = "default"
    inner: Inner = Field(default_factory=Inner)
    words: list[str] = ["a"]

    @field_validator("name")
    @classmethod
    def count(cls, value: str) -> str:
        global COUNT
        COUNT += 1
        return value

    @property
    def shout(self) -> str:
        return self.name.upper()


def test_creation_repr_and_private_names_load_nothing() -> None:
    settings = lazy(Schema, environ={})
    assert repr(settings) == "<lazy Schema, not loaded>"
    assert not hasattr(settings, "_private")
    assert not hasattr(settings, "__pydantic_fields__")
    assert settings._state.loaded is None  # type: ignore[attr-defined]


def test_dir_names_the_fields_without_loading() -> None:
    settings = lazy("tests.test_lazy:Schema", environ={})
    assert {"name", "inner", "words", "shout"} <= set(dir(settings))
    assert settings._state.loaded is None


def test_32_threads_load_once() -> None:
    global COUNT
    COUNT = 0
    settings = lazy(Schema, environ={"LAZYTEST_NAME": "x"})
    barrier = threading.Barrier(32)
    seen: list[str] = []

    def read() -> None:
        barrier.wait()
        seen.append(settings.name)

    threads = [threading.Thread(target=read) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["x"] * 32
    assert COUNT == 1


def test_once_loaded_a_field_is_in_the_objects_own_dict() -> None:
    settings = lazy(Schema, environ={})
    assert settings.name == "default"
    assert settings.__dict__["inner"] is snapshot(settings).inner


def test_properties_and_methods_of_the_model_are_reached() -> None:
    settings = lazy(Schema, environ={})
    assert settings.shout == "DEFAULT"
    assert settings.model_dump()["inner"] == {"size": 3}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nmae"):
        lazy(Schema, environ={}).nmae  # type: ignore[attr-defined]  # noqa: B018


def test_a_failed_load_is_repeated_at_the_next_read() -> None:
    environ = {"LAZYTEST_INNER": "{"}
    settings = lazy(Schema, environ=environ)
    for _ in range(2):
        with pytest.raises(ConfigError):
            settings.name  # noqa: B018
    environ.clear()
    assert settings.name == "default"


def test_assignment_and_deletion_are_refused_with_the_remedy() -> None:
    settings = lazy(Schema, environ={})
    with pytest.raises(TypeError, match="override"):
        settings.name = "new"
    with pytest.raises(TypeError):
        del settings.name


def test_a_lazy_object_does_not_fake_its_class() -> None:
    settings: Any = lazy(Schema, environ={})
    assert type(settings) is Lazy
    assert settings.__class__ is Lazy
    pinned: Any = snapshot(settings)
    assert type(pinned) is Schema


def test_the_string_form_defers_the_import_of_the_schema() -> None:
    settings = lazy("no.such.module:Class")
    assert "Class" in repr(settings)
    with pytest.raises(ImportError):
        settings.name  # noqa: B018


@pytest.mark.parametrize("target", ["tests.test_lazy", "tests.test_lazy:COUNT", "tests.test_lazy:Missing", ":Schema"])
def test_a_target_that_is_no_model_is_named(target: str) -> None:
    with pytest.raises(TypeError, match="Class|model|settings class|has no"):
        lazy(target).name  # noqa: B018


class Curious(BaseModel):
    name: str = "x"

    @field_validator("name", mode="before")
    @classmethod
    def look(cls, value: Any) -> Any:
        return CURIOUS.name


CURIOUS: Any = lazy(Curious, overrides={"name": "y"})


def test_reading_settings_while_they_load_is_an_error_and_no_deadlock() -> None:
    with pytest.raises(ConfigError, match="RuntimeError"):
        CURIOUS.name  # noqa: B018


def test_a_lazy_object_pickles_as_its_recipe() -> None:
    settings = lazy("tests.test_lazy:Schema", overrides={"name": "pickled"})
    again = pickle.loads(pickle.dumps(settings))
    assert again._state.loaded is None
    assert again.name == "pickled"


class Sealed(BaseModel):
    token: Secret[str]


@pytest.mark.parametrize(
    "value",
    [
        Secret("c4n4ry-in-a-recipe"),
        "c4n4ry-in-a-recipe",
        "${env:A}c4n4ry-in-a-recipe${env:B}",
        "${env:A:-c4n4ry-in-a-recipe}",
        "${c4n4ry",
    ],
)
def test_a_recipe_whose_overrides_hold_a_secret_does_not_pickle(value: object) -> None:
    with pytest.raises(TypeError, match="token.*environment") as caught:
        pickle.dumps(lazy(Sealed, overrides={"token": value}))
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("name", ["foreign", "login"])
def test_a_recipe_with_a_pydantic_secret_or_one_below_a_path_does_not_pickle(name: str) -> None:
    class Others(BaseModel):
        foreign: SecretStr = SecretStr("")
        inside: Secret[str] | None = Field(None, validation_alias=AliasPath("login", "token"))

    given = {"foreign": "c4n4ry", "login": {"token": "c4n4ry"}}
    with pytest.raises(TypeError, match=f"hold the secret `{name}"):
        pickle.dumps(lazy(Others, overrides={name: given[name]}))


@pytest.mark.parametrize(
    ("schema", "environ"),
    [
        (Sealed, {"SEALED_TOKEN": "c4n4ry"}),
        (Schema, {"VAULT_TOKEN": "c4n4ry"}),
        (Schema, {"BAO_TOKEN": "c4n4ry"}),
        (Schema, {"VAULT_PROXY_ADDR": "http://user:c4n4ry@proxy"}),
        (Schema, {"SCHEMA_VAULT__AUTH__SECRET_ID": "c4n4ry"}),
        (Schema, {"schema_vault__proxy": "http://user:c4n4ry@proxy"}),
        (Schema, {"SCHEMA_VAULT": '{"auth": {"method": "token", "token": "c4n4ry"}}'}),
        (Schema, {"SCHEMA_VAULT_AUTH_TOKEN": "c4n4ry"}),
        (Schema, {"SCHEMA_VAULT__ADDRESS": "https://user:c4n4ry@vault"}),
    ],
)
def test_a_recipe_whose_environment_may_hold_a_secret_does_not_pickle(
    schema: type[BaseModel], environ: dict[str, str]
) -> None:
    with pytest.raises(TypeError, match="omit `environ`") as caught:
        pickle.dumps(lazy(schema, environ=environ))
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "environ"), [(Schema, {"SCHEMA_NAME": "plain"}), (Schema, {"SCHEMA_VAULT__TIMEOUT": "3"}), (Sealed, {})]
)
def test_a_recipe_whose_environment_can_hold_none_pickles(schema: type[BaseModel], environ: dict[str, str]) -> None:
    assert pickle.loads(pickle.dumps(lazy(schema, environ=environ)))._state.options["environ"] == environ


@pytest.mark.parametrize(
    "vault",
    [
        Vault(auth=Token("c4n4ry")),
        Vault(auth=AppRole("role", "c4n4ry")),
        Vault(auth=UserPass("user", "c4n4ry")),
        Vault(auth=JWT(jwt="c4n4ry")),
        Vault(proxy="http://user:c4n4ry@proxy:3128"),
    ],
)
def test_a_recipe_whose_vault_connection_holds_a_credential_does_not_pickle(vault: Vault) -> None:
    with pytest.raises(TypeError, match="give it by a file") as caught:
        pickle.dumps(lazy(Schema, vault=vault))
    assert "c4n4ry" not in str(caught.value)


def test_a_recipe_whose_vault_connection_holds_no_credential_pickles() -> None:
    vault = Vault("http://vault:8200", auth=AppRole("role", secret_id_file="/run/id"), proxy="http://proxy:3128")
    assert vault == pickle.loads(pickle.dumps(lazy(Schema, vault=vault)))._state.options["vault"]


def test_a_recipe_whose_overrides_refer_to_a_secret_pickles() -> None:
    settings = lazy(Sealed, overrides={"token": "${vault:secret/x#k}"}, offline=True)
    assert pickle.loads(pickle.dumps(settings)).token.reference == "secret/x#k"


def test_a_deep_copy_is_an_isolated_model() -> None:
    settings = lazy(Schema, environ={})
    copied: Any = copy.deepcopy(settings)
    assert type(copied) is Schema
    assert copied == snapshot(settings)
    assert copied.inner is not settings.inner


def test_a_child_forked_while_another_thread_loads_can_load(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    code = """
import os, threading, time
from pydantic import BaseModel, field_validator
from toriconfig import lazy
inside = threading.Event()
class S(BaseModel):
    name: str = "x"
    other: int = 1
    @field_validator("other", mode="before")
    @classmethod
    def slow(cls, value):
        if not inside.is_set():
            inside.set()
            time.sleep(1.0)
        return value
ready = lazy(S, overrides={"name": "first"})
settings = lazy(S, overrides={"other": 2})
ready.name
thread = threading.Thread(target=lambda: settings.name)
thread.start()
inside.wait()
pid = os.fork()
if pid == 0:
    os._exit(0 if settings.name == "x" else 1)
_, status = os.waitpid(pid, 0)
thread.join()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environ, timeout=30, cwd=tmp_path, check=False
    )
    assert done.returncode == 0
