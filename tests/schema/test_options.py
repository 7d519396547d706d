"""Options: neutral by default, given ones override those of the class, and invalid ones are refused."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, RootModel

from pydantic_settings import SettingsConfigDict as PydanticSettings
from support.loading import problems
from toriconfig import ConfigError, Settings, SettingsConfigDict, ToriSettings, Vault, health, lazy, load, override
from toriconfig._load.config_keys import _ALONE
from toriconfig._schema import options
from toriconfig._schema.options import LAYERS, Options
from toriconfig.testing import Canary


class Schema(BaseModel):
    model_config = SettingsConfigDict(env_prefix="CLASS_", vault_path="secret/class", frozen=True)
    a: str = "default"


def test_a_plain_model_reads_nothing_without_options(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_options_of_tori_settings_are_those_of_the_design() -> None:
    options = Options.of(ToriSettings.model_config, {})
    assert ("tori", "TORI_", "__", "secret/tori") == (
        options.config_name, options.env_prefix, options.env_nested_delimiter, options.vault_path,
    )  # fmt: skip
    assert ToriSettings.model_config["frozen"] is True


def test_given_options_override_those_of_the_class() -> None:
    environ = {"CLASS_A": "class", "GIVEN_A": "given"}
    assert ("class", "given") == (load(Schema, environ=environ).a, load(Schema, environ=environ, env_prefix="GIVEN_").a)
    assert "secret/class" == Options.of(Schema.model_config, {"env_prefix": None}).vault_path


def test_one_path_equals_a_list_of_one() -> None:
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
        ({"config_name": ""}, "`config_name` is the name of a file, and may not be empty"),
        ({"config_name": "conf/"}, "`config_name` is the name of a file, and may not be empty"),
        ({"profile": ["prod"]}, "`profile` is text or None"),
        ({"vault": "http://localhost:8200"}, "`vault` is a Vault or None, not a str"),
        ({"renamed": "old"}, "`renamed` maps old keys to new ones"),
        ({"renamed": {"old": 1}}, "`renamed` maps old keys to new ones"),
    ],
)
def test_an_invalid_option_is_refused_with_the_valid_values(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        load(Schema, **given)


@pytest.mark.parametrize(
    ("door", "target", "misspelt"),
    [(load, Schema, "profil"), (load, Schema, "overides"), (lazy, Schema, "profil"), (lazy, Schema, "overides"), (lazy, 3, "a")],
)  # fmt: skip
def test_the_error_of_an_invalid_option_holds_no_other_argument(door: Any, target: Any, misspelt: str) -> None:
    canary = Canary()
    with pytest.raises(TypeError) as caught:
        door(target, overrides={"a": canary.secret}, environ={"A": canary.secret}, **{misspelt: {"a": canary.secret}})
    canary.absent_from(caught.value)


def test_a_vault_object_is_used_unchanged() -> None:
    assert 7.0 == getattr(Options.of({}, {"vault": Vault(timeout=7.0)}).vault, "timeout", None)


@pytest.mark.parametrize("schema", [int, {"a": 1}, RootModel[dict[str, int]], "module:Class"], ids=str)
def test_an_object_that_is_not_a_schema_is_refused_by_name(schema: Any) -> None:
    with pytest.raises(TypeError, match="pydantic model|RootModel"):
        load(schema)


class Sub(BaseModel):
    x: int = 1
    x__y: int = 1


class Plain(BaseModel):
    port: int = 8080
    name: str | None = "-"
    sub: Sub = Sub()


def of(**config: Any) -> type[Plain]:
    """The schema with these options in its class."""
    return type("Given", (Plain,), {"model_config": {"env_prefix": "A_", "env_nested_delimiter": "__", **config}})


@pytest.mark.parametrize("door", ["class", "call"])
def test_an_empty_variable_counts_as_not_set_if_the_option_is_set(door: str) -> None:
    options: dict[str, Any] = {"env_ignore_empty": True}
    schema, given = (of(**options), {}) if door == "class" else (of(), options)
    assert (8080, "-") == (
        load(schema, environ={"A_PORT": "", "A_NAME": ""}, **given).port,
        load(schema, environ={"A_NAME": ""}, **given).name,
    )
    assert "" == load(of(), environ={"A_NAME": ""}).name


def test_the_text_that_means_none_can_be_named() -> None:
    assert load(of(env_parse_none_str="void"), environ={"A_NAME": "void"}).name is None
    assert "void" == load(of(), environ={"A_NAME": "void"}).name


def test_a_dotenv_file_may_have_another_encoding(tmp_path: Any) -> None:
    (tmp_path / ".env").write_bytes("A_NAME=Łódź".encode("iso-8859-2"))
    assert "Łódź" == load(of(env_file=tmp_path / ".env", env_file_encoding="iso-8859-2"), environ={}).name
    with pytest.raises(ConfigError, match=r"not UTF-8 text(.|\n)*env_file_encoding"):
        load(of(env_file=tmp_path / ".env"), environ={})


def test_a_dotenv_file_is_searched_in_parent_folders(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".env").write_text("A_PORT=1")
    monkeypatch.chdir(tmp_path / "a/b")
    assert [8080, 1] == [load(of(env_file=".env", env_file_depth=depth), environ={}).port for depth in (1, 2)]


def test_directories_of_secrets_have_the_options_of_pydantic_settings(tmp_path: Any) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").write_text("3")
    (tmp_path / "my_port").write_text("4")
    (tmp_path / "sub-x__y").write_text("5")
    nested = load(of(secrets_dir=tmp_path, secrets_nested_subdir=True, secrets_prefix="my_"), environ={})
    assert (3, 4) == (nested.sub.x, nested.port)
    assert 5 == load(of(secrets_dir=tmp_path, secrets_nested_delimiter="-"), environ={}).sub.x__y
    with pytest.raises(ConfigError, match="TC004"):
        load(of(secrets_dir=tmp_path, secrets_dir_max_size=1), environ={})
    absent = tmp_path / "absent"
    assert 8080 == load(of(secrets_dir=absent, secrets_dir_missing="ok"), environ={}).port
    with pytest.raises(ConfigError, match="directory of secrets does not exist"):
        load(of(secrets_dir=absent, secrets_dir_missing="error"), environ={})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"env_prefx": "A_"}, "`env_prefx` is not an option(.|\n)*did you mean `env_prefix`?"),
        ({"vault_pth": "x"}, "did you mean `vault_path`?"),
        ({"cli_parse_args": True}, "`cli_parse_args` has no effect in a plain BaseModel(.|\n)*toriconfig.Settings"),
        ({"yaml_config_section": "a.b"}, "`yaml_config_section` has no effect"),
        ({"env_parse_enums": True}, "`env_parse_enums` has no effect"),
        ({"yaml_file_encoding": "latin-1"}, "save the file as UTF-8"),
    ],
    ids=str,
)
def test_a_key_of_the_class_that_no_load_would_honour_is_refused_by_name(config: dict[str, Any], message: str) -> None:
    class Wrong(BaseModel):
        model_config = config  # type: ignore[assignment]
        port: int = 1

    with pytest.raises(ConfigError, match=message) as caught:
        load(Wrong, environ={})
    assert ["TC504"] == [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    "config", [{"frozen": True}, {"cli_parse_args": None}, {"yaml_file_encoding": "utf-8"}, {"table": True}], ids=str
)
def test_keys_without_effect_and_keys_of_other_libraries_are_accepted(config: dict[str, Any]) -> None:
    class Fine(BaseModel):
        model_config = config  # type: ignore[assignment]
        port: int = 1

    assert 1 == load(Fine).port


def test_a_misspelt_option_of_a_settings_class_is_refused_too() -> None:
    class Wrong(Settings):
        model_config = SettingsConfigDict(config_name="x", env_prefx="A_")  # type: ignore[typeddict-unknown-key]
        port: int = 1

    with pytest.raises(ConfigError, match="did you mean `env_prefix`?"):
        load(Wrong)


def test_every_option_of_pydantic_settings_is_honoured_or_refused() -> None:
    known = {*ConfigDict.__optional_keys__, *Options._fields, *_ALONE}
    assert [] == [
        name for name in PydanticSettings.__annotations__ if name not in known and not name.startswith("cli_")
    ]


def test_options_of_pydantic_settings_leave_a_settings_class_neutral() -> None:
    from toriconfig._pydantic_settings import is_neutral

    class Theirs(Settings):
        model_config = SettingsConfigDict(case_sensitive=True, env_ignore_empty=True, yaml_file="x.yaml")

    assert is_neutral(Theirs)


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        (Schema, {"config_nam": "x"}, "did you mean `config_name`"),
        ("no.such:Module", {"config_nam": "x"}, "did you mean `config_name`"),
        (Schema, {"layers": ["envs"]}, "unknown layer 'envs'"),
        ("no.such:Module", {"unknown_keys": "x"}, "`unknown_keys` is one of"),
    ],
    ids=str,
)
def test_lazy_refuses_a_wrong_option_at_the_call(target: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        lazy(target, **options)


@pytest.mark.parametrize("values", [{"prot": 1}, {"sub": {"z": 1}}, {"sub.z": 1}], ids=str)
def test_override_refuses_an_unknown_key_at_the_call(values: dict[str, Any]) -> None:
    settings = lazy(Plain)
    with pytest.raises(ConfigError, match="TC101"):
        override(settings, values)
    assert not health(settings).loaded
    assert settings.port == 8080
    with pytest.raises(ConfigError, match="TC101"):
        override(settings, values)
    with override(settings, port=2) as seen:
        assert 2 == seen.port


def test_case_counts_if_the_option_is_set(tmp_path: Any) -> None:
    exact = of(case_sensitive=True)
    assert [8080, 1] == [load(exact, environ={name: "1"}).port for name in ("a_port", "A_port")]
    assert [1, 2] == [load(exact, environ={name: "2"}).sub.x for name in ("A_SUB__x", "A_sub__x")]
    assert ["warning", "warning"] == [
        problem.severity for problem in problems(exact, environ={"A_PORT": "1", "A_Sub__x": "1"})
    ]
    (tmp_path / ".env").write_text("A_PORT=1\nA_port=2\n")
    assert 2 == load(exact, environ={}, env_file=tmp_path / ".env").port
    (tmp_path / "run").mkdir()
    (tmp_path / "run/PORT").write_text("1")
    assert 8080 == load(exact, environ={}, secrets_dir=tmp_path / "run").port
    assert 1 == load(exact, environ={}, secrets_dir=tmp_path / "run", secrets_case_sensitive=False).port


def test_a_variable_that_is_missing_is_named_as_it_must_be_spelt() -> None:
    class Needy(BaseModel):
        model_config = SettingsConfigDict(env_prefix="A_", case_sensitive=True)
        port: int

    with pytest.raises(ConfigError, match="or A_port in the environment"):
        load(Needy, environ={})


def test_the_number_of_nesting_delimiters_is_limited() -> None:
    class Inner(BaseModel):
        y: int = 0

    class Outer(BaseModel):
        x: Inner = Inner()
        x__z: int = 0

    class Deep(BaseModel):
        model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__")
        sub: Outer = Outer()

    environ = {"A_SUB__X__Y": "1", "A_SUB__X__Z": "2"}
    found = load(Deep, environ=environ, env_nested_max_split=2)
    assert (1, 2) == (found.sub.x.y, found.sub.x__z)
    found = load(Deep, environ=environ, env_nested_max_split=1)
    assert (0, 2) == (found.sub.x.y, found.sub.x__z)


def test_free_keys_have_the_spelling_of_the_variable_if_case_sensitive(tmp_path: Any) -> None:
    class Free(BaseModel):
        model_config = SettingsConfigDict(env_prefix="A_", env_nested_delimiter="__", case_sensitive=True)
        limits: dict[str, int] = {}
        n: int = 0

    environ = {"A_limits__Foo": "1", "A_limits__bAr": "2", "A_LIMITS__x": "3"}
    assert {"Foo": 1, "bAr": 2} == load(Free, environ=environ).limits
    assert {"foo": 1} == load(Free, environ={"A_LIMITS__FOO": "1"}, case_sensitive=False).limits
    (tmp_path / "n").write_text("7")
    assert 7 == load(Free, environ={"A_n_FILE": str(tmp_path / "n")}, file_suffix="_FILE").n


def test_type_checkers_accept_every_option() -> None:
    folder = Path(options.__file__).parent
    trees = [ast.parse((folder / name).read_text()) for name in ("options.py", "option_types.py")]
    known = {
        node.name: {
            line.target.id
            for line in node.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.bases and ast.unparse(node.bases[0]) != "dict"
    }
    assert set(Options._fields) - {"vault"} == known["LoadOptions"]
    assert {"overrides", "environ", "offline", "vault"} == known["LazyOptions"]
    assert set(Options._fields) - set(options.SHARED) == known["SettingsConfigDict"]
