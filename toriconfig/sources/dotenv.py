"""A `.env` file as a flat tree of names and text, parsed by python-dotenv."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from typing import cast

from toriconfig._core.origin import Origin
from toriconfig._core.problem import MOST_SHOWN, Code, Problem, Related
from toriconfig._core.tree import Layer, Node, Tree
from toriconfig._masking.frames import Masked
from toriconfig._masking.sensitive import Sensitive
from toriconfig.sources.read_file import read_file, refused_size

MAX_BYTES = 1 << 20
"""Largest `.env` file that is read."""
MAX_LINES = 50_000
"""Maximum number of lines of a `.env` file."""
LARGEST_EXPANDED = 16 << 20
"""Maximum length of all values of one file together after expansion, in characters."""

_Place = tuple[int, str]


class DotEnv:
    """Source of the variables with a prefix in one `.env` file.

    `${NAME}` and `${NAME:-default}` in a value are replaced by the first of these that exists: the value of `NAME`
    in a previous line, its value in the environment, the default. If none exists, the text is removed.
    python-dotenv and pydantic-settings do the same. `$NAME` has no special meaning. If a name is set twice, the
    last value is used, with a warning.

    Args:
        path: the file.
        prefix: prefix of the names; "" for all names.
        required: True: a missing file is an error. False: a missing file sets nothing.
        environ: the variables for `${NAME}`; None: none.
        encoding: encoding of the file; None: UTF-8.
        case_sensitive: True: names and prefix are compared case-sensitively. False: the case is ignored.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        prefix: str,
        *,
        required: bool = False,
        environ: Mapping[str, str] | None = None,
        encoding: str | None = None,
        case_sensitive: bool = False,
    ) -> None:
        self._path = fspath(path)
        self._prefix = prefix
        self._required = required
        self._environ = environ or {}
        self._encoding = encoding or "utf-8-sig"
        self._folded: Callable[[str], str] = str if case_sensitive else str.upper

    def load(self) -> Tree:
        """Return a flat tree. Its keys are the names without the prefix, and its values are the text of the variables.

        Names are in upper case, or as spelt if they are case-sensitive. If the file cannot be read, return an empty
        tree with a problem.
        """
        layer = Layer("dotenv", self._path, self._locate, text=True)
        text = self._text()
        if isinstance(text, Problem):
            return Tree(Node({}, layer), flat=True, problems=(text,), complete=False)
        return _Read(layer, self._folded(self._prefix), text, self._environ, self._folded).tree()

    def find(self, name: str) -> Node | None:
        """Return the node of a variable by its full name; None if the file does not set it, or cannot be read."""
        text = self._text()
        if isinstance(text, Problem) or name.upper() not in text.upper():
            return None
        found: Node | None = (
            _Read(Layer("dotenv", self._path, self._locate), name.upper(), text, self._environ)
            .tree()
            .root.value.get("")
        )
        return found

    def _locate(self, place: _Place | None) -> Origin:
        return Origin("dotenv", self._path, place[0], name=place[1]) if place else Origin("dotenv", self._path)

    def _text(self) -> str | Problem:
        data = read_file(self._path, self._path, "dotenv", MAX_BYTES)
        if isinstance(data, Problem):
            return data
        if data is None:
            return self._missing() if self._required else ""
        try:
            text = data.decode(self._encoding)
            return refused_size(text, Origin("dotenv", self._path), len(text), MAX_LINES) or text
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if self._encoding == "utf-8-sig" else self._encoding
        return Problem(
            Code.UNREADABLE_FILE,
            origin=Origin("dotenv", self._path, line),
            message=f"the file is not {name} text",
            help=f"save it as {name}, or name its encoding with `env_file_encoding`",
        )

    def _missing(self) -> Problem:
        return Problem(
            Code.MISSING_FILE,
            origin=self._locate(None),
            message="the file does not exist",
            help="create it, or remove it from `env_file`",
        )


@dataclass
class _Read:
    layer: Layer
    prefix: str
    text: str
    environ: Mapping[str, str]
    folded: Callable[[str], str] = str.upper

    def __post_init__(self) -> None:
        self.lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.masked = Masked(self.lines, Sensitive(everything=True))
        self.problems: list[Problem] = []
        self.values: dict[str, Node] = {}
        self.said: dict[str, str] = {}
        self.room = LARGEST_EXPANDED
        self.shown: Counter[str] = Counter()

    def tree(self) -> Tree:
        from toriconfig.sources.dotenv_lines import bindings

        for line, binding in bindings(self.text):
            name = binding.key
            if binding.error:
                self.bad_line(line, binding.original.string)
            elif name is not None:
                ours = self.folded(name[: len(self.prefix)]) == self.prefix
                value = binding.value
                if value is not None:
                    value = self.said[name] = self.expanded(value, (line, name), warns=ours)
                if ours:
                    self.bind(line, name, value)
        root = Node(self.values, self.layer)
        return Tree(root, flat=True, problems=tuple(self.problems), lines=self.lines)

    def expanded(self, value: str, at: _Place, *, warns: bool) -> str:
        """Return the value with each `${NAME}` replaced. If the result is too long, add an error and return "".

        If `warns` is True, each `${NAME}` without a value or default adds a warning.
        """
        if "${" not in value:
            return value
        from toriconfig.sources.dotenv_variables import Variable, expanded, parts

        known = ChainMap(self.said, cast("dict[str, str]", self.environ))
        found = list(parts(value))
        variables = dict.fromkeys(part for part in found if isinstance(part, Variable))
        for part in variables if warns else ():
            if part.default is None and part.name not in known:
                self.problem(
                    Code.REFERENCE_NOT_SET,
                    at,
                    severity="warning",
                    message=f"`${{{part.name}}}` is not set, so it is replaced by nothing",
                    expected="a name that a previous line or the environment sets",
                    help=f"set {part.name}, or write `${{{part.name}:-default}}`",
                )
        text = expanded(found, known, self.room)
        if text is None:
            self.problem(
                Code.TOO_LARGE,
                at,
                message=f"variables expand to more than {LARGEST_EXPANDED >> 20} MiB of text",
                expected="less text",
                help="refer to fewer or shorter values",
            )
            return ""
        self.room -= len(text)
        return text

    def bind(self, line: int, name: str, value: str | None) -> None:
        at = (line, name)
        if value is None:
            # The parser takes the whole line as a name. It may be a value, so the problem does not show it.
            self.problem(Code.INVALID_SYNTAX, (line, ""), message="this line has no `=`", expected="`NAME=value`")
            return
        key = self.folded(name[len(self.prefix) :])
        known = self.values.get(key)
        if known is not None and known.at[1] == name:
            self.problem(
                Code.DUPLICATE_KEY,
                at,
                known.origin,
                severity="warning",
                message=f"`{name}` is set twice",
                label="this one counts",
                help=f"delete line {known.at[0]}",
            )
        elif known is not None:
            self.problem(
                Code.DUPLICATE_VARIABLE,
                at,
                known.origin,
                message=f"`{known.at[1]}` and `{name}` are two spellings of one variable",
                label="one spelling",
                help="delete one of them",
            )
        self.values[key] = Node(value, self.layer, at)

    def bad_line(self, line: int, text: str) -> None:
        # Other programs may read the file too. A line without our prefix may be valid for them: a warning.
        ours = self.prefix in text.upper()
        self.problem(
            Code.INVALID_SYNTAX,
            (line, ""),
            severity="error" if ours else "warning",
            message="this line is not `NAME=value`",
            expected="`NAME=value`, with quotes around a value that holds quotes or runs over several lines",
            help="close the quote, or quote the value",
        )

    def problem(self, code: str, at: _Place, other: Origin | None = None, **more: str) -> None:
        origin = self.layer.locate(at)
        severity = more.get("severity", "error")
        self.shown[severity] += 1
        places = [origin, other] if other else [origin]
        if self.shown[severity] > MOST_SHOWN:
            places = []  # a report does not show so many
        self.problems.append(
            Problem(
                code,
                origin=origin,
                related=(Related(other, "first set here"),) if other else (),
                excerpts=tuple(self.masked.excerpt(place) for place in places),
                **more,  # type: ignore[arg-type]
            )
        )
