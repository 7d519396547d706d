"""The tasks with dynaconf."""

from __future__ import annotations

import copy as copying
import inspect
import os
from typing import Any

import dynaconf
from dynaconf import Dynaconf, Validator, get_history
from dynaconf.validator import ValidationError

from comparison.case import Case, checked, output
from comparison.inputs import HIGH, INI, LOW, SECRET, TYPO, WRONG
from comparison.judging import Verdict, becomes, elsewhere, grade, graded_errors, graded_variables, text_of

PROGRAM = """\
from dynaconf import Dynaconf

settings = Dynaconf(settings_files=["app.yaml"])
number: int = settings.pool.max_size
"""


def _vault(case: Case, **login: str) -> Any:
    """Return settings with the loader of Vault. It reads `secret/dynaconf/main`."""
    case.server.put("secret/dynaconf/main", {"password": SECRET})
    return Dynaconf(
        vault_enabled=True,
        vault={"url": case.server.address, "token": None if login else case.server.token},
        vault_kv_version=2,
        **login,
    )


def _rotate(case: Case) -> str:
    case.server.put("secret/dynaconf/main", {"password": f"{SECRET}-2"})
    return f"{SECRET}-2"


def origin(case: Case) -> Verdict:
    settings = Dynaconf(settings_files=[case.file("low.yaml", LOW), case.file("high.yaml", HIGH)])
    found = str(get_history(settings, "port")[-1])
    return grade(full="high.yaml:2" in found or "line" in found, half="high.yaml" in found)


def typos(case: Case) -> Verdict:
    settings = Dynaconf(
        settings_files=[case.file("app.yaml", TYPO)], validators=[Validator("pool.max_size", default=1)]
    )
    text = text_of(lambda: settings.pool.max_size)
    return grade(full="max_size" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    def report() -> str:
        settings = Dynaconf(envvar_prefix="APP", validators=[Validator("pool.max_size", default=1)])
        return text_of(lambda: settings.pool.max_size)

    return graded_variables(report)


def errors(case: Case) -> Verdict:
    validators = [Validator("port", is_type_of=int), Validator("pool.max_size", is_type_of=int)]
    settings = Dynaconf(settings_files=[case.file("app.yaml", WRONG)])
    settings.validators.register(*validators)
    try:
        settings.validators.validate_all()
    except ValidationError as error:
        return graded_errors(f"{error} {error.details}", "app.yaml")
    return "no"


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    case.file("program.py", PROGRAM.replace("])", "], environments=True)"))
    case.file("app.yaml", "default: {pool: {max_size: -1}}\n")
    case.file("dynaconf_validators.toml", "[default]\n'pool.max_size' = {gte = 0}\n")  # rules of its own
    code, _ = output(case, "dynaconf", "-i", "program.settings", "validate")
    return grade(full=False, half=code != 0)


def schema(case: Case) -> Verdict:
    return grade(full=any("schema" in name.lower() for name in dir(Dynaconf) + dir(dynaconf)))


def profiles(case: Case) -> Verdict:
    case.file("app.yaml", "default:\n  pool: {max_size: 2}\nprod:\n  pool: {hosts: [b]}\n")
    settings = Dynaconf(settings_files=["app.yaml"], environments=True, env="prod", merge_enabled=True)
    return grade(full=(settings.pool.max_size, list(settings.pool.hosts)) == (2, ["b"]))


def follow(case: Case) -> Verdict:
    settings = Dynaconf(settings_files=[case.file("app.yaml", LOW)])
    settings.port  # noqa: B018 - is loaded
    case.file("app.yaml", HIGH)
    return grade(full=any("watch" in name.lower() for name in dir(Dynaconf) + dir(dynaconf)) and settings.port == 2)


def copies(case: Case) -> Verdict:
    settings = Dynaconf(settings_files=[case.file("app.yaml", "port: 1\npool: {hosts: [a]}\n")])
    settings.port  # noqa: B018 - is loaded
    copy = copying.deepcopy(settings)
    copy.set("port", "many")
    copy.pool.hosts.append("b")
    return grade(full=False, half=list(settings.pool.hosts) == ["a"] and settings.port == 1)


def overrides(case: Case) -> Verdict:
    settings = Dynaconf(
        settings_files=[case.file("app.yaml", "default: {port: 0}\ntest: {port: 5}\n")], environments=True
    )
    before = settings.port
    with settings.using_env("test"):
        inside, outside = settings.port, elsewhere(lambda: settings.port)
    return grade(full=(before, inside, outside) == (0, 5, 0), half=(before, inside, settings.port) == (0, 5, 0))


def masked(case: Case) -> Verdict:
    settings = Dynaconf(
        settings_files=[case.file("app.yaml", f"password: {SECRET}\n")],
        validators=[Validator("password", is_type_of=int)],
    )
    wrong = text_of(lambda: settings.password)
    shown = repr(Dynaconf(settings_files=["app.yaml"]).as_dict())
    return grade(full=SECRET not in shown + wrong, half=SECRET not in shown)


def lazy_secret(case: Case) -> Verdict:
    settings = _vault(case)
    case.server.forget_requests()
    settings.get("another_key")  # any setting loads all sources
    return grade(full=case.server.requests("secret/dynaconf*") == 0)


def rotation(case: Case) -> Verdict:
    settings = _vault(case)
    settings.password  # noqa: B018 - is fetched
    new = _rotate(case)
    if becomes(lambda: settings.password, new):
        return "yes"
    settings.reload()
    return grade(full=False, half=settings.password == new)


def outage(case: Case) -> Verdict:
    settings = _vault(case)
    settings.password  # noqa: B018 - is fetched
    case.server.stop()
    return grade(full=any("stale" in name for name in dir(settings)), half=settings.password == SECRET)


def token(case: Case) -> Verdict:
    login = case.login()
    settings = _vault(case, vault_role_id=login.role_id, vault_secret_id=login.secret_id)
    case.server.put("secret/dynaconf/main", {"password": f"{SECRET}-2"})

    def read() -> object:
        settings.reload()
        return settings.password

    return case.outlived(read)


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(getattr(Dynaconf, name, None)) for name in dir(Dynaconf)))


def formats(case: Case) -> Verdict:
    settings = Dynaconf(settings_files=[case.file("app.ini", INI)])
    return grade(full=str(settings.pool.max_size) == "2")


def functions(case: Case) -> Verdict:
    dynaconf.add_converter("doubled", lambda text: 2 * int(text))
    settings = Dynaconf(settings_files=[case.file("app.yaml", 'port: "@doubled 21"\n')])
    return grade(full=settings.port == 42)


def stores(case: Case) -> Verdict:
    found = [
        name for name in os.listdir(os.path.join(os.path.dirname(dynaconf.__file__), "loaders")) if "redis" in name
    ]
    return grade(full=len(found) >= 3, half=bool(found))
