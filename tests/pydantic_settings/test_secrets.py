"""`Secret` fields in a `Settings` class: text stays text, handles stand in for values, and no error shows one."""

# ruff: noqa: RUF012 - defaults of a model are copied

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, PydanticUserError, ValidationError
from pydantic_settings.exceptions import IncompleteFieldDefinitionWarning

from pydantic_settings import (
    CliSettingsSource,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)
from toriconfig import (
    ConfigError,
    MissingCredentialError,
    Secret,
    Settings,
    SettingsConfigDict,
    explain,
    health,
    load,
    replace,
)
from toriconfig.testing import reset_warnings, vault_server

CANARY = "canary-7f3a"


class Login(BaseModel):
    user: str
    password: str
    port: int = 0


class Database(BaseModel):
    host: str = "localhost"
    password: Secret[str] | None = None
    key: Secret[bytes] | None = None


class App(Settings):
    model_config = SettingsConfigDict(env_nested_delimiter="__")

    token: Secret[str]
    pin: Secret[int] | None = None
    database: Database = Database()
    login: Secret[Login] | None = None
    by_name: dict[str, Secret[str]] = {}
    several: list[Secret[str]] = []
    port: int = 1


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    reset_warnings()


@pytest.mark.parametrize("text", ["abc", "123", "1e5", "true", "null", '{"a": 1}', '"quoted"', "[1", "", " padded "])
def test_text_stays_text_at_every_depth(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"TOKEN": text, "DATABASE__PASSWORD": text, "BY_NAME__ONE": text}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for made in (App(), load(App, environ=environ)):  # type: ignore[call-arg]
        assert made.token.get() == text
        assert made.database.password is not None
        assert made.database.password.get() == text
        assert made.by_name["one"].get() == text


def test_text_in_a_dotenv_file_and_on_the_command_line_stays_text() -> None:
    Path(".env").write_text("TOKEN=1e5\n")
    assert App(_env_file=".env").token.get() == "1e5"  # type: ignore[call-arg]
    made = App(_cli_parse_args=["--token", "007", "--database.password", "true"])  # type: ignore[call-arg]
    assert made.database.password is not None
    assert (made.token.get(), made.database.password.get()) == ("007", "true")


def test_text_from_sources_that_users_make_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(PydanticBaseSettingsSource):
        """Reads the source that it was given, as many sources do."""

        def __init__(self, inner: PydanticBaseSettingsSource) -> None:
            super().__init__(inner.settings_cls)
            self.inner = inner

        def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
            return None, field_name, False

        def __call__(self) -> dict[str, Any]:
            return self.inner()

    class Other(EnvSettingsSource):
        pass

    class Custom(App):
        @classmethod
        def settings_customise_sources(cls, *classes: Any, **made: Any) -> tuple[PydanticBaseSettingsSource, ...]:
            return Mine(made["env_settings"]), Other(classes[0], env_prefix="OTHER_")

    monkeypatch.setenv("OTHER_DATABASE__PASSWORD", "456")
    made = load(Custom, environ={"TOKEN": "123"})
    assert made.database.password is not None
    assert (made.token.get(), made.database.password.get()) == ("123", "456")
    assert str(explain(made, "token").origin) == "Mine"
    own = CliSettingsSource[Any](App, cli_parse_args=["--token", "008"])
    assert App(_cli_settings_source=own).token.get() == "008"  # type: ignore[call-arg]


def test_the_type_of_a_secret_decides_how_text_is_parsed() -> None:
    made = load(
        App, environ={"TOKEN": "t", "PIN": "0042", "LOGIN": '{"user": "u", "password": "1"}', "LOGIN__PORT": "5"}
    )
    assert made.pin is not None
    assert made.login is not None
    assert made.pin.get() == 42
    assert made.login.get() == Login(user="u", password="1", port=5)


def test_secrets_in_lists_are_handles_and_named_by_their_variable() -> None:
    made = load(App, environ={"TOKEN": "t", "SEVERAL": '["a", "b"]'})
    assert [secret.get() for secret in made.several] == ["a", "b"]
    assert explain(made, "several[1]").value == "**********"


def test_origins_of_secrets_are_reported_and_values_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE__PASSWORD", CANARY)
    made = App(token=Secret("code"))
    explanation = explain(made, "database.password")
    assert (str(explanation.origin), explanation.value) == ("DATABASE__PASSWORD", "**********")
    assert str(explain(made, "token").origin) != ""
    assert health(made).secrets["database.password"].state == "fresh"
    assert CANARY not in f"{made!r} {made} {made.model_dump_json()} {explanation} {health(made)}"


def test_a_replaced_instance_keeps_its_secrets() -> None:
    made = App(token=Secret("code"))
    assert replace(made, port=2).token.get() == "code"


def test_a_missing_secret_warns_and_raises_when_it_is_used(caplog: pytest.LogCaptureFixture) -> None:
    made = App()  # type: ignore[call-arg]
    assert "`token`" in caplog.text
    with pytest.raises(MissingCredentialError, match="token"):
        made.token.get()


def test_files_of_secrets_nest_hold_bytes_and_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("secrets")
    folder.mkdir()
    Path(folder, "token").write_text("first\n")
    Path(folder, "port").write_text("7")
    Path(folder, "database__key").write_bytes(b"\xff\x00")
    Path(folder, "unrelated").write_bytes(b"\xff")
    monkeypatch.setattr("toriconfig._secrets.file.CHECK_SECONDS", 0.0)
    made = App(_secrets_dir=folder)  # type: ignore[call-arg]
    assert made.database.key is not None
    assert (made.token.get(), made.port, made.database.key.get()) == ("first", 7, b"\xff\x00")
    assert str(explain(made, "token").origin) == "secrets/token"
    assert str(explain(made, "port").origin) == "secrets/port"
    Path(folder, "token").write_text("the second\n")
    assert made.token.get() == "the second"


def test_files_of_secrets_fill_mappings_and_are_found_by_their_old_name() -> None:
    class Tenants(Settings):
        model_config = SettingsConfigDict(
            env_prefix="APP_", env_nested_delimiter="__", secrets_dir="secrets", renamed={"key": "token"}
        )
        tenants: dict[str, Database] = {}
        tokens: dict[str, Secret[str]] = {}
        token: Secret[str]

    Path("secrets").mkdir()
    for name in ("app_tenants__one__password", "app_tokens__two", "app_key"):
        Path("secrets", name).write_text(name)
    for made in (Tenants(), load(Tenants)):  # type: ignore[call-arg]
        password = made.tenants["one"].password
        assert password is not None
        found = [password.get(), made.tokens["two"].get(), made.token.get()]
        assert ["app_tenants__one__password", "app_tokens__two", "app_key"] == found


def test_the_nested_secrets_source_of_pydantic_settings_plugs_in() -> None:
    Path("nested/database").mkdir(parents=True)
    Path("nested/token").write_text("123")
    Path("nested/database/password").write_text("456")

    class Nested(App):
        model_config = SettingsConfigDict(secrets_dir="nested", secrets_nested_subdir=True)

        @classmethod
        def settings_customise_sources(cls, *classes: Any, **made: Any) -> tuple[PydanticBaseSettingsSource, ...]:
            return (NestedSecretsSettingsSource(made["file_secret_settings"]),)

    made = Nested()  # type: ignore[call-arg]
    assert made.database.password is not None
    assert (made.token.get(), made.database.password.get()) == ("123", "456")


BAD: dict[str, Callable[[pytest.MonkeyPatch], object]] = {
    "a plain field beside a secret": lambda env: env.setenv("PORT", "x"),
    "JSON that breaks off": lambda env: env.setenv("DATABASE", f'{{"password": "{CANARY}'),
    "a list in place of a model": lambda env: env.setenv("DATABASE", f'["{CANARY}"]'),
    "text in place of a list": lambda env: env.setenv("SEVERAL", f'"{CANARY}"'),
    "a misspelt key in a model": lambda env: env.setenv("DATABASE", f'{{"pasword": "{CANARY}"}}'),
    "a secret that is no number": lambda env: env.setenv("PIN", CANARY),
    "a model that lacks a key": lambda env: env.setenv("LOGIN", f'{{"password": "{CANARY}"}}'),
    "a misspelt key in a file": lambda env: Path("app.yaml").write_text(f"tokne: {CANARY}\n"),
    "a file that breaks off": lambda env: Path("app.yaml").write_text(f"database: {{password: {CANARY}\n"),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("by", ["the constructor", "load"])
def test_no_error_holds_a_secret(what: str, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Filed(App):
        model_config = SettingsConfigDict(config_name="app")

    monkeypatch.setenv("TOKEN", CANARY)
    monkeypatch.setenv("DATABASE__PASSWORD", CANARY)
    BAD[what](monkeypatch)
    kinds = (ValidationError, SettingsError) if by == "the constructor" else (ConfigError,)
    with pytest.raises(kinds) as caught:
        Filed() if by == "the constructor" else load(Filed)  # type: ignore[call-arg]
    error = caught.value
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert CANARY not in "".join(told.format())
    assert error.__cause__ is None
    assert error.__context__ is None
    if isinstance(error, ValidationError):
        assert CANARY not in str(error.errors()) + error.json()


def test_an_argument_of_the_constructor_is_not_in_the_frames_of_its_error() -> None:
    given = {"token": CANARY, "port": "x"}
    try:
        App(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        frames = list(traceback.walk_tb(error.__traceback__))[1:]
        assert frames
        assert CANARY not in "".join(str(frame.f_locals) for frame, _ in frames)
    else:
        pytest.fail("accepted")


def test_secrets_are_read_from_vault_if_vault_path_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Vaulted(App):
        model_config = SettingsConfigDict(vault_path="secret/app")

    with vault_server({"secret/app": {"token": "first", "database.password": "deep"}}) as vault:
        for name, value in vault.environ.items():
            monkeypatch.setenv(name, value)
        for made in (Vaulted(), load(Vaulted, environ={**vault.environ, "TOKEN": "lower"})):  # type: ignore[call-arg]
            assert explain(made, "token").state == "unread"
            assert made.database.password is not None
            assert (made.token.get(), made.database.password.get()) == ("first", "deep")
            assert str(explain(made, "token").origin) == "vault secret/app#token v1"
        assert str(explain(made, "token").losers[0].origin) == "TOKEN"


def test_secrets_in_a_class_that_is_completed_later_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Early(Settings):
        late: Late

    make: Any = Early
    with (
        pytest.warns(IncompleteFieldDefinitionWarning, match="late"),
        pytest.raises(PydanticUserError, match="not fully defined"),
    ):
        make()

    class Late(BaseModel):
        token: Secret[str]

    Early.model_rebuild(_types_namespace={"Late": Late})
    monkeypatch.setenv("LATE", f'{{"token": "{CANARY}"}}')
    made = make()
    assert str(explain(made, "late.token").origin) == "LATE"
    assert made.late.token.get() == CANARY


class Sub(Settings):
    model_config = SettingsConfigDict(env_prefix="SUB_")

    token: Secret[str]
    spare: Secret[str] = Secret("built in")
    maybe: Secret[str] | None = None
    port: int = 1


class Factory(Settings):
    sub: Sub = Field(default_factory=Sub)  # type: ignore[arg-type]


class Required(Settings):
    sub: Sub


class Plain(BaseModel):
    sub: Sub = Field(default_factory=Sub)  # type: ignore[arg-type]


@pytest.fixture(name="sub_environ")
def _sub_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "SPARE", "MAYBE"):
        monkeypatch.setenv(f"SUB_{name}", name)


@pytest.mark.usefixtures("sub_environ")
@pytest.mark.parametrize("make", [Factory, partial(load, Factory), partial(load, Required), partial(load, Plain)])
def test_a_settings_class_below_another_finds_its_secrets_itself(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    sub = make().sub
    assert [sub.token.get(), sub.spare.get(), sub.maybe.get()] == ["TOKEN", "SPARE", "MAYBE"]
    assert caplog.messages == []


@pytest.mark.usefixtures("sub_environ")
@pytest.mark.parametrize("outer", [Factory, Required, Plain])
def test_a_nested_settings_class_finds_its_secrets_when_a_layer_sets_another_part(outer: Any) -> None:
    sub = load(outer, overrides={"sub": {"port": 4}}).sub
    assert [sub.token.get(), sub.spare.get(), sub.maybe.get(), sub.port] == ["TOKEN", "SPARE", "MAYBE", 4]


def test_a_settings_class_below_another_takes_its_secrets_from_the_path_of_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Vaulted(Required):
        model_config = SettingsConfigDict(vault_path="secret/app")

    with vault_server({"secret/app": {"sub.token": "from vault"}}) as vault:
        monkeypatch.setenv("SUB_TOKEN", "lower")
        assert load(Vaulted, environ=vault.environ).sub.token.get() == "from vault"


def test_a_missing_key_of_a_nested_settings_class_is_reported_at_its_position() -> None:
    class Port(Settings):
        token: Secret[str]
        port: int

    class Outer(BaseModel):
        sub: Port = Field(default_factory=Port)  # type: ignore[arg-type]

    with pytest.raises(ConfigError) as caught:
        load(Outer, environ={})
    assert [problem.path for problem in caught.value.problems if problem.code == "TC103"] == ["sub.port"]
