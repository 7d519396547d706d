from __future__ import annotations

import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from toriconfig._core.origin import Origin
from toriconfig._core.problem import Problem, Related
from toriconfig._render.remedies import REMEDIES
from toriconfig.cli.formats import FORMATS, Look, writer

# Models generated from the OASIS schema, unknown members forbidden; the package has no types of its own.
SarifLog: Any = import_module("pydantic_sarif.model").StaticAnalysisResultsFormatSarifVersion210JsonSchema
FILE = "config/tori.yaml"
TYPO = Problem(
    "TC101",
    "database.pool.max_szie",
    Origin("files", FILE, 7, 5, 7, 13),
    expected="one of max_size, timeout",
    help="did you mean `max_size`?",
    message="unknown key `max_szie`",
    label="not a key of `database.pool`",
    excerpts=((FILE, 7, "    max_szie: 10"),),
    related=(Related(Origin("files", FILE, 6, 3), "in this mapping"),),
    fix="max_size",
)
VARIABLE = Problem(
    "TC102",
    "database.port",
    Origin("env", "TORI_DATABASE__PORT"),
    expected="an integer",
    message="wrong type, 100%",
    severity="warning",
    layer="TORI_DATABASE__PORT wins; config/tori.yaml:3:9 is overridden",
    related=(Related(Origin("files", FILE, 3, 9), "overridden"),),
)
NOWHERE = Problem("TC103", "api_key", severity="info", help="say,\r\nset: it")
BLOCK = Problem("TC102", "a", Origin("files", "b c/é,1.yaml", 2, 4, 5, 1), message="wrong type")
ALL = [NOWHERE, VARIABLE, TYPO, BLOCK]


class Ascii(io.StringIO):
    """A stream like a terminal of the C locale."""

    encoding = "ascii"


def written(name: str, problems: list[Problem], look: Look | None = None, out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    writer(name)(problems, out, look or Look(directory="/repo", root="/repo"))
    return out.getvalue()


def test_the_table_has_the_five_formats_and_another_name_raises() -> None:
    assert list(FORMATS) == ["text", "concise", "json", "github", "sarif"]
    with pytest.raises(KeyError):
        writer("xml")


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_writes_every_problem_and_survives_an_ascii_terminal(name: str) -> None:
    text = written(name, ALL, out=Ascii())
    for code in ("TC101", "TC102", "TC103"):
        assert code in text
    if name != "github":
        assert text.isascii()


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_writes_the_problems_in_one_order_for_any_order_of_input(name: str) -> None:
    assert written(name, ALL) == written(name, ALL[::-1])


def test_text_is_the_output_of_the_renderer_and_empty_without_problems() -> None:
    text = written("text", [TYPO], Look(schema="ToriSettings"))
    assert " 7 |     max_szie: 10\n   |     ^^^^^^^^ not a key of `database.pool`\n" in text
    assert text.endswith("1 error in ToriSettings\n")
    assert written("text", []) == ""


def test_text_takes_colour_and_width_from_the_look() -> None:
    assert "\x1b[" in written("text", [TYPO], Look(color=True))
    long = Problem("TC101", message="m", help="help " * 50)
    assert max(map(len, written("text", [long], Look(width=50)).splitlines())) <= 50


def test_concise_is_one_line_a_problem() -> None:
    assert written("concise", ALL).splitlines() == [
        "b c/é,1.yaml:2:4: error[TC102] wrong type",
        "config/tori.yaml:7:5: error[TC101] unknown key `max_szie` (did you mean `max_size`?)",
        "TORI_DATABASE__PORT: warning[TC102] wrong type, 100%",
        "-: info[TC103] missing key (say,\\r\\nset: it)",
    ]


PLACE = {
    "type": ["object", "null"],
    "required": ["text", "layer", "source", "line", "column", "end_line", "end_column", "version", "name"],
    "additionalProperties": False,
    "properties": {
        **{name: {"type": "string"} for name in ("text", "layer", "source")},
        **{name: {"type": ["integer", "null"], "minimum": 1} for name in ("line", "column", "end_line", "end_column")},
        "version": {"type": ["integer", "null"]},
        "name": {"type": ["string", "null"]},
    },
}
TEXT_OR_NULL = {"type": ["string", "null"], "minLength": 1}
JSON_SCHEMA = {
    "type": "object",
    "required": ["format_version", "valid", "error_count", "warning_count", "omitted_count", "schema", "diagnostics"],
    "additionalProperties": False,
    "properties": {
        "format_version": {"const": "1.1"},
        "valid": {"type": "boolean"},
        "error_count": {"type": "integer"},
        "warning_count": {"type": "integer"},
        "omitted_count": {"type": "integer"},
        "schema": TEXT_OR_NULL,
        "diagnostics": {
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    "code", "severity", "message", "label", "path", "origin", "expected", "help", "layer", "related",
                    "snippets", "fix",
                ],
                "properties": {
                    "code": {"pattern": "^TC[0-9]{3}$"},
                    "severity": {"enum": ["error", "warning", "info"]},
                    "message": {"type": "string", "minLength": 1},
                    **dict.fromkeys(("label", "path", "expected", "help", "layer", "fix"), TEXT_OR_NULL),
                    "origin": PLACE,
                    "related": {"items": {"required": ["origin", "label"], "properties": {"origin": PLACE}}},
                    "snippets": {"items": {"required": ["source", "line", "text"]}},
                },
            }
        },
    },
}  # fmt: skip


def test_json_has_the_members_of_format_version_1() -> None:
    Draft202012Validator.check_schema(JSON_SCHEMA)
    Draft202012Validator(JSON_SCHEMA).validate(json.loads(written("json", ALL)))
    Draft202012Validator(JSON_SCHEMA).validate(json.loads(written("json", [])))


def test_json_has_the_counts_and_the_validity() -> None:
    document = json.loads(written("json", ALL, Look(schema="S")))
    assert (document["valid"], document["error_count"], document["warning_count"]) == (False, 2, 1)
    assert document["schema"] == "S"
    assert json.loads(written("json", [VARIABLE]))["valid"] is True


def test_json_holds_all_of_a_problem() -> None:
    (found,) = json.loads(written("json", [TYPO]))["diagnostics"]
    assert found["origin"] == {
        "text": "config/tori.yaml:7:5", "layer": "files", "source": FILE, "line": 7, "column": 5, "end_line": 7,
        "end_column": 13, "version": None, "name": None,
    }  # fmt: skip
    assert found["path"] == "database.pool.max_szie"
    assert found["fix"] == "max_size"
    assert found["related"][0]["label"] == "in this mapping"
    assert found["snippets"] == [{"source": FILE, "line": 7, "text": "    max_szie: 10"}]


def test_github_annotates_the_span_of_one_line_inclusively() -> None:
    (line,) = written("github", [TYPO]).splitlines()
    assert line == (
        "::error file=config/tori.yaml,line=7,col=5,endColumn=12,title=TC101 unknown key::unknown key `max_szie`"
        "%0Akey: database.pool.max_szie%0Aexpected: one of max_size, timeout%0Ahelp: did you mean `max_size`?"
    )


def test_github_gives_no_columns_when_a_span_runs_over_lines_and_escapes_properties() -> None:
    (line,) = written("github", [BLOCK]).splitlines()
    assert line.startswith("::error file=b c/é%2C1.yaml,line=2,endLine=5,title=TC102 wrong type::")


def test_github_names_a_variable_in_the_message_and_escapes_percent() -> None:
    (line,) = written("github", [VARIABLE]).splitlines()
    assert line.startswith("::warning title=TC102 wrong type::TORI_DATABASE__PORT: wrong type, 100%25%0A")


def test_github_output_lets_no_text_start_a_command() -> None:
    forged = Problem("TC101", "a\n::error::b", message="x\r\n::set-env name=A::b", severity="info")
    lines = written("github", [forged]).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("::notice title=")


def test_github_names_files_from_the_root_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "service").mkdir()
    assert "file=service/config/tori.yaml," in written("github", [TYPO], Look(directory=str(tmp_path / "service")))


def sarif(problems: list[Problem], look: Look | None = None) -> dict[str, Any]:
    document = json.loads(written("sarif", problems, look))
    SarifLog.model_validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_sarif_is_valid_by_models_generated_from_the_oasis_schema() -> None:
    sarif(ALL)
    sarif([])
    document = json.loads(written("sarif", ALL))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(ValidationError):
        SarifLog.model_validate(document)


def test_sarif_has_a_rule_for_each_code_and_columns_in_code_points() -> None:
    run = sarif(ALL)
    assert run["columnKind"] == "unicodeCodePoints"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["TC101", "TC102", "TC103"]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note"]


def test_sarif_has_a_remedy_for_each_rule() -> None:
    for rule in sarif(ALL)["tool"]["driver"]["rules"]:
        assert rule["help"] == {"text": REMEDIES[rule["id"]]}


def test_sarif_addresses_are_relative_to_the_checkout_and_escaped() -> None:
    block, typo, *_ = sarif(ALL, Look(directory="/repo/service", root="/repo"))["results"]
    assert typo["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "service/config/tori.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 13},
    }
    assert block["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "service/b%20c/%C3%A9%2C1.yaml"


def test_sarif_names_a_file_outside_the_checkout_in_full() -> None:
    outside = Problem("TC001", "", Origin("files", "../etc/tori.yaml", 1, 1))
    (result,) = sarif([outside], Look(directory="/repo", root="/repo"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///etc/tori.yaml"}


def test_sarif_has_a_location_without_a_file_too() -> None:
    (result,) = sarif([VARIABLE])["results"]
    names = [place["fullyQualifiedName"] for place in result["locations"][0]["logicalLocations"]]
    assert names == ["TORI_DATABASE__PORT", "database.port"]
    assert result["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 9}


def fingerprint(problem: Problem) -> str:
    (result,) = sarif([problem])["results"]
    value: str = result["partialFingerprints"]["toriconfig/v1"]
    return value


def moved(**changes: Any) -> Problem:
    values = {"code": "TC101", "path": "a.b", "origin": Origin("files", FILE, 7, 5), "message": "m"}
    return Problem(**{**values, **changes})


def test_a_fingerprint_survives_moved_lines_and_reworded_messages_and_nothing_else() -> None:
    first = fingerprint(moved())
    assert fingerprint(moved(origin=Origin("files", FILE, 99, 1), message="other")) == first
    assert fingerprint(moved(origin=Origin("files", "other.yaml", 7, 5))) != first
    assert fingerprint(moved(path="a.c")) != first
    assert fingerprint(moved(code="TC102")) != first


def test_the_same_mistake_twice_in_a_file_has_two_fingerprints() -> None:
    results = sarif([moved(), moved(origin=Origin("files", FILE, 8, 5))])["results"]
    assert len({result["partialFingerprints"]["toriconfig/v1"] for result in results}) == 2


def test_a_typo_with_one_candidate_carries_its_fix() -> None:
    (result,) = sarif([TYPO])["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 13},
            "insertedContent": {"text": "max_size"},
        }
    ]
    assert "fixes" not in sarif([BLOCK])["results"][0]
