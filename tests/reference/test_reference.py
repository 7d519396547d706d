"""The reference page: complete, without internal names, and the same at every run."""

from __future__ import annotations

import dataclasses
import importlib
import re
from difflib import unified_diff
from itertools import islice
from typing import Any, cast

import click
import pytest

from reference.names import ROOMS, names_of
from reference.page import COMMAND, page
from reference.tables import commands
from reference.variables import LOGGERS, described, loggers_in_code, names_in_code
from support.pages import ROOT, broken_links
from toriconfig import ToriSettings
from toriconfig._render.remedies import REMEDIES
from toriconfig._schema.options import Options
from toriconfig._vault.config import VARIABLES
from toriconfig.errors import CODES
from toriconfig.vault.logins import METHODS

PAGE = page()
TABLES = PAGE.partition("## Options")[2]


def section(heading: str) -> str:
    """Return the text below a heading, up to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    _, found, text = PAGE.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"\n#{{2,{len(level)}}} ", text)[0]


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_a_heading(room: str) -> None:
    headings = set(re.findall(r"^### (?:class |exception )?`(?:[\w.]+\.)?(\w+)(?:\(\))?`$", PAGE, re.MULTILINE))
    assert {name for name, _ in names_of(room)} - {"settings"} <= headings


def test_every_option_has_a_type_and_a_meaning() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `[^`]+` \| `[^`]*` \| (.+) \|$", TABLES, re.MULTILINE))
    assert [] == [name for name in Options._fields if not rows.get(name)]


@pytest.mark.parametrize("login", [*METHODS.values(), importlib.import_module("toriconfig.vault").Vault])
def test_every_field_of_a_login_has_a_row(login: type) -> None:
    text = section(f"### class `vault.{login.__name__}`")
    fields = [one.name for one in dataclasses.fields(cast("Any", login))]
    rows = re.findall(r"^\| `(\w+)` \| `[^`]+` \| .+ \| .+ \| (?:yes|with permission) \|$", text, re.MULTILINE)
    assert fields == rows


def test_every_command_and_each_of_its_options_is_described() -> None:
    common = section("### Common options")
    for name, command in commands():
        text = section(f"### `toriconfig {name}`")
        for option in command.get_params(click.Context(command, help_option_names=["--help"])):
            if not isinstance(option, click.Option) or option.hidden or "--help" in option.opts:
                continue
            row = common if f"`{max(option.opts, key=len)}`" in text.partition("Common options:")[2] else text
            for flag in option.opts:
                assert re.search(rf"^\| .*`{re.escape(flag)}[ `].* \|$", row, re.MULTILINE), f"{name} {flag}"


def test_every_key_of_the_settings_of_tori_is_described() -> None:
    keys = re.findall(r"^\| `(\w+)[.`]", section("## Keys of ToriSettings"), re.MULTILINE)
    assert list(ToriSettings.model_fields) == list(dict.fromkeys(keys))


def test_every_code_has_a_meaning_and_a_remedy() -> None:
    assert list(CODES) == list(REMEDIES)
    assert list(CODES) == re.findall(r"^\| `(TC\d+)` \| .+ \| .+ \| .+ \|$", section("## Codes"), re.MULTILINE)


def test_every_variable_in_the_code_is_described_and_no_other() -> None:
    vault = {f"{prefix}_{name}" for prefix in ("VAULT", "BAO") for name in VARIABLES} | set(VARIABLES)
    texts = "".join(file.read_text() for file in ROOT.glob("toriconfig/**/*.py"))
    missing = names_in_code() - vault - {name.removeprefix("<PREFIX>") for name in described()}
    unread = {name for name in described() if re.sub("<PREFIX>|(RELATIVE|FULL)_URI$", "", name) not in texts}
    assert (set(), set()) == (missing, unread)


def test_every_logger_is_described_and_no_other() -> None:
    assert set(LOGGERS) == loggers_in_code()
    guide = (ROOT / "examples" / "logging" / "README.md").read_text().partition("| logger | records |")[2]
    assert list(LOGGERS) == re.findall(r"^\| `([\w.]+)` \|", guide, re.MULTILINE)


def test_the_page_names_nothing_internal() -> None:
    assert [] == re.findall(r"toriconfig(?:\.\w+)*\._\w+|\b_core\b|_FakePath", PAGE)
    assert [] == re.findall(r"^\| `_\w+`", PAGE, re.MULTILINE)
    assert [] == re.findall(r"0x[0-9a-f]{6,}", PAGE)


def test_every_link_of_the_contents_leads_to_a_heading() -> None:
    assert broken_links(ROOT / "examples" / "reference" / "README.md") == []


def test_the_committed_page_is_the_generated_one() -> None:
    committed = (ROOT / "examples" / "reference" / "README.md").read_text(encoding="utf-8")
    difference = islice(unified_diff(committed.splitlines(), PAGE.splitlines(), "committed", "generated", n=0), 20)
    shown = "\n".join(line[:160] for line in difference)
    assert not shown, f"the code or its docstrings changed: run `{COMMAND}`, and commit the page\n{shown}"
