"""A file format that the package does not ship, built with public names: INI, whose section `[app]` is the top level."""

from __future__ import annotations

import re
from configparser import ConfigParser, Error

from toriconfig import Origin, Problem
from toriconfig.sources import Format, Tree, tree

_OPTION = re.compile(r"(\w+)\s*[=:]\s*")


def read_ini(text: str, name: str) -> Tree:
    """The tree of a text."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except Error as error:
        line = getattr(error, "lineno", None)
        wrong = Problem(
            "TC001", origin=Origin("files", name, line, 1), message="this is no INI", help="correct the line"
        )
        return tree({}, name, kind="files", problems=[wrong])
    values: dict[str, object] = {one: dict(parser[one]) for one in parser.sections() if one != "app"}
    values |= dict(parser["app"]) if "app" in parser else {}
    places: dict[tuple[str, ...], tuple[int, int]] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            head = line.strip("[] ")
            section = () if head == "app" else (head,)
        elif option := _OPTION.match(line):
            places[*section, option[1].lower()] = (number, option.end() + 1)
    return tree(values, name, kind="files", text=True, references=True, places=places)


INI = Format("INI", (".ini", ".cfg"), read_ini)
