"""What is known of a goal's measure: readings over time, where the goal stands, whether it is reached.

A source gives readings of an episode by the name of their measure, the better source first. Pain comes from what was
asked (the last day's average) or, where nobody was asked, from signed notes (the pain of that hour): never from both,
because different recall periods are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from treatments.models import Episode, Goal, Measure, Measurement, Plan, SessionNote

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
    pains = said.values_list("service_at", "pain_before")
    return {Measure.NPRS: [Reading(at, Decimal(pain)) for at, pain in pains if pain is not None]}


def taken(episode: Episode) -> Readings:
    """What was measured or asked. A range of motion is of one movement, which a goal does not name."""
    found: dict[str, list[Reading]] = {}
    several = Measurement.objects.standing().filter(episode=episode).exclude(measure=Measure.ROM).oldest_first()
    for measure, at, value in several.values_list("measure", "taken_at", "value"):
        found.setdefault(measure, []).append(Reading(at, value))
    return found


SOURCES: tuple[Callable[[Episode], Readings], ...] = (taken, pain_in_notes)


def readings(episode: Episode) -> dict[str, list[Reading]]:
    """All readings of the episode by measure, the oldest first; of each measure from one source alone."""
    found: dict[str, list[Reading]] = {}
    for source in SOURCES:
        for measure, several in source(episode).items():
            found.setdefault(str(measure), sorted(several))
    return found


def standings(plan: Plan) -> list[Standing]:
    """Each goal of the plan with what is known of its measure."""
    goals = list(plan.goals.all())
    known = readings(plan.episode) if goals else {}
    return [
        Standing(goal, several[-1] if several else None, len(several))
        for goal in goals
        for several in [known.get(goal.measure, []) if goal.measure != Measure.OTHER else []]
    ]
