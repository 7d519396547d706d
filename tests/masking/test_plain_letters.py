"""Names of secrets are recognized in all letter forms: fullwidth, bold, circled, with accents or joiners."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from support.loading import problems
from toriconfig._masking.frames import mask_line
from toriconfig._masking.sensitive import Sensitive, looks_secret, plain_letters
from toriconfig._masking.shown import conceals
from toriconfig._render import render_text

SPELLINGS = {
    "fullwidth": "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
    "fullwidth capitals": "\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff24",
    "one fullwidth letter": "p\uff41ssw\uff4frd",
    "bold": "".join(chr(0x1D41A + ord(char) - ord("a")) for char in "password"),
    "monospace": "".join(chr(0x1D68A + ord(char) - ord("a")) for char in "password"),
    "circled": "".join(chr(0x24D0 + ord(char) - ord("a")) for char in "password"),
    "accents": "p\u00e4ssw\u00f6rd",
    "combining accents": "pa\u0308sswo\u0308rd",
    "a soft hyphen": "pass\u00adword",
    "a zero-width joiner": "pa\u200dsswo\u200drd",
    "a long s": "pa\u017f\u017fword",
    "another name": "\uff41\uff50\uff49\uff3f\uff4b\uff45\uff59",
    "a ligature": "\ufb01le_token",
}


class App(BaseModel):
    host: str = ""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_name_of_a_secret_is_recognized_in_any_letters(spelling: str) -> None:
    name = SPELLINGS[spelling]
    assert looks_secret(name)
    assert Sensitive().names(name)
    assert conceals(name, "hunter2")


@pytest.mark.parametrize("separator", [":", " : ", "=", "\uff1a", "\uff1d", "\ufe55"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_text_after_such_a_name_is_masked(spelling: str, separator: str) -> None:
    assert "hunter2" not in mask_line(f"{SPELLINGS[spelling]}{separator}hunter2")
    assert "hunter2" not in mask_line(f"db: {{user: x, {SPELLINGS[spelling]}{separator}hunter2}}")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_finding_on_the_line_of_a_secret_does_not_show_it(
    spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = problems(App, f"{SPELLINGS[spelling]}: hunter2\nhost: [\n")
    found += problems(App, f"{SPELLINGS[spelling]}: hunter2\n")
    assert found
    assert "hunter2" not in render_text(found) + repr(found)


@pytest.mark.parametrize(
    "name", ["\uff48\uff4f\uff53\uff54", "stra\u00dfe", "\u00fcberschrift", "\u540d\u524d", "\u0438\u043c\u044f"]
)
def test_other_names_in_these_letters_are_no_secrets(name: str) -> None:
    assert not looks_secret(name)


def test_plain_names_are_unchanged() -> None:
    assert "max_size" == plain_letters("max_size")
