"""Values as one line of YAML, from which a load reads the same value."""

from __future__ import annotations

import json
import math
from typing import Any

from toriconfig._core.printable import commands_as
from toriconfig._core.tree import Key
from toriconfig._masking.shown import Verbatim

_PLAIN_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})


def yaml_scalar(value: Any) -> str:
    """Return a value as one line of YAML; a literal `${` is escaped, so that it is not a reference."""
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, str):
        return yaml_text(value if isinstance(value, Verbatim) else value.replace("${", "$${"))
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_scalar, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_key(key)}: {yaml_scalar(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def yaml_key(key: str) -> str:
    """Return a key as YAML.

    A `Key` (text of a number, boolean or null) is written without quotes; any other key is written by `yaml_text`.
    """
    return str(key) if type(key) is Key else yaml_text(key)


def yaml_text(text: str) -> str:
    """Return text as YAML: simple text as it is, any other text in double quotes.

    Simple text begins with a letter, has only ASCII letters, digits and `_-./`, and is no YAML word such as `no`.

    >>> yaml_text("config/a.yaml"), yaml_text("no"), yaml_text("é"), yaml_text("1.10")
    ('config/a.yaml', '"no"', '"é"', '"1.10"')
    """
    plain = text.isascii() and text[:1].isalpha() and all(char.isalnum() or char in "_-./" for char in text)
    if plain and text.lower() not in _PLAIN_WORDS:
        return text
    return commands_as("\\x23#", "".join(['"', *map(_escaped, text), '"']))


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    # Also line ends of YAML, the byte order mark and code points that are not characters, besides control characters.
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
