"""What works here: change per technique and cause over all patients, with intervals, and nobody recognisable.

Groups do not overlap, and no total over shown and hidden ones is ever given: a hidden group is pooled with other
hidden ones or left out, so that no subtraction of what is shown yields it (ADR 0055).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from treatments.outcomes import intervals
from treatments.outcomes.intervals import Interval

#: The pool of a technique's groups that are too small by themselves.
OTHER = ""


@dataclass(frozen=True)
class Course:
    """One course of treatment with a first and a last value: what was mainly done, for what, and the gain."""

    patient: int
    technique: str
    cause: str
    gain: float
    reliable: bool


@dataclass(frozen=True)
class Group:
    technique: str
    cause: str
    patients: int
    change: Interval
    better: int

    @property
    def share_better(self) -> int:
        return round(100 * self.better / self.patients)


def groups(courses: Iterable[Course], *, smallest: int) -> list[Group]:
    """The groups that may be shown, by technique and cause. Of one patient only the latest course given counts.

    A group of fewer than `smallest` patients is pooled with its technique's other small groups; a pool that is
    still too small, or that would hold one group alone, is not shown.
    """
    smallest = max(2, smallest)
    cells: dict[tuple[str, str], list[Course]] = defaultdict(list)
    for course in {course.patient: course for course in courses}.values():
        cells[course.technique, course.cause].append(course)
    small: dict[str, list[list[Course]]] = defaultdict(list)
    shown = []
    for (technique, cause), members in cells.items():
        if len(members) >= smallest:
            shown.append(_group(technique, cause, members))
        else:
            small[technique].append(members)
    for technique, hidden in small.items():
        pool = [course for members in hidden for course in members]
        if len(hidden) > 1 and len(pool) >= smallest:
            shown.append(_group(technique, OTHER, pool))
    return sorted(shown, key=lambda g: (g.technique, g.cause == OTHER, g.cause))


def _group(technique: str, cause: str, members: Sequence[Course]) -> Group:
    change = intervals.mean([course.gain for course in members])
    assert change is not None
    return Group(technique, cause, len(members), change, sum(course.reliable for course in members))
