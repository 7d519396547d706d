"""The tasks with OmegaConf. It has no support for Vault; the secret comes from a resolver of 6 lines."""

from __future__ import annotations

import copy as copying
import inspect
from typing import Any

import hvac
import omegaconf
from omegaconf import OmegaConf

from comparison.case import Case, checked
from comparison.inputs import BASE, HIGH, INI, LOW, PROFILE, SECRET, TYPO, WRONG, App, dataclass_program
from comparison.judging import Verdict, becomes, grade, graded_errors, graded_variables, has_command, text_of
from toriconfig.testing import AppRoleLogin

PROGRAM = dataclass_program(
    "from omegaconf import OmegaConf", 'OmegaConf.merge(OmegaConf.structured(App), OmegaConf.load("app.yaml"))'
)


def _app(*files: str) -> Any:
    return OmegaConf.merge(OmegaConf.structured(App), *map(OmegaConf.load, files))


def _vault(case: Case, login: AppRoleLogin | None = None) -> Any:
    client = hvac.Client(url=case.server.address, token=case.server.token, timeout=2)
    if login is not None:
        client.auth.approle.login(login.role_id, login.secret_id)

    def read(path: str, key: str) -> str:
        answer = client.secrets.kv.v2.read_secret_version(path, raise_on_deleted_version=True)
        return str(answer["data"]["data"][key])

    OmegaConf.register_resolver("vault", read, replace=True)
    return OmegaConf.create({"password": "${vault:app,password}"})


def origin(case: Case) -> Verdict:
    app = _app(case.file("low.yaml", LOW), case.file("high.yaml", HIGH))
    return grade(full="high.yaml" in f"{app._metadata} {app._get_node('port')._metadata}")


def typos(case: Case) -> Verdict:
    text = text_of(lambda: _app(case.file("app.yaml", TYPO)))
    return grade(full="Did you mean: 'max_size'" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    return graded_variables(lambda: text_of(lambda: _app(case.file("app.yaml", BASE))))


def errors(case: Case) -> Verdict:
    return graded_errors(text_of(lambda: _app(case.file("app.yaml", WRONG))), "app.yaml")


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    return grade(full=has_command("omegaconf"))


def schema(case: Case) -> Verdict:
    return grade(full=any("json" in name.lower() or "schema" in name.lower() for name in dir(OmegaConf)))


def profiles(case: Case) -> Verdict:
    app = _app(case.file("app.yaml", BASE), case.file("app.prod.yaml", PROFILE))
    return grade(full=False, half=(app.pool.max_size, list(app.pool.hosts)) == (2, ["b"]))  # a list of files


def follow(case: Case) -> Verdict:
    return grade(full=any("watch" in name.lower() for name in dir(OmegaConf) + dir(omegaconf)))


def copies(case: Case) -> Verdict:
    app = _app()
    copy = copying.deepcopy(app)
    copy.pool.hosts.append("b")
    refused = text_of(lambda: OmegaConf.merge(app, {"port": "many"}))
    return grade(full=list(app.pool.hosts) == ["a"] and bool(refused), half=list(app.pool.hosts) == ["a"])


def overrides(case: Case) -> Verdict:
    return grade(
        full=bool({"override", "override_values"} & {*dir(OmegaConf), *dir(omegaconf)})
    )  # `flag_override` is for flags


def masked(case: Case) -> Verdict:
    app = OmegaConf.merge(OmegaConf.structured(App), {"host": SECRET})
    wrong = text_of(lambda: OmegaConf.merge(app, {"port": SECRET}))
    return grade(full=SECRET not in repr(app) + wrong, half=SECRET not in repr(app))


def lazy_secret(case: Case) -> Verdict:
    settings = _vault(case)
    before = case.server.requests("secret/app")
    return grade(full=False, half=before == 0 and settings.password == SECRET)  # by a resolver of one's own


def rotation(case: Case) -> Verdict:
    settings = _vault(case)
    settings.password  # noqa: B018 - is fetched
    new = case.rotate()
    case.server.forget_requests()
    seen = becomes(lambda: settings.password, new)
    settings.password  # noqa: B018 - one more read
    return grade(full=seen and case.server.requests("secret/app") < 2, half=seen)  # each read is a request


def outage(case: Case) -> Verdict:
    settings = _vault(case)
    settings.password  # noqa: B018 - is fetched
    case.server.stop()
    return grade(full=False, half=text_of(lambda: settings.password) == "")


def token(case: Case) -> Verdict:
    settings = _vault(case, case.login())
    return case.outlived(lambda: settings.password)


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(getattr(OmegaConf, name)) for name in dir(OmegaConf)))


def formats(case: Case) -> Verdict:
    return grade(full=text_of(lambda: OmegaConf.load(case.file("app.ini", INI))) == "")


def functions(case: Case) -> Verdict:
    OmegaConf.register_resolver("doubled", lambda number: 2 * number, replace=True)
    return grade(full=_app(case.file("app.yaml", "port: ${doubled:21}\n")).port == 42)


def stores(case: Case) -> Verdict:
    return grade(full=any("secret" in name.lower() or "vault" in name.lower() for name in dir(omegaconf)))
