"""The origin of a value: its layer and its position."""

from __future__ import annotations

from typing import Literal

from toriconfig._core.value import Value

LayerKind = Literal["code", "vault", "env", "dotenv", "secrets_dir", "files", "defaults"]

OriginKind = LayerKind | Literal["source", "backend"]
"""A name of the `layers` option; "source" for a custom source; or "backend" for a backend other than Vault."""


class Origin(Value):
    """Origin of a value: its layer, and its position in that layer.

    Attributes:
        layer: a name of the `layers` option; `source` for a custom source; or `backend` for a backend other than
            Vault, with the precedence of the layer `vault`.
        source: the name of the file, variable or field, or the reference to the secret, such as
            `secret/tori#api_key` or `aws:prod/db#password`; never a value.
        line: 1-based line in `source`, or None if the source has no lines.
        column: 1-based column in code points, or None.
        end_line: 1-based line of the character after the value, or None.
        end_column: 1-based column of the character after the value, or None.
        version: version of the secret in its backend, a number or text, or None.
        name: the variable inside a `.env` file, or None.

    >>> str(Origin("files", "config/tori.yaml", 14, 9))
    'config/tori.yaml:14:9'
    >>> str(Origin("vault", "secret/tori#api_key", version=7))
    'vault secret/tori#api_key v7'
    >>> str(Origin("backend", "aws:prod/db#password", version=7))
    'aws:prod/db#password v7'
    """

    layer: OriginKind
    source: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    version: int | str | None = None
    name: str | None = None

    def __str__(self) -> str:
        text = self.source
        if self.layer in ("vault", "backend"):
            text = f"vault {text}" if self.layer == "vault" else text
            mark = "v" if isinstance(self.version, int) else "version "
            text += f" {mark}{self.version}" if self.version is not None else ""
        elif self.layer == "defaults":
            text = f"default {text}"
        for number in (self.line, self.column):
            if number is None:
                break
            text += f":{number}"
        return f"{text} {self.name}" if self.name else text
