"""The parts of a call of `Dynaconf` that are not carried over, each with what to write instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

READ = {
    "settings_files": "the settings files are those of the default names",
    "settings_file": "the settings files are those of the default names",
    "preload": "these files are not read",
    "secrets": "these files are not read",
    "envvar_prefix": "the prefix is DYNACONF_",
    "env_switcher": "the variable of the profile is ENV_FOR_DYNACONF",
    "environments": "the sections of the files decide",
    "merge_enabled": "sections are merged",
    "load_dotenv": "no .env file is read",
}
"""The arguments that are read, and what is used for an argument that is no literal."""

_OF_FILES = frozenset({"settings_files", "settings_file", "preload", "secrets"})
"""The arguments in `READ` that name files."""

RUN = "run the command"
"""Text in each line whose remedy is another run, because files may be missing in this one."""

_AGAIN = f"add its files to `settings_files`, and {RUN} again"
REMEDIES = {
    "includes": _AGAIN,
    "include": _AGAIN,
    "dynaconf_include": _AGAIN,
    "settings_module": _AGAIN,
    "root_path": f"{RUN} in that folder, or write `config_dir` into the settings class",
    "env": "set the variable of the profile",
    "default_env": "move the values of that section to the file without a profile",
    "force_env": "set the variable of the profile",
    "dotenv_path": "write it into the settings class as `env_file`",
    "dotenv_override": "variables have precedence over `.env` now",
    "nested_separator": "write it into the settings class as `env_nested_delimiter`",
    "ignore_unknown_envvars": "only variables of declared keys are read now",
    "vault_enabled": "write references `${vault:path#key}` into the settings file",
    "redis_enabled": "write a source of your own (option `sources`)",
    "loaders": "write a source of your own (option `sources`)",
    "core_loaders": "list the formats as `yaml_file`, `json_file` or `toml_file` of the settings class",
    "post_hooks": "write a validator of the model",
    "fresh_vars": "call `reload(settings)`",
    "validate_on_update": "every reload is validated now",
}
_NO_EFFECT = frozenset({"lowercase_read", "dotted_lookup", "encoding", "auto_cast", "yaml_loader", "silent_errors"})
_LIMITS = {
    "gte": "Field(ge=...)",
    "lte": "Field(le=...)",
    "gt": "Field(gt=...)",
    "lt": "Field(lt=...)",
    "len_min": "Field(min_length=...)",
    "len_max": "Field(max_length=...)",
    "len_eq": "Field(min_length=..., max_length=...)",
    "startswith": "Field(pattern=...)",
    "endswith": "Field(pattern=...)",
    "is_in": "Literal[...]",
    "eq": "Literal[...]",
    "is_type_of": "its type",
    "cast": "its type",
    "default": "its default",
    "must_exist": "a field without a default",
    "required": "a field without a default",
    "when": "a validator of the model",
    "env": "a validator of the model",
}
_ABOUT = frozenset({"messages", "description"})


def unread_arguments(call: ast.Call, file: str) -> Iterator[str]:
    """Yield one line for each argument of a call of `Dynaconf` that is not carried over.

    Args:
        call: the call.
        file: the module that contains the call.
    """
    for one in call.keywords:
        at = f"{file}:{one.value.lineno}"
        name = option(one.arg)
        if not name:
            yield f"{at}: arguments after `**`; write them into the call, and {RUN} again"
        elif is_literal(one.value) and ast.literal_eval(one.value) in ((), [], {}, "", None):
            continue
        elif name == "validators":
            found = list(_validators([one.value], file))
            yield from found or [f"{at}: `validators`; write their conditions into the types of the fields"]
        elif name in READ:
            if is_literal(one.value):
                continue
            if name in _OF_FILES:
                yield f"{at}: `{one.arg}` is computed: write the names as text, and {RUN} again (now {READ[name]})"
            else:
                yield f"{at}: `{one.arg}`, which is no literal, so that {READ[name]}; correct it in the settings class"
        elif name in REMEDIES:
            yield f"{at}: `{one.arg}`; {REMEDIES[name]}"
        elif (one.arg or "").isupper():
            yield f"{at}: the value of `{name}`; write it into the settings file"
        elif name not in _NO_EFFECT:
            yield f"{at}: `{one.arg}`, an option of dynaconf"


def registered(tree: ast.Module, file: str) -> Iterator[str]:
    """Yield one message for each validator in a call of `settings.validators.register(...)`.

    The message has the position of the validator in `file`, and its replacement.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "register":
            owner = node.func.value
            if isinstance(owner, ast.Attribute) and owner.attr == "validators":
                found = list(_validators(node.args, file))
                at = f"{file}:{node.lineno}"
                yield from found or [f"{at}: `validators`; write their conditions into the types of the fields"]


def in_dotenv(text: str) -> Iterator[str]:
    """Yield one line for each option of dynaconf in a `.env` file. The line shows no value."""
    for name in dict.fromkeys(re.findall(r"^\s*(?:export\s+)?(\w+_FOR_DYNACONF)\s*=", text, re.MULTILINE)):
        remedy = REMEDIES.get(option(name))
        if name != "ENV_FOR_DYNACONF":
            yield f".env: `{name}`, an option of dynaconf{f'; {remedy}' if remedy else ''}"


def option(name: str | None) -> str:
    """Return an option name of dynaconf in lower case and without the ending `_FOR_DYNACONF`; "" for None."""
    return (name or "").lower().removesuffix("_for_dynaconf")


def is_literal(node: ast.expr) -> bool:
    """Return True if an expression is a literal of Python."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _validators(nodes: Iterable[ast.expr], file: str) -> Iterator[str]:
    """Yield one line for each call of `Validator`: its position, its rules, and what to write instead.

    The values of the rules are not shown.
    """
    for node in nodes:
        inner = {id(below) for one in ast.walk(node) if isinstance(one, ast.keyword) for below in ast.walk(one.value)}
        for one in (one for one in ast.walk(node) if id(one) not in inner):  # one in `when=` is a condition
            name = getattr(one.func, "id", getattr(one.func, "attr", "")) if isinstance(one, ast.Call) else ""
            if isinstance(one, ast.Call) and name == "Validator":
                keys = [
                    arg.value.lower()
                    for arg in one.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                ]
                rules = [rule.arg for rule in one.keywords if rule.arg and rule.arg not in _ABOUT]
                forms = dict.fromkeys(_LIMITS.get(rule, "a validator of the field") for rule in rules)
                named = ", ".join(f"`{key}`" for key in keys) or "keys that are no literals"
                by = f" ({', '.join(rules)})" if rules else ""
                yield f"{file}:{one.lineno}: the validator of {named}{by}; write {' and '.join(forms) or _LIMITS['required']}"
