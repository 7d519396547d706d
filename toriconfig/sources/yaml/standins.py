r"""Private characters that replace, during the parse, the few characters that libyaml would misread.

libyaml follows YAML 1.1 in two points that YAML 1.2 changed: it ends a line at U+0085, U+2028 and U+2029, and it
rejects the surrogate pairs of JSON (`"\ud83d\ude00"`). The private characters have the same width, so that all lines
and columns stay correct.
"""

from __future__ import annotations

from collections.abc import Callable

Restore = Callable[[str], str]

_BREAKS = "\x85\u2028\u2029"
_CANDIDATES = range(0x10FFFD, 0x10F000, -1)
_OWN_ESCAPES = r"\\u[eE][0-9a-fA-F]{3}|\\U0000[eE][0-9a-fA-F]{3}"
_HIGH, _HIGH_AS = "89abAB", "012389"
_LOW, _LOW_AS = "cdefCDEF", "4567abcd"
"""Second hexadecimal digit of a high and of a low surrogate in both cases, and the digits that replace them."""


def stand_in(text: str) -> tuple[str, Restore | None]:
    """Return `(text, restore)`: a text that libyaml reads correctly, and a function that restores a key or value.

    U+0085, U+2028, U+2029 and escaped surrogate pairs are replaced in the text. `restore` takes a parsed key or value,
    and returns the same text with the original characters. `restore` is None if nothing is replaced.
    """
    breaks = any(char in text for char in _BREAKS)
    pairs = ("\\ud" in text or "\\uD" in text) and not _has_own(text)
    restore: Restore | None = None
    if pairs:
        text, restore = _respell(text, "dD", (_HIGH, _LOW), "eE", (_HIGH_AS, _LOW_AS)), _pairs_back
    if breaks:
        text, back = _hide_breaks(text)
        restore = (lambda part: _pairs_back(part).translate(back)) if pairs else lambda part: part.translate(back)
    return text, restore


def _hide_breaks(text: str) -> tuple[str, dict[int, str]]:
    spelt = text.lower()
    free = (code for code in _CANDIDATES if chr(code) not in text and f"\\u00{code:x}" not in spelt)
    table = {ord(char): next(free) for char in _BREAKS}
    return text.translate(table), {code: chr(char) for char, code in table.items()}


def _has_own(text: str) -> bool:
    import re

    return any("\ue000" <= char < "\uee00" for char in set(text)) or re.search(_OWN_ESCAPES, text) is not None


def _pairs_back(text: str) -> str:
    if "\\u" in text:  # single quotes and blocks keep the escape as it is written
        text = _respell(text, "eE", (_HIGH_AS, _LOW_AS), "dD", (_HIGH, _LOW))
    if text.isascii():
        return text
    chars = []
    high = 0
    for char in text:
        code = ord(char)
        if not 0xE000 <= code < 0xEE00:
            chars.append(char)
            continue
        digit, byte = f"{code:04x}"[1], code & 0xFF
        if digit in _HIGH_AS:
            high = (int(_HIGH[_HIGH_AS.index(digit)], 16) - 8 << 8) + byte
        else:
            chars.append(chr(0x10000 + (high << 10) + (int(_LOW[_LOW_AS.index(digit)], 16) - 12 << 8) + byte))
    return "".join(chars)


def _respell(text: str, first: str, second: tuple[str, str], first_as: str, second_as: tuple[str, str]) -> str:
    r"""Translate hex digits in each pair of escapes such as `\ud83d\ude00`, and return the new text.

    The digit after each `\u` is translated from `first` to `first_as`. The digit after that is translated from `second`
    to `second_as`, which have one alphabet for each escape of a pair.
    """
    import re

    swap_first = str.maketrans(first, first_as)
    swap_second = str.maketrans("".join(second), "".join(second_as))

    def respell(match: re.Match[str]) -> str:
        slashes, a, b, between, c, d = match.groups()
        a, c = a.translate(swap_first), c.translate(swap_first)
        return f"{slashes}{a}{b.translate(swap_second)}{between}{c}{d.translate(swap_second)}"

    # After an even number of backslashes, the next character does not begin an escape.
    half = rf"([{first}])([%s])"
    pattern = rf"(?<!\\)((?:\\\\)*\\u){half % second[0]}([0-9a-fA-F]{{2}}\\u){half % second[1]}"
    return re.sub(pattern, respell, text)
