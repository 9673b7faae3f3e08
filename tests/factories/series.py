"""Series booked through the verb, as the page would."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import date, time
from types import SimpleNamespace
from typing import Any

from scheduling import series
from scheduling.models import Appointment, Series
from scheduling.outlook import Common, Wanted
from scheduling.recurrence import Frequency, Recurrence
from scheduling.series import Plan
from tests.factories import scheduling as make
from tests.factories.scheduling import NOW

#: Tuesday a week after "now".
FIRST = date(2026, 12, 1)


def a_rule(first: date = FIRST, *, count: int = 4, **facts: Any) -> Recurrence:
    """Weekly, on the first day's weekday."""
    usual: dict[str, Any] = {"weekdays": frozenset({first.weekday()}), "count": count}
    return Recurrence(first, **(usual | facts))


def daily(first: date = FIRST, *, count: int = 4, every: int = 1) -> Recurrence:
    return Recurrence(first, Frequency.DAILY, every, count=count)


def a_plan(place: SimpleNamespace, rule: Recurrence | None = None, *, wall: time = time(10), **facts: Any) -> Plan:
    """An hour with the clinic's first practitioner, at ten."""
    practitioner = facts.pop("practitioner", place.practitioner)
    usual = {
        "patient": facts.pop("patient", None) or make.a_patient(),
        "service": place.service,
        "location": place.location,
        "minutes": place.service.minutes,
    }
    return Plan(Common(**(usual | facts)), practitioner, rule or a_rule(), wall)


def a_series(
    place: SimpleNamespace, rule: Recurrence | None = None, *, plan: Plan | None = None, **facts: Any
) -> Series:
    act = {name: facts.pop(name) for name in ("wanted", "now", "leave_rest", "request_key", "note") if name in facts}
    plan = plan or a_plan(place, rule, **facts)
    return series.book(**({"plan": plan, "wanted": plan.wanted(), "by": place.desk, "now": NOW} | act))


def visits_of(made: Series) -> list[Appointment]:
    return list(Appointment.objects.in_line(made.line))


def left_out(wanted: Collection[Wanted], *numbers: int) -> list[Wanted]:
    return [dataclasses.replace(one, is_left_out=one.number in numbers) for one in wanted]
