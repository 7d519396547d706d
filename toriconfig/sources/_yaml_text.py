r"""From bytes to the text that libyaml reads: encodings, and the few characters it would misread.

libyaml follows YAML 1.1 in two things that YAML 1.2 changed: it ends a line at U+0085, U+2028 and U+2029, and it
refuses the surrogate pairs of JSON (`"\ud83d\ude00"`). Where one of them occurs, private characters
stand in for it during the parse, one for one, so that every line and column stays true.
"""

from __future__ import annotations

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BREAKS = "\x85\u2028\u2029"
_BREAKS_AS = "\uf800\uf801\uf802"
_OWN_ESCAPES = r"\\u[eE][0-9a-fA-F]{3}|\\u[fF]80[0-2]|\\U0000[eEfF][0-9a-fA-F]{3}"
_HIGH, _HIGH_AS = "89abAB", "012389"
_LOW, _LOW_AS = "cdefCDEF", "4567abcd"
"""The second hexadecimal digit of a high and of a low surrogate, and of their stand-ins, each case with its own."""


def decode(data: bytes) -> tuple[str, int | None, str]:
    """Decode strictly: UTF-8, or UTF-16 and UTF-32 when a byte order mark says so.

    Returns:
        The text without its byte order mark; the index in it where decoding stopped, or None; the encoding.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding).removeprefix("\ufeff"), None, encoding
    except UnicodeDecodeError as error:
        start = error.start
    # A truncated last unit of UTF-16 is left out by cutting at the place of the error.
    good = data[:start].decode(encoding, "ignore").removeprefix("\ufeff")
    return good, len(good), encoding


def split_lines(text: str) -> list[str]:
    """Lines as YAML 1.2 and editors count them: after LF, CR LF and CR."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[-1]:
        lines.append("")  # libyaml ends every text with a line end, and what it misses there it misses below it
    return lines


def place(text: str, index: int) -> tuple[int, int]:
    """The 1-based line and column of the character at `index`."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def stand_in(text: str) -> str:
    """The text with stand-ins for what libyaml would misread.

    The same object when there is nothing of the kind, or when the text holds private characters of its own.
    """
    breaks = any(char in text for char in _BREAKS)
    pairs = "\\ud" in text or "\\uD" in text
    if not (breaks or pairs):
        return text
    import re

    if re.search(_OWN_ESCAPES, text) or any("\ue000" <= char < "\uee00" or char in _BREAKS_AS for char in set(text)):
        return text
    if breaks:
        text = text.translate(dict(zip(map(ord, _BREAKS), _BREAKS_AS, strict=True)))
    return _respell(text, "dD", (_HIGH, _LOW), "eE", (_HIGH_AS, _LOW_AS)) if pairs else text


def restore(text: str) -> str:
    """What the stand-ins stood for."""
    if "\\u" in text:  # single quotes and blocks keep the escape as it is written
        text = _respell(text, "eE", (_HIGH_AS, _LOW_AS), "dD", (_HIGH, _LOW))
    if text.isascii():
        return text
    chars = []
    high = 0
    for char in text:
        code = ord(char)
        if 0xE000 <= code < 0xEE00:
            digit, byte = f"{code:04x}"[1], code & 0xFF
            if digit in _HIGH_AS:
                high = (int(_HIGH[_HIGH_AS.index(digit)], 16) - 8 << 8) + byte
            else:
                chars.append(chr(0x10000 + (high << 10) + (int(_LOW[_LOW_AS.index(digit)], 16) - 12 << 8) + byte))
        else:
            chars.append(_BREAKS[code - 0xF800] if 0xF800 <= code <= 0xF802 else char)
    return "".join(chars)


def _respell(text: str, first: str, second: tuple[str, str], first_as: str, second_as: tuple[str, str]) -> str:
    """Respell the escaped pairs, digit for digit and keeping the case, so that the way back is exact."""
    import re

    swap_first = str.maketrans(first, first_as)
    swap_second = str.maketrans("".join(second), "".join(second_as))

    def respell(match: re.Match[str]) -> str:
        slashes, a, b, between, c, d = match.groups()
        a, c = a.translate(swap_first), c.translate(swap_first)
        return f"{slashes}{a}{b.translate(swap_second)}{between}{c}{d.translate(swap_second)}"

    # An even run of backslashes escapes itself, so that what follows it is no escape.
    half = rf"([{first}])([%s])"
    pattern = rf"(?<!\\)((?:\\\\)*\\u){half % second[0]}([0-9a-fA-F]{{2}}\\u){half % second[1]}"
    return re.sub(pattern, respell, text)
