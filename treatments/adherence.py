"""Exercises at home: what a patient may tick, how much of the plan was done a week, and how pain moved. Pure.

A week is seven days that end today. Planned are the times a week of the plan, for whole weeks and, of the first,
for the days since the plan came into force.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

#: A patient corrects the last seven days, today included.
DAYS_OPEN = 7
WEEKS_SHOWN = 4
#: A mean that differs by less than this is called steady.
NOTICEABLE = 0.5


@dataclass(frozen=True)
class Tick:
    """What the patient said of one exercise on one day."""

    exercise: int
    on: date
    done: bool
    pain: int | None = None


@dataclass(frozen=True)
class Week:
    """Seven days: how often the exercises were planned and done, and the mean pain, when any was said."""

    starts_on: date
    ends_on: date
    planned: int
    done: int
    pain: float | None

    @property
    def percent(self) -> int | None:
        """Of what was planned; more than planned counts as all of it."""
        return min(100, round(100 * self.done / self.planned)) if self.planned else None


def can_tick(day: date, today: date) -> bool:
    return today - timedelta(days=DAYS_OPEN - 1) <= day <= today


def weeks(
    ticks: Iterable[Tick], *, times_a_week: Sequence[int], since: date, today: date, count: int = WEEKS_SHOWN
) -> list[Week]:
    """The last weeks since the plan is in force, the oldest first; none when it begins tomorrow."""
    said = list(ticks)
    found = []
    for back in range(count):
        end = today - timedelta(days=7 * back)
        start = max(end - timedelta(days=6), since)
        if start > end:
            break
        days = (end - start).days + 1
        mine = [tick for tick in said if start <= tick.on <= end]
        pains = [tick.pain for tick in mine if tick.pain is not None]
        found.append(
            Week(
                starts_on=start,
                ends_on=end,
                planned=sum(-(-times * days // 7) for times in times_a_week),
                done=sum(tick.done for tick in mine),
                pain=sum(pains) / len(pains) if pains else None,
            )
        )
    return found[::-1]


def trend(several: Sequence[Week]) -> str:
    """How pain at exercise moved from the first week that says it to the last: "down", "up", "steady" or ""."""
    pains = [week.pain for week in several if week.pain is not None]
    if len(pains) < 2:
        return ""
    change = pains[-1] - pains[0]
    return "steady" if abs(change) < NOTICEABLE else "up" if change > 0 else "down"
