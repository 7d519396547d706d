"""The canary sweep finds a secret in any output; each place of an earlier leak is a case."""

from __future__ import annotations

import base64
import copyreg
import json
import logging
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import click
import pytest
from pydantic import BaseModel, ValidationError

from toriconfig._secrets.secret import Secret
from toriconfig.testing import Canary

ENCODINGS: dict[str, Callable[[str], str | bytes]] = {
    "as it is": lambda secret: f"a {secret} b",
    "as bytes": lambda secret: secret.encode(),
    "in upper case": str.upper,
    "in JSON": lambda secret: json.dumps({"k": secret}),
    "in a URL": lambda secret: f"postgresql://u:{quote(secret)}@h/d",
    "in base64": lambda secret: base64.b64encode(secret.encode()),
    "in base64 behind one byte": lambda secret: base64.b64encode(b"u" + secret.encode()),
    "in base64 behind two bytes": lambda secret: base64.urlsafe_b64encode(b"u:" + secret.encode() + b"z"),
    "in hexadecimal": lambda secret: secret.encode().hex(),
    "in UTF-16": lambda secret: secret.encode("utf-16"),
    "cut to its first characters": lambda secret: secret[:8] + "...",
    "cut to its last characters": lambda secret: "***" + secret[-8:],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_canary_is_found(encoding: str) -> None:
    canary = Canary()
    with pytest.raises(AssertionError, match="the canary was found"):
        canary.absent_from(ENCODINGS[encoding](canary.secret))


def test_a_text_without_the_canary_passes() -> None:
    canary = Canary()
    canary.absent_from("quiet", b"quiet", Canary().secret, {"password": "**********"}, 7, None)


@dataclass
class Holder:
    value: object


class Attribute(Exception):
    def __init__(self, secret: str) -> None:
        super().__init__("quiet")
        self.secret = secret

    def __reduce__(self) -> str:
        raise TypeError("not pickled, so that only the attribute can show it")


class Model(BaseModel):
    number: int


def raised(raiser: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        raiser()
    return caught.value


def elsewhere(source: str, secret: str) -> Callable[[], object]:
    """A function whose frames count as another file's."""
    names: dict[str, object] = {"secret": secret, "holder": Holder(secret)}
    exec(compile(source, "another.py", "exec"), names)
    run = names["run"]
    assert callable(run)
    return run


def with_note(secret: str) -> BaseException:
    error = ValueError("quiet")
    error.add_note(f"while trying {secret}")
    return error


CAUSED = (
    "def run():\n try:\n  raise KeyError(secret)\n except KeyError as error:\n  raise ValueError('quiet') from error"
)
SUPPRESSED = "def run():\n try:\n  raise KeyError(secret)\n except KeyError:\n  raise ValueError('quiet') from None"
LOCAL = "def run():\n value = holder\n raise ValueError('quiet')"

EXCEPTIONS: dict[str, Callable[[str], BaseException]] = {
    "its text": lambda secret: ValueError(f"bad value {secret}"),
    "an argument": lambda secret: ValueError("bad value", Holder(secret)),
    "an attribute": Attribute,
    "a note": with_note,
    "its cause": lambda secret: raised(elsewhere(CAUSED, secret)),
    "its suppressed context": lambda secret: raised(elsewhere(SUPPRESSED, secret)),
    "a local of its traceback": lambda secret: raised(elsewhere(LOCAL, secret)),
    "a member of a group": lambda secret: ExceptionGroup("quiet", [ValueError("quiet"), Attribute(secret)]),
    "errors() of pydantic": lambda secret: raised(lambda: Model.model_validate({"number": secret})),
}


@pytest.mark.parametrize("place", EXCEPTIONS)
def test_the_canary_is_found_in_an_exception_in(place: str) -> None:
    canary = Canary()
    error = EXCEPTIONS[place](canary.secret)
    with pytest.raises(AssertionError, match="the canary was found"):
        canary.absent_from(error)


def test_an_exception_without_the_secret_passes_although_the_test_itself_holds_it() -> None:
    canary = Canary()
    secret = canary.secret
    error = raised(lambda: int("quiet" if secret else ""))
    canary.absent_from(error)


class Pickled:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return "Pickled()"


class Refusing(Pickled):
    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError(f"cannot pickle {self.secret}")


class Quiet(Pickled):
    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("secrets are not pickled")


class Formatted(Quiet):
    def __format__(self, spec: str) -> str:
        return self.secret


@pytest.mark.parametrize("kind", [Holder, Pickled, Formatted, Refusing, lambda secret: {"k": [secret]}])
def test_the_canary_is_found_in_the_output_of_an_object(kind: Callable[[str], object]) -> None:
    canary = Canary()
    with pytest.raises(AssertionError, match="the canary was found"):
        canary.absent_from(kind(canary.secret))


def test_an_object_that_refuses_to_be_pickled_and_shows_nothing_passes() -> None:
    canary = Canary()
    canary.absent_from(Quiet(canary.secret), copyreg)


def test_a_sealed_secret_passes_and_a_plain_field_of_a_model_does_not() -> None:
    class Settings(BaseModel):
        key: Secret[str]

    class Plain(BaseModel):
        key: str

    canary = Canary()
    canary.absent_from(Secret(canary.secret), Settings.model_validate({"key": canary.secret}))
    with pytest.raises(AssertionError, match="the canary was found"):
        canary.absent_from(Plain(key=canary.secret))


def test_the_message_of_the_assertion_does_not_hold_the_canary() -> None:
    canary = Canary()
    with pytest.raises(AssertionError) as caught:
        canary.absent_from("quiet", ValueError(canary.secret))
    assert "ValueError #2" in str(caught.value)
    assert not canary.found_in(str(caught.value))


def log(secret: str) -> None:
    logging.getLogger("canary.debug").debug("token %s", secret)


def log_an_exception(secret: str) -> None:
    try:
        int(secret)
    except ValueError:
        logging.getLogger("canary.error").exception("quiet")


def print_and_raise(secret: str) -> None:
    print(secret)
    raise LookupError


def log_where_nothing_propagates(secret: str) -> None:
    logging.getLogger("canary.apart").info(secret)


def log_below_the_level(secret: str) -> None:
    logging.getLogger("canary.level").debug(secret)


def log_by_a_new_logger(secret: str) -> None:
    logger = logging.getLogger("canary.new")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    logger.info(secret)


def log_an_extra(secret: str) -> None:
    logging.getLogger("canary").warning("quiet", extra={"token": Holder(secret)})


TALKATIVE: dict[str, Callable[[str], object]] = {
    "standard output": print,
    "standard error": lambda secret: print(secret, file=sys.stderr),
    "standard output as bytes": lambda secret: click.echo(secret.encode()),
    "standard output in two parts": lambda secret: (print(secret[:6], end=""), print(secret[6:12])),
    "the log at DEBUG": log,
    "a logged exception": log_an_exception,
    "a logger that does not propagate": log_where_nothing_propagates,
    "a logger with a higher level": log_below_the_level,
    "a logger that is made meanwhile": log_by_a_new_logger,
    "an extra of a log record": log_an_extra,
}


@pytest.mark.parametrize("place", TALKATIVE)
def test_the_canary_is_found_while_watching(place: str) -> None:
    logging.getLogger("canary.apart").propagate = False
    logging.getLogger("canary.level").setLevel(logging.WARNING)
    canary = Canary()
    with pytest.raises(AssertionError, match="the canary was found"), canary.watch():
        TALKATIVE[place](canary.secret)


def test_a_logged_exception_passes_although_the_test_itself_holds_the_secret() -> None:
    canary = Canary()
    secret = canary.secret
    with canary.watch():
        try:
            int("quiet" if secret else "")
        except ValueError:
            logging.getLogger("canary.error").exception("quiet")


def test_watching_passes_other_output_through_and_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    before = (sys.stdout, sys.stderr, logging.root.level, list(logging.root.handlers))
    with Canary().watch():
        print("hello")
        logging.getLogger("canary").info("hello")
    assert before == (sys.stdout, sys.stderr, logging.root.level, list(logging.root.handlers))
    assert capsys.readouterr().out == "hello\n"


def test_a_watched_stream_behaves_like_the_real_one(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="latin-1") as real, redirect_stdout(real), Canary().watch():
        assert (real.fileno(), "latin-1") == (sys.stdout.fileno(), sys.stdout.encoding)
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        print("\N{EURO SIGN}")
    assert "\\u20ac\n" == (tmp_path / "out").read_text("latin-1")


def test_bytes_reach_the_watched_stream(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with Canary().watch():
        click.echo(b"bytes")
        sys.stdout.buffer.write(b"more")
        sys.stdout.writelines(["lines\n"])
    assert b"bytes\nmorelines\n" == capsysbinary.readouterr().out


def test_the_canary_is_found_though_the_watched_block_raises() -> None:
    canary = Canary()
    with pytest.raises(AssertionError, match="the canary was found as text on standard output"), canary.watch():
        print_and_raise(canary.secret)


def test_an_exception_out_of_the_watched_block_is_not_replaced() -> None:
    with pytest.raises(ValidationError), Canary().watch():
        Model.model_validate({})
