"""The tasks with dature, which needs Python 3.12."""

from __future__ import annotations

import copy as copying
import dataclasses
import importlib
import inspect
from dataclasses import dataclass
from typing import Any

from comparison.case import Case, checked, output, swap
from comparison.inputs import BASE, HIGH, INI, LOW, PROFILE, SECRET, TYPO, WRONG, App, dataclass_program
from comparison.judging import Verdict, becomes, grade, graded_errors, graded_variables, text_of, variable
from toriconfig.testing import AppRoleLogin

dature: Any = importlib.import_module("dature")
SecretStr: Any = importlib.import_module("dature.fields.secret_str").SecretStr


@dataclass
class Service:
    password: str = ""


PROGRAM = dataclass_program("import dature", 'dature.load(dature.Yaml12Source(file="app.yaml"), schema=App)')


def _app(*files: str, **options: Any) -> Any:
    return dature.load(*(dature.Yaml12Source(file=file) for file in files), schema=App, **options)


def _loader(case: Case, login: AppRoleLogin | None = None, **options: Any) -> Any:
    scheme, _, rest = case.server.address.partition("://")
    host, _, port = rest.partition(":")
    source = dature.VaultSource(
        path="app",
        host=host,
        port=int(port),
        scheme=scheme,
        mount_point="secret",
        **({"role_id": login.role_id, "secret_id": login.secret_id} if login else {"token": case.server.token}),
        kv_version=2,
    )
    return dature.Loader(source, schema=Service, **options)


def _watching(case: Case, file: str) -> Any:
    source = dature.Yaml12Source(file=str(case.folder / file))
    return _started(case, dature.Loader(source, schema=App, cache=True, reload=dature.FileWatchTrigger(debounce=0.05)))


def _started(case: Case, loader: Any) -> Any:
    loader.load()
    loader.start_reload()
    case.at_end(loader.stop_reload)
    return loader


def _reloading(case: Case, login: AppRoleLogin | None = None, **options: Any) -> Any:
    trigger = dature.FixedIntervalTrigger(interval=0.05)
    return _started(case, _loader(case, login, cache=True, stale_on_error="keep", reload=trigger, **options))


def origin(case: Case) -> Verdict:
    app = _app(case.file("low.yaml", LOW), case.file("high.yaml", HIGH), debug=True)
    found = str(next(one for one in dature.load_report(app).field_origins if one.key == "port"))
    return grade(full="line" in found, half="high.yaml" in found)


def typos(case: Case) -> Verdict:
    text = text_of(lambda: _app(case.file("app.yaml", TYPO), strict="error"))
    return grade(full="mean" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    source = dature.EnvSource(prefix="APP_")
    return graded_variables(lambda: text_of(lambda: dature.load(source, schema=App, strict="error")))


def errors(case: Case) -> Verdict:
    return graded_errors(text_of(lambda: _app(case.file("app.yaml", WRONG))), "app.yaml")


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    case.file("program.py", PROGRAM.partition("\n\nsettings")[0]), case.file("app.yaml", "pool: {max_size: many}\n")
    source = "type=dature.Yaml12Source,file=app.yaml"
    code, text = output(case, "dature.cli", "validate", "--schema", "program:App", "--source", source)
    return grade(full=code == 1 and "max_size" in text)


def schema(case: Case) -> Verdict:
    return grade(full=any("json_schema" in name.lower() for name in dir(dature)))


def profiles(case: Case) -> Verdict:
    case.file("app.yaml", BASE), case.file("app.prod.yaml", PROFILE)
    with variable("PROFILE", "prod"):
        base = dature.Yaml12Source(file="app.yaml")
        over = dature.Yaml12Source(file="app.prod.yaml", when=dature.When("${PROFILE}") == "prod")
        app = dature.load(base, over, schema=App)
    return grade(full=(app.pool.max_size, app.pool.hosts) == (2, ["b"]))


def follow(case: Case) -> Verdict:
    case.file("app.yaml", LOW)
    swap(case, LOW)
    plain, mounted = (_watching(case, file) for file in ("app.yaml", "mounted/app.yaml"))
    case.file("app.yaml", HIGH)
    swap(case, HIGH)
    seen = becomes(lambda: plain.load().port, 2)
    return grade(full=seen and becomes(lambda: mounted.load().port, 2), half=seen)


def copies(case: Case) -> Verdict:
    app = _app(case.file("app.yaml", LOW))
    copy = dataclasses.replace(copying.deepcopy(app), port="many")
    copy.pool.hosts.append("b")
    return grade(full=False, half=app.pool.hosts == ["a"] and copy.port == "many")  # isolated, and not validated


def overrides(case: Case) -> Verdict:
    return grade(full=any("override" in name.lower() for name in dir(dature)))


def masked(case: Case) -> Verdict:
    @dataclass
    class Wrong:
        password: Any
        port: int

    Wrong.__annotations__["password"] = SecretStr
    case.file("app.yaml", f"password: {SECRET}\nport: {SECRET}\n")
    wrong = text_of(lambda: dature.load(dature.Yaml12Source(file="app.yaml"), schema=Wrong))
    case.file("app.yaml", f"password: {SECRET}\nport: 1\n")
    given = repr(dature.load(dature.Yaml12Source(file="app.yaml"), schema=Wrong))
    return grade(full=bool(wrong) and SECRET not in given + wrong, half=SECRET not in wrong)


def lazy_secret(case: Case) -> Verdict:
    _loader(case).load()
    return grade(full=case.server.requests("secret/app") == 0)


def rotation(case: Case) -> Verdict:
    loader = _reloading(case)
    new = case.rotate()
    return grade(full=becomes(lambda: loader.load().password, new))


def outage(case: Case) -> Verdict:
    failures: list[Exception] = []
    loader = _reloading(case, on_error=failures.append)
    case.server.stop()
    reported = becomes(lambda: bool(failures), True)
    kept = text_of(loader.load) == "" and loader.load().password == SECRET
    return grade(full=kept and reported, half=kept)


def token(case: Case) -> Verdict:
    loader = _reloading(case, case.login())
    return case.outlived(lambda: loader.load().password)


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(one) for one in vars(dature).values()))


def formats(case: Case) -> Verdict:
    app = dature.load(dature.IniSource(file=case.file("app.ini", INI)), schema=App)
    return grade(full=app.pool.max_size == 2)


def functions(case: Case) -> Verdict:
    with variable("NAME", "a"):
        app = _app(case.file("app.yaml", "host: ${NAME}-b\n"))
    return grade(full=False, half=app.host == "a-b")  # variables, and no functions


def stores(case: Case) -> Verdict:
    found = [name for name in dir(dature) if name.startswith(("Aws", "Azure", "Consul", "Gcp"))]
    return grade(full=len(found) >= 3, half=bool(found))
