"""Accepted values of `--settings`, and the error for a module that cannot be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig

MODEL = "from pydantic import BaseModel\n\n\nclass Pool(BaseModel):\n    size: int = 1\n\n\n"
APP = "class App(BaseModel):\n    pool: Pool = Pool()\n"


def _wrong(toriconfig: Toriconfig, source: str, *more: str, name: str = "app:App") -> str:
    Path("app.py").write_text(source)
    result = toriconfig("show", "--settings", name, *more)
    assert 2 == result.code
    return result.err


@pytest.mark.parametrize("name", ["app:App", "app:settings", "app"])
def test_the_option_accepts_a_class_a_lazy_object_or_the_only_one_of_a_module(
    toriconfig: Toriconfig, name: str
) -> None:
    Path("app.py").write_text(f"{MODEL}{APP}\nfrom toriconfig import lazy\n\nsettings = lazy(App, config_name='own')\n")
    Path("own.yaml").write_text("pool: {size: 7}\n")
    shown = toriconfig("show", "--settings", name)
    assert 0 == shown.code, shown.err
    assert ("7" in shown.out) is (name != "app:App")


def test_the_option_accepts_the_only_outermost_class_of_a_module_without_lazy_objects(toriconfig: Toriconfig) -> None:
    Path("app.py").write_text(MODEL + APP)
    assert "pool" in toriconfig("show", "--settings", "app").out


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            f"{MODEL}class A(BaseModel):\n    x: int = 1\n",
            "app holds several settings classes; name one: app:A, app:Pool",
        ),
        ("x = 1\n", "app holds no settings class of its own and no lazy object"),
        (
            f"{MODEL}{APP}from toriconfig import lazy\na = lazy(App)\nb = lazy(App)\n",
            "several lazy objects; name one: app:a, app:b",
        ),
    ],
)
def test_a_module_without_a_single_candidate_lists_its_content(toriconfig: Toriconfig, source: str, says: str) -> None:
    assert says in _wrong(toriconfig, source, name="app")


def test_an_error_of_toriconfig_in_the_module_is_shown_whole(toriconfig: Toriconfig) -> None:
    said = _wrong(
        toriconfig, f"{MODEL}from toriconfig import load\nload(Pool, overrides={{'size': 'x'}}, environ={{}})\n"
    )
    assert "`size` has the wrong type" in said
    said = _wrong(toriconfig, f"{MODEL}from toriconfig import load\nload(Pool, config_nam='x')\n")
    assert "did you mean `config_name`?" in said


def test_an_error_of_pydantics_schema_is_shown_whole(toriconfig: Toriconfig) -> None:
    assert "non-annotated attribute" in _wrong(toriconfig, f"{MODEL}class App(BaseModel):\n    x = 1\n")


def test_another_error_names_its_kind_and_the_last_line_of_the_users_code(toriconfig: Toriconfig) -> None:
    source = "import json\n\n\ndef read():\n    return json.loads('canary {')\n\n\nread()\n"
    said = _wrong(toriconfig, source)
    assert "JSONDecodeError" in said
    assert "app.py:5)" in said
    assert "canary" not in said


def test_the_frames_are_shown_on_demand_without_the_message(toriconfig: Toriconfig) -> None:
    source = "def read():\n    raise ValueError('can' + 'ary')\n\n\nread()\n"
    said = _wrong(toriconfig, source, "--traceback")
    assert "line 5, in <module>" in said
    assert "line 2, in read" in said
    assert "canary" not in said
    assert "--traceback" not in said


@pytest.mark.parametrize("name", ["app:Holder.settings", "app:holder.settings"])
def test_the_option_accepts_a_lazy_object_in_an_attribute(toriconfig: Toriconfig, name: str) -> None:
    Path("app.py").write_text(
        f"{MODEL}{APP}\nfrom toriconfig import lazy\n\nclass Holder:\n    settings = lazy(App, config_name='own')\n"
        "holder = Holder()\n"
    )
    Path("own.yaml").write_text("pool: {size: 7}\n")
    assert "7" in toriconfig("show", "--settings", name).out


def test_the_option_accepts_a_package_that_imports_one_class(toriconfig: Toriconfig) -> None:
    Path("app").mkdir()
    Path("app/__init__.py").write_text("from app.conf import App\n")
    Path("app/conf.py").write_text(MODEL + APP)
    assert "pool" in toriconfig("show", "--settings", "app").out


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("app:made", "'app:made' is not a settings class, but an object of App (name its class, app:App)"),
        ("app:make", "'app:make' is not a settings class, but a function"),
        ("app:Ap", "app has no 'Ap'; did you mean 'App'?"),
        ("app:App.Poool", "app has no 'App.Poool'"),
        ("app.App", "did you mean app:App?"),
        ("app.py:App", "a module is named without `.py`: app:Class"),
        ("app.py", "a module is named without `.py`: app:Class"),
    ],
)
def test_a_misspelt_name_has_a_suggestion(toriconfig: Toriconfig, name: str, says: str) -> None:
    assert says in _wrong(toriconfig, f"{MODEL}{APP}\nmade = App()\ndef make(): return made\n", name=name)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1\ndef f(:\n", "SyntaxError: invalid syntax (at {}:2)"),
        ("def f():\n\tif 1:\n        pass\n", "TabError: inconsistent use of tabs and spaces in indentation (at {}:3)"),
    ],
)
def test_a_syntax_error_is_reported_with_its_place(toriconfig: Toriconfig, source: str, says: str) -> None:
    assert says.format(Path("app.py").resolve()) in _wrong(toriconfig, source)


def test_frames_of_the_import_system_are_not_reported_as_the_place(toriconfig: Toriconfig) -> None:
    assert "<frozen" not in _wrong(toriconfig, "", name="nowhere:App")
    assert "<frozen" not in _wrong(toriconfig, "def f(:\n")
