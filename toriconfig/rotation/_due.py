"""Many secrets at once: those that are due, a few at a time, and a report of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Event, Lock
from typing import Literal

from toriconfig._clean_call import clean_call, clean_init, expect
from toriconfig.errors import SecretError
from toriconfig.pipeline import ProgressTracker
from toriconfig.rotation._errors import RotationError
from toriconfig.rotation._rotation import Rotation


@clean_init
@dataclass(frozen=True, slots=True)
class Line:
    """What became of one secret.

    Attributes:
        reference: of the secret.
        result: `rotated`, `fresh` (not due), `undated` (no `max_age`), `due` (in a dry run) or `failed`.
        age: seconds since it was last rotated, as found before; None when nobody knows, which counts as due.
        error: why it failed, or None.
    """

    reference: str
    result: Literal["rotated", "fresh", "undated", "due", "failed"]
    age: float | None = None
    error: SecretError | None = None


@clean_init
@dataclass(frozen=True, slots=True)
class Report:
    """What became of all, in the order in which they were given."""

    lines: tuple[Line, ...]

    def of(self, result: str) -> tuple[str, ...]:
        """The references with that result."""
        return tuple(line.reference for line in self.lines if line.result == result)

    @property
    def ok(self) -> bool:
        """Whether none failed."""
        return not self.of("failed")


@clean_call
def rotate_due(
    rotations: Iterable[Rotation],
    *,
    workers: int = 4,
    dry_run: bool = False,
    bar: bool = False,
    on_line: Callable[[Line], None] | None = None,
) -> Report:
    """Rotate those whose `max_age` has passed; one that fails stops no other.

    Args:
        rotations: of any kinds; those of one path are done one after the other.
        workers: how many are under way at once, 1 to 64.
        dry_run: only find out which are due, and whether they could be rotated.
        bar: draw a bar on a terminal (extra `bar`).
        on_line: called with each line as it comes, one at a time, in the thread that rotated.

    Raises:
        ValueError: `workers` is out of bounds.
        BaseException: whatever interrupts, such as Ctrl-C, or what `on_line` raised: no other rotation is begun then,
            and those under way come to their end and are told.
    """
    if not 1 <= workers <= 64:
        raise ValueError(f"workers is a number from 1 to 64, not {workers}")
    given = list(rotations)
    for one in given:
        expect(one, Rotation, "rotate_due() takes rotations")
    groups: dict[str, list[int]] = {}
    for number, rotation in enumerate(given):
        groups.setdefault(rotation.ref.path, []).append(number)
    lines: dict[int, Line] = {}
    one_at_a_time, given_up = Lock(), Event()
    progress = ProgressTracker(len(given), bar=bar, description="rotating", on_report=None if bar else lambda _: None)

    def work(numbers: list[int]) -> None:
        for number in numbers:
            if given_up.is_set():
                return
            line = _line(given[number], dry_run)
            with one_at_a_time:
                lines[number] = line
                progress.update_sync()
                if on_line is not None:
                    on_line(line)

    with ThreadPoolExecutor(workers, "toriconfig-rotate") as pool, progress:
        try:
            for done in as_completed([pool.submit(work, numbers) for numbers in groups.values()]):
                done.result()
        except BaseException:
            given_up.set()  # at its end the pool waits for all that was handed to it
            raise
    return Report(tuple(lines[number] for number in sorted(lines)))


def _line(rotation: Rotation, dry_run: bool) -> Line:
    reference = str(rotation.ref)
    if rotation.max_age is None:
        return Line(reference, "undated")
    age: float | None = None
    try:
        age = rotation.age()
        if age is not None and age < rotation.max_age:
            return Line(reference, "fresh", age)
        if dry_run:
            rotation.plan()
            return Line(reference, "due", age)
        rotation.run()
    except SecretError as error:
        return Line(reference, "failed", age, error.with_traceback(None))
    except Exception as error:  # noqa: BLE001  (a kind may be anybody's; one must not stop the rest)
        return Line(reference, "failed", age, RotationError(f"raised {type(error).__name__}", reference=reference))
    return Line(reference, "rotated", age)
