"""Conversion of pydantic's errors to problems with position, expectation and remedy, and without the value."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, get_args

from toriconfig._core.path import Path, show
from toriconfig._core.problem import Code, Problem, Related
from toriconfig._core.suggest import Suggestions
from toriconfig._core.tree import Node
from toriconfig._schema.shape import ANY, Shape, confidential, fields_of
from toriconfig._validation.expectations import CHOICES, FIXED, LIMITS, RULES, Found, phrase

if TYPE_CHECKING:
    from pydantic import ValidationError

INCOMPLETE = "define or import the name at run time, not only under `TYPE_CHECKING`"
"""The remedy for an annotation that names something undefined."""

_UNQUOTED: dict[type, str] = {
    **dict.fromkeys((int, float), "a number"),
    bool: "true or false",
    **dict.fromkeys((datetime.datetime, datetime.date, datetime.time), "a date or a time"),
}
"""Phrases for the types that YAML gives to unquoted values."""


def found(error: ValidationError) -> list[Found]:
    """Return the errors of a `ValidationError` without the input.

    The traceback of `error` is removed, so that no frame keeps the whole input in memory during the conversion.
    """
    lines: list[Any] = error.with_traceback(None).errors(include_url=False, include_input=False)
    lines.reverse()
    return _counted(_found(lines.pop()) for _ in range(len(lines)))  # each line is freed when it is converted


def escaped(error: Exception) -> Found:
    """Return the error for an exception of a validator that pydantic does not catch."""
    return Found((), "escaped", type(error).__name__, {}, rule_in(error.__traceback__))


def _found(line: Any) -> Found:
    context = line.get("ctx", {})
    cause = context.get("error")
    rule = rule_in(cause.__traceback__) if isinstance(cause, BaseException) else str(context.get("rule", ""))
    return Found(tuple(line["loc"]), line["type"], line["msg"], context, rule)


def _counted(found: Iterable[Found]) -> list[Found]:
    """Return the errors. A tuple that is too short has one error, instead of one for each missing item."""
    counted: list[Found] = []
    short: dict[Path, Found] = {}
    for one in found:
        if one.kind == "missing" and one.loc and isinstance(one.loc[-1], int):
            one = Found(one.loc[:-1], "too_short", one.message, {"min_length": one.loc[-1] + 1})
            short[one.loc] = one
        counted.append(one)
    return [one for one in counted if one.loc not in short or one.kind != "too_short" or short[one.loc] is one]


def rule_in(trace: TracebackType | None) -> str:
    """Return the outermost function of the schema in a traceback, such as `Pool._hold`; "" if there is none."""
    while trace is not None:
        code = trace.tb_frame.f_code
        module = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")
        if module[0] != "pydantic" and not (module[0] == "toriconfig" and module[2].startswith("_")):
            return code.co_qualname.replace(".<locals>", "")
        trace = trace.tb_next
    return ""


_QUOTES_NOTHING = FIXED - CHOICES
_MOST_PHRASES = 100
"""Maximum number of phrases that are kept. The messages of a validator may all be different."""


def problems(found: list[Found], root: Node, shape: Shape, how_to_set: Callable[[Path], str]) -> Iterable[Problem]:
    """Yield one problem for each key path that has errors. Errors of several members of a union become one problem.

    Args:
        found: the errors. The list is emptied, so that memory is freed early.
        how_to_set: function that returns the remedy for a missing key.
    """
    shared = _Shared()
    walks = [walked(one, root, shape) for one in found]
    members: dict[Path, set[str | int]] = {}
    for _, skipped in walks:
        for at, member in skipped:
            members.setdefault(at, set()).add(member)
    places: dict[Path, list[tuple[Found, str]]] = {}
    for one, (path, skipped) in zip(found, walks, strict=True):
        # If several members of a union failed, the intended member is unknown: one problem for the field.
        union = next(((at, member) for at, member in skipped if len(members[at]) > 1), None)
        inner = "" if union is None or len(path) == len(union[0]) else f"a valid {union[1]}"
        places.setdefault(union[0] if union else path, []).append((one, inner))
    groups = list(reversed(places.items()))
    del walks, places
    found.clear()
    while groups:
        path, errors = groups.pop()
        kinds = {one.kind for one, _ in errors}
        if kinds == {"missing"} and not errors[0][1] and root.find(path) is None:
            yield _missing(path, root, shape, how_to_set)
        elif kinds == {"extra_forbidden"} and not errors[0][1]:
            yield _extra(path, root)
        else:
            yield _wrong(path, errors, kinds, root, shape, shared)


def walked(found: Found, root: Node, shape: Shape) -> tuple[Path, Sequence[tuple[Path, str | int]]]:
    """Return `(path, skipped)` for pydantic's location of an error.

    `path` has the parts of the location that are keys. The other parts are names of union members and validators: for
    each of these names, `skipped` has `(path before the name, name)`.
    """
    path: Path = ()
    skipped: list[tuple[Path, str | int]] = []
    node: Node | None = root
    here: Shape | None = shape
    for number, part in enumerate(found.loc, 1):
        child = node.find((part,)) if node is not None else None
        declared = here is not None and isinstance(part, str) and part in here.fields
        # A key that is missing below a scalar is one that a validator of the schema missed in other data.
        unset = found.kind == "missing" and number == len(found.loc) and (here is None or here.kind != "scalar")
        if child is None and not declared and not unset:
            skipped.append((path, part))
            continue
        path = (*path, part)
        node, here = child, here.child(part) if here is not None else None
    if found.kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = str(found.context.get("discriminator", "")).strip("'")
        if tag.isidentifier() and (found.kind == "union_tag_not_found" or (node is not None and node.find((tag,)))):
            path = (*path, tag)
    return (path, skipped) if skipped or path != found.loc else (found.loc, ())


def _missing(path: Path, root: Node, shape: Shape, how_to_set: Callable[[Path], str]) -> Problem:
    where = path[:-1]
    while (parent := root.find(where)) is None:
        where = where[:-1]
    below = shape.at(path)
    in_item = any(isinstance(part, int) for part in path)  # of a list, which comes whole from one layer
    kinds = {"model": "a mapping", "mapping": "a mapping", "sequence": "a list", "secret": "a secret"}
    return Problem(
        Code.MISSING_KEY,
        show(path),
        parent.key_origin if where else None,
        expected=kinds.get(below.kind, "a value") if below is not None else "a value",
        help=f"write `{path[-1]}` there" if in_item else how_to_set(path),
        message=f"required key `{show(path)}` is " + ("missing" if in_item else "not set by any layer"),
        label=f"`{show(path[len(where) :])}` is missing in this mapping" if where else "",
    )


def _extra(path: Path, root: Node) -> Problem:
    node = root.find(path)
    return Problem(
        Code.UNKNOWN_KEY,
        show(path),
        node.key_origin if node is not None else None,
        help="remove it",
        message=f"unknown key `{path[-1]}`" if path else "an unknown key",
        label="the model of this section forbids it",
    )


def _wrong(
    path: Path,
    errors: list[tuple[Found, str]],
    kinds: set[str],
    root: Node,
    shape: Shape,
    shared: _Shared,
) -> Problem:
    node = root.find(path)
    here = shape.at(path) or ANY
    # The phrases of most kinds never quote the input, so for them it does not matter if the value is secret.
    sealed = not kinds <= _QUOTES_NOTHING and (confidential(here) or shared.looks_secret(path))
    expected = " or ".join(
        dict.fromkeys(filter(None, (inner or shared.phrase(one, sealed=sealed) for one, inner in errors)))
    )
    rules = [one.rule for one, _ in errors if one.rule]
    shown = show(path)
    name = f"`{shown}`" if path else "the schema"
    if "incomplete" in kinds:
        code, message = Code.BROKEN_RULE, f"the schema is not complete: {errors[0][0].message}"
    elif "escaped" in kinds:
        code = Code.BROKEN_RULE
        message = f"a validator of {name} raised {errors[0][0].message}"
    elif kinds <= RULES:
        alone = bool(path) and node is not None and type(node.value) is not dict
        code, message = Code.VALUE_NOT_ALLOWED if alone else Code.BROKEN_RULE, f"{name} breaks a rule"
    elif "union_tag_not_found" in kinds:
        code, message, expected = Code.MISSING_KEY, f"required key {name} is not set by any layer", _tags(path, shape)
    elif kinds <= CHOICES or kinds <= LIMITS:
        code, message = Code.VALUE_NOT_ALLOWED, f"{name} has a value that is not allowed"
    else:
        code, message = Code.WRONG_TYPE, f"{name} has the wrong type"
    loser = next((loser for loser in node.losers() if loser.layer.kind != "defaults"), None) if node else None
    return Problem(
        code,
        shown,
        node.origin if node is not None and path else _place(path, root),
        expected=expected or ("" if "incomplete" in kinds else _by_rule(rules)),
        help=INCOMPLETE
        if "incomplete" in kinds
        else _remedy(path, errors, rules, node, sealed=sealed, expected=expected, suggestions=shared.suggestions),
        message=message,
        label=f"expected {expected}" if expected else "",
        layer=f"{node.origin} wins; {loser.origin} is overridden" if node is not None and loser is not None else "",
        related=(Related(loser.origin, "overridden: this value is not in effect"),) if loser is not None else (),
    )


def _by_rule(rules: list[str]) -> str:
    return f"a value that the rule `{rules[0]}` of the schema allows" if rules else "a value that the schema allows"


def _tags(path: Path, shape: Shape) -> str:
    """Return the allowed values of a key that distinguishes the models of a union, as text; "a value" if unknown."""
    union = shape.at(path[:-1])
    fields = [fields_of(model).get(str(path[-1])) for model in union.models] if union is not None and path else []
    tags = [tag for field in fields if field is not None for tag in get_args(field.info.annotation)]
    return f"one of {', '.join(repr(getattr(tag, 'value', tag)) for tag in tags)}" if tags else "a value"


def _place(path: Path, root: Node) -> Any:
    """Return the origin of the value at `path`, or of its nearest parent that exists.

    Return None if only the top level exists, and has no position.
    """
    while (node := root.find(path)) is None:
        path = path[:-1]
    return node.origin if path or node.at is not None else None


class _Shared:
    """Results that the errors of one load share. Each is computed once, because there may be 100,000 alike errors."""

    __slots__ = ("_phrases", "_secret", "suggestions")

    def __init__(self) -> None:
        self.suggestions = Suggestions()
        self._phrases: dict[tuple[str, str, bool], str] = {}
        self._secret: dict[str, bool] = {}

    def phrase(self, found: Found, *, sealed: bool) -> str:
        """Return a phrase for the expected value, such as "an integer". `sealed` is True for a secret value."""
        if found.kind in FIXED:  # depends on the context, and is quick
            return phrase(found, sealed=sealed)
        asked = (found.kind, found.message, sealed)
        known = self._phrases.get(asked)
        if known is None:
            known = phrase(found, sealed=sealed)
            if len(self._phrases) < _MOST_PHRASES:
                self._phrases[asked] = known
        return known

    def looks_secret(self, path: Path) -> bool:
        """Return True if a key in `path` looks like the name of a secret."""
        return any(isinstance(part, str) and self._is_secret_name(part) for part in path)

    def _is_secret_name(self, name: str) -> bool:
        known = self._secret.get(name)
        if known is None:
            from toriconfig._masking.sensitive import looks_secret

            known = self._secret[name] = looks_secret(name)
        return known


def _remedy(
    path: Path,
    errors: list[tuple[Found, str]],
    rules: list[str],
    node: Node | None,
    *,
    sealed: bool,
    expected: str,
    suggestions: Suggestions,
) -> str:
    if node is not None and isinstance(node.value, str) and not sealed:
        for one, _ in errors:
            if one.kind in CHOICES:
                told = str(one.context.get("expected") or one.context.get("expected_tags") or "true, false")
                choices = [choice.strip(" '\"") for choice in told.replace(" or ", ",").split(",")]
                candidate = suggestions.near(node.value, choices)
                if candidate:
                    return f"did you mean `{candidate}`?"
    if rules:
        return f"see {', '.join(dict.fromkeys(f'`{rule}`' for rule in rules))} in the schema"
    if node is not None and node.value == "" and node.layer.kind in ("env", "dotenv") and expected != "text":
        return f"{node.origin} is empty: give it a value or unset it, or set the option `env_ignore_empty`"
    where = f" in {node.origin}" if node is not None and node.layer.kind != "files" else ""
    if expected == "text" and node is not None and node.layer.kind == "files" and type(node.value) in _UNQUOTED:
        return f"put it in quotes: without them it is {_UNQUOTED[type(node.value)]}"
    if not path or not expected:
        return f"check the rules of the schema for `{show(path)}`" if path else "check the rules of the schema"
    return f"set `{show(path)}`{where} to {expected}"
