"""Rotation of a secret that is random text."""

from __future__ import annotations

import math
import secrets
import string

from toriconfig._core.clean_call import clean_methods
from toriconfig.pipeline._redact import register
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._stored import Stored, key_of

ALPHABET = string.ascii_letters + string.digits
_WEAKEST = 64.0


@clean_methods
class Generated(Stored):
    """One key of a KV path, set to random characters.

    Args:
        length: number of characters, 1 to 100,000.
        alphabet: the characters to choose from; at least two different ones.

    Raises:
        ValueError: the value would have fewer than 64 random bits, or an argument is out of bounds.
    """

    name = "generated"
    summary = "random text at a key of a KV path (default for a REF with a key)"
    options: tuple[Option, ...] = (
        Option("length", type=int, default=40, new_value=True, help="number of characters."),
        Option("alphabet", new_value=True, help="characters to choose from; default: letters and digits."),
    )

    def __init__(self, length: int = 40, alphabet: str = ALPHABET) -> None:
        characters = "".join(dict.fromkeys(alphabet))
        if not 1 <= length <= 100_000 or len(characters) < 2:
            raise ValueError("a generated value must have 1 to 100,000 characters, out of at least two different ones")
        if length * math.log2(len(characters)) < _WEAKEST:
            raise ValueError(f"{length} characters out of {len(characters)} can be guessed: make it longer")
        self.length, self._characters = length, characters

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action."""
        return [f"set {key_of(work)} to {self.length} random characters"]

    def generate(self, work: Work, current: Values) -> Values:
        """Return a new random value."""
        return {key_of(work): random_text(self.length, self._characters)}


def random_text(length: int = 40, characters: str = ALPHABET) -> str:
    """Return a text of `length` random characters. Later log records show the text masked."""
    text = "".join(secrets.choice(characters) for _ in range(length))
    register(text)
    return text
