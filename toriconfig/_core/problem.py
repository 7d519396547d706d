"""One problem of the settings, as a value that holds no secret; and the table of stable codes."""

from __future__ import annotations

from typing import Literal

from toriconfig._core.origin import Origin
from toriconfig._core.value import Value

Severity = Literal["error", "warning", "info"]


MOST_SHOWN = 1000
"""Default for the maximum number of problems in a report; the rest is counted."""


CODES: dict[str, str] = {
    "TC001": "invalid syntax of a file",
    "TC002": "duplicate key",
    "TC003": "the file cannot be read",
    "TC004": "the file is too large, too deep or expands too far",
    "TC005": "tag or key that settings files may not have",
    "TC006": "missing file, or missing table of a file",
    "TC007": "the top level is not a mapping",
    "TC101": "unknown key",
    "TC102": "wrong type",
    "TC103": "missing key",
    "TC104": "value not allowed",
    "TC105": "mapping and scalar in different layers",
    "TC106": "null removes a value of lower layers",
    "TC107": "deprecated key",
    "TC108": "broken rule over several keys",
    "TC201": "scalar with another meaning in YAML 1.1",
    "TC301": "unknown reference",
    "TC302": "reference to a secret in a plain field",
    "TC303": "cycle of references",
    "TC304": "referenced value is not set",
    "TC305": "file reference outside the declared roots",
    "TC306": "malformed reference",
    "TC307": "reference in a value that is not resolved",
    "TC308": "part of a URL that is not percent-encoded",
    "TC401": "secret without a value",
    "TC402": "incomplete secret",
    "TC403": "mask of a secret given as its value",
    "TC404": "invalid path of a secret",
    "TC405": "Vault or another backend could not be asked",
    "TC406": "Vault or another backend denied the path",
    "TC407": "Vault or another backend does not hold the path or key",
    "TC408": "Vault token that ends soon, or has more rights than needed",
    "TC409": "clock differs from the clock of Vault",
    "TC410": "unprotected connection to Vault",
    "TC501": "unknown variable under the prefix",
    "TC502": "two spellings of one variable",
    "TC503": "unknown profile",
    "TC504": "invalid option, or option without effect",
    "TC505": "source could not be read",
    "TC506": "file ignored: another extension takes precedence",
}
"""What each code means, in one sentence. Codes are stable: a code is never given a second meaning."""


class Related(Value):
    """A second position that explains a problem.

    Attributes:
        origin: the position.
        label: short text for that position.
    """

    origin: Origin
    label: str


class Problem(Value):
    """One problem of the settings. It never holds the invalid value of a secret.

    Attributes:
        code: stable code, a key of `CODES`.
        path: dotted key path; "" when the problem does not concern a key.
        origin: position of the problem, or None when there is none (a missing key without a parent).
        expected: the expected value, as a phrase.
        help: the remedy.
        message: one sentence, for the first line of the report.
        label: short text under the caret.
        severity: "error", "warning" or "info".
        layer: a sentence about the layer that has precedence; "" when only one layer sets the key.
        related: other positions that explain the problem.
        excerpts: lines of the files as (source, line, text), with secrets masked.
        fix: replacement for the text at `origin`; "" unless there is exactly one candidate.
    """

    code: str
    path: str = ""
    origin: Origin | None = None
    expected: str = ""
    help: str = ""
    message: str = ""
    label: str = ""
    severity: Severity = "error"
    layer: str = ""
    related: tuple[Related, ...] = ()
    excerpts: tuple[tuple[str, int, str], ...] = ()
    fix: str | None = None

    def __str__(self) -> str:
        from toriconfig._core.printable import clean

        where = f"{self.origin}: " if self.origin else ""
        return clean(f"{where}{self.severity}[{self.code}]: {self.message or CODES.get(self.code, '')}")
