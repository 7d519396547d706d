"""The tasks with toriconfig."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from comparison.case import Case, checked, output, swap
from comparison.inputs import BASE, HIGH, INI, LOW, PROFILE, SECRET, TYPO, WRONG
from comparison.judging import Verdict, becomes, elsewhere, grade, graded_errors, graded_variables, text_of
from toriconfig import Secret, Vault, check, explain, json_schema, lazy, load, override, replace, shutdown, watch
from toriconfig.vault import AppRole, Token


class Pool(BaseModel):
    max_size: int = 1
    hosts: list[str] = ["a"]


class App(BaseModel):
    host: str = ""
    port: int = 0
    pool: Pool = Pool()


class Service(BaseModel):
    password: Secret[str]


PROGRAM = """\
from pydantic import BaseModel
from toriconfig import lazy


class Pool(BaseModel):
    max_size: int = 1


class App(BaseModel):
    pool: Pool = Pool()


settings = lazy(App, config_name="app")
number: int = settings.pool.max_size
"""


def _service(case: Case, auth: AppRole | None = None) -> Service:
    case.at_end(shutdown)
    vault = Vault(case.server.address, auth=auth or Token(case.server.token), refresh_interval=0.05, timeout=2.0)
    return lazy(Service, overrides={"password": "${vault:secret/app#password}"}, vault=vault)


def origin(case: Case) -> Verdict:
    case.file("low.yaml", LOW), case.file("high.yaml", HIGH)
    found = str(explain(load(App, config_files=["low.yaml", "high.yaml"]), "port").origin)
    return grade(full=found.startswith("high.yaml:2"), half="high.yaml" in found)


def typos(case: Case) -> Verdict:
    text = text_of(lambda: load(App, config_files=case.file("app.yaml", TYPO)))
    return grade(full="did you mean `max_size`" in text, half="max_szie" in text)


def variables(case: Case) -> Verdict:
    return graded_variables(lambda: "\n".join(map(str, check(App, env_prefix="APP_", env_nested_delimiter="__"))))


def errors(case: Case) -> Verdict:
    return graded_errors(text_of(lambda: load(App, config_files=case.file("app.yaml", WRONG))), "app.yaml")


def types(case: Case) -> Verdict:
    return checked(case, PROGRAM)


def command(case: Case) -> Verdict:
    case.file("program.py", PROGRAM.partition("number")[0]), case.file("app.yaml", TYPO)
    code, text = output(case, "toriconfig", "check", "--settings", "program:settings")
    return grade(full=code == 1 and "max_szie" in text)


def schema(case: Case) -> Verdict:
    return grade(full="max_size" in str(json_schema(App)))


def profiles(case: Case) -> Verdict:
    case.file("app.yaml", BASE), case.file("app.prod.yaml", PROFILE)
    app = load(App, config_name="app", profile="prod")
    return grade(full=(app.pool.max_size, app.pool.hosts) == (2, ["b"]))


def follow(case: Case) -> Verdict:
    case.file("app.yaml", LOW)
    swap(case, LOW)
    plain, mounted = (lazy(App, config_files=file) for file in ("app.yaml", "mounted/app.yaml"))
    with watch(plain, debounce=0.05, interval=0.2), watch(mounted, debounce=0.05, interval=0.2):
        case.file("app.yaml", HIGH)
        swap(case, HIGH)
        seen = becomes(lambda: plain.port, 2)
        return grade(full=seen and becomes(lambda: mounted.port, 2), half=seen)


def copies(case: Case) -> Verdict:
    app = load(App)
    copy = replace(app, port=5)
    text_of(lambda: copy.pool.hosts.append("b"))  # is refused
    refused = text_of(lambda: replace(app, port="many"))
    return grade(full=app.pool.hosts == ["a"] and bool(refused), half=app.pool.hosts == ["a"] or bool(refused))


def overrides(case: Case) -> Verdict:
    settings = lazy(App)
    with override(settings, port=5):
        inside, outside = settings.port, elsewhere(lambda: settings.port)
    return grade(full=(inside, outside, settings.port) == (5, 0, 0), half=(inside, settings.port) == (5, 0))


def masked(case: Case) -> Verdict:
    class Wrong(BaseModel):
        password: Secret[str]
        port: int

    given = load(Service, overrides={"password": SECRET})
    wrong = text_of(lambda: load(Wrong, overrides={"password": SECRET, "port": SECRET}))
    return grade(full=SECRET not in repr(given) + wrong, half=SECRET not in repr(given))


def lazy_secret(case: Case) -> Verdict:
    settings = _service(case)
    load_only = repr(settings.password)
    before = case.server.requests("secret/app")
    return grade(full=before == 0 and settings.password.get() == SECRET and SECRET not in load_only)


def rotation(case: Case) -> Verdict:
    settings = _service(case)
    settings.password.get()
    new = case.rotate()
    return grade(full=becomes(settings.password.get, new))


def outage(case: Case) -> Verdict:
    settings = _service(case)
    settings.password.get()
    case.server.stop()
    stale = becomes(lambda: settings.password.state, "stale")
    kept = settings.password.get() == SECRET
    return grade(full=kept and stale, half=kept)


def token(case: Case) -> Verdict:
    login = case.login()
    return case.outlived(_service(case, AppRole(login.role_id, login.secret_id)).password.get)


def coroutines(case: Case) -> Verdict:
    async def read() -> tuple[str, int]:
        ticks = 0
        reading = asyncio.ensure_future(_service(case).password.aget())
        while not reading.done():
            await asyncio.sleep(0.001)
            ticks += 1
        return reading.result(), ticks

    value, ticks = asyncio.run(read())
    return grade(full=value == SECRET and ticks > 0)


def formats(case: Case) -> Verdict:
    text = text_of(lambda: load(App, config_files=case.file("app.ini", INI)))
    return grade(full=not text)


def functions(case: Case) -> Verdict:
    case.file("app.yaml", "host: ${env:USER_NAME:-a}-${port}\nport: 2\n")
    return grade(full=False, half=load(App, config_files="app.yaml").host == "a-2")  # references, and no functions


def stores(case: Case) -> Verdict:
    import pkgutil

    import toriconfig.backends

    found = [module.name for module in pkgutil.iter_modules(toriconfig.backends.__path__)]
    return grade(full=len(found) >= 3, half=bool(found))
