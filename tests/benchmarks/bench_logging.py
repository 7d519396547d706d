"""One log record of 160 characters with 100 secrets to mask, beside the same record unmasked."""

from __future__ import annotations

import logging
import random
import string
from collections.abc import Callable
from pathlib import Path

from benchmarks.interleaved import Row, Work, compare, table
from toriconfig.pipeline._logging import MaskingFormatter
from toriconfig.pipeline._redact import Redactor

SECRETS = 100
_ALPHABET = string.ascii_letters + string.digits
_LINE = "reading %s, page %d of 40: 3 chunks of 800 characters, 12 concepts kept, entropy 0.0031, no error so far"
_RICH = "request %s of Zoë Quax took %d ms (JOB=XQ-77, KEY=VALUE)"


def _redactor(fast: bool, chance: random.Random) -> Redactor:
    redactor = Redactor(fast=fast)
    for _ in range(SECRETS):
        redactor.register("".join(chance.choices(_ALPHABET, k=chance.randint(12, 44))))
    redactor.mask("")
    return redactor


def _work(name: str, mask: Callable[[str], str] | None, line: str, first: str) -> Work:
    sink = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115 - closed by `measure`
    _closing.append(sink.close)
    handler = logging.StreamHandler(sink)
    stock = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(stock if mask is None else MaskingFormatter(mask=mask))
    logger = logging.Logger(f"bench.{name}", logging.INFO)  # noqa: LOG001 - apart from every other logger
    logger.addHandler(handler)

    def work(times: int) -> None:
        for number in range(times):
            logger.info(line, first, number)

    return work


def measure(rounds: int = 15, times: int = 2000) -> list[Row]:
    chance = random.Random(11)
    fast, pure = _redactor(True, chance), _redactor(False, chance)
    token = "".join(chance.choices(_ALPHABET, k=60))
    rows: list[Row] = []
    # The second line is the worst case of the pure Python code: a third of it is rare characters.
    for kind, line, first, promised in (
        ("plain text", _LINE, "/data/papers/2026/entropy-of-things.pdf", True),
        ("a token in it", _RICH, token, False),
    ):
        names = [
            f"{how}, {kind}"
            for how in (
                "unmasked, logging.Formatter",
                "masked, fast-logs",
                "masked, pure Python",
                "unmasked, our formatter",
            )
        ]
        works = {
            name: _work(str(number), mask, line, first)
            for number, (name, mask) in enumerate(zip(names, (None, fast.mask, pure.mask, str), strict=True))
        }
        rows += compare(works, names[0], {names[1]: 1.15, names[2]: 1.7} if promised else {}, rounds, times)
    while _closing:
        _closing.pop()()
    return rows


_closing: list[Callable[[], object]] = []


if __name__ == "__main__":
    print(table(f"One log record, {SECRETS} secrets", measure()))
