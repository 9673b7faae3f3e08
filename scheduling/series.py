"""Series: visits booked together by a rule. What is promised: docs/algorithms/series.md.

Each act looks at every date anew, takes all of them in one transaction or nothing, and tells the patient once. What
changes a series later is in `scheduling.series_changes`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar

from django.db import IntegrityError, transaction

from clinic import audit, desk
from clinic.models import DeskTask, Practitioner, User
from scheduling import outlook, recurrence, writing
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, Series
from scheduling.outlook import Common, Row, Wanted
from scheduling.placing import Write, place
from scheduling.recurrence import Recurrence
from scheduling.turns import Turn
from scheduling.visits import BookingRefused

R = TypeVar("R")

#: How many dates a refusal names one by one.
_NAMED = 3


@dataclass(frozen=True)
class Plan:
    """A series to be: what its visits share, with whom, and by which rule."""

    common: Common
    practitioner: Practitioner
    rule: Recurrence
    wall: time

    def wanted(self, days: Collection[date] | None = None) -> list[Wanted]:
        """Its dates, numbered from 1; of these days alone, if they are named."""
        return [
            Wanted(number, found.at, self.practitioner, is_skipped=found.is_skipped)
            for number, day in enumerate(self.rule.dates(), start=1)
            if days is None or day in days
            for found in [recurrence.instant(day, self.wall, self.common.location.tz)]
        ]


def plan_of(series: Series) -> Plan:
    """What the series asks for, as a plan for more of its dates."""
    common = Common(
        series.patient.survivor, series.service, series.location, series.minutes, series.room, series.intervention
    )
    return Plan(common, series.practitioner, series.rule, series.wall)


# -- Book ------------------------------------------------------------------------------------------------


@once_more_after_deadlock
def book(
    *,
    plan: Plan,
    wanted: Sequence[Wanted],
    by: User,
    now: datetime,
    leave_rest: bool = False,
    note: str = "",
    request_key: uuid.UUID | None = None,
) -> Series:
    """Book every date that is not left out, or none. Raises BookingRefused naming the dates that cannot be had.

    With `leave_rest` what cannot be had is left on the desk as a task, and the others are booked. The patient gets
    one confirmation, for the first. The same `request_key` again returns the series that it booked before.
    """
    if before := _booked_before(request_key, plan):
        return before
    if plan.common.service.is_group:
        raise BookingRefused("A group has sessions of its own and cannot be booked as a series.")
    series = new(plan, by=by, now=now, request_key=request_key)

    def write(places: list[Places], turn: Turn) -> Series:
        series.save(force_insert=True)
        _write(series, rows, places, turn, note=note, by=by, now=now)
        series.to_place = [series.days[row.wanted.number - 1] for row in rest]
        series.save(update_fields=["to_place"])
        say("booked", series, by=by, now=now, visits=len(rows), rule=series.in_words())
        ask_to_place(series, rest, by=by, now=now)
        return series

    try:
        rows, rest = settled(plan.common, wanted, leave_rest=leave_rest, now=now)
        return place_all(plan.common, rows, write, now=now, anew=True)
    except (BookingRefused, IntegrityError):
        # The same form, sent twice in the same moment: the other one may have got through.
        if twin := _booked_before(request_key, plan):
            return twin
        raise


@once_more_after_deadlock
def place_rest(*, series: Series, wanted: Sequence[Wanted], by: User, now: datetime) -> Series:
    """Book days of the series that could not be had at first; those that are left out are given up.

    All that is asked for or nothing. When no day is left to place, the desk's task is done.
    """
    plan = plan_of(series)
    rows, _ = settled(plan.common, wanted, leave_rest=False, now=now, may_be_none=True)
    numbers = {one.number for one in wanted}

    def write(places: list[Places], turn: Turn) -> Series:
        held = Series.objects.select_for_update(of=("self",)).for_page().get(pk=series.pk)
        waiting = {held.days.index(day) + 1 for day in held.to_place if day in held.days}
        if not numbers <= waiting:
            raise BookingRefused("Somebody placed some of these days a moment ago. Look again.", stale=True)
        _write(held, rows, places, turn, by=by, now=now)
        held.to_place = [day for day in held.to_place if held.days.index(day) + 1 not in numbers]
        held.save(update_fields=["to_place"])
        say("placed", held, by=by, now=now, visits=len(rows), given_up=len(numbers) - len(rows))
        close_task(held, by=by, now=now)
        return held

    if not rows:
        with transaction.atomic():
            return write([], Turn())
    return place_all(plan.common, rows, write, now=now)


def _booked_before(key: uuid.UUID | None, plan: Plan) -> Series | None:
    """The series that this form booked; refuses when the form now asks for something else."""
    before = Series.objects.for_page().filter(request_key=key).first() if key else None
    if before is None:
        return None
    if (before.patient_id, before.rule, before.wall) != (plan.common.patient.pk, plan.rule, plan.wall):
        raise BookingRefused("This form has already booked a series. Open a new one to book another.", stale=True)
    return before


def new(plan: Plan, *, by: User, now: datetime, request_key: uuid.UUID | None = None) -> Series:
    common, rule = plan.common, plan.rule
    return Series(
        patient=common.patient,
        service=common.service,
        practitioner=plan.practitioner,
        location=common.location,
        room=common.room,
        intervention=common.intervention,
        frequency=rule.frequency.value,
        every=rule.every,
        weekdays=sorted(rule.weekdays),
        week_starts=rule.week_starts,
        first_on=rule.first,
        count=rule.count,
        last_on=rule.until,
        wall=plan.wall,
        minutes=common.minutes,
        created_at=now,
        created_by=by,
        request_key=request_key,
    )


def _write(
    series: Series,
    rows: Sequence[Row],
    places: list[Places],
    turn: Turn,
    *,
    by: User,
    now: datetime,
    note: str = "",
) -> None:
    for number, (row, where) in enumerate(zip(rows, places, strict=True)):
        visit = Appointment(
            patient=series.patient,
            intervention=series.intervention,
            note="" if number else note,
            series=series,
            occurrence=row.wanted.number,
        )
        overruled = [finding.rule for finding in row.warnings]
        others = [] if number else [other.wanted.starts_at for other in rows[1:]]
        writing.new_visit(
            visit,
            row.proposal,
            where,
            turn,
            by=by,
            now=now,
            overruled=overruled,
            confirm=not number,
            besides=others,
        )


# -- Seeing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where a visit stands among those of its series that were not called off: the third of eight."""

    series: Series
    siblings: list[Appointment]
    visit: Appointment

    @property
    def number(self) -> int | None:
        """None: it was called off."""
        return next((n for n, one in enumerate(self.siblings, start=1) if one.pk == self.visit.pk), None)


def standing(visit: Appointment) -> Standing | None:
    """None: it was booked by itself. Two queries."""
    if visit.series_id is None:
        return None
    series = Series.objects.for_page().get(pk=visit.series_id)
    siblings = Appointment.objects.in_line(series.line).not_called_off()
    visit.series = series
    return Standing(series, list(siblings.for_diary()), visit)


# -- Looking before, and taking all ----------------------------------------------------------------------


def settled(
    common: Common, wanted: Sequence[Wanted], *, leave_rest: bool, now: datetime, may_be_none: bool = False
) -> tuple[list[Row], list[Row]]:
    """The dates that can be had, and the rest. Raises BookingRefused when there must be no rest and there is one."""
    rows = [row for row in outlook.look(common, wanted, now=now, fix=False) if row.is_kept]
    rest = [row for row in rows if not row.is_settled]
    if rest and not leave_rest:
        raise refused(rest)
    good = [row for row in rows if row.is_settled]
    if not good and not may_be_none:
        raise refused(rest) if rest else BookingRefused("Every date is left out. Keep at least one.")
    return good, rest


def refused(rest: Sequence[Row]) -> BookingRefused:
    sentences = [row.sentence() for row in rest[:_NAMED]]
    more = len(rest) - _NAMED
    return BookingRefused(" ".join(sentences) + (f" And {more} more." if more > 0 else ""))


def place_all(common: Common, rows: Sequence[Row], write: Write[R], *, now: datetime, anew: bool = False) -> R:
    """All of them or nothing; whoever loses a race for one date is told which."""
    wishes = [
        Wish(row.proposal, room=common.room, prefer=row.wanted.moving.room if row.wanted.moving else None)
        for row in rows
    ]
    try:
        return place(wishes, write, now=now, anew=anew)
    except BookingRefused as refusal:
        if refusal.stale:
            raise
        taken = [row for row in outlook.look(common, [row.wanted for row in rows], now=now, fix=False) if row.blocks]
        raise (refused(taken) if taken else refusal) from None


# -- Saying so -------------------------------------------------------------------------------------------


def say(step: str, series: Series, *, by: User, now: datetime, **facts: object) -> None:
    audit.record(f"series.{step}", by=by, now=now, subject=series, patient_uid=series.patient.uid, detail=facts)


def ask_to_place(series: Series, rest: Sequence[Row], *, by: User, now: datetime) -> None:
    """Leave it on the desk that dates could not be had, and why."""
    if not rest:
        return
    words = " ".join(row.sentence() for row in rest)
    desk.ask(
        kind=DeskTask.Kind.SERIES_TO_PLACE,
        patient_uid=series.patient.uid,
        patient_name=series.patient.display_name,
        subject_kind="scheduling.series",
        subject_uid=series.uid,
        subject_version=1,
        subject_at=rest[0].wanted.starts_at,
        zone=series.location.zone,
        note=words if len(words) <= 500 else f"{words[:470].rsplit(' ', 1)[0]} … {len(rest)} dates in all.",
        by=by,
        now=now,
    )


def close_task(series: Series, *, by: User, now: datetime) -> None:
    """The desk has seen to it once nothing of the line is left to place."""
    line = Series.objects.in_line(series.line)
    if any(line.values_list("to_place", flat=True)):
        return
    tasks = DeskTask.objects.filter(kind=DeskTask.Kind.SERIES_TO_PLACE, subject_uid__in=line.values("uid")).open()
    for task in tasks:
        desk.finish(task_uid=task.uid, outcome="All of its days are placed or given up.", by=by, now=now)
