"""Options of the command line that a kind of rotation declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toriconfig._core.clean_call import clean_methods
from toriconfig.errors import SecretError
from toriconfig.pipeline._redact import register

_EXPECTED: dict[type[Any], str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@clean_methods
class Option:
    """Option of a kind: a keyword argument of its constructor.

        class Service(kinds.Stored):
            name = "service"
            options = (
                Option("service-file", help="File of the service's accounts.", required=True),
                Option("service-token", help="Token that may change accounts.", envvar="SERVICE_TOKEN", secret=True),
            )

            def __init__(self, service_file: str, service_token: str | None = None) -> None:
                self.service_file, self.service_token = service_file, service_token

    The command line has `--service-file`, and the constructor has the argument `service_file`. The value is the first
    of these: the command line, `envvar`, the record of the last rotation, the constructor's default.

    The record keeps the kind's attribute of the same name. It keeps no option with `secret`, `new_value` or
    `record=False`. A kind with a method `setup()` chooses the recorded values itself.

    Args:
        name: name on the command line, without the dashes, such as "service-file".
        type: str, int, float, or bool for a flag.
        help: one sentence for `--help`.
        default: default that `--help` shows; None: `--help` shows none. Only the constructor's default takes effect.
        metavar: placeholder of the value in `--help`; None: the name of the type.
        envvar: environment variable that holds the value; None: none.
        secret: True: the value is masked, not recorded, and never an argument of the command line. `envvar` or `ask` is
            then required.
        required: True: the kind cannot be created without the option.
        new_value: True: the option describes the new value. Resume, rollback and status do not use it.
        record: False: the record does not keep the option, so resume and rollback need it again. Use False for a
            command to run. Otherwise a program that can write the record could choose the command of a later
            `--resume`.
        ask: True: the value is prompted for on a terminal, or read from standard input with `--stdin`. Needs `secret`
            and `new_value`.

    Raises:
        ValueError: the name or type is invalid, or an argument that `secret` or `ask` needs is missing.
    """

    def __init__(
        self,
        name: str,
        *,
        type: type[Any] = str,  # noqa: A002 - as click and argparse call it
        help: str = "",
        default: Any = None,
        metavar: str | None = None,
        envvar: str | None = None,
        secret: bool = False,
        required: bool = False,
        new_value: bool = False,
        record: bool = True,
        ask: bool = False,
    ) -> None:
        self.attribute = name.replace("-", "_")
        if not self.attribute.isidentifier() or name.startswith(("-", "_")):
            raise ValueError("the name of an option must be letters, digits and dashes, and must not start with a dash")
        if type not in _EXPECTED:
            raise ValueError(f"the type of --{name} must be str, int, float or bool")
        if secret and (type is not str or not (envvar or ask)):
            raise ValueError(f"--{name} is a secret: it must be text, and needs an envvar, or ask=True")
        if ask and not (secret and new_value):
            raise ValueError(f"--{name} has ask=True: it needs secret=True and new_value=True")
        self.name, self.type, self.help, self.default, self.metavar = name, type, help, default, metavar
        self.envvar, self.secret, self.required, self.new_value, self.ask = envvar, secret, required, new_value, ask
        self._record = record

    @property
    def recorded(self) -> bool:
        """True if the record keeps the option."""
        return self._record and self.lasting

    @property
    def lasting(self) -> bool:
        """True if resume, rollback and status use the option too; False for secrets and for parts of the new value."""
        return not (self.secret or self.new_value)

    @property
    def flag(self) -> str:
        """Flag of the option on the command line."""
        return "--stdin" if self.ask else f"--{self.name}"

    def from_text(self, text: str) -> Any:
        """Return the text of an environment variable as a value of the option's type.

        Args:
            text: the text.

        Raises:
            ValueError: the text is not valid for the type; the message does not show it.
        """
        try:
            return _BOOLEANS[text.strip().lower()] if self.type is bool else self.type(text)
        except (KeyError, ValueError):
            pass
        raise ValueError(f"{self.envvar}: expected {_EXPECTED[self.type]}")

    def check(self, value: object) -> None:
        """Check the type of a value, such as a value from a record.

        Args:
            value: the value.

        Raises:
            ValueError: the value has another type; the message does not show it.
        """
        if value.__class__ is not self.type and not (self.type is float and value.__class__ is int):
            raise ValueError(f"--{self.name}: expected {_EXPECTED[self.type]}")

    def __repr__(self) -> str:
        return f"Option({self.name!r})"


def options_of(kind: Any) -> tuple[Option, ...]:
    """Return the options that a kind, or its class, declares in `options`."""
    return tuple(getattr(kind, "options", ()))


def made(kind: type[Any], recorded: Mapping[str, Any], given: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    """Create an instance of a kind. Each option comes from `given`, else from the environment, else from the record.

    Args:
        kind: the class of the kind.
        recorded: the recorded setup; {} if there is no record.
        given: values by the names of the constructor's arguments.
        environ: the environment variables for options with an `envvar`.

    Raises:
        ValueError: an option is missing or invalid, or the constructor raised another exception than SecretError.
        SecretError: the constructor raised this error.
    """
    options = options_of(kind)
    # Every client that may write this path may have written the record.
    never = {one.attribute for one in options if one.secret or (one.lasting and not one.recorded)}
    values = {name: value for name, value in recorded.items() if name not in never}
    for option in options:
        if option.envvar and environ.get(option.envvar) and option.attribute not in given:
            values[option.attribute] = option.from_text(environ[option.envvar])
    values.update(given)
    secrets = [values[one.attribute] for one in options if one.secret and isinstance(values.get(one.attribute), str)]
    for secret in secrets:
        register(secret)
    failed = f"{kind.name} refuses its options, one of which is a secret"
    try:
        return _constructed(kind, values)
    except SecretError:
        raise
    except ValueError as error:
        # The constructor of an external kind may quote the refused value.
        if not any(secret and secret in str(error) for secret in secrets):
            raise
    except Exception as error:  # noqa: BLE001  (the constructor may be user code; its text may quote a value)
        from toriconfig._core.raise_place import raise_place

        quotes = any(secret and secret in str(error) for secret in secrets)
        reason = str(error) if isinstance(error, ImportError) and not quotes else type(error).__name__
        place = raise_place(error)
        at = f" ({place})" if place else ""
        failed = f"the kind {kind.__module__}:{kind.__qualname__} cannot be used: {reason}{at}"
    raise ValueError(failed)


def _constructed(kind: type[Any], values: Mapping[str, Any]) -> Any:
    if hasattr(kind, "from_setup"):
        return kind.from_setup(values)
    options = options_of(kind)
    declared = {one.attribute: values[one.attribute] for one in options if values.get(one.attribute) is not None}
    for option in options:
        if option.attribute in declared:
            option.check(declared[option.attribute])
        elif option.required and not option.ask:
            hint = f"the variable {option.envvar}" if option.secret else f"--{option.name}"
            raise ValueError(f"{kind.name} needs {hint}")
    return kind(**declared)
