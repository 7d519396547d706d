"""All problems as data, for programs.

`format_version` is `major.minor`. A new minor version only adds members; a new major version may change or remove
members. Lines and columns count from 1. Columns count code points. The end of a range is exclusive. An unknown value is
null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from toriconfig._core.origin import Origin
from toriconfig._core.printable import clean_json
from toriconfig._core.problem import CODES, Problem
from toriconfig._render import select
from toriconfig.cli.formats import PLAIN, Look

FORMAT_VERSION = "1.1"


def write(problems: Sequence[Problem], out: TextIO, look: Look = PLAIN) -> None:
    """Write one JSON object, in ASCII for every terminal and pipe.

    The counts include all problems. `omitted_count` is the number of problems that are not in the diagnostics.
    """
    shown = select(problems, look.most)
    counts = {severity: sum(problem.severity == severity for problem in problems) for severity in ("error", "warning")}
    document = {
        "format_version": FORMAT_VERSION,
        "valid": not counts["error"],
        "error_count": counts["error"],
        "warning_count": counts["warning"],
        "omitted_count": len(problems) - len(shown),
        "schema": look.schema or None,
        "diagnostics": [_diagnostic(problem) for problem in shown],
    }
    out.write(clean_json(json.dumps(document, indent=2)) + "\n")


def _diagnostic(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message or CODES.get(problem.code, ""),
        "label": problem.label or None,
        "path": problem.path or None,
        "origin": _origin(problem.origin) if problem.origin else None,
        "expected": problem.expected or None,
        "help": problem.help or None,
        "layer": problem.layer or None,
        "related": [{"origin": _origin(other.origin), "label": other.label or None} for other in problem.related],
        "snippets": [{"source": source, "line": line, "text": text} for source, line, text in problem.excerpts],
        "fix": problem.fix,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "text": str(origin),
        "layer": origin.layer,
        "source": origin.source,
        "line": origin.line,
        "column": origin.column,
        "end_line": origin.end_line,
        "end_column": origin.end_column,
        "version": origin.version,
        "name": origin.name,
    }
