"""Recognition of names of secrets.

A name is recognized if the schema declares a secret with this name, if secrets commonly have this name, or if
one typing error separates the name from such a name. In doubt, a name counts as the name of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from toriconfig._core.mask import MASK

Span = tuple[int, int, int, int]
"""Line, column, end line, end column; 1-based, the end exclusive, as in `Origin`."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_EXACT = frozenset((
    "pass", "pw", "pwd", "psw", "passcode", "auth", "oauth", "authorization", "bearer", "jwt", "cookie", "cookies", "dsn",
    "otp", "totp", "pin", "sig", "signature", "salt", "pem", "pfx", "keystore", "kubeconfig", "netrc", "htpasswd", "creds",
    "cred", "privkey",
))  # fmt: skip
_STEMS = re.compile(
    "password|passwd|passphrase|secret|credential|apikey|connectionstring|connstr"
    r"|(?:private|access|signing|account)keys?\Z"
)
_ENDS = ("token", "tokens", "pwd", "passwd", "dsn")
_KINDS_OF_KEY = frozenset((
    "api", "app", "private", "access", "secret", "signing", "encryption", "decryption", "ssh", "client", "account",
    "master", "shared", "service", "auth", "ssl", "tls", "crypto", "hmac", "rsa", "aes", "storage", "unseal", "recovery",
    "host", "deploy", "session", "license",
))  # fmt: skip
_NOT_QUITE = (
    "password", "passwd", "passphrase", "secret", "secrets", "token", "tokens", "credential", "credentials", "apikey",
    "privatekey", "accesskey", "authorization",
)  # fmt: skip
TOKEN = re.compile(
    r"\bhv[sbr]\.|\bgh[pousr]_|\bgithub_pat_|\bglpat-|\bxox[abeprs]-|\bsk-\w|\bAKIA[0-9A-Z]{8}|\beyJ[\w-]{8}"
    r"|\b(?i:bearer|basic)\s+(?=\S{6})"
)
"""Prefixes of secrets with a recognizable format."""
_BEHIND_SCHEME = re.compile(r"(?<=://)\S+")
_PARAMETER = re.compile(r"(?<![\w.-])(?P<name>[\w.-]+)=(?P<value>[^\s&;,]+)")
_SHORTEST_SLIP = 4
_LONGEST_SLIP = max(map(len, _NOT_QUITE)) + 1
_MOST_COMPARED = 5000


class Sensitive:
    """Names and positions of the secrets of one input.

    Args:
        keys: names of secret fields, with their aliases and former names.
        plain: names of fields that are not secret. Such names never count as misspelt names of secrets.
        sections: names of fields that contain secrets, but are not secret themselves.
        spans: positions of the values of secrets in the text, if the text could be parsed.
        everything: True: every value of the input is masked, as in a `.env` file.
    """

    __slots__ = ("_folded", "_known", "_plain", "_sections", "everything", "spans")

    def __init__(
        self,
        keys: Iterable[str] = (),
        *,
        plain: Iterable[str] = (),
        sections: Iterable[str] = (),
        spans: Iterable[Span] = (),
        everything: bool = False,
    ) -> None:
        self.spans = tuple(spans)
        self.everything = everything
        self._folded = frozenset(map(_joined, keys)) - {""}
        self._plain = frozenset(map(_joined, plain)) - self._folded
        self._sections = frozenset(map(_joined, sections))
        self._known: dict[str, bool] = {}

    def names(self, name: str) -> bool:
        """Return True if `name` is the name of a secret, or is similar to such a name."""
        answer = self._known.get(name)
        if answer is None:
            answer = self._known[name] = self._decide(plain_letters(name))
        return answer

    def holds(self, name: str) -> bool:
        """Return True if `name` is the name of a field that is not secret itself, but contains secrets."""
        return bool(self._sections) and _joined(name) in self._sections

    def _decide(self, name: str) -> bool:
        joined = _joined(name)
        if not joined:
            return False
        return joined in self._folded or looks_secret(name) or (joined not in self._plain and self._slipped(name))

    def _slipped(self, name: str) -> bool:
        if any(_one_slip(word.lower()) for word in _WORDS.findall(name)) or _one_slip(_joined(name)):
            return True
        if not self._folded:
            return False
        # Comparing is slow, so a file with a million names is masked without comparing.
        if len(self._known) > _MOST_COMPARED:
            return True
        from toriconfig._core.suggest import near

        return near(_joined(name), self._folded) is not None


def looks_secret(name: str) -> bool:
    """Return True if a key or variable of this name usually holds a secret.

    >>> looks_secret("DB_PASSWORD"), looks_secret("clientSecret"), looks_secret("private-key"), looks_secret("author")
    (True, True, True, False)
    """
    words = [word.lower() for word in _WORDS.findall(plain_letters(name))]
    if _STEMS.search("".join(words)) or not _EXACT.isdisjoint(words):
        return True
    for word, before in zip(words, ["", *words], strict=False):
        if word.endswith(_ENDS) or (word in ("key", "keys") and before in _KINDS_OF_KEY):
            return True
    return False


def scrub(text: str) -> str:
    """Return a text with URL logins and the values of secret parameters (`password=...`) masked.

    If the text contains an access token of a known format, everything from the token to the end of the text is masked.

    >>> scrub("postgresql://tori:hunter2@db/tori?sslmode=require&sslpassword=hunter2")
    'postgresql://**********@db/tori?sslmode=require&sslpassword=**********'
    """
    text = _BEHIND_SCHEME.sub(_without_login, text)
    text = _PARAMETER.sub(lambda found: f"{found['name']}={MASK}" if looks_secret(found["name"]) else found[0], text)
    token = TOKEN.search(text)
    return text[: token.start()] + MASK if token else text


def _without_login(address: re.Match[str]) -> str:
    login, at, rest = address[0].rpartition("@")
    return f"{MASK if at else login}{at}{rest}"


def _joined(name: str) -> str:
    return "".join(char for char in plain_letters(name).casefold() if char.isalnum())


def plain_letters(name: str) -> str:
    """Return the name with plain letters in place of fullwidth, bold, circled and accented letters.

    >>> plain_letters("\uff50\uff41\uff53\uff53\uff37\u00f6rd")
    'passWord'
    """
    if name.isascii():
        return name
    from unicodedata import category, normalize

    return "".join(char for char in normalize("NFKD", name) if category(char) not in ("Mn", "Cf"))


def _one_slip(word: str) -> bool:
    return _SHORTEST_SLIP <= len(word) <= _LONGEST_SLIP and not _SLIPS.isdisjoint(_shortened(word))


def _shortened(word: str) -> set[str]:
    """Return `word`, and all texts that result from removing one letter of `word`.

    Two words that differ by one typing error have one of these texts in common.
    """
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


_SLIPS = frozenset(short for word in _NOT_QUITE for short in _shortened(word))
