"""Problems for errors of the YAML parser: position, error and remedy.

The parser's own message selects the problem, and is never shown. The message of the pure-Python parser quotes
characters of the file, which may be part of a password.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Code, Problem, Related


class _Case(NamedTuple):
    context: str
    problem: str
    at_context: bool
    message: str
    label: str = ""
    related: str = ""
    help: str = ""


_INDENT: Final = "check the indentation: keys and items of one level start in the same column"
_GAVE_UP: Final = "reading stopped here"
_KEY_LENGTH: Final = 1024
"""Maximum number of characters of a key without `?` in the parser (YAML 1.2 allows more in braces)."""

_CASES: Final = (
    _Case(
        "flow sequence",
        "",
        True,
        "a `[` is not closed, or a comma is missing after it",
        "opened here",
        _GAVE_UP,
        "close the list with `]`, and separate its items with commas",
    ),
    _Case(
        "flow mapping",
        "",
        True,
        "a `{` is not closed, or a comma is missing after it",
        "opened here",
        _GAVE_UP,
        "close the mapping with `}`, and separate its entries with commas",
    ),
    _Case("quoted", "unexpected", True, "a quote is not closed", "opened here", _GAVE_UP, "close the quote"),
    _Case(
        "quoted",
        "",
        False,
        "an escape that YAML does not have",
        "this escape",
        "the text begins here",
        "double the backslash, or put the text in single quotes",
    ),
    _Case(
        "simple key",
        "':'",
        True,
        "a line that is neither `key: value` nor a list item",
        "a `:` is missing here",
        _GAVE_UP,
        "write `key: value`, with a space after the colon",
    ),
    _Case(
        "",
        "mapping values are not allowed",
        False,
        "a `:` where no key is allowed",
        "not expected here",
        "",
        f"{_INDENT}; put a text that holds `: ` in quotes",
    ),
    _Case(
        "",
        "sequence entries are not allowed",
        False,
        "a list item where none is allowed",
        "not expected here",
        "",
        _INDENT,
    ),
    _Case("", "mapping keys are not allowed", False, "a key where none is allowed", "not expected here", "", _INDENT),
    _Case(
        "",
        "tab character",
        False,
        "a tab where only spaces are allowed",
        "a tab",
        "",
        "indent with spaces",
    ),
    _Case(
        "",
        "cannot start any token",
        False,
        "a character that no text can start with",
        "not expected here",
        "",
        "put the text in quotes, and indent with spaces instead of tabs",
    ),
    _Case(
        "block mapping",
        "",
        False,
        "a key was expected here",
        "not a key of this mapping",
        "the mapping begins here",
        _INDENT,
    ),
    _Case(
        "block collection", "", False, "a list item was expected here", "not an item", "the list begins here", _INDENT
    ),
    _Case("block sequence", "", False, "a list item was expected here", "not an item", "the list begins here", _INDENT),
    _Case(
        "block scalar",
        "",
        False,
        "a block text (`|` or `>`) has an invalid header",
        "not expected here",
        "the block text begins here",
        "after `|` or `>` only a digit, `+` or `-` is allowed on the line",
    ),
    _Case(
        "anchor",
        "",
        False,
        "an anchor (`&`) without a valid name",
        "not a name",
        "",
        "name it with letters, digits, `_` and `-`; put a text that starts with `&` in quotes",
    ),
    _Case(
        "alias",
        "",
        False,
        "an alias (`*`) without a valid name",
        "not a name",
        "",
        "name it with letters, digits, `_` and `-`; put a text that starts with `*` in quotes",
    ),
    _Case(
        "",
        "tag handle",
        False,
        "a tag that is not declared",
        "this tag",
        "",
        "put a text that starts with `!` in quotes",
    ),
    _Case("tag", "", False, "a malformed tag", "this tag", "", "put a text that starts with `!` in quotes"),
    _Case("directive", "", False, "a malformed directive (`%`)", "", "", "remove the line"),
    _Case("", "incompatible", False, "the file declares an unknown version of YAML", "", "", "remove the line"),
    _Case("", "directive", False, "a second directive of the same kind", "", "", "remove the line"),
    _Case(
        "",
        "document start",
        False,
        "more text after the end of the document",
        "not expected here",
        "",
        f"{_INDENT}; separate documents with `---`",
    ),
    _Case(
        "",
        "node content",
        False,
        "a value is missing here",
        "a value was expected",
        "",
        "put a text that starts with a special character in quotes",
    ),
)
_BRACKETS: Final = _CASES[:2]
_LONG_KEY: Final = _Case(
    "",
    "",
    False,
    f"a key of more than {_KEY_LENGTH} characters",
    "it ends here",
    "",
    "shorten it; in YAML, `? ` before it allows a longer key",
)
_OTHER: Final = _Case("", "", False, "this cannot be read as YAML", "not expected here")


def syntax_problem(error: Any, opened: Any, origin_at: Callable[[Any], Origin], lines: Sequence[str]) -> Problem:
    """Return the problem for an error of the parser (a `MarkedYAMLError`).

    Args:
        error: the error.
        opened: mark of the innermost open bracket, or None.
        origin_at: function that converts a mark into an origin.
        lines: the lines of the text.
    """
    case = _case(error, lines)
    mark, second = error.problem_mark or error.context_mark, error.context_mark
    label, related = case.label, case.related
    if opened is not None and case not in _BRACKETS and not _rest(lines, mark).strip():
        case = _BRACKETS[_rest(lines, opened).startswith("{")]
        mark, second, label, related = opened, mark, case.label, case.related
    elif case.at_context and second is not None:
        mark, second = second, mark
    elif opened is not None and case not in _BRACKETS:
        second, related = opened, "inside what was opened here"
    origin = origin_at(mark)
    second_origin = origin_at(second) if related and second is not None else origin
    return Problem(
        Code.INVALID_SYNTAX,
        origin=origin,
        message=case.message,
        label=label,
        help=case.help,
        related=(Related(second_origin, related),) if second_origin != origin else (),
    )


def _case(error: Any, lines: Sequence[str]) -> _Case:
    context, problem = error.context or "", error.problem or ""
    mark = error.problem_mark
    if mark is not None and _ends_long_key("".join(lines[mark.line : mark.line + 1]), mark.column):
        return _LONG_KEY
    if "cannot start any token" in problem and _rest(lines, error.problem_mark).startswith("\t"):
        problem = "tab character"
    return next((case for case in _CASES if case.context in context and case.problem in problem), _OTHER)


def _ends_long_key(line: str, column: int) -> bool:
    """Return True if there is a `:` at `column` after a key that is too long for the parser."""
    text = line[:column].rstrip()
    if len(text) <= _KEY_LENGTH or line[column : column + 1] != ":":
        return False
    start = _opening_quote(text) if text[-1] in "\"'" else max(map(text.rfind, "{[,")) + 1
    before, key = text[:start].rstrip(), text[start:].lstrip()
    # Text after a colon is a value.
    return len(key) > _KEY_LENGTH and not before.endswith(":") and (key[0] in "\"'" or ": " not in key)


def _opening_quote(text: str) -> int:
    """Return the position of the opening quote of the quoted text at the end of `text`."""
    quote = text[-1]
    start = text.rfind(quote, 0, -1)
    while start > 0 and text[start - 1] == "\\" and quote == '"':
        start = text.rfind(quote, 0, start)
    return max(start, 0)


def _rest(lines: Sequence[str], mark: Any) -> str:
    """Return the rest of a line after a mark; if it is blank, the next line that is not blank, or ""."""
    rest = "".join(lines[mark.line : mark.line + 1])[mark.column :]
    following = iter(lines[mark.line + 1 :]) if not rest.strip() else iter(())
    return rest if rest.strip() else next((line for line in following if line.strip()), "")


def character_problem(origin: Origin, encoding: str | None) -> Problem:
    """Return the problem of a byte that is invalid in `encoding`.

    If `encoding` is None, return the problem of a control character.
    """
    if encoding is None:
        return Problem(
            Code.INVALID_SYNTAX,
            origin=origin,
            message="a control character that YAML does not allow",
            label="this character",
            help='remove it, or write it as an escape in double quotes, such as "\\x07"',
        )
    return Problem(
        Code.UNREADABLE_FILE,
        origin=origin,
        message=f"the file is not text in {encoding.upper()}",
        label="the first byte that cannot be read",
        help="save the file as UTF-8",
    )
