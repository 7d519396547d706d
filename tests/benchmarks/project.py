"""The same settings for every contestant: 10 sections of 4 groups of 5 keys, a typed schema, 20 variables above the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SECTIONS, GROUPS = 10, 4
LEAVES = (("name", "str"), ("size", "int"), ("rate", "float"), ("active", "bool"), ("tags", "list[str]"))
VARIABLES = {f"APP_SECTION_{number // 2}__GROUP_{number % 2}__SIZE": "4000" for number in range(20)}
"""20 overrides; dynaconf and typed-settings get theirs under the names that they know."""

READ = "assert settings.section_1.group_0.size == 4000 and settings.section_1.group_3.name == 'some text 1.3'"

_OURS = "model_config = SettingsConfigDict(config_name='app', env_prefix='APP_', env_nested_delimiter='__')"
_PEERS = """model_config = SettingsConfigDict(yaml_file='app.yaml', env_prefix='APP_', env_nested_delimiter='__')

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, env_settings, **_):
        return init_settings, env_settings, {source}(settings_cls)
"""
_C_SOURCE = """
class CYaml(YamlConfigSettingsSource):
    def _read_file(self, path):
        import yaml
        with open(path) as file:
            return yaml.load(file, Loader=yaml.CSafeLoader)
"""
_DOTTED = """[
        f"{name[4:].lower().replace('__', '.')}={text}" for name, text in os.environ.items() if name.startswith('APP_')
    ]"""
"""The variables as OmegaConf and Hydra want them."""

_FLOOR = """
import os, yaml
def load():
    with open('app.yaml') as file:
        data = yaml.load(file, Loader=yaml.CSafeLoader)
    for name, text in os.environ.items():
        if name.startswith('APP_'):
            section, group, leaf = name[4:].lower().split('__')
            data[section][group][leaf] = text
    return App.model_validate(data)
"""


def yaml_text() -> str:
    """The file, 200 keys."""
    lines: list[str] = []
    for section in range(SECTIONS):
        lines.append(f"section_{section}:")
        for group in range(GROUPS):
            lines += [
                f"  group_{group}:",
                f"    name: some text {section}.{group}",
                f"    size: {section * 10 + group}",
                f"    rate: {section}.{group}5",
                f"    active: {'true' if group % 2 else 'false'}",
                f"    tags: [a{section}, b{group}, c]",
            ]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """The file, and a module for each contestant whose `load()` gives the settings."""
    (folder / "app.yaml").write_text(yaml_text())
    pydantic = "from pydantic import BaseModel"
    yaml_source = "from pydantic_settings import BaseSettings, SettingsConfigDict, YamlConfigSettingsSource"
    modules: dict[str, Iterable[str]] = {
        "ours": (
            pydantic,
            "from toriconfig import SettingsConfigDict",
            *_models("BaseModel", "BaseModel", _OURS),
            "def load():\n    from toriconfig import load\n    return load(App)",
        ),
        "ours_deferred": (
            pydantic,
            "from toriconfig import SettingsConfigDict",
            *_models("Later", "Later", _OURS, "class Later(BaseModel):\n    model_config = {'defer_build': True}\n"),
            "def load():\n    from toriconfig import load\n    return load(App)",
        ),
        "ours_settings": (
            pydantic,
            "from toriconfig import Settings, SettingsConfigDict",
            *_models("BaseModel", "Settings", _OURS),
            "load = App",
        ),
        "peer": (
            pydantic,
            yaml_source,
            *_models("BaseModel", "BaseSettings", _PEERS.format(source="YamlConfigSettingsSource")),
            "load = App",
        ),
        "peer_c": (
            pydantic,
            yaml_source,
            _C_SOURCE,
            *_models("BaseModel", "BaseSettings", _PEERS.format(source="CYaml")),
            "load = App",
        ),
        "floor": (pydantic, *_models("BaseModel", "BaseModel", ""), _FLOOR),
        "dynaconf_": (
            "from dynaconf import Dynaconf",
            "def load():\n    return Dynaconf(settings_files=['app.yaml'], envvar_prefix='APP')",
        ),
        "omegaconf_": (
            "import os",
            "from omegaconf import OmegaConf",
            "def load():",
            "    base = OmegaConf.load('app.yaml')",
            f"    return OmegaConf.merge(base, OmegaConf.from_dotlist({_DOTTED}))",
        ),
        "typed_settings_": (
            "import os, attrs, yaml, typed_settings",
            *_models("", "", "", before="@attrs.define\n"),
            "class Yaml:",
            "    def __call__(self, path, settings_cls, options):",
            "        with open(path) as file:",
            "            return yaml.load(file, Loader=yaml.CSafeLoader)",
            "def load():",
            "    file = typed_settings.FileLoader({'*.yaml': Yaml()}, ['app.yaml'])",
            "    return typed_settings.load_settings(App, [file, typed_settings.EnvLoader('APP_', nested_delimiter='__')])",
        ),
        "hydra_": (
            "import os",
            "from hydra import compose, initialize_config_dir",
            "def load():",
            "    with initialize_config_dir(os.getcwd(), version_base=None):",
            f"        return compose('app', {_DOTTED})",
        ),
    }
    for name, lines in modules.items():
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n")


def _models(base: str, root: str, config: str, opening: str = "", before: str = "") -> Iterable[str]:
    yield opening
    for section in range(SECTIONS):
        for group in range(GROUPS):
            yield _class(f"Group{section}{group}", base, dict(LEAVES), before)
        groups = {f"group_{group}": f"Group{section}{group}" for group in range(GROUPS)}
        yield _class(f"Section{section}", base, groups, before)
    sections = {f"section_{section}": f"Section{section}" for section in range(SECTIONS)}
    yield _class("App", root, sections, before) + (f"    {config}\n" if config else "")


def _class(name: str, base: str, fields: dict[str, str], before: str) -> str:
    return f"{before}class {name}({base}):\n" + "".join(f"    {field}: {kind}\n" for field, kind in fields.items())
