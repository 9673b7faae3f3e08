"""Changing a series from one visit on, or all of it that has not begun. Guarantees: docs/algorithms/series.md."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction

from clinic.models import Practitioner, User
from scheduling import booking, diaries, notices, recurrence, writing
from scheduling.diaries import Places, once_more_after_deadlock
from scheduling.models import Appointment, LastMove, Room, Series
from scheduling.notices import Change
from scheduling.outlook import Common, Row, Wanted
from scheduling.series import Plan, ask_to_place, close_task, new, place_all, plan_of, refused, say, settled
from scheduling.states import Side, Status
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, changed_meanwhile, check_version, locked


@dataclass(frozen=True)
class Alteration:
    """What becomes of visits of a series: another time of day, person, room, length, or so many days later."""

    practitioner: Practitioner
    wall: time
    minutes: int
    room: Room | None = None
    shift: int = 0

    def wanted(self, visits: Sequence[Appointment]) -> list[Wanted]:
        """Where each visit would go: the day that the rule gave it, shifted, at the new time."""
        found = []
        for number, visit in enumerate(visits, start=1):
            assert visit.series is not None
            assert visit.occurrence is not None
            day = visit.series.days[visit.occurrence - 1] + timedelta(days=self.shift)
            at = recurrence.instant(day, self.wall, visit.location.tz)
            found.append(Wanted(number, at.at, self.practitioner, is_skipped=at.is_skipped, moving=visit))
        return found

    def common(self, visits: Sequence[Appointment], making_way: Collection[int]) -> Common:
        first = visits[0]
        return Common(
            first.patient.survivor,
            first.service,
            first.location,
            self.minutes,
            self.room,
            first.intervention,
            frozenset(making_way),
            writing.TIME_RULES,
        )


def coming(line: uuid.UUID, *, since: datetime | None, now: datetime) -> list[Appointment]:
    """The visits of the series that have not begun; from one of them on, or all. Past and begun ones are never here."""
    visits = Appointment.objects.in_line(line).awaited().filter(starts_at__gt=now)
    if since is not None:
        visits = visits.filter(starts_at__gte=since)
    rows = list(visits.select_related("room", "intervention__plan").for_verb().order_by("starts_at", "pk"))
    rules: dict[int, Series] = Series.objects.for_page().in_bulk({row.series_id for row in rows})
    for row in rows:  # one object for each series, which reckons its days once
        row.series = rules[row.series_id or 0]
    return rows


@once_more_after_deadlock
def change(
    *, to: Alteration, wanted: Sequence[Wanted], by: User, now: datetime, leave_rest: bool = False
) -> list[Appointment]:
    """Move visits of a series, all that are not left out or none; the others stay where they are.

    The old rule is closed and a new series goes on from there; visits keep their identity and history. With
    `leave_rest` those that find no place stay, and the desk is asked to see to them. The patient is told once.
    """
    common, rows, rest = _settled_moves(to, wanted, leave_rest=leave_rest, now=now)
    if not any(_differs(row, to) for row in rows):
        raise BookingRefused("Nothing would change. Choose another time, day, person, room or length.")

    def write(places: list[Places], _: Turn) -> list[Appointment]:
        held = _locked([row.wanted.moving for row in rows if row.wanted.moving], now=now)
        _look_at_overlaps("DEFERRED")
        for visit in held.values():
            diaries.give_back(visit)
        following = _continue(held.values(), to, by=by, now=now)
        changes, moved = [], []
        for row, where in zip(rows, places, strict=True):
            assert row.wanted.moving is not None
            visit = held[row.wanted.moving.pk]
            was_at, version = visit.starts_at, visit.version
            visit.series, visit.occurrence = following[visit.pk]
            visit = writing.moved_visit(
                visit, row.proposal, where, by=by, now=now, tell=False,
                overruled=[finding.rule for finding in row.warnings], series=str(visit.series.uid),
                **{"from": was_at.isoformat(), "from_practitioner": str(row.wanted.moving.practitioner.uid)},
            )  # fmt: skip
            moved.append(visit)
            if visit.version != version:
                changes.append(Change(visit, was_at))
        _look_at_overlaps("IMMEDIATE")
        notices.tell(changes, by=by, now=now)
        # One message names them all, so none of these moves can be taken back by itself.
        LastMove.objects.filter(appointment__in=moved).delete()
        for series in {series.pk: series for series, _ in following.values()}.values():
            say("continued", series, by=by, now=now, visits=len(moved), rule=series.in_words())
            ask_to_place(series, rest, by=by, now=now)
        return moved

    return place_all(common, rows, write, now=now)


def _settled_moves(
    to: Alteration, wanted: Sequence[Wanted], *, leave_rest: bool, now: datetime
) -> tuple[Common, list[Row], list[Row]]:
    """What moves, and what stays. Who stays keeps its time, so the others are looked at again without it."""
    staying: list[Row] = []
    while True:
        out = {row.wanted.number for row in staying}
        kept = [one for one in wanted if not one.is_left_out and one.number not in out]
        if not kept:
            raise refused(staying) if staying else BookingRefused("Every visit is left as it is. Change at least one.")
        visits = [one.moving for one in kept if one.moving is not None]
        common = to.common(visits, {visit.pk for visit in visits})
        rows, rest = settled(common, kept, leave_rest=leave_rest, now=now)
        if not rest:
            return common, rows, staying
        staying += rest


def _differs(row: Row, to: Alteration) -> bool:
    visit, proposal = row.wanted.moving, row.proposal
    assert visit is not None
    return (to.room is not None and to.room != visit.room) or (
        (visit.starts_at, visit.ends_at, visit.practitioner_id)
        != (proposal.starts_at, proposal.ends_at, proposal.practitioner.pk)
    )


def _locked(seen: Sequence[Appointment], *, now: datetime) -> dict[int, Appointment]:
    """The visits as they are now, the oldest row first; refuses when one has begun or was changed meanwhile."""
    held = {visit.pk: locked(visit) for visit in sorted(seen, key=lambda visit: visit.pk)}
    for visit in seen:
        one = held[visit.pk]
        check_version(one, visit.version)
        if one.status != Status.BOOKED or one.series_id != visit.series_id or one.starts_at <= now:
            raise changed_meanwhile()
    return held


def _look_at_overlaps(when: str) -> None:
    """Visits of one patient may change places: looked at when all have moved."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS patient_is_not_in_two_places {when}")


def _continue(
    visits: Iterable[Appointment], to: Alteration, *, by: User, now: datetime
) -> dict[int, tuple[Series, int]]:
    """Close the rules of these visits and let new ones go on from there: visit → its new series and day."""
    found: dict[int, tuple[Series, int]] = {}
    by_series: dict[int, list[Appointment]] = defaultdict(list)
    for visit in visits:
        by_series[visit.series_id or 0].append(visit)
    for pk, theirs in sorted(by_series.items()):
        old = Series.objects.select_for_update(of=("self",)).for_page().get(pk=pk)
        first = min(visit.occurrence or 1 for visit in theirs)
        rule = old.rule.continued(first - 1, shift=to.shift)
        common = replace(plan_of(old).common, minutes=to.minutes, room=to.room)
        series = new(Plan(common, to.practitioner, rule, to.wall), by=by, now=now)
        series.line, series.continues = old.line, old
        later = [day for day in old.to_place if day >= old.days[first - 1]]
        series.to_place = [day + timedelta(days=to.shift) for day in later]
        series.save(force_insert=True)
        _end(old, to_place=[day for day in old.to_place if day not in later], by=by, now=now)
        found |= {visit.pk: (series, (visit.occurrence or 1) - first + 1) for visit in theirs}
    return found


def _end(series: Series, *, to_place: list[date], by: User, now: datetime) -> None:
    series.to_place = to_place
    if series.ended_at is None:
        series.ended_at, series.ended_by = now, by
    series.save(update_fields=["to_place", "ended_at", "ended_by"])


# -- Call off --------------------------------------------------------------------------------------------


@once_more_after_deadlock
@transaction.atomic
def call_off(*, visits: Sequence[Appointment], side: str, reason: str, by: User, now: datetime) -> list[Appointment]:
    """Call visits of a series off, all or none; the rule is closed and the patient is told once."""
    if not visits:
        raise BookingRefused("Choose at least one visit to call off.")
    held = _locked(visits, now=now)
    gone = [
        booking.cancel(
            appointment=held[visit.pk], version=visit.version, side=side, reason=reason, by=by, now=now, tell=False
        )
        for visit in visits
    ]
    if side == Side.CLINIC:
        notices.tell([Change(visit, visit.starts_at) for visit in gone], by=by, now=now)
    first: dict[int, int] = {}
    for visit in gone:
        series_id, number = visit.series_id or 0, visit.occurrence or 1
        first[series_id] = min(number, first.get(series_id, number))
    for pk, number in sorted(first.items()):
        series = Series.objects.select_for_update(of=("self",)).for_page().get(pk=pk)
        _end(series, to_place=[d for d in series.to_place if d < series.days[number - 1]], by=by, now=now)
        say("called_off", series, by=by, now=now, visits=sum(v.series_id == pk for v in gone))
        close_task(series, by=by, now=now)
    return gone
