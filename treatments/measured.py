"""What is known of a goal's measure: readings over time, where the goal stands, whether it is reached.

A source gives readings of an episode by the name of their measure. Pain comes from signed notes; other rooms of
treatment add theirs to SOURCES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from treatments.models import Episode, Goal, Measure, Plan, SessionNote

#: Measures of which less is better; of the others, more.
LESS_IS_BETTER = frozenset({Measure.NPRS, Measure.SPASMS_PER_WEEK, Measure.RMDQ, Measure.ODI})


@dataclass(frozen=True, order=True)
class Reading:
    at: datetime
    value: Decimal


@dataclass(frozen=True)
class Standing:
    """A goal and how far it is: the newest reading, how much of the way, whether it is reached."""

    goal: Goal
    latest: Reading | None
    count: int

    @property
    def is_reached(self) -> bool:
        if self.latest is None or self.goal.target is None:
            return False
        if self.goal.measure in LESS_IS_BETTER:
            return self.latest.value <= self.goal.target
        return self.latest.value >= self.goal.target


Readings = Mapping[str, Sequence[Reading]]


def pain_in_notes(episode: Episode) -> Readings:
    """Pain before each session, from signed notes."""
    said = SessionNote.objects.signed().filter(episode=episode, pain_before__isnull=False).order_by("service_at", "pk")
    return {Measure.NPRS: [Reading(at, Decimal(pain)) for at, pain in said.values_list("service_at", "pain_before")]}


SOURCES: tuple[Callable[[Episode], Readings], ...] = (pain_in_notes,)


def readings(episode: Episode) -> dict[str, list[Reading]]:
    """All readings of the episode by measure, the oldest first."""
    found: dict[str, list[Reading]] = {}
    for source in SOURCES:
        for measure, several in source(episode).items():
            found.setdefault(str(measure), []).extend(several)
    return {measure: sorted(several) for measure, several in found.items()}


def standings(plan: Plan) -> list[Standing]:
    """Each goal of the plan with what is known of its measure."""
    goals = list(plan.goals.all())
    known = readings(plan.episode) if goals else {}
    return [
        Standing(goal, several[-1] if several else None, len(several))
        for goal in goals
        for several in [known.get(goal.measure, []) if goal.measure != Measure.OTHER else []]
    ]
