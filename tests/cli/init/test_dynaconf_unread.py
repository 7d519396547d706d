"""`toriconfig init --from-dynaconf`: options and validators that are not carried over are listed with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig
from support.written_project import failures
from toriconfig.testing import Canary

AGAIN = "add its files to `settings_files`, and run the command again"
ARGUMENTS = {
    'includes=["more.toml"]': f"config.py:6: `includes`; {AGAIN}",
    "includes=[path / 'more.toml']": f"config.py:6: `includes`; {AGAIN}",
    'INCLUDES_FOR_DYNACONF="more.toml"': f"config.py:6: `INCLUDES_FOR_DYNACONF`; {AGAIN}",
    'validators=[Validator("PORT", gte=1, lte=9)]': (
        "config.py:6: the validator of `port` (gte, lte); write Field(ge=...) and Field(le=...)"
    ),
    'validators=[Validator("A", "B.C", must_exist=True)]': (
        "the validator of `a`, `b.c` (must_exist); write a field without a default"
    ),
    'validators=[Validator("NAME")]': "the validator of `name`; write a field without a default",
    'validators=[Validator("NAME", condition=len, messages={"condition": "{c}"})]': (
        "the validator of `name` (condition); write a validator of the field"
    ),
    'validators=[Validator("KEY", eq="{c}", env="production")]': (
        "the validator of `key` (eq, env); write Literal[...] and a validator of the model"
    ),
    'validators=[Validator("X", default="{c}") | dynaconf.Validator("Y", is_in=["{c}"])]': (
        "the validator of `y` (is_in); write Literal[...]"
    ),
    'validators=[Validator("X", gt=1, when=Validator("Y", eq="{c}"))]': (
        "the validator of `x` (gt, when); write Field(gt=...) and a validator of the model"
    ),
    'secrets=os.path.join("a", "{c}")': (
        "config.py:6: `secrets` is computed: write the names as text, and run the command again (now these files are not"
    ),
    "PRELOAD_FOR_DYNACONF=[NAME]": (
        "config.py:6: `PRELOAD_FOR_DYNACONF` is computed: write the names as text, and run the command again"
    ),
    "validators=VALIDATORS": "config.py:6: `validators`; write their conditions into the types of the fields",
    "envvar_prefix=PREFIX": "config.py:6: `envvar_prefix`, which is no literal, so that the prefix is DYNACONF_; correct it",
    "env_switcher='A' + 'B'": "`env_switcher`, which is no literal, so that the variable of the profile is ENV_FOR",
    "**options": "config.py:6: arguments after `**`; write them into the call, and run the command again",
    'PORT="{c}"': "config.py:6: the value of `port`; write it into the settings file",
    'root_path="."': "`root_path`; run the command in that folder",
    "dotenv_path='x/.env'": "`dotenv_path`; write it into the settings class as `env_file`",
    'nested_separator="___"': "`nested_separator`; write it into the settings class as `env_nested_delimiter`",
    "post_hooks=hook": "`post_hooks`; write a validator of the model",
    "vault_enabled=True": "`vault_enabled`; write references `${vault:path#key}`",
    "sysenv_fallback=True": "config.py:6: `sysenv_fallback`, an option of dynaconf",
}


def listed(folder: Path, toriconfig: Toriconfig, argument: str) -> list[str]:
    """The lines below `not carried over`, with this argument of `Dynaconf`."""
    (folder / "settings.toml").write_text("[default]\nport = 5\n")
    (folder / "config.py").write_text(
        f"import dynaconf\nfrom dynaconf import Dynaconf, Validator\n\n"
        f'settings = Dynaconf(\n    environments=True,\n    {argument},\n    settings_files=["settings.toml"],\n)\n'
    )
    result = toriconfig("init", "--from-dynaconf")
    assert 0 == result.code, result.err
    return result.err.partition("not carried over:\n")[2].splitlines()


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_an_argument_that_is_not_carried_over_is_listed_with_its_remedy(
    argument: str, tmp_path: Path, toriconfig: Toriconfig
) -> None:
    canary = Canary()
    lines = listed(tmp_path, toriconfig, argument.replace("{c}", canary.secret))
    assert [True] == [
        ARGUMENTS[argument] in line for line in lines if "`x`" not in line or "`x`" in ARGUMENTS[argument]
    ]
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.name != "config.py"]
    canary.absent_from(*lines, *written)


@pytest.mark.parametrize(
    "argument",
    ["lowercase_read=False", 'envvar_prefix="X"', "merge_enabled=True", "preload=[]", "includes=[]", "validators=[]"],
)
def test_an_argument_that_is_carried_over_or_has_no_effect_is_not_listed(
    argument: str, tmp_path: Path, toriconfig: Toriconfig
) -> None:
    assert [] == listed(tmp_path, toriconfig, argument)
    (tmp_path / "config.py").unlink()
    assert {} == failures(tmp_path)


COMPUTED = {
    'settings_files=[os.path.join(HERE, "conf", "{c}.toml")]': "config.py:4: `settings_files` is computed: write the names as",
    'settings_file=HERE + "/{c}.toml"': "config.py:4: `settings_file` is computed: write the names as text, and run",
    'settings_files=["settings.toml", HERE + "/{c}.toml"]': "config.py:4: `settings_files` is computed: write the names",
    "SETTINGS_FILES_FOR_DYNACONF=NAMES": "config.py:4: `SETTINGS_FILES_FOR_DYNACONF` is computed: write the names as",
    "**options": "config.py:4: arguments after `**`; write them into the call, and run the command again",
    'settings_module="{c}.toml"': "config.py:4: `settings_module`; add its files to `settings_files`, and run",
    'root_path="conf"': "config.py:4: `root_path`; run the command in that folder",
}


@pytest.mark.parametrize("argument", COMPUTED)
def test_a_call_whose_files_cannot_be_found_is_named(argument: str, tmp_path: Path, toriconfig: Toriconfig) -> None:
    canary = Canary()
    given = argument.replace("{c}", canary.secret)
    (tmp_path / "config.py").write_text(f"from dynaconf import Dynaconf\n\nsettings = Dynaconf(\n    {given},\n)\n")
    result = toriconfig("init", "--from-dynaconf")
    told = " ".join(result.err.split())
    assert (2, True, True) == (result.code, "no settings file of dynaconf" in told, COMPUTED[argument] in told), told
    canary.absent_from(*result[1:])


def test_a_second_call_is_read_from_its_own_folder(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "second.py").write_text(
        'from dynaconf import Dynaconf\n\nother = Dynaconf(settings_files=["b.toml"])\n'
    )
    (tmp_path / "b.toml").write_text("size = 5\n")
    result = toriconfig("init", "--from-dynaconf")
    assert (0, False) == (result.code, "not carried over" in result.err), result.err
    assert "size: 5" in (tmp_path / "app.yaml").read_text()


def test_an_option_with_its_old_name_is_carried_over(tmp_path: Path, toriconfig: Toriconfig) -> None:
    assert [] == listed(tmp_path, toriconfig, 'ENVVAR_PREFIX_FOR_DYNACONF="OLD"')
    assert 'env_prefix="OLD_"' in (tmp_path / "settings.py").read_text()


def test_validators_of_other_modules_and_files_are_listed(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "rules.py").write_text(
        "from dynaconf import Validator\nfrom config import settings\n\n"
        'settings.validators.register(\n    Validator("PORT", gt=0),\n    Validator("HOST", startswith="h"),\n)\n'
        "settings.validators.register(*MORE)\n"
    )
    (tmp_path / "second.py").write_text("from dynaconf import Dynaconf\n\nother = Dynaconf(includes=['x'])\n")
    (tmp_path / "dynaconf_validators.toml").write_text("[default]\nport = {gt = 0}\n")
    lines = listed(tmp_path, toriconfig, "load_dotenv=False")
    for expected in (
        "- rules.py:5: the validator of `port` (gt); write Field(gt=...)",
        "- rules.py:6: the validator of `host` (startswith); write Field(pattern=...)",
        "- rules.py:8: `validators`; write their conditions into the types of the fields",
        (
            "- second.py:3: a second call of `Dynaconf`; copy this module and its files into an empty folder, and "
            "run the command there"
        ),
        "- dynaconf_validators.toml; write its conditions into the types of the fields",
    ):
        assert expected in lines, lines


def test_files_that_a_settings_file_includes_are_listed(tmp_path: Path, toriconfig: Toriconfig) -> None:
    (tmp_path / "settings.yaml").write_text("default:\n  dynaconf_include: [more.yaml]\n  port: 5\n")
    result = toriconfig("init", "--from-dynaconf")
    assert f"- settings.yaml: `dynaconf_include`, an option of dynaconf; {AGAIN}" in result.err


def test_options_of_dynaconf_in_dotenv_are_listed_without_their_values(tmp_path: Path, toriconfig: Toriconfig) -> None:
    canary = Canary()
    names = ("INCLUDES_FOR_DYNACONF", "ENVVAR_PREFIX_FOR_DYNACONF")
    lines = "".join(f"export {name}={canary.secret}\n" for name in names)
    (tmp_path / ".env").write_text(f"{lines}ENV_FOR_DYNACONF=production\nX=INCLUDES_FOR_DYNACONF=1\n")
    told = listed(tmp_path, toriconfig, "load_dotenv=True")
    assert [
        f"- .env: `INCLUDES_FOR_DYNACONF`, an option of dynaconf; {AGAIN}",
        "- .env: `ENVVAR_PREFIX_FOR_DYNACONF`, an option of dynaconf",
    ] == told
    canary.absent_from(*told)
