"""The registry of secrets and the masking of a text."""

from __future__ import annotations

import base64
import importlib
import json
import logging
import pickle
import random
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable

import pytest

from toriconfig.pipeline import _redact
from toriconfig.pipeline._redact import MASK, Redactor

AWKWARD = 'p"w\\d/n s\nß&secret=1'


@pytest.fixture(params=["fast-logs", "pure Python"])
def redactor(request: pytest.FixtureRequest) -> Redactor:
    redactor = Redactor(fast=request.param == "fast-logs")
    for number in range(40):  # enough for the automaton to be built
        redactor.register(f"filler-{number:04d}-qz")
    redactor.mask("")
    return redactor


def known_to_the_automaton(redactor: Redactor, *secrets: str) -> None:
    """Register them, and enough others to rebuild the automaton with them."""
    for secret in (*secrets, *(f"more-filler-{number:04d}-qz" for number in range(60))):
        redactor.register(secret)
    redactor.mask("")


def test_the_secret_is_replaced_and_the_rest_stays(redactor: Redactor) -> None:
    redactor.register("hunter2hunter")
    assert redactor.mask("pw=hunter2hunter, hunter2hunter.") == f"pw={MASK}, {MASK}."
    assert redactor.mask("nothing here") == "nothing here"


@pytest.mark.parametrize(
    "spell",
    [
        str,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        repr,
        lambda text: repr(text.encode()),
        urllib.parse.quote,
        urllib.parse.quote_plus,
        lambda text: urllib.parse.quote(text, safe=""),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"u:{text}:x".encode()).decode(),
        lambda text: base64.b64encode(f"us:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"use:{text}".encode()).decode(),
    ],
)
def test_other_spellings_of_a_secret_are_masked_too(redactor: Redactor, spell: Callable[[str], str]) -> None:
    redactor.register(AWKWARD)
    masked = redactor.mask(f"<{spell(AWKWARD)}>")
    assert MASK in masked
    assert len(masked) <= len(MASK) + len("<b''>") + 14
    for piece in ("secret", "p%22w", "cCJ3X"):
        assert piece not in masked


def body(secret: str) -> str:
    """A text with quotes of its own, as most bodies of requests are."""
    return json.dumps({"pw": secret}, ensure_ascii=False)


@pytest.mark.parametrize("secret", ["it's-my-zebra", 'p"w\\d-zebra', "zażółć-zebra", 'it\'s-"zażółć"\\\n-zebra'])
@pytest.mark.parametrize(
    "log",
    [
        lambda secret: repr(body(secret)),
        lambda secret: repr(f'"{secret}'),
        lambda secret: repr(f'"{secret}'.encode()),
        lambda secret: repr(body(secret).encode()),
        ascii,
        lambda secret: ascii(f'"{secret}'),
        lambda secret: json.dumps({"body": json.dumps({"pw": secret})}),
        lambda secret: json.dumps({"error": repr(f'"{secret}')}),
        lambda secret: repr(KeyError(f'"{secret}')),
        lambda secret: repr(["'", repr(f'"{secret}')]),
    ],
)
def test_a_secret_inside_a_quoted_text_that_is_quoted_itself_is_masked(
    redactor: Redactor, secret: str, log: Callable[[str], str]
) -> None:
    redactor.register(secret)
    masked = redactor.mask(log(secret))
    assert MASK in masked
    assert "zebra" not in masked


def test_bytes_that_are_no_text_are_masked_inside_a_quoted_text(redactor: Redactor) -> None:
    secret = b"\xff'binary-key"
    redactor.register(secret)
    assert redactor.mask(repr(b'"' + secret)) == f"b'\"{MASK}'"
    assert redactor.mask(json.dumps({"k": repr(secret)})) == f'{{"k": "b\\"{MASK}\\""}}'


def test_each_line_of_a_multi_line_secret_is_masked_but_not_the_frame_of_a_pem_block(redactor: Redactor) -> None:
    redactor.register("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n")
    assert redactor.mask("tail hkiG9w0BAQEFAASC") == f"tail {MASK}"
    assert redactor.mask("-----BEGIN PRIVATE KEY----- of another") == "-----BEGIN PRIVATE KEY----- of another"


def test_overlapping_and_contained_secrets_leave_no_tail(redactor: Redactor) -> None:
    known_to_the_automaton(
        redactor, "abcdef", "defghi", "token", "token-prod-key-77", "xyxyx", "outer-inner1-outer", "inner1"
    )
    assert redactor.mask("outer-inner1-outer") == MASK
    assert redactor.mask("abcdefghi") == MASK
    assert redactor.mask("k=token-prod-key-77") == f"k={MASK}"
    assert redactor.mask("xyxyxyx") == MASK
    assert redactor.mask("abcdeftoken") == MASK * 2


def test_bytes_are_secrets_as_text_and_as_repr(redactor: Redactor) -> None:
    redactor.register(b"\xff\x00binary-key")
    redactor.register(b"plain-bytes")
    assert redactor.mask(repr(b"\xff\x00binary-key")) == f"b'{MASK}'"
    assert redactor.mask("plain-bytes") == MASK


def test_a_text_that_is_not_utf8_is_masked_too(redactor: Redactor) -> None:
    known_to_the_automaton(redactor, "hunter2hunter", "odd\udcffsecret")
    assert redactor.mask("\udcfe hunter2hunter odd\udcffsecret") == f"\udcfe {MASK} {MASK}"
    assert redactor.mask("hunter2hunter") == MASK


def test_short_and_common_values_are_not_masked_and_warn_once(caplog: pytest.LogCaptureFixture) -> None:
    redactor = Redactor()
    with caplog.at_level("WARNING", "toriconfig.pipeline"):
        for value in ("", "a", "abcd", b"abc", "localhost", "PASSWORD", MASK, "*****"):
            redactor.register(value)
    assert redactor.mask(f"a abcd localhost PASSWORD {MASK}") == f"a abcd localhost PASSWORD {MASK}"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "abcd" not in caplog.text


def test_a_forgotten_secret_stays_masked_for_a_while_and_then_no_longer(redactor: Redactor) -> None:
    now = [0.0]
    aged = Redactor(clock=lambda: now[0])
    aged.register("old-password")
    assert aged.mask("old-password") == MASK
    aged.forget("old-password", keep=60)
    now[0] = 59.0
    assert aged.mask("old-password") == MASK
    now[0] = 60.0
    assert aged.mask("old-password") == "old-password"


def test_a_secret_that_others_still_use_is_not_forgotten(redactor: Redactor) -> None:
    redactor.register("shared-password")
    redactor.register("shared-password")
    redactor.forget("shared-password", keep=0)
    assert redactor.mask("shared-password") == MASK
    redactor.forget("shared-password", keep=0)
    assert redactor.mask("shared-password") == "shared-password"
    redactor.register("shared-password")
    assert redactor.mask("shared-password") == MASK


def test_a_secret_registered_again_during_its_delay_stays_masked() -> None:
    now = [0.0]
    redactor = Redactor(clock=lambda: now[0])
    redactor.register("back-and-forth")
    redactor.mask("")
    redactor.forget("back-and-forth", keep=10)
    redactor.register("back-and-forth")
    now[0] = 100.0
    assert redactor.mask("back-and-forth") == MASK


def test_a_secret_may_be_registered_again_while_it_is_forgotten() -> None:
    class Leaving(dict[str | bytes, float]):
        def __setitem__(self, value: str | bytes, end: float) -> None:
            super().__setitem__(value, end)
            registry.register(value)  # by another thread

    registry = Redactor()
    registry._leaving = Leaving()
    registry.register("back-at-once")
    registry.forget("back-at-once", keep=0)
    assert registry.mask("back-at-once") == MASK


def test_a_secret_may_be_forgotten_twice_at_the_same_time() -> None:
    class Uses(list[None]):
        def __bool__(self) -> bool:
            there = len(self) > 0
            self.clear()  # by a finalizer
            return there

    registry = Redactor()
    registry.register("gone-already")
    registry._uses["gone-already"] = Uses([None])
    registry.forget("gone-already", keep=0)
    assert not registry._uses["gone-already"]


def test_the_fast_and_the_pure_python_search_find_the_same() -> None:
    chance = random.Random(5)
    fast, pure = Redactor(fast=True), Redactor(fast=False)
    words = ["".join(chance.choices("abXé\n", k=chance.randint(5, 9))) for _ in range(120)]
    for number, word in enumerate(words):
        fast.register(word)
        pure.register(word)
        text = "".join(chance.choices("abXé\n", k=60)) + words[chance.randrange(number + 1)]
        assert fast.mask(text) == pure.mask(text)
        assert word not in fast.mask(text)


def test_a_registered_secret_is_masked_at_once_while_other_threads_log() -> None:
    redactor = Redactor()
    leaks: list[str] = []
    barrier = threading.Barrier(4)

    def work(thread: int) -> None:
        barrier.wait()
        for number in range(300):
            secret = f"thread-{thread}-secret-{number}-q"
            redactor.register(secret)
            if secret in redactor.mask(f"says {secret}."):
                leaks.append(secret)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert leaks == []


def test_a_thousand_secrets_are_registered_quickly_also_with_a_line_logged_after_each() -> None:
    redactor = Redactor()
    begun = time.perf_counter()
    for number in range(1000):
        redactor.register(f"{number:05d}-correct-horse-battery")
    assert time.perf_counter() - begun < 0.5
    begun = time.perf_counter()
    for number in range(1000):
        redactor.register(f"{number:05d}-staple")
        redactor.mask("a line")
    assert time.perf_counter() - begun < 5


def test_the_registry_shows_and_pickles_nothing(redactor: Redactor) -> None:
    redactor.register("hunter2hunter")
    assert repr(redactor) == "Redactor(41 secrets)"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(redactor)


def test_a_reload_of_the_module_forgets_no_secret() -> None:
    _redact.register("kept-over-reload")
    assert importlib.reload(_redact).mask("kept-over-reload") == MASK
    _redact.forget("kept-over-reload", keep=0)


def test_registering_imports_nothing_heavy() -> None:
    code = """
import sys
before = set(sys.modules)
from toriconfig.pipeline import _redact
_redact.register("hunter2hunter")
print(sorted({"re", "logging", "typing", "threading", "asyncio", "json", "base64"} & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_a_child_forked_while_another_thread_catches_up_masks_all_that_was_registered() -> None:
    code = """
import os, threading
from toriconfig.pipeline import _find, _redact
_redact.register("first-secret")
_redact.mask("")
_redact.register("second-secret")
held, add = threading.Event(), _find.Anchors.add
def hold(anchors, word):
    held.set()
    threading.Event().wait()
_find.Anchors.add = hold
threading.Thread(target=_redact.mask, args=("",), daemon=True).start()
held.wait()
_find.Anchors.add = add
if not os.fork():
    os._exit(_redact.mask("first-secret second-secret") != f"{_redact.MASK} {_redact.MASK}")
print(os.wait()[1])
os._exit(0)
"""
    command = [sys.executable, "-u", "-W", "ignore::DeprecationWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0\n"
