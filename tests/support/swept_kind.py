"""A kind of rotation that fails at a chosen step, with all its secrets in its exception."""

from __future__ import annotations

import secrets
from typing import Any

from toriconfig.rotation import Option, Work, kinds

Values = dict[str, Any]


class Swept(kinds.Stored):
    name = "swept"
    summary = "a kind for the sweep for secrets"
    options = (
        Option("fails-at", new_value=True, help="the step that fails."),
        Option("swept-token", envvar="SWEPT_TOKEN", secret=True, required=True, help="a credential."),
    )

    def __init__(self, swept_token: str, fails_at: str = "") -> None:
        self.swept_token, self.fails_at = swept_token, fails_at

    def plan(self, work: Work, current: Values) -> list[str]:
        self._reach("plan", current)
        return ["set a token"]

    def generate(self, work: Work, current: Values) -> Values:
        self._reach("generate", current)
        return {"token": secrets.token_hex(20)}

    def apply(self, work: Work, pending: Values, current: Values) -> None:
        self._reach("apply", current, pending)

    def verify(self, work: Work, pending: Values) -> None:
        self._reach("verify", pending)

    def undo(self, work: Work, pending: Values, current: Values) -> None:
        self._reach("undo", current, pending)

    def _reach(self, step: str, *values: Values) -> None:
        if step == self.fails_at:
            raise ValueError(f"{step}: {self.swept_token} {values}")
