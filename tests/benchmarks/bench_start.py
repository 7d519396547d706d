"""Rows 1, 2 and 12: what a process pays before it has its settings, and what the command line pays."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import project, tori_twin
from benchmarks.interleaved import Row, table
from benchmarks.processes import BARE, clean_environ, compare_processes, python

PEERS = {
    "python-decouple": "decouple",
    "typed-settings": "typed_settings",
    "dynaconf": "dynaconf",
    "OmegaConf": "omegaconf",
    "pydantic-settings": "pydantic_settings",
}


def measure_import(rounds: int = 15, *, peers: bool = True) -> list[Row]:
    """Row 1: the import alone."""
    commands = {
        BARE: python("pass"),
        "from toriconfig import settings": python("from toriconfig import settings"),
        "floor: an empty package and a module in it": python("import empty.module"),
    }
    if peers:
        found = {name: module for name, module in PEERS.items() if find_spec(module)}
        commands |= {f"import {name}": python(f"import {module}") for name, module in found.items()}
        commands["import pydantic-settings, hvac and yaml"] = python("import pydantic_settings, hvac, yaml")
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty").mkdir()
        (folder / "empty" / "__init__.py").write_text("")
        (folder / "empty" / "module.py").write_text("import _thread, _weakref\n")
        goals = {"from toriconfig import settings": 1.15}
        return compare_processes(commands, BARE, goals, folder, clean_environ(), rounds, net=False)


def measure_cold(rounds: int = 15, *, peers: bool = True) -> list[Row]:
    """Row 2: import, 200 keys in YAML, 20 variables, a typed model, one value read; a bare Python is taken off."""
    load = f"from {{}} import load\nsettings = load()\n{project.READ}"
    against = "pydantic-settings with its YAML source"
    names = {
        against: "peer",
        "toriconfig, BaseModel": "ours",
        "toriconfig, BaseModel, defer_build": "ours_deferred",
        "toriconfig, Settings": "ours_settings",
        "floor: pydantic, C YAML, by hand": "floor",
    }
    if peers:
        names["pydantic-settings, C YAML put in"] = "peer_c"
        extras = (
            ("typed-settings", "typed_settings"),
            ("dynaconf, untyped", "dynaconf"),
            ("OmegaConf, untyped", "omegaconf"),
        )
        names |= {name: f"{module}_" for name, module in extras if find_spec(module)}
    commands = {BARE: python("pass")} | {name: python(load.format(module)) for name, module in names.items()}
    goals = {"toriconfig, BaseModel": 0.8, "toriconfig, Settings": 0.97}
    with TemporaryDirectory() as folder:
        project.write(Path(folder))
        environ = clean_environ(**project.VARIABLES)
        return compare_processes(commands, against, goals, Path(folder), environ, rounds, net=True)


def measure_tori(rounds: int = 15) -> list[Row]:
    """Row 2 for ToriSettings: each of its keys in a file, 20 of them in variables too."""
    against = "pydantic-settings, the same fields"
    commands = {
        BARE: python("pass"),
        against: python(f"from twin import load\nsettings = load()\n{tori_twin.READ}"),
        "toriconfig, ToriSettings": python(f"from toriconfig import settings\n{tori_twin.READ}"),
    }
    with TemporaryDirectory() as folder:
        tori_twin.write(Path(folder))
        environ = clean_environ(**tori_twin.VARIABLES)
        goals = {"toriconfig, ToriSettings": 0.8}
        return compare_processes(commands, against, goals, Path(folder), environ, rounds, net=True)


def measure_command_line(rounds: int = 15, *, peers: bool = True) -> list[Row]:
    """Row 12: `--version` against a bare Python, and `check` against importing what validation needs."""
    ours = [sys.executable, "-m", "toriconfig.cli"]
    version = {
        BARE: python("pass"),
        "toriconfig --version": [*ours, "--version"],
        "floor: import click": python("import click"),
    }
    needs = "importing click, yaml and the built schema"
    check = {
        needs: python("import click, yaml, toriconfig.schema"),
        "toriconfig check, 40 lines": [*ours, "check", "tori.yaml"],
    }
    if peers and find_spec("check_jsonschema"):
        schema = Path(__file__).parents[2] / "schemas" / "tori.schema.json"
        check["check-jsonschema"] = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), "tori.yaml"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        tori_twin.write(folder)
        (folder / "tori.yaml").write_text("\n".join(tori_twin.yaml_text().splitlines()[:40]) + "\n")
        environ = clean_environ()
        rows = compare_processes(version, BARE, {"toriconfig --version": 5.0}, folder, environ, rounds, net=False)
        goals = {"toriconfig check, 40 lines": 1.15}
        return rows + compare_processes(check, needs, goals, folder, environ, rounds, net=False)


if __name__ == "__main__":
    print(table("1. A whole process, CPU", measure_import(), "ms"))
    print(table("2. A cold load, CPU, without a bare Python", measure_cold(), "ms"))
    print(table("2. ToriSettings, CPU, without a bare Python", measure_tori(), "ms"))
    print(table("12. The command line, CPU", measure_command_line(), "ms"))
