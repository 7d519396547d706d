"""A kind of rotation of a user's own, with options of its own, rotated from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.rotate_command import rotate, rotate_json
from toriconfig import _vault
from toriconfig.rotation import Option, Rotation, kinds
from toriconfig.testing import Canary, VaultServer, vault_server

KIND = '''
import json
import os
import secrets

from toriconfig.rotation import Option, RotationError, RotationRefused, Work, kinds


class Service(kinds.Stored):
    """A token of a service that keeps the accepted tokens in a file."""

    name = "service"
    summary = "a token of the service"
    options = (
        Option("service-file", required=True, help="where the service keeps its tokens."),
        Option("service-token", envvar="SERVICE_TOKEN", secret=True, required=True, help="may change tokens."),
        Option("prefix", default="t-", new_value=True, help="start of a token."),
        Option("retries", type=int, envvar="SERVICE_RETRIES", help="attempts."),
    )

    def __init__(self, service_file: str, service_token: str, prefix: str = "t-", retries: int = 3) -> None:
        self.service_file, self.service_token, self.prefix, self.retries = service_file, service_token, prefix, retries

    def _state(self):
        with open(self.service_file) as file:
            return json.load(file)

    def _change(self, state):
        if self.service_token != state["admin"]:
            raise RotationError("the service refuses the token of the administrator")
        with open(self.service_file, "w") as file:
            json.dump(state, file)

    def plan(self, work: Work, current: dict) -> list[str]:
        if self.service_token != self._state()["admin"]:
            raise RotationRefused("the service refuses the token of the administrator", help="set SERVICE_TOKEN")
        return [f"add a token at {self.service_file}, in {self.retries} attempts"]

    def generate(self, work: Work, current: dict) -> dict:
        return {work.ref.key: self.prefix + secrets.token_hex(16)}

    def apply(self, work: Work, pending: dict, current: dict) -> None:
        state = self._state()
        self._change({**state, "tokens": sorted({*state["tokens"], pending[work.ref.key]})})

    def verify(self, work: Work, pending: dict) -> None:
        state = self._state()
        if state.get("crash"):
            os._exit(9)
        if pending[work.ref.key] not in state["tokens"]:
            raise RotationError("the service refuses the new token")

    def undo(self, work: Work, pending: dict, current: dict) -> None:
        state = self._state()
        self._change({**state, "tokens": [one for one in state["tokens"] if one != pending[work.ref.key]]})

    def works(self, work: Work, values: dict) -> bool:
        return values[work.ref.key] in self._state()["tokens"]
'''
WITH = ("--kind", "mymodule:Service")


@pytest.fixture(scope="module", name="vault")
def _vault_of_this_file() -> Iterator[VaultServer]:
    with vault_server() as server:
        yield server
        _vault.shutdown()


class Service:
    """The service, its secret at `secret/NAME#token`, and the module of the kind in a working directory."""

    def __init__(self, vault: VaultServer, folder: Path) -> None:
        self.vault, self.folder, self.file = vault, folder, folder / "service.json"
        self.canary = Canary()
        self.path = f"secret/{folder.name.replace('_', '-')}"
        self.reference = f"{self.path}#token"
        self.environ = {**vault.environ, "SERVICE_TOKEN": self.canary.secret}
        (folder / "mymodule.py").write_text(KIND)
        vault.put(self.path, {"token": "first", "other": "stays"})
        self.set(admin=self.canary.secret, tokens=["first"])

    def set(self, **changes: object) -> None:
        state = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.file.write_text(json.dumps({**state, **changes}))

    @property
    def tokens(self) -> list[str]:
        found: list[str] = json.loads(self.file.read_text())["tokens"]
        return found

    @property
    def stored(self) -> str:
        found: str = self.vault.get(self.path)["token"]
        return found

    def rotate(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        """Rotate in a subprocess; neither the administrator's token nor a stored one is shown."""
        before = self.stored
        code, out, err = rotate({**self.environ, **environ}, self.reference, *arguments, cwd=self.folder)
        self.canary.absent_from(out, err)
        for token in {before, self.stored, *self.tokens} - {"first"}:
            assert token not in out + err
        return code, out, err

    @property
    def where(self) -> tuple[str, ...]:
        return (*WITH, "--service-file", str(self.file))


@pytest.fixture(name="service")
def _service(vault: VaultServer, tmp_path: Path) -> Service:
    return Service(vault, tmp_path)


def test_a_dry_run_shows_the_plan_of_the_kind_and_changes_nothing(service: Service) -> None:
    code, out, err = service.rotate(*service.where, "--dry-run")
    assert (0, True) == (code, f"add a token at {service.file}, in 3 attempts" in out), err
    assert (["first"], "first") == (service.tokens, service.stored)


def test_a_rotation_changes_the_service_and_the_secret(service: Service) -> None:
    code, out, err = service.rotate(*service.where, "--prefix", "new-")
    assert (0, True) == (code, "rotated " in out), err
    assert service.stored.startswith("new-")
    assert ["first", service.stored] == service.tokens
    assert "stays" == service.vault.get(service.path)["other"]


def test_the_record_keeps_the_options_that_are_no_secrets(service: Service) -> None:
    assert 0 == service.rotate(*service.where, "--prefix", "new-", SERVICE_RETRIES="7")[0]
    record = service.vault.get(f"{service.path}.rotation")
    assert {"service_file": str(service.file), "retries": 7} == record["setup"]
    service.canary.absent_from(json.dumps(record))
    code, out, err = service.rotate(*WITH, "--dry-run")
    assert (0, True) == (code, f"{service.file}, in 7 attempts" in out), err
    assert 0 == service.rotate(*WITH)[0]
    assert 3 == len(service.tokens)


def test_an_unfinished_rotation_is_resumed_from_its_record(service: Service) -> None:
    service.set(crash=True)
    assert 9 == service.rotate(*service.where)[0]
    assert ("first", 2) == (service.stored, len(service.tokens))
    service.set(crash=False)
    code, out, err = service.rotate(*WITH, "--status")
    assert (1, True) == (code, "half-way" in out), err
    code, out, err = service.rotate(*WITH, "--resume")
    assert (0, True) == (code, "resumed and rotated" in out), err
    assert service.stored in service.tokens
    assert "first" != service.stored


def test_the_remedy_of_an_unfinished_rotation_names_the_class(service: Service) -> None:
    service.set(crash=True)
    assert 9 == service.rotate(*service.where)[0]
    service.set(crash=False)
    code, out, err = service.rotate(*service.where)
    assert 1 == code
    assert f"`toriconfig rotate '{service.reference}' --resume --kind MODULE:CLASS`" in out + err


def test_an_unfinished_rotation_is_undone_from_its_record(service: Service) -> None:
    service.set(crash=True)
    assert 9 == service.rotate(*service.where)[0]
    service.set(crash=False)
    code, out, err = service.rotate(*WITH, "--rollback")
    assert (0, True) == (code, "undone" in out), err
    assert (["first"], "first") == (service.tokens, service.stored)


def test_a_finished_rotation_is_rolled_back(service: Service) -> None:
    assert 0 == service.rotate(*service.where)[0]
    code, _, err = service.rotate(*WITH, "--rollback")
    assert (0, "first") == (code, service.stored), err
    code, out, _ = service.rotate(*WITH, "--status")
    assert (0, True) == (code, "accepted" in out or "works" in out or "back to version" in out)


def test_a_record_alone_imports_no_kind(service: Service) -> None:
    assert 0 == service.rotate(*service.where)[0]
    code, _, err = service.rotate("--rollback")
    assert 2 == code
    assert "service is not a kind of this package" in err
    assert "--kind module:Class" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--length", "64"), "--length is an option of kind generated or command, not of service"),
        (("--single",), "--single is an option of kind database-user or mysql, not of service"),
        (("--force",), "--force is an option of kind database-user or mysql or redis, not of service"),
        (("--stdin",), "--stdin is an option of kind given, not of service"),
        (("--resume", "--prefix", "x"), "--prefix describes a new value, and --resume creates none"),
        (("--retries", "many"), "invalid value for '--retries': expected a whole number"),
    ],
)
def test_foreign_and_invalid_options_are_refused(service: Service, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = service.rotate(*service.where, *arguments)
    assert (2, "", True) == (code, out, message in " ".join(err.split())), err
    assert "first" == service.stored


def test_an_option_of_the_kind_is_unknown_without_it(service: Service) -> None:
    code, _, err = service.rotate("--service-file", str(service.file))
    assert (2, True) == (code, "no such option" in err)


def test_a_secret_option_is_refused_as_an_argument(service: Service) -> None:
    code, _, err = service.rotate(*service.where, "--service-token", service.canary.secret)
    assert 2 == code
    assert "--service-token is a secret, which is never passed as an argument: set the variable SERVICE_TOKEN" in err


def test_missing_arguments_are_named(service: Service) -> None:
    code, _, err = service.rotate(*service.where, SERVICE_TOKEN="")
    assert (2, True) == (code, "service needs the variable SERVICE_TOKEN" in err)
    code, _, err = service.rotate(*WITH)
    assert (2, True) == (code, "service needs --service-file" in err)
    code, _, err = service.rotate(*service.where, SERVICE_RETRIES=service.canary.secret)
    assert (2, True) == (code, "SERVICE_RETRIES: expected a whole number" in err)


def test_the_help_names_the_kind_with_its_options_and_variables(service: Service) -> None:
    code, out, _ = service.rotate(*WITH, "--help")
    told = " ".join(out.split())
    assert 0 == code
    assert "service a token of the service" in told
    assert "service: where the service keeps its tokens." in told
    assert "SERVICE_TOKEN service: may change tokens." in told
    assert "--service-token" not in told
    assert "--service-file" not in service.rotate("--help")[1]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import a_module_that_is_not_there", "No module named 'a_module_that_is_not_there'"),
        ("raise ValueError('{c}')", "cannot be used: ValueError"),
        ("x = 1", "has no attribute 'Mine'"),
        ("Mine = 5", "it is not a class, but of type int"),
        ("class Mine: name = 'mine'; stored = True", "its class has no method needs, plan"),
        (
            "from toriconfig.rotation import kinds\nclass Mine(kinds.StaticRole): pass",
            "its `name` is static-role, the name of a kind of this package",
        ),
        (
            (
                "from toriconfig.rotation import Option as O, kinds\nclass Mine(kinds.Generated):"
                "\n    name = 'mine'\n    options = (O('timeout'),)"
            ),
            "the kind mine declares --timeout, which every rotation has",
        ),
    ],
)
def test_a_broken_kind_is_refused_without_its_values(service: Service, source: str, message: str) -> None:
    (service.folder / "broken.py").write_text(source.replace("{c}", service.canary.secret))
    code, out, err = service.rotate("--kind", "broken:Mine")
    assert (2, "", True) == (code, out, message in " ".join(err.split())), err


def test_a_constructor_that_quotes_a_secret_shows_none(service: Service) -> None:
    module = service.folder / "mymodule.py"
    begin = "        self.service_file, self.service_token, self.prefix"
    module.write_text(KIND.replace(begin, f"        raise ValueError(f'no token {{service_token}}')\n{begin}"))
    code, out, err = service.rotate(*service.where)
    assert (2, "") == (code, out)
    assert "service refuses its options, one of which is a secret" in err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import a_module_that_is_not_there", "No module named 'a_module_that_is_not_there' (mymodule.py:{n})"),
        ("raise ImportError(service_token)", "ImportError (mymodule.py:{n})"),
        ("raise OSError(f'no token {service_token}')", "OSError (mymodule.py:{n})"),
        ("json.load(service_token)", "AttributeError (mymodule.py:{n})"),
    ],
)
def test_a_constructor_that_raises_is_one_line_with_its_place(service: Service, line: str, reason: str) -> None:
    begin = "        self.service_file, self.service_token, self.prefix"
    source = KIND.replace(begin, f"        {line}\n{begin}")
    (service.folder / "mymodule.py").write_text(source)
    code, out, err = service.rotate(*service.where)
    said = reason.format(n=source[: source.index(f"{line}\n{begin}")].count("\n") + 1)
    assert (2, "") == (code, out)
    assert f"the kind mymodule:Service cannot be used: {said}" in " ".join(err.split())
    assert "Traceback" not in err
    assert "a bug of" not in err


@pytest.mark.parametrize("method", ["plan", "generate", "apply", "verify"])
def test_a_method_that_raises_is_named_with_its_place_and_no_text(service: Service, method: str) -> None:
    line = "json.loads(self.service_token)"
    head, colon, rest = KIND.partition(f"    def {method}(")
    first, newline, body = rest.partition("\n")
    source = f"{head}{colon}{first}{newline}        {line}\n{body}"
    (service.folder / "mymodule.py").write_text(source)
    code, _, err = service.rotate(*service.where)
    number = source[: source.index(line)].count("\n") + 1
    assert (1, True) == (code, f"service: {method} raised JSONDecodeError at mymodule.py:{number}" in err), err


def test_a_program_names_the_class_and_the_environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(service.folder)
    kind = __import__("mymodule").Service
    monkeypatch.delitem(sys.modules, "mymodule")
    setup = {"service_file": str(service.file)}
    rotation = Rotation(service.reference, kind, setup=setup, environ=service.environ)
    assert "rotated" == rotation.run().result
    assert "rotated" == Rotation(service.reference, kind, environ=service.environ).rollback().result


def test_an_installed_kind_is_used_by_its_name_and_found_by_records(service: Service) -> None:
    folder = service.folder / "installed"
    metadata = folder / "service_kind-1.0.dist-info"
    metadata.mkdir(parents=True)
    (service.folder / "mymodule.py").rename(folder / "mymodule.py")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: service-kind\nVersion: 1.0\n")
    points = "service = mymodule:Service\ngone = mymodule:Gone\ngenerated = mymodule:Service\n"
    (metadata / "entry_points.txt").write_text(f"[toriconfig.rotation_kinds]\n{points}")
    sys.path.insert(0, str(folder))
    try:
        assert 0 == service.rotate("--kind", "service", "--service-file", str(service.file))[0]
        code, items = rotate_json(service.environ, service.reference, "--rollback")
        assert (0, "rotated", "first") == (code, items[0]["result"], service.stored)
        code, _, err = service.rotate("--kind", "gone")
        assert 2 == code
        assert "the kind gone of service-kind cannot be used" in err
        assert "update or uninstall service-kind" in " ".join(err.split())
        assert 0 == service.rotate("--kind", "generated", "--length", "64")[0]
    finally:
        sys.path.remove(str(folder))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "--x"}, "the name of an option"),
        ({"name": "x", "type": list}, "the type of --x"),
        ({"name": "x", "secret": True}, "needs an envvar"),
        ({"name": "x", "ask": True}, "needs secret=True"),
    ],
)
def test_an_invalid_declaration_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Option(**arguments)  # type: ignore[arg-type]


def test_the_kinds_of_this_package_declare_a_summary() -> None:
    assert all(kind.summary for kind in kinds.KINDS.values())


def test_a_remedy_names_the_class_as_it_is_typed(service: Service) -> None:
    (service.folder / "due.py").write_text(
        "from typing import Annotated\nfrom pydantic import BaseModel\nfrom toriconfig import Ref, Secret\n\n"
        f'class App(BaseModel):\n    token: Annotated[Secret[str], Ref("{service.reference}", max_age=0)]\n'
    )
    due = ("--due", "--settings", "due:App")
    code, out, _ = rotate(service.environ, *due, *service.where, cwd=service.folder)
    assert (1, True) == (code, f"`toriconfig rotate '{service.reference}' --due --kind mymodule:Service`" in out), out
    assert 0 == service.rotate(*service.where)[0]
    unknown = "--kind MODULE:CLASS` (the class of kind service)"
    for arguments in ((), ("--kind", "mysql")):
        code, out, _ = rotate(service.environ, *due, *arguments, cwd=service.folder)
        assert (1, True) == (code, f"`toriconfig rotate '{service.reference}' --due {unknown}" in out), out
    code, _, err = service.rotate()
    assert (1, True) == (code, f"`toriconfig rotate '{service.reference}' {unknown}" in err), err
    code, _, err = service.rotate("--rollback", "--kind", "generated")
    assert (1, True) == (code, f"name that kind: `{unknown}" in err), err
    code, _, err = rotate(service.environ, *due, *WITH, cwd=service.folder)
    assert (0, 2) == (code, len(service.tokens) - 1), err
