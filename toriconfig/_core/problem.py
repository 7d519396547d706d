"""One thing that is wrong, as a value that holds no value of a secret; and the stable codes."""

from __future__ import annotations

from typing import Literal

from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean
from toriconfig._core.value import Value

Severity = Literal["error", "warning", "info"]


MOST_SHOWN = 1000
"""Problems that texts and reports show when nobody says otherwise; the rest is counted."""


CODES: dict[str, str] = {
    "TC001": "the file is not valid YAML or JSON",
    "TC002": "duplicate key",
    "TC003": "the file cannot be read",
    "TC004": "the file is too large, too deep or expands too far",
    "TC005": "a tag or key that configuration files do not have",
    "TC006": "a file, or a table of one, that was asked for does not exist",
    "TC007": "the top level is not a mapping",
    "TC101": "unknown key",
    "TC102": "wrong type",
    "TC103": "missing key",
    "TC104": "value not allowed",
    "TC105": "a mapping meets a scalar in another layer",
    "TC106": "null removes what lower layers said",
    "TC107": "deprecated key",
    "TC108": "a rule over several keys is broken",
    "TC201": "a scalar that YAML 1.1 reads otherwise",
    "TC301": "unknown reference",
    "TC302": "a reference to a secret in a plain field",
    "TC303": "references form a cycle",
    "TC304": "a referenced value is not set",
    "TC305": "a reference to a file outside the declared roots",
    "TC306": "malformed reference",
    "TC307": "a reference where none is resolved",
    "TC308": "a part of a URL that is not percent-encoded",
    "TC401": "a secret that nothing supplies",
    "TC402": "a secret that is only half there",
    "TC403": "the mask of a secret given as its value",
    "TC404": "a Vault path that cannot be",
    "TC405": "Vault or another backend could not be asked",
    "TC406": "Vault or another backend denied the path",
    "TC407": "Vault or another backend does not hold the path or key",
    "TC408": "a token of Vault that ends soon, or may do more than it needs to",
    "TC409": "a clock that differs from Vault's",
    "TC410": "a connection to Vault that is not protected",
    "TC501": "unknown variable under the prefix",
    "TC502": "two spellings of one variable",
    "TC503": "a profile that is none",
    "TC504": "an option that cannot be",
    "TC505": "a source that could not be read",
    "TC506": "a file that another one of its name hides",
}
"""What each code means, in one sentence. Codes are stable: a code is never given a second meaning."""


class Related(Value):
    """A second place that explains a problem: `origin`, and what stands there."""

    origin: Origin
    label: str


class Problem(Value):
    """One thing that is wrong, as data; it never holds the offending value of a secret.

    Attributes:
        code: stable code, a key of `CODES`.
        path: dotted key path; empty when the problem is not about a key.
        origin: where it stands, or None when it stands nowhere (a missing key without a parent).
        expected: what would have been right, as a phrase.
        help: what to do about it.
        message: one sentence, for the first line.
        label: what stands under the caret.
        severity: error, warning or info.
        layer: which layer wins or loses here, as a sentence; empty when one layer alone speaks.
        related: other places that explain it.
        excerpts: the lines of the frames as (source, line, text), secrets already masked.
        fix: the text that should stand at `origin` instead, when there is exactly one candidate.
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
        where = f"{self.origin}: " if self.origin else ""
        return clean(f"{where}{self.severity}[{self.code}]: {self.message or CODES.get(self.code, '')}")
