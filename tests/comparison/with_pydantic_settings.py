"""The tasks with pydantic-settings."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel, SecretStr

import pydantic_settings
from comparison.case import Case, checked
from comparison.inputs import BASE, HIGH, LOW, PROFILE, SECRET, TYPO, WRONG
from comparison.judging import Verdict, grade, graded_errors, graded_variables, has_command, text_of
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource


class Pool(BaseModel, extra="forbid"):
    max_size: int = 1
    hosts: list[str] = ["a"]


class App(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__", extra="forbid")
    host: str = ""
    port: int = 0
    pool: Pool = Pool()


def _app(*files: str, deep: bool = False) -> Any:
    class Read(App):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *args: Any, **sources: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (
                sources["env_settings"],
                YamlConfigSettingsSource(settings_cls, yaml_file=list(files), deep_merge=deep),
            )

    return Read()


PROGRAM = """\
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Pool(BaseModel):
    max_size: int = 1


class App(BaseSettings):
    name: str
    pool: Pool = Pool()


settings = App()
number: int = settings.pool.max_size
"""


def origin(case: Case) -> Verdict:
    app = _app(case.file("low.yaml", LOW), case.file("high.yaml", HIGH))
    return grade(full="high.yaml" in f"{vars(app)} {app.model_fields_set} {app.model_extra}")


def typos(case: Case) -> Verdict:
    text = text_of(lambda: _app(case.file("app.yaml", TYPO)))
    return grade(full="max_size" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    return graded_variables(lambda: text_of(App))


def errors(case: Case) -> Verdict:
    return graded_errors(text_of(lambda: _app(case.file("app.yaml", WRONG))), "app.yaml")


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    return grade(full=has_command("pydantic-settings"))


def schema(case: Case) -> Verdict:
    return grade(full="max_size" in str(App.model_json_schema()))


def profiles(case: Case) -> Verdict:
    files = case.file("app.yaml", BASE), case.file("app.prod.yaml", PROFILE)
    app = _app(*files, deep=True)  # a list of files, which the program selects
    return grade(full=False, half=(app.pool.max_size, app.pool.hosts) == (2, ["b"]))


def follow(case: Case) -> Verdict:
    return grade(full=any("watch" in name.lower() for name in dir(pydantic_settings)))


def copies(case: Case) -> Verdict:
    app = App()
    copy = app.model_copy(deep=True, update={"port": "many"})
    copy.pool.hosts.append("b")
    return grade(full=False, half=app.pool.hosts == ["a"] and str(copy.port) == "many")  # isolated, and not validated


def overrides(case: Case) -> Verdict:
    return grade(full=any("override" in name.lower() for name in dir(pydantic_settings)))


def masked(case: Case) -> Verdict:
    class Wrong(BaseModel):
        password: SecretStr
        port: int

    wrong = text_of(lambda: Wrong.model_validate({"password": SECRET, "port": SECRET}))
    given = repr(Wrong(password=SecretStr(SECRET), port=1))
    return grade(full=SECRET not in given + wrong, half=SECRET not in given)


def lazy_secret(case: Case) -> Verdict:
    return grade(full=_knows_vault())


def rotation(case: Case) -> Verdict:
    return grade(full=_knows_vault())


def outage(case: Case) -> Verdict:
    return grade(full=_knows_vault())


def token(case: Case) -> Verdict:
    return grade(full=_knows_vault())


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(one) for one in vars(pydantic_settings).values()))


def formats(case: Case) -> Verdict:
    return grade(full="IniConfigSettingsSource" in _sources())


def functions(case: Case) -> Verdict:
    case.file("app.yaml", "host: ${port}-a\nport: 2\n")
    return grade(full=_app("app.yaml").host == "2-a")


def stores(case: Case) -> Verdict:
    found = [name for name in _sources() if name.startswith(("AWS", "Azure", "Google"))]
    return grade(full=len(found) >= 3, half=bool(found))


def _sources() -> list[str]:
    return [name for name in dir(pydantic_settings) if name.endswith("SettingsSource")]


def _knows_vault() -> bool:
    """Return True if there is a source for Vault. Without one, no task about Vault can be done."""
    return any("vault" in name.lower() and "azure" not in name.lower() for name in dir(pydantic_settings))
