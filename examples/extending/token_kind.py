# token_kind.py
import secrets
from pathlib import Path
from typing import Any

from toriconfig.rotation import Option, RotationError, Work, kinds

Values = dict[str, Any]


class ServiceToken(kinds.Stored):
    """A token of a service that accepts the tokens in a file, one per line."""

    name = "service-token"
    summary = "a token of the service"
    options = (Option("tokens", required=True, metavar="FILE", help="file of the accepted tokens."),)

    def __init__(self, tokens: str) -> None:
        self.tokens = tokens

    def accepted(self) -> set[str]:
        return set(Path(self.tokens).read_text(encoding="utf-8").split())

    def accept(self, tokens: set[str]) -> None:
        Path(self.tokens).write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")

    def plan(self, work: Work, current: Values) -> list[str]:
        return [f"add a token to {self.tokens}"]

    def generate(self, work: Work, current: Values) -> Values:
        return {"token": secrets.token_hex(16)}

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        self.accept(self.accepted() | {pending["token"]})

    def verify(self, work: Work, pending: Values) -> None:
        if pending["token"] not in self.accepted():
            raise RotationError("the service refuses the token")

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        self.accept(self.accepted() - {pending["token"]})

    def retire(self, work: Work, previous: Values, version: int) -> None:
        self.accept(self.accepted() - {previous["token"]})
        super().retire(work, previous, version)

    def works(self, work: Work, values: Values) -> bool:
        return values["token"] in self.accepted()
