"""`# yaml-language-server: $schema=...` makes the real language server complete, explain and check settings files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.language_server import LanguageServer, install, language_server
from toriconfig import ToriSettings
from toriconfig._inspect.json_schema import schema_text

pytestmark = [pytest.mark.editor, pytest.mark.timeout(600)]

MODELINE = "# yaml-language-server: $schema=schemas/tori.schema.json\n"


@pytest.fixture(name="project", scope="module")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "schemas").mkdir()
    (project / "schemas" / "tori.schema.json").write_text(schema_text(ToriSettings), encoding="utf-8")
    return project


@pytest.fixture(name="server", scope="module")
def _server(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    program = install(tmp_path_factory.mktemp("npm"))
    with language_server(program, project) as server:
        yield server


def opened(server: LanguageServer, project: Path, name: str, text: str) -> str:
    file = project / name
    file.write_text(MODELINE + text)
    return server.open(file)


def test_keys_are_completed(server: LanguageServer, project: Path) -> None:
    uri = opened(server, project, "completion.yaml", "database:\n  pool:\n    m\n")
    items = server.at("completion", uri, 4, 6)["items"]
    assert {"min_size", "max_size"} <= {item["label"] for item in items}


def test_values_of_an_enumeration_are_completed(server: LanguageServer, project: Path) -> None:
    uri = opened(server, project, "values.yaml", "logging:\n  level: \n")
    labels = {item["label"] for item in server.at("completion", uri, 3, 10)["items"]}
    assert {"DEBUG", "INFO", "WARNING"} <= labels


def test_a_hover_shows_the_description_of_a_key(server: LanguageServer, project: Path) -> None:
    uri = opened(server, project, "hover.yaml", "chunking:\n  overlap: 80\n")
    hover = server.at("hover", uri, 3, 5)
    assert "Characters that a chunk shares with the one before" in str(hover["contents"])


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("type", "chunking:\n  size: many\n", 3, "integer"),
        ("key", "chunking:\n  szie: 500\n", 3, "szie is not allowed"),
        ("bound", "chunking:\n  size: 5\n", 3, "50"),
        ("choice", "logging:\n  level: LOUD\n", 3, "accepted"),
    ],
)
def test_a_mistake_is_marked_on_its_line(
    name: str, text: str, line: int, said: str, server: LanguageServer, project: Path
) -> None:
    found = server.diagnostics(opened(server, project, f"{name}.yaml", text))
    assert [line] == [one["range"]["start"]["line"] + 1 for one in found]
    assert said in found[0]["message"]


def test_options_of_a_load_are_not_marked(server: LanguageServer, project: Path) -> None:
    text = (
        "chunking: {size: '${env:SIZE:-500}', overlap: 50}\n"
        "api_key: ${vault:secret/tori#api_key}\n"
        "database: {credentials: '${vault:database/creds/tori}', port: 5433}\n"
        "section_weights: {title: 3, appendix: 0.1}\n"
        "generic_terms: [a, b]\n"
        "vault: {timeout: 2.5}\n"
    )
    assert [] == server.diagnostics(opened(server, project, "good.yaml", text))
