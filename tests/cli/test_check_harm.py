"""`toriconfig check` of harmful inputs: reported with a frame, at hardly more than the cost of a harmless file."""

from __future__ import annotations

import time

import pytest

from support.command import Result, Toriconfig

HARM = {
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "colons": "a" + ":" * 100_000 + "\n",
    "a long list beside a mistake": "hots: 1\nwords: [" + ",".join(map(str, range(60_000))) + "]\n",
    "aliases": "b: &b {x: 1}\nq:\n  <<: [" + "*b," * 100_000 + "]\n",
    "comments": "hots: 1\n# " + " #" * 200_000 + "\n",
    "addresses": "hots: '" + "://" * 100_000 + "'\n",
    "an open quote": 'a: "' + "x " * 200_000,
    "documents": "---\n" * 100_000,
}
HARMLESS = "hots: 1\nwords:\n" + "".join(f"- word {number}\n" for number in range(25_000))


def checked(toriconfig: Toriconfig, text: str) -> tuple[float, Result]:
    start = time.process_time()
    result = toriconfig("check", "-", stdin=text)
    return time.process_time() - start, result


@pytest.mark.parametrize("kind", HARM)
def test_a_harmful_file_costs_a_check_no_more_than_a_harmless_one(kind: str, toriconfig: Toriconfig) -> None:
    bound = 20 * checked(toriconfig, HARMLESS)[0]
    seconds, result = checked(toriconfig, HARM[kind])
    assert (1, True) == (result.code, "error[TC" in result.out)
    assert seconds < bound
