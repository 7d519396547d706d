"""`toriconfig init --from` with a class that works only in its own module."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Toriconfig
from toriconfig.testing import Canary

HEAD = """import sys
from pathlib import Path

from pydantic import BaseModel, FilePath, field_validator
from pydantic_settings import BaseSettings


"""
NOT_WORKING = {
    "a default that is invalid elsewhere": (
        "class Part(BaseModel):\n    file: FilePath\n\n\n",
        "part: Part = Part(file=Path(__file__))",
        "a default of Part is invalid at `file` (path_not_file); change `Config.part` in the class that is copied",
    ),
    "a file beside the module": (
        "TEXT = (Path(__file__).parent / '__init__.py').read_text()\n\n\n",
        "text: str = TEXT",
        "FileNotFoundError (at settings.py:{line}); change `TEXT` in the class that is copied",
    ),
    "a function": (
        "def made() -> int:\n    if __name__ != 'old.conf':\n        raise RuntimeError('{c}')\n    return 1\n\n\n",
        "size: int = made()",
        "RuntimeError (at settings.py:{line}); change `Config.size` in the class that is copied",
    ),
    "a validator": (
        (
            "class Part(BaseModel):\n    size: int = 1\n\n    @field_validator('size')\n    @classmethod\n"
            "    def check(cls, value: int) -> int:\n        assert __name__ == 'old.conf', '{c}'\n        return value\n\n\n"
        ),
        "part: Part = Part(size=2)",
        "a default of Part is invalid at `size` (assertion_error); change `Config.part` in the class that is copied",
    ),
    "a name of the module": ("", "size: int = len(sys.modules['old.conf'].__dict__[__name__])", "KeyError"),
}


@pytest.mark.parametrize("form", NOT_WORKING)
def test_a_class_that_works_only_in_its_own_module_is_refused_with_reason_and_remedy(
    form: str, toriconfig: Toriconfig, tmp_path: Path
) -> None:
    canary = Canary()
    before, field, why = NOT_WORKING[form]
    if form == "a name of the module":
        before = "setattr(sys.modules['old.conf'], 'old.conf', 'x')\n\n\n"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "__init__.py").write_text("")
    (tmp_path / "old" / "conf.py").write_text(
        f"{HEAD}{before.format(c=canary.secret)}class Config(BaseSettings):\n    {field}\n"
    )
    result = toriconfig("init", "--from", "old.conf:Config")
    told = " ".join(result.err.split())
    assert (2, True) == (result.code, "settings.py would not work, and nothing was written: " in told), told
    assert why.partition("{line}")[0] in told
    assert why.partition("{line}")[2] in told
    assert "and run the command again" in told
    canary.absent_from(result.err)
    assert not (tmp_path / "settings.py").exists()
