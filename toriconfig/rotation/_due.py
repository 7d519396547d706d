"""Rotation of all due secrets in one call, with one result per secret."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import copy
from dataclasses import dataclass
from threading import Event
from typing import Literal

from toriconfig._core.clean_call import clean_call, clean_init, expect
from toriconfig.errors import SecretError, VaultNotFound
from toriconfig.pipeline import ProgressTracker
from toriconfig.pipeline._permits import Permits
from toriconfig.rotation._chosen import Chosen
from toriconfig.rotation._errors import RotatedRecently, RotationError, RotationLost, RotationRefused
from toriconfig.rotation._rotation import Rotation
from toriconfig.rotation._state import HalfWay

Act = Literal["rotate", "plan", "resume", "rollback"]
Result = Literal[
    "rotated", "resumed", "undone", "fresh", "undated", "due", "half-way", "grace", "lost", "nothing", "failed"
]


_NEVER_ROTATED = (RotationRefused, VaultNotFound)
"""Errors of secrets without a record, such as those of another engine."""


@clean_init
@dataclass(frozen=True, slots=True)
class Line:
    """Result for one secret.

    Attributes:
        reference: reference of the secret.
        result: "rotated"; "failed"; "resumed": an unfinished rotation was completed; "undone": an unfinished rotation
            was rolled back; "fresh": not due; "undated": no `max_age`; "due": a dry run found that the secret is due;
            "half-way": a dry run found an unfinished rotation; "nothing": no unfinished rotation; "grace": rotated
            earlier, and the former value is still valid; "lost": another rotator was faster, which is not a failure.
        age: seconds since the previous rotation; None: unknown, or not needed for the result.
        error: the error of a "failed" or "lost" result, or None.
    """

    reference: str
    result: Result
    age: float | None = None
    error: SecretError | None = None


@clean_init
@dataclass(frozen=True, slots=True)
class Report:
    """Results of `rotate_due` for all secrets.

    Attributes:
        lines: one result per secret, in the order of the rotations given.
    """

    lines: tuple[Line, ...]

    def of(self, result: str) -> tuple[str, ...]:
        """Return the references of the secrets that have the given result; () if there are none.

        Args:
            result: a `result` of `Line`.
        """
        return tuple(line.reference for line in self.lines if line.result == result)

    @property
    def ok(self) -> bool:
        """True if no result is "failed"."""
        return not self.of("failed")


@clean_call
def rotate_due(
    rotations: Iterable[Rotation],
    *,
    workers: int = 4,
    dry_run: bool = False,
    act: Act = "rotate",
    force: bool = False,
    bar: bool = False,
    on_line: Callable[[Line], None] | None = None,
) -> Report:
    """Rotate each secret whose `max_age` has passed. A failure of one rotation does not stop the others.

    If an earlier rotation of a secret is unfinished and abandoned, the earlier rotation is completed first. A
    rotation is abandoned if the process that performs the rotation has ended, or has made no progress for
    `abandoned_after` seconds. `abandoned_after` is an argument of `Rotation`. A secret that another rotator
    rotates in the meantime is not rotated again.

    Args:
        rotations: `Rotation` objects of any kind. Secrets of one path are rotated one after the other. Of several
            objects for one secret, the object with the smallest `max_age` is used.
        workers: number of concurrent rotations, 1 to 64.
        dry_run: True: only report which rotations are due and whether they could start.
        act: "rotate"; "plan": as `dry_run`; "resume" or "rollback": complete or undo each unfinished rotation that is
            abandoned, and rotate no other secret.
        force: True: rotate alternating users even if the last rotation is younger than `min_age`.
        bar: True: draw a progress bar on a terminal (extra `bar`).
        on_line: called with each result as it arrives, one call at a time, on a worker thread; None: no call.

    Returns:
        The results.

    Raises:
        ValueError: `workers` is out of bounds.
        BaseException: an interruption such as Ctrl-C, or an exception of `on_line`. No further rotation is started, and
            those that are running are completed and reported.
    """
    if not 1 <= workers <= 64:
        raise ValueError(f"workers must be a number from 1 to 64, not {workers}")
    given = list(rotations)
    for one in given:
        expect(one, Rotation, "rotate_due() takes rotations")
    given = merged(given)
    groups: dict[str, list[int]] = {}
    for number, rotation in enumerate(given):
        groups.setdefault(rotation.ref.path, []).append(number)
    began = {number: rotation.clock.time() for number, rotation in enumerate(given)}
    lines: dict[int, Line] = {}
    given_up = Event()
    progress = ProgressTracker(len(given), bar=bar, description="rotating", on_report=None if bar else lambda _: None)

    def tell(line: Line) -> None:
        progress.update_sync()
        if on_line is not None:
            on_line(line)

    came = _Came(tell, given_up)

    def work(numbers: list[int]) -> None:
        for number in numbers:
            if given_up.is_set():
                return
            line = _line(given[number], "plan" if dry_run else act, force, began[number])
            lines[number] = line
            came.put(line)

    with ThreadPoolExecutor(workers, "toriconfig-rotate") as pool, progress:
        try:
            for done in as_completed([pool.submit(work, numbers) for numbers in groups.values()]):
                done.result()
        except BaseException:
            given_up.set()  # the pool waits at its end for all submitted jobs
            raise
    return Report(tuple(lines[number] for number in sorted(lines)))


def merged(rotations: Iterable[Rotation]) -> list[Rotation]:
    """Return one rotation per secret: the one with the smallest `max_age`. The order of the secrets is kept.

    A rotation without `max_age` is returned if no rotation of its secret has one.
    """
    found: dict[str, Rotation] = {}
    for rotation in rotations:
        other = found.setdefault(str(rotation.ref), rotation)
        if rotation.max_age is not None and (other.max_age is None or rotation.max_age < other.max_age):
            found[str(rotation.ref)] = rotation
    return list(found.values())


class _Came:
    """Queue of results from several threads, which are passed to `tell` one at a time, without a lock.

    If a thread is calling `tell`, other threads only add their results, and that thread passes them on.

    Args:
        tell: function that receives one result.
        given_up: event that is set when `tell` raises an exception. Later results are still passed to `tell`.
    """

    def __init__(self, tell: Callable[[Line], None], given_up: Event) -> None:
        self._tell = tell
        self._given_up = given_up
        self._lines = deque[Line]()
        self._turn = Permits()

    def put(self, line: Line) -> None:
        self._lines.append(line)
        wrong: BaseException | None = None
        while self._lines and self._turn.take():
            while self._lines:
                try:
                    self._tell(self._lines.popleft())
                except BaseException as error:  # noqa: BLE001  (raised after all lines are passed on)
                    self._given_up.set()
                    wrong = wrong or error
            self._turn.give_back()
        if wrong is not None:
            raise wrong


def _line(rotation: Rotation, act: Act, force: bool, began: float) -> Line:
    reference = str(rotation.ref)
    try:
        return _looked_after(rotation, act, force, began)
    except RotationLost as error:
        return Line(reference, "lost", error=error.with_traceback(None))
    except SecretError as error:
        if act in ("resume", "rollback") and rotation.max_age is None and isinstance(error, _NEVER_ROTATED):
            return Line(reference, "nothing")
        return Line(reference, "failed", error=error.with_traceback(None))
    except Exception as error:  # noqa: BLE001  (a kind may be user code; an error in one must not stop the rest)
        return Line(reference, "failed", error=RotationError(f"raised {type(error).__name__}", reference=reference))


def _looked_after(rotation: Rotation, act: Act, force: bool, began: float) -> Line:
    """Process one secret as `act` requires, and return the result.

    First, `_of_half_way` processes an unfinished rotation at the path of the secret, if there is one. If `_of_half_way`
    returns a result, nothing more is done.

    Otherwise, "rotate" rotates the secret if `max_age` has passed, and "plan" only checks that a rotation could start.
    "resume" and "rollback" do nothing. `force` skips only the check of `min_age`, the minimum time between two
    rotations.
    """
    reference = str(rotation.ref)
    left = rotation.half_way()
    if left is not None:
        line = _of_half_way(rotation, left, act)
        if line is not None:
            return line
    if act in ("resume", "rollback"):
        return Line(reference, "nothing")
    return (
        Line(reference, "undated")
        if rotation.max_age is None
        else _of_age(rotation, rotation.max_age, act, force, began)
    )


def _of_age(rotation: Rotation, max_age: float, act: Act, force: bool, began: float) -> Line:
    reference, age = str(rotation.ref), rotation.age()
    if age is not None and age < max_age:
        return Line(reference, "fresh", age)
    try:
        if act == "plan":
            rotation.plan(force=force)
            return Line(reference, "due", age)
        rotation.run_if_due(force=force, began=began)
    except RotatedRecently:
        return Line(reference, "fresh", age)
    except RotationLost as error:
        return Line(reference, "lost", age, error.with_traceback(None))
    except SecretError as error:
        return Line(reference, "failed", age, error.with_traceback(None))
    return Line(reference, "rotated", age)


def _of_half_way(rotation: Rotation, left: HalfWay, act: Act) -> Line | None:
    """Resume or roll back `left`, an unfinished rotation at the same path, as `act` requires. Return the result.

    If `left` must not be changed now, only report the state of `left`. Return None if the caller must still check
    whether the secret of `rotation` is due.
    """
    reference = str(rotation.ref)
    if left.grace_until and act != "rollback":
        return Line(reference, "grace")
    if not left.abandoned:
        held = f"{left.reference} is being rotated by {left.who} ({left.step})"
        return Line(reference, "lost", error=RotationLost(held, reference=reference, winner=left.who))
    if act == "plan":
        return Line(reference, "half-way")
    kept = copy(rotation)
    if not left.own:
        kept.ref = type(rotation.ref)(left.reference)
    chosen = rotation.chosen
    if chosen.name != left.kind or not left.own:
        kind = chosen.given_class if chosen.name == left.kind else None
        kept.chosen = Chosen(kept.ref, kind, chosen.setup, chosen.environ)
    outcome = kept.rollback() if act == "rollback" else kept.resume()
    # The secret of this rotation may still be due.
    if act == "rotate" and (not left.own or outcome.result != "rotated"):
        return None
    results: dict[str, Result] = {"rotated": "resumed", "undone": "undone"}
    return Line(reference, results.get(outcome.result, "nothing"))
