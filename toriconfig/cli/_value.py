"""Reading of a secret from standard input, or from a terminal without echo."""

from __future__ import annotations

import sys

import click

from toriconfig.cli._read import LARGEST_VALUE, stdin_bytes


def given_value(from_stdin: bool, prompt: str) -> str:
    """Return a value from standard input or from a hidden prompt.

    Args:
        from_stdin: True: read standard input, and remove one newline at the end. False: prompt.
        prompt: text of the prompt.

    Raises:
        click.UsageError: the value is too large or not UTF-8, or there is no terminal for a prompt.
    """
    if from_stdin:
        # Read as bytes: text would depend on the locale.
        data = stdin_bytes(LARGEST_VALUE)
        if len(data) > LARGEST_VALUE:
            raise click.UsageError(f"the value on standard input is larger than {LARGEST_VALUE:,} bytes")
        try:
            return data.decode().removesuffix("\n")
        except UnicodeDecodeError:
            raise click.UsageError("standard input is not UTF-8 text: encode it, for example with base64") from None
    if not sys.stdin.isatty():
        raise click.UsageError("no terminal to prompt for the value: use --stdin; nothing was changed")
    answer: str = click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
    return answer
