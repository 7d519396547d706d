"""The tasks with dature, which needs Python 3.12."""

from __future__ import annotations

import copy as copying
import dataclasses
import importlib
import inspect
from dataclasses import dataclass, field
from typing import Any

from comparison.case import (
    HIGH,
    LOW,
    MISSPELT,
    SECRET,
    TYPO,
    WRONG,
    Case,
    Verdict,
    becomes,
    checked,
    grade,
    graded_errors,
    output,
    swap,
    text_of,
    variable,
)
from comparison.case import (
    small as small_install,
)
from comparison.case import (
    stable as stable_version,
)
from toriconfig.testing import AppRoleLogin

dature: Any = importlib.import_module("dature")
SecretStr: Any = importlib.import_module("dature.fields.secret_str").SecretStr


@dataclass
class Pool:
    max_size: int = 1
    hosts: list[str] = field(default_factory=lambda: ["a"])


@dataclass
class App:
    host: str = ""
    port: int = 0
    pool: Pool = field(default_factory=Pool)


@dataclass
class Service:
    password: str = ""


PROGRAM = """\
from dataclasses import dataclass, field

import dature


@dataclass
class Pool:
    max_size: int = 1


@dataclass
class App:
    pool: Pool = field(default_factory=Pool)


settings = dature.load(dature.Yaml12Source(file="app.yaml"), schema=App)
number: int = settings.pool.max_size
"""


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


def _reloading(case: Case, login: AppRoleLogin | None = None, **options: Any) -> Any:
    trigger = dature.FixedIntervalTrigger(interval=0.05)
    loader = _loader(case, login, cache=True, stale_on_error="keep", reload=trigger, **options)
    loader.load()
    loader.start_reload()
    return loader


def origin(case: Case) -> Verdict:
    app = _app(case.file("low.yaml", LOW), case.file("high.yaml", HIGH), debug=True)
    found = str(next(one for one in dature.load_report(app).field_origins if one.key == "port"))
    return grade(full="line" in found, half="high.yaml" in found)


def typos(case: Case) -> Verdict:
    text = text_of(lambda: _app(case.file("app.yaml", TYPO), strict="error"))
    return grade(full="mean" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    with variable(MISSPELT, "5"):
        source = dature.EnvSource(prefix="APP_")
        return grade(full=MISSPELT in text_of(lambda: dature.load(source, schema=App, strict="error")))


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
    case.file("app.yaml", "pool: {max_size: 2}\n"), case.file("app.prod.yaml", "pool: {hosts: [b]}\n")
    with variable("PROFILE", "prod"):
        base = dature.Yaml12Source(file="app.yaml")
        over = dature.Yaml12Source(file="app.prod.yaml", when=dature.When("${PROFILE}") == "prod")
        app = dature.load(base, over, schema=App)
    return grade(full=(app.pool.max_size, app.pool.hosts) == (2, ["b"]))


def follow(case: Case) -> Verdict:
    case.file("app.yaml", LOW)
    swap(case, LOW)
    loaders = []
    for file in ("app.yaml", "mounted/app.yaml"):
        source = dature.Yaml12Source(file=str(case.folder / file))
        loader = dature.Loader(source, schema=App, cache=True, reload=dature.FileWatchTrigger(debounce=0.05))
        loader.load()
        loader.start_reload()
        loaders.append(loader)
    case.file("app.yaml", HIGH)
    swap(case, HIGH)
    plain, mounted = (becomes(lambda one=one: one.load().port, 2) for one in loaders)  # type: ignore[misc]
    for loader in loaders:
        loader.stop_reload()
    return grade(full=plain and mounted, half=plain)


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
    seen = becomes(lambda: loader.load().password, new)
    loader.stop_reload()
    return grade(full=seen)


def outage(case: Case) -> Verdict:
    failures: list[Exception] = []
    loader = _reloading(case, on_error=failures.append)
    case.server.stop()
    reported = becomes(lambda: bool(failures), True)
    kept = text_of(loader.load) == "" and loader.load().password == SECRET
    loader.stop_reload()
    return grade(full=kept and reported, half=kept)


def token(case: Case) -> Verdict:
    loader = _reloading(case, case.login())
    verdict = case.outlived(lambda: loader.load().password)
    loader.stop_reload()
    return verdict


def coroutines(case: Case) -> Verdict:
    return grade(full=any(inspect.iscoroutinefunction(one) for one in vars(dature).values()))


def small(case: Case) -> Verdict:
    return small_install("dature")


def formats(case: Case) -> Verdict:
    app = dature.load(dature.IniSource(file=case.file("app.ini", "[pool]\nmax_size = 2\n")), schema=App)
    return grade(full=app.pool.max_size == 2)


def functions(case: Case) -> Verdict:
    with variable("NAME", "a"):
        app = _app(case.file("app.yaml", "host: ${NAME}-b\n"))
    return grade(full=False, half=app.host == "a-b")  # variables, and no functions


def stores(case: Case) -> Verdict:
    found = [name for name in dir(dature) if name.startswith(("Aws", "Azure", "Consul", "Gcp"))]
    return grade(full=len(found) >= 3, half=bool(found))


def stable(case: Case) -> Verdict:
    return stable_version("dature")


def close() -> None: ...
