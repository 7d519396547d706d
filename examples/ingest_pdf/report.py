"""Report of a run, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Report:
    """Report of a run; of a file that was read several times, the last time counts.

    Attributes:
        rounds: times that the folder was gone through.
        writes: documents written, each time counted.
        failed_writes: times that a document could not be written to the database.
        refused: times that the concept service gave no answer.
        pages, chunks: of each document by name, as written.
        cut_off: chunks of each document that were left out because its tier keeps fewer.
        not_read: the files that give no text, and why.
        failed: the readable files that were not written, and why.
        failures: what went wrong with readable files, each sentence once, with how often.
        left: the files that an interruption left alone.
    """

    rounds: int = 0
    writes: int = 0
    failed_writes: int = 0
    refused: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)
    cut_off: dict[str, int] = field(default_factory=dict)
    not_read: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    left: int = 0

    def __str__(self) -> str:
        files = len({*self.pages, *self.not_read, *self.failed})
        rounds = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        lines = [
            f"files          {files}, of which {len(self.pages)} were ingested",
            f"pages          {sum(self.pages.values())}",
            f"chunks         {sum(self.chunks.values())}",
            f"writes         {self.writes} in {rounds}",
            f"failed writes  {self.failed_writes}",
        ]
        if self.refused:
            lines.append(f"refused        {self.refused} times by the concept service")
        lines += [f"cut off        {name}: {count} chunks" for name, count in sorted(self.cut_off.items())]
        lines += [f"not read       {name}: {why}" for name, why in sorted(self.not_read.items())]
        lines += [f"failed         {name}: {why}" for name, why in sorted(self.failed.items())]
        lines += [f"failures       {sentence} ({count}×)" for sentence, count in sorted(self.failures.items())]
        if self.left:
            lines.append(f"interrupted    {self.left} files left")
        return "\n".join(lines)
