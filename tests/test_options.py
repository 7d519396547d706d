"""Options: neutral by default, those given above those of the class, and refused when they cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, RootModel

from toriconfig import SettingsConfigDict, ToriSettings, Vault, lazy, load
from toriconfig._options import LAYERS, Options
from toriconfig.testing import Canary


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="CLASS_", vault_path="secret/class", frozen=True)
    a: str = "default"


def test_a_plain_model_reads_nothing_that_nobody_asked_for(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(BaseModel):
        a: str = "default"

    monkeypatch.chdir(tmp_path)
    for name in ("config.yaml", "settings.yaml", "Plain.yaml", ".env"):
        (tmp_path / name).write_text("a: file\nA=file\n")
    assert load(Plain, environ={"A": "env", "PLAIN_A": "env", "PROFILE": "../x", "CONFIG_FILE": "/none"}).a == "default"


def test_the_neutral_defaults_are_those_of_the_table() -> None:
    neutral = Options.of({}, {})
    assert (None, None, None, None, None) == (
        neutral.config_name, neutral.config_files, neutral.profile, neutral.env_prefix, neutral.env_nested_delimiter,
    )  # fmt: skip
    assert ((), (), None, "secrets", "error", None) == (
        neutral.env_file, neutral.secrets_dir, neutral.vault_path, neutral.vault_layer, neutral.unknown_keys, neutral.vault,
    )  # fmt: skip
    assert ("code", "vault", "env", "dotenv", "secrets_dir", "files", "defaults") == neutral.layers == LAYERS


def test_what_tori_settings_asks_for_is_what_the_design_says() -> None:
    options = Options.of(ToriSettings.model_config, {})
    assert ("tori", "TORI_", "__", "secret/tori") == (
        options.config_name, options.env_prefix, options.env_nested_delimiter, options.vault_path,
    )  # fmt: skip
    assert ToriSettings.model_config["frozen"] is True


def test_options_given_stand_above_those_of_the_class() -> None:
    environ = {"CLASS_A": "class", "GIVEN_A": "given"}
    assert ("class", "given") == (load(Schema, environ=environ).a, load(Schema, environ=environ, env_prefix="GIVEN_").a)
    assert "secret/class" == Options.of(Schema.model_config, {"env_prefix": None}).vault_path


def test_one_path_is_as_good_as_a_list_of_one() -> None:
    options = Options.of(
        {}, {"config_files": "a.yaml", "env_file": ".env", "secrets_dir": ["x", "y"], "file_roots": None}
    )
    assert (("a.yaml",), (".env",), ("x", "y"), ()) == (
        options.config_files, options.env_file, options.secrets_dir, options.file_roots,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"config_nam": "x"}, "unknown option `config_nam`; did you mean `config_name`"),
        ({"layers": ["env", "envs"]}, "unknown layer 'envs'"),
        ({"layers": ["env", "env"]}, "names a layer twice"),
        ({"vault_layer": "lazy"}, "`vault_layer` is one of secrets, eager"),
        ({"unknown_keys": "allow"}, "`unknown_keys` is one of error, warn, ignore"),
        ({"env_prefix": 5}, "`env_prefix` is text or None, not a int"),
        ({"profile": ["prod"]}, "`profile` is text or None"),
        ({"vault": "http://localhost:8200"}, "`vault` is a Vault or None, not a str"),
        ({"renamed": "old"}, "`renamed` maps old keys to new ones"),
        ({"renamed": {"old": 1}}, "`renamed` maps old keys to new ones"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_can(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        load(Schema, **given)


@pytest.mark.parametrize(
    ("door", "target", "misspelt"),
    [(load, Schema, "profil"), (load, Schema, "overides"), (lazy, Schema, "profil"), (lazy, Schema, "overides"), (lazy, 3, "a")],
)  # fmt: skip
def test_what_refuses_an_option_holds_nothing_of_what_else_was_given(door: Any, target: Any, misspelt: str) -> None:
    canary = Canary()
    with pytest.raises(TypeError) as caught:
        door(target, overrides={"a": canary.secret}, environ={"A": canary.secret}, **{misspelt: {"a": canary.secret}})
    canary.absent_from(caught.value)


def test_a_vault_is_taken_as_it_is() -> None:
    assert 7.0 == getattr(Options.of({}, {"vault": Vault(timeout=7.0)}).vault, "timeout", None)


@pytest.mark.parametrize("schema", [int, {"a": 1}, RootModel[dict[str, int]], "module:Class"], ids=str)
def test_what_is_no_schema_is_refused_by_name(schema: Any) -> None:
    with pytest.raises(TypeError, match="pydantic model|RootModel"):
        load(schema)
