"""The tasks by hand: a YAML file, variables, and hvac where the secret is needed."""

from __future__ import annotations

import copy as copying
import inspect
from typing import Any

import hvac
import yaml

from comparison.case import Case, checked
from comparison.inputs import BASE, HIGH, INI, LOW, PROFILE, SECRET, TYPO, WRONG
from comparison.judging import Verdict, becomes, grade, graded_errors, graded_variables, has_command, text_of

PROGRAM = """\
import yaml


class Settings:
    pool: dict[str, int]


settings = yaml.safe_load(open("app.yaml"))
number: int = settings.pool.max_size
"""


def _settings(*files: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in files:
        with open(file, encoding="utf-8") as opened:
            merged |= yaml.safe_load(opened)
    return merged


def _read(case: Case, client: Any = None) -> str:
    client = client or hvac.Client(url=case.server.address, token=case.server.token, timeout=2)
    answer = client.secrets.kv.v2.read_secret_version("app", raise_on_deleted_version=True)
    return str(answer["data"]["data"]["password"])


def origin(case: Case) -> Verdict:
    return grade(full="high.yaml" in str(_settings(case.file("low.yaml", LOW), case.file("high.yaml", HIGH))))


def typos(case: Case) -> Verdict:
    return grade(full=bool(text_of(lambda: _settings(case.file("app.yaml", TYPO))["pool"].get("max_size", 1))))


def variables(case: Case) -> Verdict:
    return graded_variables(lambda: text_of(lambda: _settings(case.file("app.yaml", LOW))))


def errors(case: Case) -> Verdict:
    def convert() -> None:
        read = _settings(case.file("app.yaml", WRONG))
        int(read["port"]), int(read["pool"]["max_size"])

    return graded_errors(text_of(convert), "app.yaml")


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    return grade(full=has_command("hvac"))


def schema(case: Case) -> Verdict:
    return grade(full=any("schema" in name.lower() for name in dir(hvac)))


def profiles(case: Case) -> Verdict:
    files = case.file("app.yaml", BASE), case.file("app.prod.yaml", PROFILE)
    return grade(full=_settings(*files) == {"pool": {"max_size": 2, "hosts": ["b"]}})


def follow(case: Case) -> Verdict:
    read = _settings(case.file("app.yaml", LOW))
    case.file("app.yaml", HIGH)
    return grade(full=read["port"] == 2)


def copies(case: Case) -> Verdict:
    read = _settings(case.file("app.yaml", "pool: {hosts: [a]}\n"))
    copy = copying.deepcopy(read)
    copy["pool"]["hosts"].append("b")
    copy["port"] = "many"
    return grade(full=False, half=read["pool"]["hosts"] == ["a"])  # isolated, and not validated


def overrides(case: Case) -> Verdict:
    return grade(full=any("override" in name.lower() for name in dir(hvac)))


def masked(case: Case) -> Verdict:
    return grade(full=SECRET not in repr({"password": _read(case)}))


def lazy_secret(case: Case) -> Verdict:
    before = case.server.requests("secret/app")
    return grade(full=before == 0 and _read(case) == SECRET)


def rotation(case: Case) -> Verdict:
    _read(case)
    new = case.rotate()
    case.server.forget_requests()
    seen = becomes(lambda: _read(case), new)
    _read(case)
    return grade(full=seen and case.server.requests("secret/app") < 2, half=seen)  # each read is a request


def outage(case: Case) -> Verdict:
    _read(case)
    case.server.stop()
    return grade(full=False, half=text_of(lambda: _read(case)) == "")


def token(case: Case) -> Verdict:
    login = case.login()
    client = hvac.Client(url=case.server.address, timeout=2)
    client.auth.approle.login(login.role_id, login.secret_id)
    return case.outlived(lambda: _read(case, client))


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(getattr(hvac.Client, name)) for name in dir(hvac.Client)))


def formats(case: Case) -> Verdict:
    return grade(full=text_of(lambda: _settings(case.file("app.ini", INI))) == "")


def functions(case: Case) -> Verdict:
    return grade(full=_settings(case.file("app.yaml", "host: ${port}-a\nport: 2\n"))["host"] == "2-a")


def stores(case: Case) -> Verdict:
    return grade(full=any("secretsmanager" in name.lower() for name in dir(hvac)))
