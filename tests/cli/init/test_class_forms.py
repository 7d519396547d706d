"""`toriconfig init --from module:Class`: every form in which a class is written."""

from __future__ import annotations

from pathlib import Path

from support.command import Toriconfig
from support.written_project import failures

CLASSES = {
    "a class named Settings": (
        "class Settings(BaseSettings):\n    x: int = 1\n",
        "Settings",
        "class Settings(toriconfig.Settings):",
    ),
    "in one line": (
        "class App(BaseSettings): ...\n",
        "App",
        '    model_config = SettingsConfigDict(config_name="app")\n',
    ),
    "in one line with a field": ("class App(BaseSettings): x: int = 1\n", "App", "    x: int = 1\n"),
    "a property first": (
        "class App(BaseSettings):\n    @property\n    def y(self) -> int:\n        return 1\n",
        "App",
        '(config_name="app")\n\n    @property',
    ),
    "no options": ('class App(BaseSettings):\n    """All."""\n\n    x: int = 1\n', "App", '(config_name="app")'),
    "an annotation as text": (
        'class App(BaseSettings):\n    x: "SecretStr | None" = None\n',
        "App",
        "x: Secret[str] | None = None",
    ),
    "a None that the type forbids": (
        "class App(BaseSettings):\n    x: SecretStr = None  # type: ignore[assignment]\n",
        "App",
        "x: Secret[str] | None = None",
    ),
    "options as a dict": (
        'class App(BaseSettings):\n    model_config = {"env_prefix": "X_"}\n\n    x: int = 1\n',
        "App",
        'SettingsConfigDict(config_name="app", env_prefix="X_")',
    ),
    "options as arguments of the class": (
        'class App(BaseSettings, env_prefix="X_"):\n    x: int = 1\n',
        "App",
        'class App(Settings, env_prefix="X_"):',
    ),
    "options line by line": (
        'class App(BaseSettings):\n    model_config = SettingsConfigDict(\n        env_prefix="X_",\n    )\n\n    x: int = 1\n',
        "App",
        '(\n        config_name="app",\n        env_prefix="X_",\n    )',
    ),
    "inherited": (
        "class Base(BaseSettings):\n    x: int = 1\n\n\nclass App(Base):\n    y: int = 2\n",
        "App",
        "class Base(Settings):",
    ),
    "bytes": ("class App(BaseSettings):\n    x: SecretBytes | None = None\n", "App", "x: Secret[bytes] | None = None"),
    "qualified names": (
        "class App(pydantic_settings.BaseSettings):\n    x: pydantic.SecretStr | None = None\n",
        "App",
        "x: Secret[str] | None = None",
    ),
    "limits of a secret": (
        'class App(BaseSettings):\n    x: SecretStr = Field(..., min_length=3, description="A.")\n    y: SecretStr = Field(max_length=9)\n',
        "App",
        'x: Secret[str] = Field(..., description="A.")\n    y: Secret[str]\n',
    ),
    "a list of secrets": (
        "class App(BaseSettings):\n    x: list[SecretStr] = []\n",
        "App",
        "x: list[Secret[str]] = Field(default=[])",
    ),
    "a section that is a settings class": (
        "class Part(BaseSettings):\n    y: int = 1\n\n\nclass App(BaseSettings):\n    part: Part = Field(default_factory=Part)\n",
        "App",
        "class Part(Settings):",
    ),
    "annotated options as a dict": (
        'class App(BaseSettings):\n    model_config: ClassVar[SettingsConfigDict] = {"env_prefix": "A_LONG_PREFIX_", "extra": "forbid"}\n\n    x: int = 1\n',
        "App",
        'SettingsConfigDict(\n        config_name="app",\n        env_prefix="A_LONG_PREFIX_",\n',
    ),
    "a variable of the class": (
        'class App(BaseSettings):\n    names: ClassVar[list[str]] = ["a"]\n    x: list[str] = ["a"]\n    _seen: list[str] = []\n',
        "App",
        'names: ClassVar[list[str]] = ["a"]\n    x: list[str] = Field(default=["a"])\n    _seen: list[str] = PrivateAttr(default=[])\n',
    ),
    "a list among the metadata": (
        'MARKS = ["a"]\n\n\nclass App(BaseSettings):\n    x: Annotated[str, MARKS] = "a"\n    y: Annotated[SecretStr, MARKS]\n',
        "App",
        "    y: Annotated[Secret[str], MARKS]\n",
    ),
}
HEAD = (
    "from typing import Annotated, ClassVar\n\nimport pydantic\nimport pydantic_settings\nfrom pydantic import Field, SecretBytes, SecretStr\n"
    "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\n"
)


def test_every_form_of_a_class_is_converted_into_one_that_every_tool_accepts(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    for number, (text, name, expected) in enumerate(CLASSES.values()):
        (tmp_path / f"conf{number}.py").write_text(HEAD + text)
        arguments = ("--module", f"made{number}", "--keep-existing")
        result = toriconfig("init", "--from", f"conf{number}:{name}", *arguments)
        assert 0 == result.code, result.err
        assert expected in (tmp_path / f"made{number}.py").read_text(), (tmp_path / f"made{number}.py").read_text()
        (tmp_path / f"conf{number}.py").unlink()
    assert {} == failures(tmp_path, *(f"made{number}" for number in range(len(CLASSES))))
