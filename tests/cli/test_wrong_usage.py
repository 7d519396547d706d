"""Invalid command lines: the error repeats nothing that may be a secret."""

from __future__ import annotations

import pytest

from support.command import Toriconfig
from toriconfig.cli import COMMANDS
from toriconfig.testing import Canary

SLIPS = [
    ("vault", "put", "secret/app#key", "{}"),
    ("vault", "put", "secret/app#key", "{}", "{}"),
    ("vault", "put", "{}"),
    ("vault", "put", "{}", "secret/app#key"),
    ("vault", "put", "secret/app", "key={}"),
    ("vault", "put", "secret/app#key={}"),
    ("vault", "put", "secret/app#key=a{}", "--stdin"),
    ("vault", "put", "{}#key"),
    ("vault", "put", "#{}"),
    ("vault", "put", "/{}"),
    ("vault", "put", "secret/app#key", "--{}"),
    ("vault", "put", "secret/app#key", "--value={}"),
    ("vault", "put", "secret/app#key", "--value", "{}"),
    ("vault", "put", "secret/app#key", "-{}"),
    ("vault", "put", "secret/app#key", "--stdin={}"),
    ("vault", "put", "--stdin", "{}", "secret/app#key"),
    ("vault", "get", "{}"),
    ("vault", "get", "secret/app#key", "{}"),
    ("vault", "get", "--reveal={}", "secret/app#key"),
    ("vault", "get", "--{}", "secret/app#key"),
    ("rotate", "{}"),
    ("rotate", "{}#k=v"),
    ("rotate", "secret/app#key={}"),
    ("rotate", "--kind", "given", "secret/app#key", "{}"),
    ("rotate", "--kind", "{}", "secret/app#key"),
    ("rotate", "--due", "--kind", "{}"),
    ("rotate", "--status", "--kind", "a.{}"),
    ("rotate", "secret/app#key", "--{}"),
    ("rotate", "secret/app#key", "--length", "{}"),
    ("rotate", "secret/app#key", "--timeout", "{}"),
    ("rotate", "secret/app#key", "--workers", "{}"),
    ("rotate", "secret/app#key", "--max-age", "{}"),
    ("rotate", "secret/app#key", "--stdin={}"),
    ("rotate", "secret/app#key", "--value", "{}"),
    ("rotate", "--due", "--max-age", "1d", "{}"),
    ("vault", "put", "a+b/{}"),
    ("vault", "put", "postgresql://u:{}@h/d"),
    ("vault", "put", "secret/app={}"),
    ("vault", "put", "secret/app:key={}"),
    ("vault", "get", "a+b/{}="),
    ("vault", "get", "secret/app.{}"),
    ("rotate", "postgresql://u:{}@h/d"),
    ("rotate", "secret/app?value={}#key"),
    ("rotate", "$secret/app {}#key"),
    ("rotate", "secret/app#key", "secret//{}"),
    ("rotate", "--status", "secret/app?{}=1#key"),
]


@pytest.mark.parametrize("arguments", SLIPS, ids=" ".join)
@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1"])
def test_a_typing_error_shows_no_text_that_may_be_a_secret(
    arguments: tuple[str, ...], address: str, toriconfig: Toriconfig
) -> None:
    canary = Canary()
    environ = {"VAULT_ADDR": address, "VAULT_TOKEN": "t"} if address else {}
    result = toriconfig(*(one.format(canary.secret) for one in arguments), stdin="\n", **environ)
    assert 0 != result.code
    canary.absent_from(result.out, result.err)


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"check", "validate", "vault", "rotate"}))
def test_no_command_repeats_a_surplus_argument(command: str, toriconfig: Toriconfig) -> None:
    canary = Canary()
    result = toriconfig(command, *["bash"] * (command == "completion"), *["number"] * 3, canary.secret)
    assert 2 == result.code
    canary.absent_from(result.out, result.err)


def test_the_remedy_is_reported(toriconfig: Toriconfig) -> None:
    err = toriconfig("vault", "put", "secret/app#key", "value").err.replace("\n", " ")
    assert "`put` takes no further argument: other users can read arguments" in err
    assert "use --stdin" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("vault", "put", "a/b#c", "--sdtin"), "no such option; did you mean `--stdin`?"),
        (("rotate", "a/b#c", "--lenght", "3"), "no such option; did you mean `--length`?"),
        (("rotate", "a/b#c", "--length", "x"), "invalid value for '--length': expected a whole number"),
        (("rotate", "a/b#c", "--workers", "99"), "invalid value for '--workers': expected a whole number 1<=x<=64"),
        (("rotate", "a/b#c", "--max-age", "soon"), "not an age: write 90d"),
        (("rotate", "a/b#c", "--kind", "generatd"), "no kind 'generatd' (did you mean `generated`?): use generated, "),
        (("vault", "get", "a/b"), "REFERENCE names no key: write `PATH#key`"),
        (("rotate", "a/b#c", "a//b#c"), "REF 2: the path"),
        (("rotate", "a//b#c"), "REF: the path"),
        (("vault", "put"), "Missing argument 'REFERENCE'"),
    ],
)
def test_a_typing_error_is_reported_with_the_correct_spelling(
    arguments: tuple[str, ...], told: str, toriconfig: Toriconfig
) -> None:
    assert told in " ".join(toriconfig(*arguments, VAULT_ADDR="http://127.0.0.1:1").err.split())


KINDS = "generated, given, command, database-user, mysql, redis, static-role, database-root, transit-key, key-pair"


@pytest.mark.parametrize("where", [("a/b#c",), ("--due",), ("--status",), ("a/b", "--resume"), ("a/b#c", "--stdin")])
@pytest.mark.parametrize("name", ["nosuch", "my-kind", "mypackage.rotation.Service", "x9:", "", "postgres"])
def test_a_kind_that_does_not_exist_is_named_with_all_that_do(
    name: str, where: tuple[str, ...], toriconfig: Toriconfig
) -> None:
    result = toriconfig("rotate", *where, "--kind", name, stdin="x", VAULT_ADDR="http://127.0.0.1:1", VAULT_TOKEN="t")
    told = " ".join(result.err.split())
    wrong = "there is no such kind" if "9" in name else f"no kind '{name}'"
    assert (2, "") == (result.code, result.out)
    assert f"--kind: {wrong}: use {KINDS}, or module:Class of a class of your own" in told
