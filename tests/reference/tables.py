"""The tables of the page that are no classes: options, keys of ToriSettings, codes, exit codes, commands, metrics."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from reference.docstrings import cell, parsed
from reference.members import default_text, table, wrapped
from reference.names import PACKAGE, attribute_doc, definition, type_text
from toriconfig import ToriSettings
from toriconfig._render.remedies import REMEDIES
from toriconfig._schema.options import SHARED, Options
from toriconfig._vault.config import VARIABLES
from toriconfig.cli import COMMANDS, cli
from toriconfig.cli._exit import Exit
from toriconfig.errors import CODES, Code
from toriconfig.integrations.metrics import METRICS
from toriconfig.rotation.kinds import KINDS
from toriconfig.testing import plugin

Params = list[click.Option]


def options(*, shared: bool) -> str:
    """Return the table of the options of a settings class.

    Args:
        shared: True: the options that pydantic-settings has too; False: all others.
    """
    meanings = parsed(Options.__doc__).entries["Attributes"]
    types = _option_types()
    rows = []
    for name in Options._fields:
        if (name in SHARED) is shared:
            default = Options._defaults[name]
            rows.append((f"`{name}`", f"`{cell(types[name])}`", f"`{default_text(default)}`", cell(meanings[name])))
    return table(("option", "type", "default", "meaning"), rows)


def _option_types() -> dict[str, str]:
    """Return the types of the options of `load` and `lazy` for type checkers."""
    module = "toriconfig._schema.option_types"
    found: dict[str, str] = {}
    for name in ("LoadOptions", "LazyOptions"):
        place = definition(module, name)
        assert place is not None and isinstance(place.node, ast.ClassDef)
        for node in place.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = type_text(ast.unparse(node.annotation), module)
    return found


def tori_keys() -> str:
    """Return the table of the keys of ToriSettings."""
    rows = [
        (f"`{path}`", f"`{cell(kind)}`", default, cell(text)) for path, kind, default, text in _keys(ToriSettings, "")
    ]
    return table(("key", "type", "default", "meaning"), rows)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _keys(inner, f"{prefix}{name}.")
            continue
        kind = inner.__name__ if isinstance(inner, type) and "[" not in repr(inner) else repr(inner)
        kind = re.sub(r"[\w.]+\.(\w)", r"\1", kind.replace("'", '"')).replace("NoneType", "None")
        made = info.get_default(call_default_factory=True)
        default = "" if made is PydanticUndefined or isinstance(made, set) else f"`{default_text(made)}`"
        yield f"{prefix}{name}", kind, default, info.description or ""


def codes() -> str:
    """Return the table of the codes of problems."""
    names = {code: name for name, code in vars(Code).items() if name.isupper()}
    rows = [(f"`{code}`", f"`{names[code]}`", cell(text), cell(REMEDIES[code])) for code, text in CODES.items()]
    return table(("code", "name in `errors.Code`", "meaning", "remedy"), rows)


def exit_codes() -> str:
    """Return the table of the exit codes, and one of the codes of each command."""
    meanings = [(f"{one.value}", cell(attribute_doc("toriconfig.cli._exit", f"Exit.{one.name}"))) for one in Exit]
    rows = []
    for name, command in commands():
        own = sorted(_exits_of(command))
        rows.append((f"`{name}`", ", ".join(map(str, own)), _exit_sentences(command)))
    return table(("exit code", "meaning"), meanings) + "\n\n" + table(("command", "exit codes", "in detail"), rows)


def _exits_of(command: click.Command) -> set[int]:
    """Return the exit codes that the modules of a command name, and those that every command may return."""
    found = {Exit.FINE.value, Exit.USAGE.value, Exit.INTERRUPTED.value}
    assert command.callback is not None
    start = inspect.unwrap(command.callback)
    seen: set[str] = set()
    todo = [start.__module__]
    while todo:
        module = todo.pop()
        if module in seen or module == "toriconfig.cli._exit":
            continue
        seen.add(module)
        path = PACKAGE / (module.replace(".", "/").removeprefix("toriconfig/") + ".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
        top = functions[start.__name__] if module == "toriconfig.cli.vault" else tree
        called = {
            node.func.id for node in ast.walk(top) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        nodes = [top, *(functions[name] for name in called & functions.keys())]
        for node in (inner for one in nodes for inner in ast.walk(one)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Exit":
                found.add(Exit[node.attr].value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "code_of":
                found |= {Exit.FINDINGS.value, Exit.UNREACHED.value}
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("toriconfig.cli.rotate."):
                todo.append(str(node.module))
    return found


def _exit_sentences(command: click.Command) -> str:
    """Return the exit codes in the help of a command."""
    text = " ".join((command.help or "").split())
    if "Exit codes: " in text:
        return cell(text.partition("Exit codes: ")[2])
    found = [one for one in _sentences(text) if one.startswith("The exit code")]
    for option in command.params:
        if isinstance(option, click.Option) and re.search(r"\bexit (code )?\d if", option.help or ""):
            found.append(f"`{_flag(option)}`: {option.help}")
    return cell(" ".join(found))


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.;]) ", text)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command of the command line by its full name, `vault dev` among them."""
    context = click.Context(cli, info_name="toriconfig")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())
        elif name != "validate":
            yield name, command


def command_text(name: str, command: click.Command, common: frozenset[str]) -> str:
    """Return usage, help and options of one command.

    Args:
        name: its full name.
        command: the command.
        common: the flags that another table describes.
    """
    context = _context(name, command)
    usage = " ".join([f"toriconfig {name}", *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    kinds = [f"- `{kind.name}`: {kind.summary}" for kind in KINDS.values()]
    text = text.replace("KINDS", "\n".join(kinds))
    rows = [_row(one) for one in _options(command, context) if _flag(one) not in common]
    shared = [f"`{_flag(one)}`" for one in _options(command, context) if _flag(one) in common]
    parts = [f"```text\n{usage}\n```", text, table(("option", "default", "meaning"), rows) if rows else ""]
    parts.append(wrapped(f"Common options: {', '.join(shared)}.") if shared else "")
    return "\n\n".join(filter(None, parts))


def common_options() -> tuple[frozenset[str], str]:
    """Return the options that at least four commands have with the same meaning, as flags and as a table."""
    found: dict[str, tuple[tuple[str, str, str], int]] = {}
    for name, command in commands():
        for one in _options(command, _context(name, command)):
            row, number = found.get(_flag(one), (_row(one), 0))
            found[_flag(one)] = (row, number + (row == _row(one)))
    several = {flag: row for flag, (row, number) in found.items() if number >= 4}
    return frozenset(several), table(("option", "default", "meaning"), list(several.values()))


def _flag(one: click.Option) -> str:
    return max(one.opts, key=len)


def _context(name: str, command: click.Command) -> click.Context:
    return click.Context(command, info_name=name, help_option_names=["-h", "--help"])


def _options(command: click.Command, context: click.Context) -> Params:
    given = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    return [one for one in given if "--help" not in one.opts and not one.hidden]


def _row(one: click.Option) -> tuple[str, str, str]:
    kind = ""
    if not one.is_flag:
        named = "|".join(map(str, one.type.choices)) if isinstance(one.type, click.Choice) else ""
        kind = " " + (named or one.metavar or one.type.name.upper().replace(" RANGE", ""))
    shown = one.show_default and isinstance(one.default, str | int | float) and not isinstance(one.default, bool)
    limits = [str(getattr(one.type, bound, None)) for bound in ("min", "max")]
    low, high = (number.removesuffix(".0") for number in limits)
    above = "above" if getattr(one.type, "min_open", False) else "from"
    bounds = "" if low == "None" else f" {above.capitalize()} {low}." if high == "None" else f" From {low} to {high}."
    flags = ", ".join(f"`{flag}{kind}`".replace("|", "\\|") for flag in sorted(one.opts, key=len))
    return flags, f"`{one.default}`" if shown else "", cell(one.help or "") + bounds


def metrics() -> str:
    """Return the table of the metrics."""
    rows = [
        (f"`{one.name}`", one.kind, one.unit, ", ".join(f"`{label}`" for label in one.labels), cell(one.help))
        for one in METRICS
    ]
    return table(("metric", "kind", "unit", "labels", "meaning"), rows)


def fixtures() -> str:
    """Return the table of the fixtures of pytest."""
    rows = []
    for node in ast.parse(inspect.getsource(plugin)).body:
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.fixture":
                given = {one.arg: ast.literal_eval(one.value) for one in decorator.keywords}
                assert isinstance(node, ast.FunctionDef)
                text = re.sub(r"\s+", " ", ast.get_docstring(node) or "")
                rows.append((f"`{given['name']}`", given.get("scope", "function"), cell(text)))
    return table(("fixture", "scope", "meaning"), rows)


def vault_variables() -> list[tuple[str, str]]:
    """Return the variables of the Vault tools with their meaning."""
    return [(f"`VAULT_{name}`, `BAO_{name}`", cell(text)) for name, text in VARIABLES.items()]


def module_prose(module: str) -> str:
    """Return the docstring of a module as Markdown."""
    doc = importlib.import_module(module).__doc__
    text: Any = parsed(doc)
    return str(text.prose)
