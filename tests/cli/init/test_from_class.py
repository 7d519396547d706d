"""`toriconfig init --from module:Class`: the written class gives the values of the pydantic-settings class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Toriconfig, python
from support.written_project import failures
from toriconfig.testing import Canary

SECTIONS = '''
"""Old settings."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Dict, List, Literal, Optional, Union

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kinds import Color

FACTOR = 2
UNUSED = 3


# The speed.
class Mode(StrEnum):
    FAST = "fast"
    SLOW = "slow"


def doubled(value: int) -> int:
    return value * FACTOR


class Pool(BaseModel):
    """A pool."""

    size: int = doubled(5)
    labels: Dict[str, List[int]] = {}


class Database(BaseModel):
    host: str = "localhost"
    password: Optional[SecretStr] = None  # the password
    pool: Pool = Pool()


class Config(BaseSettings):
    """Everything."""

    model_config = SettingsConfigDict(env_prefix="OLD_", env_nested_delimiter="__", env_file=".env", secrets_dir="run")

    region: str = "EU"
    mode: Mode = Mode.FAST
    color: Color = Color.RED
    hosts: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    either: Union[int, str, None] = Field(None, description="One of two.")
    data: Path = Path(os.environ.get("DATA", "data"))
    port: int = Field(8080, validation_alias=AliasChoices("PORT", "OLD_PORT"), ge=1)
    level: Literal["a", "b"] = Field("a", alias="LEVEL")
    database: Database = Database()

    @field_validator("region")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()
'''.lstrip()
DUMP = """
import json, sys
from {module} import {name}
value = {name}()
found = value.model_dump(mode="python")
def plain(one):
    if isinstance(one, dict):
        return {{str(key): plain(item) for key, item in one.items()}}
    if hasattr(one, "get_secret_value"):
        return "secret " + one.get_secret_value()
    if type(one).__name__ == "Secret":
        return "secret " + one.get()
    return str(one)
json.dump(plain(found), sys.stdout)
"""


@pytest.fixture(name="old")
def _old(tmp_path: Path) -> Path:
    (tmp_path / "kinds.py").write_text(
        "from enum import StrEnum\n\n\nclass Color(StrEnum):\n    RED = 'red'\n    BLUE = 'blue'\n"
    )
    (tmp_path / "conf.py").write_text(SECTIONS)
    (tmp_path / "run").mkdir()
    return tmp_path


def dumped(folder: Path, module: str, name: str = "Config", **environ: str) -> object:
    done = python(folder, "-c", DUMP.format(module=module, name=name), **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


VARIABLES: list[dict[str, str]] = [
    {},
    {"OLD_REGION": "US", "OLD_MODE": "slow", "OLD_COLOR": "blue"},
    {"OLD_HOSTS": '["a", "b"]', "OLD_EITHER": "7", "PORT": "9", "DATA": "elsewhere"},
    {"OLD_PORT": "10", "LEVEL": "b", "OLD_DATABASE__HOST": "h", "OLD_DATABASE__POOL__LABELS": '{"x": [1]}'},
    {"OLD_DATABASE": '{"password": "p", "pool": {"size": 3}}', "old_region": "de"},
]


@pytest.mark.parametrize("environ", VARIABLES)
def test_the_class_gives_the_same_values(environ: dict[str, str], old: Path, toriconfig: Toriconfig) -> None:
    (old / ".env").write_text("OLD_REGION=from-dotenv\nOLD_DATABASE__POOL__SIZE=77\n")
    (old / "run" / "OLD_COLOR").write_text("blue")
    assert 0 == toriconfig("init", "--from", "conf:Config").code
    assert dumped(old, "settings", **environ) == dumped(old, "conf", **environ)


def test_every_tool_accepts_the_written_project(old: Path, toriconfig: Toriconfig) -> None:
    assert 0 == toriconfig("init", "--from", "conf:Config", "--name", "shop").code
    (old / "conf.py").unlink()
    (old / "kinds.py").write_text((old / "kinds.py").read_text().replace("'", '"'))
    assert {} == failures(old, OLD_REGION="x")


def test_the_module_holds_what_the_class_needs_and_nothing_else(old: Path, toriconfig: Toriconfig) -> None:
    toriconfig("init", "--from", "conf:Config")
    text = (old / "settings.py").read_text()
    assert "UNUSED" not in text
    assert "# The speed.\nclass Mode(StrEnum):" in text
    assert "class Config(Settings):" in text
    assert 'config_name="app",\n        env_prefix="OLD_",\n' in text
    assert "password: Secret[str] | None = None  # the password\n" in text
    assert "labels: dict[str, list[int]] = {}" in text
    assert "either: int | str | None = Field" in text
    assert "pydantic_settings" not in text


HEAD = (
    "import pydantic\nimport pydantic_settings\nfrom pydantic import Field, SecretBytes, SecretStr\n"
    "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\n"
)


PACKAGE = """
from __future__ import annotations

import pydantic as p
from pydantic_settings import BaseSettings as Base, PydanticBaseSettingsSource as Source
from .kinds import Common, Login as In


class App(Common):
    class Inner(p.BaseModel):
        key: p.SecretStr = p.SecretStr("çöç")

    login: In = In()
    inner: Inner | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[Base],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        return (init_settings, env_settings)


App.model_rebuild()
"""
KINDS = """
from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings


class Login(BaseModel):
    user: str = "ü"
    word: SecretStr | None = None


class Common(BaseSettings):
    debug: bool = False
"""


def test_a_class_with_parts_in_other_modules_works_and_the_parts_are_listed(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    for name, text in {"__init__": "", "conf": PACKAGE, "kinds": KINDS}.items():
        (package / f"{name}.py").write_text(text.lstrip())
    result = toriconfig("init", "--from", "pkg.conf:App")
    assert 0 == result.code, result.err
    assert "the base class `Common` is imported unchanged" in result.err
    assert "pkg.kinds:Login is imported unchanged: `word` stays a SecretStr" in result.err
    assert "class App(Common, Settings):" in (tmp_path / "settings.py").read_text()
    assert "çöç" not in (tmp_path / "settings.py").read_text()
    (package / "conf.py").unlink()
    assert {} == failures(tmp_path)


NOTES = {
    "x: SecretStr = SecretStr({c!r})": "the default of the secret `x`",
    "x: SecretStr = Field(SecretStr({c!r}), description='A.')": "the default of the secret `x`",
    "x: SecretStr = Field(default_factory=lambda: SecretStr({c!r}))": "the default of the secret `x`",
    "x: SecretStr = Field(SecretStr({c!r}), min_length=2)": "`min_length` of the secret `x`",
    "x: list[SecretStr] = [SecretStr({c!r})]": "the default of the secret `x`",
    "x: SecretStr\n    @property\n    def url(self) -> str:\n        return self.x.get_secret_value()": "`url` calls `.get()`",
    "x: SecretStr\n    @pydantic.field_validator('x')\n    @classmethod\n    def f(cls, v: SecretStr) -> SecretStr:\n        return v": (
        "the validator `f` gets a Secret"
    ),
}


@pytest.mark.parametrize("field", NOTES)
def test_parts_that_cannot_be_carried_over_are_listed_and_no_secret_is_copied(
    field: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    (tmp_path / "conf.py").write_text(
        f"{HEAD}print('hello')\nclass App(BaseSettings):\n    {field.format(c=canary.secret)}\n"
    )
    result = toriconfig("init", "--from", "conf:App")
    assert 0 == result.code, result.err
    told = result.err.partition("not carried over:\n")[2]
    assert NOTES[field] in told
    assert "the call in line 7 of conf.py" in told
    (tmp_path / "conf.py").unlink()
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    canary.absent_from(*result[1:], *written)
    assert "x: ${vault:secret/app#x}" in (tmp_path / "app.yaml").read_text() or "- x: set it in" in result.err


def test_a_secret_that_a_default_takes_from_the_environment_is_not_written(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    (tmp_path / "conf.py").write_text(
        f"import os\n{HEAD}class App(BaseSettings):\n    token: str = os.environ['TOKEN']\n    url: str = 'http://u:' + os.environ['TOKEN'] + '@h'\n"
    )
    result = toriconfig("init", "--from", "conf:App", TOKEN=canary.secret, TORICONFIG_X="")
    assert 0 == result.code, result.err
    canary.absent_from(
        *result[1:],
        *(
            one.read_text()
            for one in tmp_path.rglob("*")
            if one.suffix in {".py", ".yaml", ".json", ".example", ".yml"}
        ),
    )


def test_a_key_without_a_value_is_named_with_its_variable(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(f"{HEAD}class App(BaseSettings, env_prefix='X_'):\n    region: str\n")
    result = toriconfig("init", "--from", "conf:App")
    assert "still without a value:\n- region: set it in X_REGION or app.yaml" in result.err
    assert "required key `region`" in toriconfig("check").out
    assert 0 == toriconfig("check", X_REGION="x").code


@pytest.mark.parametrize(
    ("text", "target", "why"),
    [
        ("def app() -> None: ...", "conf:app", "is not a settings class, but a function"),
        ("app = 1", "conf:app", "is not a settings class, but of type int"),
        ("class App: ...", "conf:App", "a class of another kind"),
        ("class App(pydantic.BaseModel): ...", "conf:App", "App is no pydantic-settings class (BaseSettings)"),
        ("import toriconfig\nclass App(toriconfig.Settings): ...", "conf:App", "App is of toriconfig already"),
        ("class App(BaseSettings): ...", "conf:Ap", "did you mean 'App'?"),
        ("class App(BaseSettings): ...", "conf", "holds several"),
        ("class App(BaseSettings): ...", "conf.py", "without `.py`"),
        ("class App(BaseSettings): ...", "nowhere:App", "No module named 'nowhere'"),
        ("class App(BaseSettings", "conf:App", "SyntaxError"),
        ("raise RuntimeError('{c}')", "conf:App", "RuntimeError (at "),
        ("import nowhere", "conf:App", "No module named 'nowhere'"),
        ("raise SystemExit('{c}')", "conf:App", "cannot be imported"),
        ("App = pydantic.create_model('App', __base__=BaseSettings, x=(int, 1))", "conf:App", "cannot be copied"),
        ("class A:\n    class App(BaseSettings): ...", "conf:A.App", "inside another object"),
    ],
)
def test_a_class_that_cannot_be_copied_is_refused_with_the_reason(
    text: str, target: str, why: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    other = "\n\nclass Other(BaseSettings): ...\n" if target == "conf" else "\n"
    (tmp_path / "conf.py").write_text(HEAD + text.replace("{c}", canary.secret) + other)
    result = toriconfig("init", "--from", target)
    assert (2, "") == (result.code, result.out)
    assert why in " ".join(result.err.split()), result.err
    canary.absent_from(result.err)
    assert not (tmp_path / "settings.py").exists()


def test_the_module_of_the_class_is_not_overwritten(toriconfig: Toriconfig, tmp_path: Path) -> None:
    text = f"{HEAD}class App(BaseSettings): ...\n"
    (tmp_path / "settings.py").write_text(text)
    result = toriconfig("init", "--from", "settings:App")
    assert (2, True) == (result.code, "settings.py: use --module NAME" in result.err)
    assert text == (tmp_path / "settings.py").read_text()
