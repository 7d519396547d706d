"""`toriconfig check --fix`: safe repairs alone, in place, with everything else as it was; `--diff` shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.command import Toriconfig
from toriconfig import ToriSettings
from toriconfig.cli._fix import fix
from toriconfig.testing import Canary

RENAMED = """
from pydantic import BaseModel
from toriconfig import SettingsConfigDict
class Pool(BaseModel):
    model_config = SettingsConfigDict(renamed={"maximum": "max_size"})
    max_size: int = 10
class App(BaseModel):
    model_config = SettingsConfigDict(config_name="app", renamed={"old": "pool.max_size", "pol_": "pool"})
    pool: Pool = Pool()
"""


def repaired(text: str | bytes, toriconfig: Toriconfig, folder: Path, *arguments: str, name: str = "tori.yaml") -> str:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    toriconfig("check", name, "--fix", *arguments)
    return file.read_bytes().decode()


def test_a_typo_is_repaired_and_comments_order_and_spacing_stay(toriconfig: Toriconfig, tmp_path: Path) -> None:
    before = (
        "# the pool\ndatabase:   # here\n    pool: {max_szie: 20,   timeout: 5}  # szie\n\n\n"
        "chunking:\n  siz:   500 # characters\n  overlap: 10\n"
    )
    after = before.replace("max_szie", "max_size").replace("siz: ", "size: ")
    (tmp_path / "tori.yaml").write_text(before)
    result = toriconfig("check", "tori.yaml", "--fix")
    assert after == (tmp_path / "tori.yaml").read_text()
    assert (0, "", "tori.yaml: 2 keys repaired\nno problems in 1 file\n") == result


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"chunking:\r\n  szie: 500\r\n", b"chunking:\r\n  size: 500\r\n"),
        (b"\xef\xbb\xbfchunkin: {size: 500}\n", b"\xef\xbb\xbfchunking: {size: 500}\n"),
        ("database: {name: 'é😀', prot: 1}\n".encode(), "database: {name: 'é😀', port: 1}\n".encode()),
        (b"chunking:\n  'szie': 500", b"chunking:\n  'size': 500"),
        (b"chunkin: {szie: 500}\n", b"chunking: {size: 500}\n"),
        (b"Chunking: {Max: 1}\n", b"chunking: {Max: 1}\n"),
        (b"database: {pool: {min-size: 2}}\n", b"database: {pool: {min_size: 2}}\n"),
        (
            b"chunking: {szie: 500}\n---\nchunking: {szie: 600}\n",
            b"chunking: {size: 500}\n---\nchunking: {size: 600}\n",
        ),
    ],
)
def test_line_ends_marks_quotes_and_documents_stay(
    before: bytes, after: bytes, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    assert after.decode() == repaired(before, toriconfig, tmp_path)


def test_json_stays_json(toriconfig: Toriconfig, tmp_path: Path) -> None:
    text = repaired('{"chunking": {"szie": 500}}', toriconfig, tmp_path, name="tori.json")
    assert json.loads(text) == {"chunking": {"size": 500}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("chunking: {sz: 500}\n", "two slips away"),
        ("chunking: {szie: many}\n", "the value would not fit"),
        ("chunking: {size: 500, szie: 600}\n", "the key is there already"),
        ("chunking: {szie: 500, sise: 600}\n", "both would be the same key"),
        ("features: {orc_fallback: [1]}\n", "the value would not fit"),
        ("a: &a {szie: 500}\nchunking: *a\n", "the anchor may be used elsewhere"),
        ("chunking: {!!str szie: 500}\n", "a tag goes with it"),
        ("chunking: {&k szie: 500}\n", "an anchor goes with it"),
        ('chunking: {"s\\x7aie": 500}\n', "an escape in it"),
        ("nonsense: 1\n", "nothing is like it"),
        ("chunking: [\n", "a syntax error"),
        ("chunking: {size: 500}\n", "nothing is wrong"),
    ],
)
def test_uncertain_repairs_are_not_made(text: str, why: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    left = repaired(text, toriconfig, tmp_path)
    if why == "the anchor may be used elsewhere":
        assert left in (text, text.replace("szie", "size")), "at most the key itself"
    else:
        assert text == left


def test_renamed_keys_get_their_new_name_at_their_position(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(RENAMED)
    text = repaired("pool:\n  maximum: 3  # here\n", toriconfig, tmp_path, "--settings", "app:App", name="app.yaml")
    assert text == "pool:\n  max_size: 3  # here\n"
    moved = repaired("old: 3\n", toriconfig, tmp_path, "--settings", "app:App", name="app.yaml")
    assert moved == "old: 3\n", "it stands elsewhere now: that is for people"
    section = repaired("pol_: {maximum: 3}\n", toriconfig, tmp_path, "--settings", "app:App", name="app.yaml")
    assert section == "pool: {max_size: 3}\n"


def test_without_files_those_of_the_settings_are_repaired(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {szie: 500}\n")
    (tmp_path / "tori.prod.yaml").write_text("chunking: {overlpa: 50}\n")
    result = toriconfig("check", "--fix", "-o", "concise", TORI_PROFILE="prod")
    assert result.code == 0
    assert (tmp_path / "tori.yaml").read_text() == "chunking: {size: 500}\n"
    assert (tmp_path / "tori.prod.yaml").read_text() == "chunking: {overlap: 50}\n"


def test_the_remaining_time_is_reported(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {szie: 500}\nnonsense: 1\n")
    result = toriconfig("check", "tori.yaml", "--fix", "-o", "concise")
    assert result.code == 1
    assert result.out.startswith("tori.yaml:2:1: error[TC101] unknown key `nonsense`")
    assert result.err == "tori.yaml: 1 key repaired\n"


def test_the_difference_is_shown_and_nothing_written(toriconfig: Toriconfig, tmp_path: Path) -> None:
    canary = Canary()
    text = f"# top\napi_kye: {canary.secret}  # {canary.secret}\nchunking:\n  szie: 500\n  overlap: 5\nlast: 1\n"
    (tmp_path / "tori.yaml").write_text(text)
    result = toriconfig("check", "tori.yaml", "--diff")
    assert result.code == 1
    assert result.out == (
        "--- tori.yaml\n+++ tori.yaml\n@@ -1,5 +1,5 @@\n # top\n"
        "-api_kye: **********\n+api_key: **********\n chunking:\n-  szie: 500\n+  size: 500\n   overlap: 5\n"
    )
    assert text == (tmp_path / "tori.yaml").read_text()
    canary.absent_from(*result[1:])
    (tmp_path / "tori.yaml").write_text("chunking: {size: 500}\n")
    assert toriconfig("check", "tori.yaml", "--diff") == (0, "", "")


def test_a_key_inside_a_secret_is_repaired_although_no_problem_names_it(toriconfig: Toriconfig, tmp_path: Path) -> None:
    before = b"database: {credentials: {username: u, pasword: x}}\n"
    assert before.replace(b"pasword", b"password").decode() == repaired(before, toriconfig, tmp_path)


def test_rights_and_links_stay(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("chunking: {szie: 500}\n")
    (tmp_path / "real.yaml").chmod(0o640)
    (tmp_path / "tori.yaml").symlink_to("real.yaml")
    assert toriconfig("check", "tori.yaml", "--fix").code == 0
    assert (tmp_path / "tori.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "chunking: {size: 500}\n"
    assert (tmp_path / "real.yaml").stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob(".toriconfig-*"))


def test_standard_input_cannot_be_repaired(toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "-", "--fix", stdin="chunking: {szie: 500}\n")
    assert result.code == 2
    assert "standard input cannot be repaired" in result.err


NAMES = st.sampled_from(
    ["chunking", "chunkin", "szie", "size", "overlap", "ovrelap", "x", "pool", "database", "max_szie"]
)


@given(
    st.recursive(
        st.integers(0, 900) | st.just("many"), lambda below: st.dictionaries(NAMES, below, max_size=3), max_leaves=6
    )
)
def test_a_repair_never_makes_anything_worse_and_a_second_one_finds_nothing(document: object) -> None:
    from tempfile import NamedTemporaryFile

    from toriconfig._inspect.check import check_alone
    from toriconfig.sources.yaml.documents import read_yaml

    with NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(document, file)
        file.flush()
        fixed = fix(ToriSettings, file.name)
        if fixed is None:
            return
        before, after = (
            [one for one in check_alone(ToriSettings, read_yaml(text, "x")) if one.code == "TC101"]
            for text in (fixed.before, fixed.after)
        )
        assert fixed.keys > 0
        assert not any(one.code == "TC002" for one in check_alone(ToriSettings, read_yaml(fixed.after, "x")))
        assert json.loads(fixed.after), "still JSON"
        deep = [one.path for one in after if one.path.count(".") == 0]
        assert set(deep) <= {one.path for one in before}
        Path(file.name).write_text(fixed.after)
        assert fix(ToriSettings, file.name) is None


def test_many_unsafe_repairs_cost_few_checks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two hundred typos, one of which cannot be repaired, need far fewer than two hundred checks of the file."""
    from pydantic import BaseModel

    from toriconfig.cli import _fix

    class Host(BaseModel):
        model_config = {"extra": "forbid"}
        port: int = 1

    class App(BaseModel):
        hosts: list[Host] = []

    judged = 0
    judge = _fix._judged

    def counted(*given: Any) -> Any:
        nonlocal judged
        judged += 1
        return judge(*given)

    monkeypatch.setattr(_fix, "_judged", counted)
    path = tmp_path / "a.yaml"
    path.write_text("hosts:\n" + "  - prt: 1\n" * 200 + "  - prt: 1\n    port: 2\n" + "  - prot: x\n")
    fixed = _fix.fix(App, str(path))
    assert fixed is not None and fixed.keys > 100
    assert judged < 60
