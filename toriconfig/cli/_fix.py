"""Safe repair of misspelled or renamed keys in the text of a file.

Only the text of the key is replaced, so comments and order stay. A repair must not cause new problems, except
inside the value of the repaired key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from toriconfig._core.mask import MASK
from toriconfig._core.path import Path, parse, show
from toriconfig._core.printable import clean
from toriconfig._core.problem import Code
from toriconfig._core.regular_file import Unread, read_regular
from toriconfig.cli._read import LARGEST_INPUT

if TYPE_CHECKING:
    from pydantic import BaseModel

    from toriconfig._core.problem import Problem

FIXABLE = frozenset({Code.UNKNOWN_KEY, Code.DEPRECATED_KEY})
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_ROUNDS = 10
_MOST_JUDGED = 200
"""Maximum number of checks of one file during its repair. Keys that are not reached are not repaired."""


class Fixed(NamedTuple):
    """A file before and after its repairs.

    Attributes:
        name: name of the file.
        before: text before the repairs.
        after: text after the repairs.
        keys: number of repaired keys.
    """

    name: str
    before: str
    after: str
    keys: int


class _Edit(NamedTuple):
    line: int
    column: int
    end_column: int
    text: str
    path: Path


def fix(schema: type[BaseModel], name: str) -> Fixed | None:
    """Return a file with its keys repaired; None if no key can be repaired, or if the file cannot be read as UTF-8.

    Args:
        schema: the settings class.
        name: the file.
    """
    data = read_regular(name, LARGEST_INPUT, secret=False)
    if isinstance(data, Unread):
        return None
    try:
        before = data.decode()
    except UnicodeDecodeError:
        return None
    text, count = before, 0
    # A repaired section may have keys that were not checked while the name of the section was wrong.
    for _ in range(_ROUNDS):
        repaired, done = _round(schema, text, name)
        if not done:
            break
        text, count = repaired, count + done
    return Fixed(name, before, text, count) if count else None


def write(fixed: Fixed, *, force: bool) -> None:
    """Write the repaired text by the rules of the module `_replace_file`. A symbolic link is followed.

    Args:
        fixed: the file with its repaired text.
        force: True: also write a file that is write-protected, has several hard links, or belongs to another user.

    Raises:
        Refused: the file is not written; the message gives the reason.
        OSError: the file cannot be written.
    """
    from toriconfig.cli._replace_file import replace_file

    replace_file(fixed.name, fixed.after, force=force, follow=True)


def difference(schema: type[BaseModel], fixed: Fixed) -> Iterator[str]:
    """Yield the lines of a unified diff of the repairs. Secrets are masked, so `patch` cannot apply the diff."""
    before, after = (_masked(schema, text, fixed.name) for text in (fixed.before, fixed.after))
    yield clean(f"--- {fixed.name}")
    yield clean(f"+++ {fixed.name}")
    # A repair changes words, so both have the same lines; difflib would compare all pairs of lines.
    changed = [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    shown = sorted({near for number in changed for near in (number - 1, number, number + 1) if 0 <= near < len(before)})
    for _, group in groupby(enumerate(shown), lambda pair: pair[1] - pair[0]):
        hunk = [number for _, number in group]
        yield f"@@ -{hunk[0] + 1},{len(hunk)} +{hunk[0] + 1},{len(hunk)} @@"
        yield from map(clean, _hunk(before, after, hunk))


def _hunk(before: Sequence[str], after: Sequence[str], numbers: Sequence[int]) -> Iterator[str]:
    for changes, run in groupby(numbers, lambda number: before[number] != after[number]):
        lines = list(run)
        if not changes:
            yield from (f" {before[number]}" for number in lines)
            continue
        yield from (f"-{before[number]}" for number in lines)
        yield from (f"+{after[number]}" for number in lines)


def _round(schema: type[BaseModel], text: str, name: str) -> tuple[str, int]:
    problems = _judged(schema, text, name)
    edits = list(_edits(problems, text))
    if not edits:
        return text, 0
    together = _applied(text, edits)
    if _is_safe(problems, _judged(schema, together, name), edits):
        return together, len(edits)
    count = 0
    aims = Counter(edit.path for edit in edits)
    edits = [edit for edit in edits if aims[edit.path] == 1]  # two edits for one key are ambiguous
    # Split into halves until an unsafe edit is alone, because each check reads the whole file. From the end, so that
    # no edit moves the position of the next.
    groups = [sorted(edits)]
    for _ in range(_MOST_JUDGED):
        if not groups:
            break
        group = groups.pop()
        together = _applied(text, group)
        found = _judged(schema, together, name)
        if _is_safe(problems, found, group):
            text, problems, count = together, found, count + len(group)
        elif len(group) > 1:
            groups += [group[: len(group) // 2], group[len(group) // 2 :]]
    return text, count


def _judged(schema: type[BaseModel], text: str, name: str) -> Sequence[Problem]:
    from toriconfig._inspect.check import check_alone
    from toriconfig.sources import read_content

    return check_alone(schema, read_content(text.removeprefix("\ufeff"), name))


def _edits(problems: Iterable[Problem], text: str) -> Iterator[_Edit]:
    lines = _LINE.findall(text.removeprefix("\ufeff"))
    seen: set[tuple[int, int]] = set()
    for problem in problems:
        origin = problem.origin
        if problem.code not in FIXABLE or problem.fix is None or origin is None:
            continue
        if origin.line is None or origin.column is None or origin.end_column is None or origin.line != origin.end_line:
            continue
        *parents, key = parse(problem.path)
        written = lines[origin.line - 1][origin.column - 1 : origin.end_column - 1]
        quote = written[:1] if written[:1] in ("'", '"') else ""
        # A key with an alias, a tag or an escape is not repaired automatically.
        as_told = written == f"{quote}{key}{quote}" or (key == MASK and written.isidentifier())
        if not as_told or not problem.fix.isidentifier() or (origin.line, origin.column) in seen:
            continue
        seen.add((origin.line, origin.column))
        replacement = f"{quote}{problem.fix}{quote}"
        yield _Edit(origin.line, origin.column, origin.end_column, replacement, (*parents, problem.fix))


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = _LINE.findall(text.removeprefix("\ufeff"))
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.column - 1] + edit.text + line[edit.end_column - 1 :]
    return mark + "".join(lines)


def _is_safe(before: Iterable[Problem], after: Iterable[Problem], edits: Sequence[_Edit]) -> bool:
    """Return True if the edits cause no new problem, except below the edited keys.

    Two problems are equal if code and key path are equal.

    Args:
        before: problems before the edits.
        after: problems after the edits.
        edits: the edits of keys.
    """
    known = {(problem.code, problem.path) for problem in before}
    inside = tuple(show(edit.path) + end for edit in edits for end in (".", "["))
    return all((problem.code, problem.path) in known or problem.path.startswith(inside) for problem in after)


def _masked(schema: type[BaseModel], text: str, name: str) -> list[str]:
    from toriconfig._core.origin import Origin
    from toriconfig._masking.excerpts import known_secrets
    from toriconfig._masking.frames import Masked
    from toriconfig._schema.shape import root_shape
    from toriconfig.sources import read_content

    roots = [tree.root for tree in read_content(text.removeprefix("\ufeff"), name)]
    lines = text.splitlines()
    masked = Masked(lines, known_secrets(root_shape(schema), roots)(Origin("files", name)))
    return [masked.line(number) for number in range(1, len(lines) + 1)]
