"""What a template says of a plan: the start of a form, as plain values that are written as JSON and read back.

Pure. Exercises are named by their slugs; one that has been retired since is left out when the form is filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class MassageStart:
    technique: str
    minutes: int
    sessions: int
    days_between: int
    pressure_cap: int | None = None
    instructions: str = ""


@dataclass(frozen=True)
class DoseStart:
    exercise: str
    sets: int
    amount: int
    times_a_week: int
    level: int = 1
    next_when: str = ""
    remark: str = ""


@dataclass(frozen=True)
class GoalStart:
    """The target as it is typed, such as "2" or "2.5"."""

    measure: str
    target: str = ""
    wording: str = ""
    due_in_days: int | None = None


@dataclass(frozen=True)
class Start:
    summary: str = ""
    review_in_days: int = 28
    same_day: str = "any"
    massages: tuple[MassageStart, ...] = ()
    pt_minutes: int | None = None
    pt_sessions: int | None = None
    pt_days_between: int | None = None
    pt_instructions: str = ""
    doses: tuple[DoseStart, ...] = ()
    goals: tuple[GoalStart, ...] = ()


def written(start: Start) -> dict[str, Any]:
    """As JSON keeps it."""
    return asdict(start)


def read(content: Mapping[str, Any]) -> Start:
    """What `written` wrote. Anything else is an error of the program, and says so."""
    facts = dict(content)
    parts = (("massages", MassageStart), ("doses", DoseStart), ("goals", GoalStart))
    for name, kind in parts:
        facts[name] = tuple(kind(**row) for row in facts.get(name, ()))
    return Start(**facts)
