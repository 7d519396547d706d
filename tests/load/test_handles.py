"""Handles: the source of each secret, decided at load without the network, and the values that its readers get."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from support.loading import FakeProvider, FakeVault, attempt, loaded, problems, told
from toriconfig import MissingCredentialError, Ref, Secret, explain, load, replace
from toriconfig._core.mask import MASK
from toriconfig.errors import VaultDenied, VaultNotFound, VaultSealed, VaultUnreachable
from toriconfig.testing import reset_warnings


@pytest.fixture(autouse=True)
def _here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_warnings()


@pytest.fixture(name="vault")
def _vault(monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    return FakeVault().connect(monkeypatch)


class Account(BaseModel):
    username: str
    password: str
    port: int = 5432


class Database(BaseModel):
    password: Secret[str]
    host: str = "localhost"


class Schema(BaseModel):
    key: Secret[str]


class Several(BaseModel):
    key: Secret[str] | None = None
    own: Annotated[Secret[str], Ref("secret/own#k")] = Secret("built in")
    database: Database | None = None
    account: Secret[Account] | None = None


def value(secret: Secret[Any] | None) -> Any:
    assert secret is not None
    return secret.get()


# The place in Vault that is read, and the layers above and below it.


@pytest.mark.parametrize(
    "keys", [{"database.password": "p"}, {"database": {"password": "p"}}], ids=["dotted", "nested"]
)
def test_vault_path_feeds_a_secret_under_its_path(keys: dict[str, Any], vault: FakeVault) -> None:
    vault["secret/app"] = keys
    database = loaded(Several, "database: {}", vault_path="secret/app", offline=False).database
    assert database is not None
    assert "p" == database.password.get()


def test_a_ref_of_the_field_comes_before_vault_path_and_a_reference_before_both(vault: FakeVault) -> None:
    vault["secret/own"] = {"k": "ref"}
    vault["secret/app"] = {"own": "path", "other": "reference"}
    assert "ref" == loaded(Several, vault_path="secret/app", offline=False).own.get()
    assert "reference" == loaded(Several, "own: ${vault:secret/app#other}", offline=False).own.get()


def test_a_reference_in_a_file_keeps_the_precedence_of_vault_over_the_environment(
    vault: FakeVault,
) -> None:
    vault["secret/x"] = {"k": "vault"}
    given: dict[str, Any] = {"environ": {"T_KEY": "env"}, "env_prefix": "T_", "offline": False}
    assert "vault" == loaded(Schema, "key: ${vault:secret/x#k}", **given).key.get()


def test_code_overrides_vault(vault: FakeVault) -> None:
    vault["secret/x"] = {"k": "vault"}
    model = loaded(Schema, "key: ${vault:secret/x#k}", overrides={"key": "code"}, offline=False)
    assert ("code", 0) == (model.key.get(), vault.path("secret/x").settled)


def test_layers_in_another_order_put_the_environment_above_vault(vault: FakeVault) -> None:
    vault["secret/app"] = {"key": "vault"}
    given: dict[str, Any] = {
        "environ": {"T_KEY": "env"},
        "env_prefix": "T_",
        "offline": False,
        "vault_path": "secret/app",
    }
    assert "env" == loaded(Schema, layers=["env", "vault", "files", "defaults"], **given).key.get()
    assert "vault" == loaded(Schema, layers=["vault", "env"], **given).key.get()


def test_without_the_vault_layer_no_request_is_sent_to_vault(vault: FakeVault) -> None:
    vault["secret/x"] = {"k": "vault"}
    layers = ["code", "files"]
    model = loaded(Schema, "key: low", "key: ${vault:secret/x#k}", offline=False, layers=layers, vault_path="secret/x")
    assert ("low", {"secret/x"}) == (model.key.get(), set(vault.paths))
    assert vault.paths["secret/x"].settled == 0


def test_a_reference_in_overrides_works_too(vault: FakeVault) -> None:
    vault["secret/x"] = {"k": "vault"}
    assert "vault" == loaded(Schema, overrides={"key": "${vault:secret/x#k}"}, offline=False).key.get()


def test_a_reference_lower_down_still_names_the_place(vault: FakeVault) -> None:
    vault["secret/x"] = {"k": "vault"}
    assert "vault" == loaded(Schema, "key: ${vault:secret/x#k}", "key: stand-in", offline=False).key.get()


# Outcomes of the table.


@pytest.mark.parametrize("error", [VaultUnreachable("no answer"), VaultNotFound("no such path")], ids=["down", "404"])
def test_a_lower_layer_is_used_when_vault_is_down_or_has_no_value_with_one_warning_per_outage(
    error: Exception, vault: FakeVault, caplog: pytest.LogCaptureFixture
) -> None:
    vault["secret/x"] = {"k": "vault"}
    key = loaded(Schema, "key: ${vault:secret/x#k}", environ={"T_KEY": "env"}, env_prefix="T_", offline=False).key
    cached = vault.paths["secret/x"]
    for _ in range(2):
        cached.error = error
        cached.reading = None
        assert ["env"] * 3 == [key.get() for _ in range(3)]
        assert "T_KEY" == str(key.origin)
        cached.error = None
        assert key.get() == "vault"
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [f"Schema: `key` comes from T_KEY instead of secret/x#k: {error}"] * 2 == warnings


def test_the_warning_of_an_outage_is_logged_once_for_repeated_loads(
    vault: FakeVault, caplog: pytest.LogCaptureFixture
) -> None:
    cached = vault.path("secret/x")
    for _ in range(2):
        cached.drop(VaultUnreachable("no answer"))
        loads = [
            loaded(Schema, "key: ${vault:secret/x#k}", environ={"T_KEY": "env"}, env_prefix="T_", offline=False)
            for _ in range(3)
        ]
        assert ["env"] * 3 == [model.key.get() for model in loads]
        assert 1 == len(caplog.records)
        caplog.clear()
        cached.put({"k": "vault"})
        assert "vault" == loads[-1].key.get()


@pytest.mark.parametrize("error", [VaultDenied("403"), VaultSealed("sealed")], ids=["denied", "sealed"])
def test_a_lower_layer_is_never_used_when_vault_refuses(error: Exception, vault: FakeVault) -> None:
    vault["secret/x"] = {"k": "vault"}
    vault.paths["secret/x"].error = error
    key = loaded(Schema, "key: ${vault:secret/x#k}", environ={"T_KEY": "env"}, env_prefix="T_", offline=False).key
    with pytest.raises(type(error)) as caught:
        key.get()
    assert "key" == caught.value.path  # type: ignore[attr-defined]


def test_a_path_without_the_key_names_path_and_key(vault: FakeVault) -> None:
    vault["secret/x"] = {"other": "v"}
    with pytest.raises(VaultNotFound, match=r"secret/x but no key `k`"):
        loaded(Schema, "key: ${vault:secret/x#k}", offline=False).key.get()


def test_without_vault_a_lower_layer_is_used_with_one_warning_a_field(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        model = loaded(Schema, "key: plain", "key: ${vault:secret/x#k}", offline=False)
        assert model.key.get() == "plain"
    (record,) = caplog.records
    assert (
        "Schema: Vault is not configured, so `key` comes from 1.yaml:1:6 instead of secret/x#k" == record.getMessage()
    )


def test_a_missing_secret_warns_once_at_load_and_raises_when_read(caplog: pytest.LogCaptureFixture) -> None:
    options: dict[str, Any] = {"vault_path": "secret/app", "env_prefix": "T_"}
    model = loaded(Schema, "{}", offline=False, **options)
    loaded(Schema, "{}", offline=False, **options)
    (record,) = caplog.records
    assert logging.WARNING == record.levelno
    for said in ("Schema", "`key`", "secret/app#key", "1.yaml", "variables T_*", "set T_KEY", "VAULT_ADDR"):
        assert said in record.getMessage()
    with pytest.raises(MissingCredentialError) as caught:
        model.key.get()
    assert ("key", "secret/app#key") == (caught.value.path, caught.value.reference)
    assert model.key.get("default") == "default"
    assert "missing" == model.key.state


def test_a_missing_secret_warns_beside_an_option_without_effect(caplog: pytest.LogCaptureFixture) -> None:
    load(Schema, environ={}, env_nested_delimiter="__")
    assert ["has no effect" in one or "`key`: the secret is not set" in one for one in caplog.messages] == [True, True]


def test_offline_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    model = loaded(Schema, "{}", vault_path="secret/app")
    assert [] == caplog.records
    with pytest.raises(MissingCredentialError, match="offline"):
        model.key.get()


# `Secret[T] | None`.


def test_an_optional_secret_is_none_only_if_it_has_no_source(vault: FakeVault) -> None:
    assert loaded(Several).key is None
    vault["secret/app"] = {}
    assert loaded(Several, vault_path="secret/app", offline=False).key is not None
    assert value(loaded(Several, environ={"T_KEY": "x"}, env_prefix="T_").key) == "x"


def test_an_optional_secret_without_a_default_or_a_value_is_none() -> None:
    class Bare(BaseModel):
        key: Secret[str] | None

    assert loaded(Bare, "{}").key is None


def test_null_hides_lower_values_of_an_optional_secret(vault: FakeVault) -> None:
    assert loaded(Several, "key: low", "key: null").key is None
    vault["secret/app"] = {"key": "vault"}
    assert "vault" == value(loaded(Several, "key: low", "key: null", vault_path="secret/app", offline=False).key)


def test_null_for_a_required_secret_is_a_warning_and_removes_lower_values() -> None:
    found = attempt(Schema, "key: low", "key:")
    assert ["TC106"] == [one.code for one in found.problems]
    assert found.loaded is not None
    assert {("key",): ""} == {path: reference for path, (reference, _) in found.unsupplied.items()}


# `Secret[Model]`.


def test_a_whole_secret_comes_whole_from_vault(vault: FakeVault) -> None:
    vault["db/creds"] = {"username": "u", "password": "p", "port": "1"}
    account = loaded(Several, "account: ${vault:db/creds}", offline=False).account
    assert Account(username="u", password="p", port=1) == value(account)


def test_a_whole_secret_comes_whole_from_one_layer() -> None:
    assert Account(username="u", password="p") == value(loaded(Several, "account: {username: u, password: p}").account)
    found = told(
        Several,
        "account: {username: u}",
        environ={"T_ACCOUNT__PASSWORD": "p"},
        env_prefix="T_",
        env_nested_delimiter="__",
    )
    assert [("TC402", "T_ACCOUNT__PASSWORD", "account")] == found


def test_a_whole_secret_without_a_place_or_a_value_is_a_problem() -> None:
    class Whole(BaseModel):
        account: Secret[Account]

    assert [("TC401", "", "account")] == told(Whole, "{}", vault_path="secret/app", env_prefix="T_")


def test_an_incomplete_secret_names_the_missing_part_and_shows_no_value() -> None:
    (only,) = problems(Several, "account: {username: hunter2}")
    assert ("TC402", "1.yaml:1:10", "account") == (only.code, str(only.origin), only.path)
    assert "password" in only.expected
    assert "hunter2" not in repr(only)


def test_an_unknown_key_in_a_whole_secret_is_reported_by_its_place() -> None:
    found = told(Several, "account: {username: u, password: p, prot: 1}")
    assert [("TC101", "1.yaml:1:37", "account.**********")] == found  # it may be a value that got into a key


def test_a_mapping_of_references_is_read_once_a_path(vault: FakeVault) -> None:
    vault["db/creds"] = {"u": "u1", "p": "p1"}
    text = "account: {username: '${vault:db/creds#u}', password: '${vault:db/creds#p}', port: 7}"
    account = loaded(Several, text, offline=False).account
    assert Account(username="u1", password="p1", port=7) == value(account)
    assert vault.paths["db/creds"].settled == 1


# Lives of handles.


def test_a_default_secret_is_used_behind_vault_and_under_it(vault: FakeVault) -> None:
    assert "built in" == loaded(Several).own.get()
    vault["secret/own"] = {"k": "vault"}
    model = loaded(Several, offline=False)
    assert "vault" == model.own.get()
    vault.paths["secret/own"].error = VaultUnreachable("away")
    vault.paths["secret/own"].reading = None
    assert "built in" == model.own.get()


def test_an_invalid_vault_path_is_a_problem() -> None:
    for path in ("secret/../sys", "/secret", "secret/${profile}"):
        (only,) = problems(Schema, "key: x", vault_path=path)
        assert ("TC404", "vault_path") == (only.code, str(only.origin)), path
    assert [] == problems(Schema, "key: x", vault_path="secret/${profile}", profile="prod")


@pytest.mark.parametrize("options", [{}, {"vault_path": "s/other"}], ids=["reference", "also a path"])
def test_handles_survive_a_replacement_and_a_new_value_wins(options: dict[str, Any], vault: FakeVault) -> None:
    vault["s/x"] = {"k": "vault"}

    class Pair(BaseModel):
        key: Secret[str]
        host: str = "a"

    base = loaded(Pair, "key: ${vault:s/x#k}", offline=False, **options)
    assert base.key is replace(base, host="b").key
    assert "new" == replace(base, key="new").key.get()
    assert "vault" == base.key.get()


def test_rotation_reaches_an_existing_handle(vault: FakeVault) -> None:
    vault["s/x"] = {"k": "one"}
    key = loaded(Schema, "key: ${vault:s/x#k}", offline=False).key
    assert ("one", 1) == (key.get(), key.version)
    vault.paths["s/x"].put({"k": "two"})
    assert ("two", 2, "vault s/x#k v2") == (key.get(), key.version, str(key.origin))


def test_a_load_sends_no_request_to_vault(vault: FakeVault) -> None:
    vault["s/x"] = {"k": "one"}
    loaded(
        Several, "key: ${vault:s/x#k}\nown: 'a${vault:s/x#k}'\naccount: ${vault:s/x}", vault_path="s/x", offline=False
    )
    assert 0 == sum(cached.settled for cached in vault.paths.values())


def test_validation_never_sees_a_value() -> None:
    seen: list[Any] = []

    class Watching(BaseModel):
        key: Secret[str]
        account: Secret[Account]

        def model_post_init(self, context: Any) -> None:
            seen.extend([self.key, self.account])

        def __init__(self, **data: Any) -> None:
            seen.extend(data.values())
            super().__init__(**data)

    load(Watching, overrides={"key": "hunter2", "account": {"username": "u", "password": "hunter2"}}, offline=True)
    assert seen
    assert all(isinstance(one, Secret) for one in seen)


def test_explain_shows_the_reference_of_a_secret(vault: FakeVault) -> None:
    vault["s/x"] = {"k": "one"}
    model = loaded(Schema, "key: ${vault:s/x#k}", offline=False)
    assert ("s/x#k", MASK) == (explain(model, "key").reference, explain(model, "key").value)


def test_a_fake_provider_returns_its_value() -> None:
    assert FakeProvider("a", "b").settle().value == "b"
