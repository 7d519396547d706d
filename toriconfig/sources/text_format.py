"""Reading of a text by the reader of its format. The size is limited, and exceptions become problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toriconfig._core.origin import LayerKind, Origin
from toriconfig._core.problem import Code, Problem
from toriconfig._core.tree import SHOWN, Format, Tree
from toriconfig._masking.mask import cut
from toriconfig._masking.reach import dotenv_cuts
from toriconfig.sources.guarded import called
from toriconfig.sources.read_file import Limits, nothing, refused_size

_REMEDY = (
    "correct the file, or the reader; for a message of its own, the reader returns "
    '`toriconfig.sources.tree({}, name, kind="files", problems=[Problem(...)])`'
)
_KIND = 'the reader returns `toriconfig.sources.tree(values, name, kind="files")`'


def read_text(
    form: Format, content: str | bytes, name: str, kind: LayerKind, limits: Limits, options: dict[str, Any]
) -> Tree:
    """Return the tree of a text by the reader of its format.

    If the text is too large or not UTF-8, or if the reader fails, return an empty tree with a problem.

    Args:
        form: the format.
        content: the text; bytes are UTF-8.
        name: the file.
        kind: the layer of the file.
        limits: limits on its size.
        options: further arguments of the reader.
    """
    origin = Origin(kind, name)
    refused = refused_size(content, origin, limits.max_bytes, limits.max_lines)
    if refused is not None:
        return nothing(kind, name, refused)
    text = _decoded(content)
    if text is None:
        return nothing(
            kind,
            name,
            Problem(Code.INVALID_SYNTAX, "", origin, help="save it as UTF-8", message="the file is not UTF-8 text"),
        )
    who = f"the reader of {form.name}"
    try:
        read = form.function
    except Exception as error:  # noqa: BLE001 - the import runs user code
        what = f"{who}, {form.reader}, cannot be imported: {type(error).__name__}"
        return nothing(
            kind, name, Problem(Code.UNREADABLE_SOURCE, "", origin, help="correct or install it", message=what)
        )
    found = called(lambda: read(text, name, **options), who, origin, _REMEDY, _KIND)
    if found.root.layer.kind != kind:
        wrong = Problem(
            Code.UNREADABLE_SOURCE,
            "",
            origin,
            help=_KIND,
            message=f"{who} returned a tree of the kind {found.root.layer.kind}",
        )
        return nothing(kind, name, wrong)
    return Tree(
        found.root,
        problems=found.problems,
        lines=_shown_lines(form, text),
        complete=found.complete,
        blank=not text.strip(),
    )


def _shown_lines(form: Format, text: str) -> list[str] | None:
    """Return the lines of `text` that problems may show; None if the format permits no line.

    If the format permits only keys, all values are masked. If the format permits whole lines, the lines are
    returned unchanged, and the secrets in them are masked later.
    """
    lines = text.split("\n")
    if form.shows == "keys":
        return [cut(line, at) for line, at in zip(lines, dotenv_cuts(lines), strict=True)]
    return lines if form.shows == "lines" else None


def _decoded(content: str | bytes) -> str | None:
    r"""Return the text with `\n` as line breaks and without a byte order mark; None if it is not UTF-8."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
        text.encode()
    except UnicodeError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def wrong_format(form: object, known: Iterable[Format]) -> str:
    """Return an error message if `form` is no valid `Format`, or its extension is one of `known`; else ""."""
    if not isinstance(form, Format):
        return f"register() takes a Format, not a {type(form).__name__}"
    name, endings, reader = (getattr(form, field) for field in ("name", "endings", "reader"))
    if not isinstance(name, str) or not name.strip():
        return "Format.name is text, such as 'INI'"
    if not isinstance(endings, (tuple, list)) or not endings or not all(map(_is_ending, endings)):
        return f"{name}: Format.endings is a tuple of lower-case endings with one dot, such as ('.ini',)"
    if not callable(reader) and not (isinstance(reader, str) and _is_target(reader)):
        return f"{name}: Format.reader is a function, or text such as 'package.module:function'"
    if form.shows not in SHOWN:
        return f"{name}: Format.shows is one of {', '.join(SHOWN)}"
    if form.raw:
        return f"{name}: Format.raw is for formats of the package alone"
    for other in known:
        taken = next((ending for ending in endings if ending in other.endings), None)
        if taken is not None:
            return f"{name}: files that end in {taken} are read as {other.name} already"
    return ""


def is_again(form: object, known: Format) -> bool:
    """Return True if a format equals a known format, except for the function object of the reader."""
    return isinstance(form, Format) and _with_place(form) == _with_place(known)


def _with_place(form: Format) -> Format:
    """Return `form` with the reader function replaced by text: the file and the name of the function.

    If the reader is already text, return `form` unchanged.
    """
    code = getattr(form.reader, "__code__", None)
    return form if code is None else form.replaced(reader=f"{code.co_filename}:{code.co_qualname}")


def _is_ending(ending: object) -> bool:
    return isinstance(ending, str) and ending[:1] == "." and ending[1:].isalnum() and ending == ending.lower()


def _is_target(text: str) -> bool:
    module, _, function = text.partition(":")
    return function.isidentifier() and all(part.isidentifier() for part in module.split("."))
