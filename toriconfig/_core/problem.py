"""Problems of the settings, and the table of their stable codes."""

from __future__ import annotations

from typing import Final, Literal

from toriconfig._core.origin import Origin
from toriconfig._core.value import Value

Severity = Literal["error", "warning", "info"]


MOST_SHOWN = 1000
"""Default of the maximum number of problems in a report. The report counts the others."""


class Code:
    """Stable codes of problems. To recognize a problem, compare `problem.code` with one of these names."""

    INVALID_SYNTAX: Final = "TC001"
    DUPLICATE_KEY: Final = "TC002"
    UNREADABLE_FILE: Final = "TC003"
    TOO_LARGE: Final = "TC004"
    FORBIDDEN_TAG_OR_KEY: Final = "TC005"
    MISSING_FILE: Final = "TC006"
    NOT_A_MAPPING: Final = "TC007"
    UNKNOWN_KEY: Final = "TC101"
    WRONG_TYPE: Final = "TC102"
    MISSING_KEY: Final = "TC103"
    VALUE_NOT_ALLOWED: Final = "TC104"
    LAYERS_CLASH: Final = "TC105"
    NULL_REMOVES: Final = "TC106"
    DEPRECATED_KEY: Final = "TC107"
    BROKEN_RULE: Final = "TC108"
    YAML_1_1_SCALAR: Final = "TC201"
    UNKNOWN_REFERENCE: Final = "TC301"
    SECRET_IN_PLAIN_FIELD: Final = "TC302"
    REFERENCE_CYCLE: Final = "TC303"
    REFERENCE_NOT_SET: Final = "TC304"
    FILE_OUTSIDE_ROOTS: Final = "TC305"
    MALFORMED_REFERENCE: Final = "TC306"
    UNRESOLVED_REFERENCE: Final = "TC307"
    URL_PART_NOT_ENCODED: Final = "TC308"
    SECRET_WITHOUT_VALUE: Final = "TC401"
    INCOMPLETE_SECRET: Final = "TC402"
    MASK_AS_VALUE: Final = "TC403"
    INVALID_SECRET_PATH: Final = "TC404"
    BACKEND_UNREACHABLE: Final = "TC405"
    BACKEND_DENIED: Final = "TC406"
    NOT_IN_BACKEND: Final = "TC407"
    RISKY_TOKEN: Final = "TC408"
    CLOCK_DIFFERS: Final = "TC409"
    UNPROTECTED_CONNECTION: Final = "TC410"
    UNKNOWN_VARIABLE: Final = "TC501"
    DUPLICATE_VARIABLE: Final = "TC502"
    UNKNOWN_PROFILE: Final = "TC503"
    INVALID_OPTION: Final = "TC504"
    UNREADABLE_SOURCE: Final = "TC505"
    IGNORED_FILE: Final = "TC506"


UNREAD_FILE = frozenset(
    {
        Code.INVALID_SYNTAX,
        Code.DUPLICATE_KEY,
        Code.UNREADABLE_FILE,
        Code.TOO_LARGE,
        Code.FORBIDDEN_TAG_OR_KEY,
        Code.MISSING_FILE,
        Code.NOT_A_MAPPING,
    }
)
"""Codes of files that were not read, or not to their end."""


CODES: dict[str, str] = {
    Code.INVALID_SYNTAX: "invalid syntax of a file",
    Code.DUPLICATE_KEY: "duplicate key",
    Code.UNREADABLE_FILE: "the file cannot be read",
    Code.TOO_LARGE: "the file is too large, too deep or expands too far",
    Code.FORBIDDEN_TAG_OR_KEY: "tag or key that settings files may not have",
    Code.MISSING_FILE: "missing file, or missing table of a file",
    Code.NOT_A_MAPPING: "the top level is not a mapping",
    Code.UNKNOWN_KEY: "unknown key",
    Code.WRONG_TYPE: "wrong type",
    Code.MISSING_KEY: "missing key",
    Code.VALUE_NOT_ALLOWED: "value not allowed",
    Code.LAYERS_CLASH: "mapping and scalar in different layers",
    Code.NULL_REMOVES: "null removes a value of lower layers",
    Code.DEPRECATED_KEY: "deprecated key",
    Code.BROKEN_RULE: "broken rule over several keys",
    Code.YAML_1_1_SCALAR: "scalar with another meaning in YAML 1.1",
    Code.UNKNOWN_REFERENCE: "unknown reference",
    Code.SECRET_IN_PLAIN_FIELD: "reference to a secret in a plain field",
    Code.REFERENCE_CYCLE: "cycle of references",
    Code.REFERENCE_NOT_SET: "referenced value is not set",
    Code.FILE_OUTSIDE_ROOTS: "file reference outside the declared roots",
    Code.MALFORMED_REFERENCE: "malformed reference",
    Code.UNRESOLVED_REFERENCE: "reference in a value that is not resolved",
    Code.URL_PART_NOT_ENCODED: "part of a URL that is not percent-encoded",
    Code.SECRET_WITHOUT_VALUE: "secret without a value",
    Code.INCOMPLETE_SECRET: "incomplete secret",
    Code.MASK_AS_VALUE: "mask of a secret given as its value",
    Code.INVALID_SECRET_PATH: "invalid path of a secret",
    Code.BACKEND_UNREACHABLE: "Vault or another backend could not be asked",
    Code.BACKEND_DENIED: "Vault or another backend denied the path",
    Code.NOT_IN_BACKEND: "Vault or another backend does not hold the path or key",
    Code.RISKY_TOKEN: "Vault token that ends soon, or has more rights than needed",
    Code.CLOCK_DIFFERS: "clock differs from the clock of Vault",
    Code.UNPROTECTED_CONNECTION: "unprotected connection to Vault",
    Code.UNKNOWN_VARIABLE: "unknown variable under the prefix",
    Code.DUPLICATE_VARIABLE: "two spellings of one variable",
    Code.UNKNOWN_PROFILE: "unknown profile",
    Code.INVALID_OPTION: "invalid option, or option without effect",
    Code.UNREADABLE_SOURCE: "source could not be read",
    Code.IGNORED_FILE: "file ignored: another extension takes precedence",
}
"""The meaning of each code. Codes are stable: the meaning of a code never changes."""


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
        origin: position of the problem; None if there is no position, as for a missing key without a parent.
        expected: the expected value, as a phrase.
        help: the remedy.
        message: one sentence, for the first line of the report.
        label: short text under the caret.
        severity: "error", "warning" or "info".
        layer: a sentence with the origins of the value and of the value that it overrides, or "".
        related: other positions that explain the problem.
        excerpts: lines of the files as (source, line, text), with secrets masked.
        fix: replacement for the text at `origin`; None unless exactly one replacement is likely.
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

    def __hash__(self) -> int:
        # Sufficient to distinguish problems, and takes a fifth of the time of all fields.
        return hash((self.code, self.path, self.message, self.origin and self.origin.line))

    def __str__(self) -> str:
        from toriconfig._core.printable import clean

        where = f"{self.origin}: " if self.origin else ""
        return clean(f"{where}{self.severity}[{self.code}]: {self.message or CODES.get(self.code, '')}")
