"""Outcome of a run: the application's own report, checked against the database, the service and the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The figures of a run.

    Attributes:
        report: of the application, as its JSON has it.
        database: documents, chunks and accounts that are in the database after the application's end.
        keys: API keys that there have been.
        accepted: requests to the concept service, by `current` and `previous` key.
        refused: those with neither.
        audit: entries of the audit log, from the start of the application.
        start: milliseconds to the first setting and to the first secret.
        seconds: that the application was to run for.
    """

    report: Mapping[str, Any]
    database: Mapping[str, int]
    keys: int
    accepted: Mapping[str, int]
    refused: int
    audit: Iterable[Mapping[str, Any]]
    start: tuple[float, float]
    seconds: float

    def faults(self) -> list[str]:
        """List the faults of the run; empty when all is well."""
        report, database = self.report, self.database
        versions, accounts = report["rotations"].values()
        enough = 3 if self.seconds >= 20 else 1 if self.seconds >= 6 else 0
        found = {
            f"{report['failed_writes']} writes failed": report["failed_writes"],
            f"{self.refused} requests with a key that is no longer good": self.refused,
            f"{report['refused']} requests without an answer": report["refused"],
            f"{database['documents']} documents in the database": database["documents"] != len(report["pages"]),
            f"{database['chunks']} chunks in the database": database["chunks"] != sum(report["chunks"].values()),
            f"{database['accounts']} accounts left in the database": database["accounts"],
            f"only {len(versions)} API keys seen": len(versions) <= enough,
            f"only {len(accounts)} database accounts seen": len(accounts) <= enough,
        }
        return [fault for fault, is_so in found.items() if is_so]

    def __str__(self) -> str:
        return "\n".join(f"{name:<15}{text}".rstrip() for name, text in [*self._ingested(), *self._rotated()])

    def _ingested(self) -> list[tuple[str, str]]:
        report = self.report
        files = len({*report["pages"], *report["not_read"], *report["failed"]})
        lines = [
            ("files", f"{files}, of which {len(report['pages'])} ingested"),
            ("pages", str(sum(report["pages"].values()))),
            ("chunks", f"{sum(report['chunks'].values())}; {self.database['chunks']} in the database"),
            *_listed(
                "cut off", (f"{name}: {n} chunks above its tier" for name, n in sorted(report["cut_off"].items()))
            ),
            *_listed("not read", (f"{name}: {why}" for name, why in sorted(report["not_read"].items()))),
            *_listed("failed", (f"{name}: {why}" for name, why in sorted(report["failed"].items()))),
            ("writes", f"{report['writes']} documents in {_count(report['rounds'], 'round')} of the folder"),
            ("failed writes", str(report["failed_writes"])),
        ]
        return [*lines, *_listed("failures", (f"{why} ({n}×)" for why, n in sorted(report["failures"].items())))]

    def _rotated(self) -> list[tuple[str, str]]:
        versions, accounts = self.report["rotations"].values()
        used = ", ".join(f"{number} with the {name} key" for name, number in sorted(self.accepted.items()))
        setting, secret = self.start
        return [
            ("API key", f"{_rotations(versions)} seen of {self.keys - 1} made: {', '.join(versions)}"),
            ("", f"requests to the concept service: {used or 'none'}, {self.refused} refused"),
            ("database", f"{_rotations(accounts)} seen: {_count(len(accounts), 'account')}"),
            *(("", account) for account in accounts),
            ("", f"{self.database['accounts']} accounts left after the end"),
            *_listed("Vault", self._requests()),
            ("start", f"{setting:.0f} ms to the first setting, {secret:.0f} ms to the first secret, imports included"),
        ]

    def _requests(self) -> list[str]:
        by_application, by_others = Counter[str](), Counter[str]()
        for entry in self.audit:
            is_root = "root" in entry.get("auth", {}).get("policies", ())
            (by_others if is_root else by_application)[
                f"{entry['request']['operation']} {entry['request']['path']}"
            ] += 1
        lines = [f"{number:>4} {request}" for request, number in by_application.most_common()]
        others = sum(by_others.values())
        return [f"{sum(by_application.values()):>4} requests by the application", *lines, f"{others:>4} by others"]


def _listed(name: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """The lines of one heading, which stands before the first alone."""
    return [("" if number else name, text) for number, text in enumerate(texts)]


def _rotations(names: list[str]) -> str:
    return _count(len(names) - 1, "rotation")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
