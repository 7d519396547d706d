"""Suggestions for every kind of typo: keys, values, variables, profiles, commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chunking: {szie: 500}", "did you mean `size`?"),
        ("Chunking: {size: 500}", "did you mean `chunking`?"),
        ("database: {pool: {max-size: 3}}", "did you mean `max_size`?"),
        ("logging: {level: DEBGU}", "did you mean `DEBUG`?"),
        ("logging: {level: info}", "did you mean `INFO`?"),
        ("chunking: {size: '${chunking.overlpa}'}", "did you mean `${chunking.overlap}`?"),
        ("api_key: '${valut:secret/x#k}'", "did you mean `${vault:...}`?"),
        ("database: {pool: {timeout: 3, timout: 4}}", "did you mean `timeout`, which is set at tori.yaml:1:19?"),
    ],
)
def test_a_typo_in_a_file_has_a_suggestion(text: str, said: str, toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text(text)
    result = toriconfig("check", "tori.yaml", "-o", "concise")
    assert result.code == 1
    assert said in result.out


def test_a_name_similar_to_no_other_has_no_suggestion(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("chunking: {qqqqqq: 500}\nlogging: {level: qqqq}\n")
    result = toriconfig("check", "tori.yaml", "-o", "concise")
    assert result.code == 1
    assert "did you mean" not in result.out


def test_no_key_of_a_free_mapping_is_a_typo(toriconfig: Toriconfig, tmp_path: Path) -> None:
    (tmp_path / "tori.yaml").write_text("section_weights: {tilte: 1}\n")
    assert toriconfig("check", "tori.yaml").code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("TORI_CHUNKING__SZIE", "did you mean `TORI_CHUNKING__SIZE`?"),
        ("TORI_DATABSE__POOL__MAX_SIZE", "did you mean `TORI_DATABASE__POOL__MAX_SIZE`?"),
        ("TORI_CHUNKING_SIZE", "did you mean `TORI_CHUNKING__SIZE`?"),
        ("TORI_API_KYE", "did you mean `TORI_API_KEY`?"),
    ],
)
def test_a_typo_in_the_name_of_a_variable_has_a_suggestion(
    name: str, said: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    result = toriconfig("check", "-o", "concise", **{name: "5"})
    assert f"{name}: warning[TC501]" in result.out
    assert said in result.out
    (tmp_path / ".env").write_text(f"{name}=5\n")
    in_file = toriconfig("check", "-o", "concise", "--env-file", ".env")
    assert f".env:1 {name}: warning[TC501]" in in_file.out
    assert said in in_file.out


def test_a_typo_in_the_value_of_a_variable_has_a_suggestion(toriconfig: Toriconfig) -> None:
    result = toriconfig("check", "-o", "concise", TORI_LOGGING__LEVEL="WARN")
    assert result.code == 1
    assert "TORI_LOGGING__LEVEL: error[TC104]" in result.out
    assert "did you mean `WARNING`?" in result.out


def test_a_typo_in_the_name_of_a_profile_has_a_suggestion_if_another_has_a_file(
    toriconfig: Toriconfig, tmp_path: Path
) -> None:
    (tmp_path / "tori.prod.yaml").write_text("chunking: {size: 500}\n")
    for arguments, environ in ((["--profile", "prdo"], {}), ([], {"TORI_PROFILE": "prdo"})):
        result = toriconfig("check", "-o", "concise", *arguments, **environ)
        assert 1 == result.code
        assert "error[TC503] the profile `prdo` has no file (did you mean `prod`?)" in result.out
    assert "TC503" not in toriconfig("check", "-o", "concise", "--profile", "prod").out
    none_near = toriconfig("check", "-o", "concise", "--profile", "zzzz")
    assert "has no file (create the file" in none_near.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chekc",), "did you mean `check`?"),
        (("explan", "x"), "did you mean `explain`?"),
        (("check", "--onlnie"), "--online"),
        (("check", "--output-format", "jsn"), "json"),
    ],
)
def test_a_typo_on_the_command_line_has_a_suggestion(
    arguments: tuple[str, ...], said: str, toriconfig: Toriconfig
) -> None:
    result = toriconfig(*arguments)
    assert result.code == 2
    assert said in result.err
