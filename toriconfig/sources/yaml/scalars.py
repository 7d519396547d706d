"""The meaning of scalars in the core schema of YAML 1.2, and the differences from YAML 1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from toriconfig._core.tree import Node

MISSING: Final = object()
MERGE: Final[Any] = object()
"""Key for the merge key `<<` during the parse. A quoted "<<" is an ordinary key."""
REFUSED: Final[Any] = object()
"""Key of a value that is read and discarded, because its own key was rejected."""
LONGEST_NUMBER: Final = 4300
"""Maximum number of characters of a number: Python's own limit for the conversion of text to an int."""

NUMERIC: Final = "0123456789+-."
"""Characters with which a number can start."""

WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YES: Final = ("yes", "Yes", "YES", "on", "On", "ON")
_NO: Final = ("no", "No", "NO", "off", "Off", "OFF")
WORDS_OF_1_1: Final[dict[str, str]] = {**dict.fromkeys(_YES, "true"), **dict.fromkeys(_NO, "false")}

_INFINITE: Final = {
    sign + spelling: float(f"{sign}inf") for sign in ("", "+", "-") for spelling in (".inf", ".Inf", ".INF")
}
_NAN: Final = (".nan", ".NaN", ".NAN")
_BASES: Final = {"0x": 16, "0o": 8}
_DIGITS: Final = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdefABCDEF"}

CORE: Final = "tag:yaml.org,2002:"
CORE_SCALARS: Final[dict[str, type]] = {
    f"{CORE}str": str,
    f"{CORE}int": int,
    f"{CORE}float": float,
    f"{CORE}bool": bool,
    f"{CORE}null": type(None),
}


class TooLong(Exception):
    """Error for a number with too many digits."""


def number(text: str) -> Any:
    """Return the int or float that a plain scalar spells, else the text itself.

    Raises:
        TooLong: an integer of more than `LONGEST_NUMBER` characters.
    """
    whole, dot, fraction = text.partition(".")
    if dot and whole.isdigit() and fraction.isdigit() and text.isascii():
        return float(text)
    sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
    base = _BASES.get(text[:2], 10)
    if base != 10:
        sign, digits = "", text[2:]
    if digits and not digits.strip(_DIGITS[base]):
        if len(text) > LONGEST_NUMBER:
            raise TooLong
        return int(sign + digits, base)
    if digits[:1] in _DIGITS[10] or (digits[:1] == "." and digits[1:2] in _DIGITS[10]):
        # float() also takes `1_0`, `1e5 `, `infinity` and digits of other scripts; YAML does not.
        if digits[1:] and not digits.strip("0123456789.eE+-"):
            try:
                return float(text)
            except ValueError:
                return text
        return text
    if text in _INFINITE:
        return _INFINITE[text]
    return float("nan") if text in _NAN else text


def tagged(text: str, tag: str) -> Any:
    """Return the value of a scalar with an explicit core tag; `MISSING` if the tag does not allow the text.

    Raises:
        KeyError: the tag is not in the core schema.
        TooLong: the number has too many digits.
    """
    wanted = str if tag == "!" else CORE_SCALARS[tag]
    if wanted is str:
        return text
    value = WORDS.get(text, MISSING)
    if value is MISSING and text[0] in NUMERIC:
        value = number(text)
    if wanted is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise TooLong from None
    return value if type(value) is wanted else MISSING


def reading_of_1_1(text: str) -> str:
    """Return a phrase for the value that YAML 1.1 reads, such as "a date"; "" if YAML 1.2 reads the same value.

    PyYAML, Ruby and older tools read YAML 1.1.
    """
    word = WORDS_OF_1_1.get(text)
    if word:
        return f"the boolean {word}"
    body = text.lstrip("+-") if len(text) - len(text.lstrip("+-")) < 2 else ""
    if not body or body[0] not in _DIGITS[10] or not text.isascii():
        return ""
    if body.isdigit():
        octal = len(body) > 1 and body[0] == "0" and not body.strip(_DIGITS[8])
        return "an octal number" if octal else ""
    if body is text and body[4:5] + body[7:8] == "--":
        day, rest = body[:10], body[10:11]
        return "a date" if rest in ("", "T", "t", " ") and len(day) == 10 and day.replace("-", "").isdigit() else ""
    if ":" in body:
        head, *groups = body.split(":")
        sixties = [group.partition(".")[0] for group in groups]
        base_60 = head.isdigit() and all(part.isdigit() and len(part) < 3 and int(part) < 60 for part in sixties)
        return "a number in base 60" if base_60 else ""
    if body[:2] == "0b":
        return "" if body[2:].strip("01_") or not body[2:] else "a binary number"
    if "_" in body and not body.strip("0123456789_."):
        return "a number"
    return ""


def plain(text: str) -> Any:
    """Return the value of a plain scalar; a number with too many digits stays text."""
    value = WORDS.get(text, MISSING)
    try:
        return value if value is not MISSING else number(text) if text[0] in NUMERIC else text
    except TooLong:
        return text


def as_spelt(node: Node, lines: list[str]) -> str | None:
    """Return the text of a scalar in its file; None if the file does not spell it as one unquoted word."""
    origin = node.origin
    if origin.line is None or origin.line != origin.end_line or origin.column is None:
        return None
    text = lines[origin.line - 1][origin.column - 1 : (origin.end_column or 0) - 1]
    while text[:1] in ("&", "!"):  # an anchor or a tag precedes it
        text = text.partition(" ")[2].lstrip()
    if not text:
        return None
    read = WORDS[text] if text in WORDS else number(text)
    return text if type(read) is type(node.value) and read == node.value else None


def remedy(reading: str) -> str:
    """Return the advice for a scalar that YAML 1.1 reads differently. `reading` is the result of `reading_of_1_1`."""
    return _REMEDIES[reading]


_REMEDIES: Final = {
    "the boolean true": "write `true` for the boolean, or put it in quotes for the text",
    "the boolean false": "write `false` for the boolean, or put it in quotes for the text",
    "an octal number": "write `0o...` for octal, drop the leading zero for decimal, or put it in quotes for the text",
    "a number in base 60": "put it in quotes, so that every tool reads text",
    "a date": "put it in quotes, so that every tool reads text",
    "a binary number": "write the number in decimal or hexadecimal (`0x...`), or put it in quotes for the text",
    "a number": "write the number without `_`, or put it in quotes for the text",
}
