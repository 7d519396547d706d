"""Problems as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TextIO

from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean_json
from toriconfig._core.problem import CODES, Problem
from toriconfig._render import select, summary
from toriconfig._render.remedies import REMEDIES
from toriconfig.cli.formats import PLAIN, Look
from toriconfig.cli.formats._addresses import Addresses

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_FINGERPRINT = "toriconfig/v1"

Json = dict[str, Any]


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write one SARIF log with one run, in ASCII. If results are omitted, a notification contains their number."""
    ordered = select(problems, look.most)
    rules = sorted({problem.code for problem in ordered})
    addresses = Addresses(look)
    seen: Counter[str] = Counter()
    results = [_result(problem, rules, addresses, seen) for problem in ordered]
    driver: Json = {
        "name": "toriconfig",
        "rules": [_rule(code) for code in rules],
    }
    run: Json = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if len(ordered) < len(problems):
        told = {"level": "warning", "message": {"text": summary(problems, shown=len(ordered))}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [told]}]
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    out.write(clean_json(json.dumps(document, indent=2)) + "\n")


def _rule(code: str) -> Json:
    rule: Json = {"id": code, "shortDescription": {"text": CODES.get(code, code)}}
    if code in REMEDIES:
        rule["help"] = {"text": REMEDIES[code]}
    return rule


def _result(problem: Problem, rules: list[str], addresses: Addresses, seen: Counter[str]) -> Json:
    result: Json = {
        "ruleId": problem.code,
        "ruleIndex": rules.index(problem.code),
        "level": _LEVELS[problem.severity],
        "message": {"text": _text(problem)},
        "partialFingerprints": {_FINGERPRINT: _fingerprint(problem, addresses, seen)},
    }
    location = _location(problem.origin, problem.path, addresses)
    if location:
        result["locations"] = [location]
    related = [
        {**_location(other.origin, "", addresses), "id": number, "message": {"text": other.label or "see here"}}
        for number, other in enumerate(problem.related, 1)
    ]
    if related:
        result["relatedLocations"] = related
    fix = _fix(problem, addresses)
    if fix:
        result["fixes"] = [fix]
    return result


def _text(problem: Problem) -> str:
    lines = [problem.message or CODES.get(problem.code, problem.code)]
    told = (("Expected", problem.expected), ("Layer", problem.layer), ("Help", problem.help))
    return "\n".join([*lines, *(f"{label}: {text}" for label, text in told if text)])


def _fingerprint(problem: Problem, addresses: Addresses, seen: Counter[str]) -> str:
    """Return an identifier of an error that stays the same if the line of the error moves within its file."""
    where = addresses.uri(problem.origin) or (problem.origin.source if problem.origin else "")
    mistake = sha256(f"{problem.code}\n{problem.path}\n{where}".encode("utf-8", "replace")).hexdigest()[:32]
    seen[mistake] += 1
    return f"{mistake}:{seen[mistake]}"


def _location(origin: Origin | None, path: str, addresses: Addresses) -> Json:
    location: Json = {}
    uri = addresses.uri(origin)
    if origin is not None and uri is not None:
        physical: Json = {"artifactLocation": _artifact(uri)}
        if origin.line is not None:
            physical["region"] = _region(origin)
        location["physicalLocation"] = physical
    logical: list[Json] = []
    if origin is not None and uri is None:
        logical.append({"fullyQualifiedName": str(origin), "kind": "resource"})
    if path:
        logical.append({"fullyQualifiedName": path, "kind": "member"})
    if logical:
        location["logicalLocations"] = logical
    return location


def _artifact(uri: str) -> Json:
    return {"uri": uri} if ":" in uri.partition("/")[0] else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(origin: Origin) -> Json:
    named = (
        ("startLine", origin.line),
        ("startColumn", origin.column),
        ("endLine", origin.end_line if origin.column is not None else None),
        ("endColumn", origin.end_column if origin.column is not None else None),
    )
    return {name: number for name, number in named if number is not None}


def _fix(problem: Problem, addresses: Addresses) -> Json | None:
    origin, uri = problem.origin, addresses.uri(problem.origin)
    if problem.fix is None or origin is None or uri is None or origin.column is None or origin.end_column is None:
        return None
    replacement = {"deletedRegion": _region(origin), "insertedContent": {"text": problem.fix}}
    return {
        "description": {"text": problem.help or f"write {problem.fix}"},
        "artifactChanges": [{"artifactLocation": _artifact(uri), "replacements": [replacement]}],
    }
