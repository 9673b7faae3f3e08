"""What a calendar feed shows: visits, groups, absences and closed days of a practitioner, room or location.

Two queries, however full the diary. A feed that says only "Busy" never reads who the patients are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from scheduling.ical import Entry, sequence_of, uid_of
from scheduling.models import Absence, Appointment, CalendarFeed, Closure, GroupSession, Room, Shows
from scheduling.states import HOLDS_TIME

#: Whole days (UTC) before and after today; what was called off within the first is still shown as such.
PAST, AHEAD = timedelta(days=30), timedelta(days=180)
BUSY, AWAY, CLOSED, GROUP = "Busy", "Away", "Closed", "Group"


@dataclass(frozen=True)
class Content:
    """What a feed shows now, and whom it thereby names."""

    entries: tuple[Entry, ...]
    patient_uids: frozenset[uuid.UUID]


def content_of(feed: CalendarFeed, *, now: datetime) -> Content:
    """All that lies within the days that a feed covers, in order."""
    today = datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
    start, end = today - PAST, today + timedelta(days=1) + AHEAD
    visits = list(_visits(feed, start, end))
    entries = [*(_visit(feed, row) for row in visits), *_others(feed, start, end)]
    named = frozenset(row["patient_uid"] for row in visits if row.get("patient_uid"))
    return Content(tuple(sorted(entries, key=lambda entry: (str(entry.start), entry.uid))), named)


# -- Visits ----------------------------------------------------------------------------------------------

_SHOWN = ("uid", "version", "cancelled_at", "changed_at", "starts_at", "ends_at", "location__name", "room__name")


def _visits(feed: CalendarFeed, start: datetime, end: datetime) -> QuerySet[Any]:
    """What holds time, and what was called off in the last weeks. Of a group the session counts, not each seat."""
    standing = Q(status__in=HOLDS_TIME) | Q(cancelled_at__gte=start)
    visits = Appointment.objects.within(start, end).filter(standing, session__isnull=True, **_whose(feed))
    visits = visits.order_by("starts_at", "pk")
    if feed.shows == Shows.BUSY:
        return visits.values(*_SHOWN)
    return visits.values(
        *_SHOWN,
        "service__name",
        patient_uid=_of_the_survivor("uid"),
        given=_of_the_survivor("given_name"),
        preferred=_of_the_survivor("preferred_name"),
        family=_of_the_survivor("family_name"),
    )


def _whose(feed: CalendarFeed) -> dict[str, Any]:
    if feed.room_id:  # what takes a room is indexed by its location
        return {"room": feed.room_id, "location": Room.objects.filter(pk=feed.room_id).values("location")[:1]}
    return {"location": feed.location_id} if feed.location_id else {"practitioner": feed.practitioner_id}


def _place(room: str | None, location: str | None) -> str:
    return ", ".join(part for part in (room, location) if part)


def _of_the_survivor(field: str) -> Coalesce:
    return Coalesce(F(f"patient__merged_into__{field}"), F(f"patient__{field}"))


def _visit(feed: CalendarFeed, row: dict[str, Any]) -> Entry:
    cancelled = row["cancelled_at"] is not None
    return Entry(
        uid=uid_of(row["uid"]),
        summary=_said(feed, row),
        start=row["starts_at"],
        end=row["ends_at"],
        changed_at=row["changed_at"],
        sequence=sequence_of(row["version"], cancelled=cancelled),
        cancelled=cancelled,
        place=_place(row["room__name"], row["location__name"]),
    )


def _said(feed: CalendarFeed, row: dict[str, Any]) -> str:
    if feed.shows == Shows.BUSY or not row["patient_uid"]:
        return BUSY
    first = (row["preferred"] or row["given"] or row["family"]).strip()
    if feed.shows == Shows.NAME:
        return f"{first}, {row['service__name']}"
    return initials(first, row["family"]) or BUSY


def initials(first: str, family: str) -> str:
    """A.R. for Ana Ribeiro; of names that begin with no letter or figure, nothing."""
    begin = (name.strip()[:1].upper()[:1] for name in (first, family))
    return "".join(f"{letter}." for letter in begin if letter.isalnum())


# -- Groups, absences and closed days: one query -----------------------------------------------------------


class _Row(NamedTuple):
    """A group or an absence by the instant, or closed days with the weekdays on which they count (None: all)."""

    uid: uuid.UUID
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    changed_at: datetime | None = None
    called_off_at: datetime | None = None
    service: str | None = None
    room: str | None = None
    location: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    weekdays: list[int] | None = None


_INSTANT, _DAY, _TEXT = models.DateTimeField(), models.DateField(), models.TextField()
_TYPES: dict[str, models.Field[Any, Any]] = {
    "uid": models.UUIDField(),
    **dict.fromkeys(("starts_at", "ends_at", "changed_at", "called_off_at"), _INSTANT),
    **dict.fromkeys(("service", "room", "location"), _TEXT),
    **dict.fromkeys(("starts_on", "ends_on"), _DAY),
    "weekdays": ArrayField(models.IntegerField()),
}


def _rows(queryset: QuerySet[Any], **columns: Any) -> QuerySet[Any]:
    """These columns of a _Row, and nothing in the others, so that several kinds can be read at once."""
    return queryset.order_by().values_list(
        *(Cast(columns.get(name, Value(None)), output_field=kind) for name, kind in _TYPES.items())
    )


def _others(feed: CalendarFeed, start: datetime, end: datetime) -> Iterator[Entry]:
    """What else takes time, or is shut. Why somebody is away is nobody's business."""
    groups = _groups(feed, start, end)
    if feed.practitioner_id:
        absences = Absence.objects.filter(practitioner=feed.practitioner_id).within(start, end)
        away = _rows(absences, uid="uid", starts_at="starts_at", ends_at="ends_at", changed_at="recorded_at")
        rows = groups.union(away, _closures_at_work(feed.practitioner_id, start, end), all=True)
    else:
        rows = groups.union(_closures(feed, start, end), all=True)
    for row in rows:
        yield from _of_row(feed, _Row(*row))


def _groups(feed: CalendarFeed, start: datetime, end: datetime) -> QuerySet[Any]:
    recent = Q(called_off_at__isnull=True) | Q(called_off_at__gte=start)
    groups = GroupSession.objects.within(start, end).filter(recent, **_whose(feed))
    return _rows(
        groups, uid="uid", starts_at="starts_at", ends_at="ends_at", changed_at="changed_at",
        called_off_at="called_off_at", service="service__name", room="room__name", location="location__name",
    )  # fmt: skip


def _closures(feed: CalendarFeed, start: datetime, end: datetime) -> QuerySet[Any]:
    here = {"location": feed.location_id} if feed.location_id else {"location__rooms": feed.room_id}
    shut = Closure.objects.within(start.date(), end.date()).filter(**here)
    return _rows(shut, uid="uid", starts_on="starts_on", ends_on="ends_on")


def _closures_at_work(practitioner_id: int, start: datetime, end: datetime) -> QuerySet[Any]:
    """Closed days of the places where this person works then, with the weekdays on which they do."""
    works = "location__working_hours"
    at_work = Closure.objects.within(start.date(), end.date()).filter(
        Q(**{f"{works}__valid_to__isnull": True}) | Q(**{f"{works}__valid_to__gte": F("starts_on")}),
        **{f"{works}__practitioner": practitioner_id, f"{works}__valid_from__lte": F("ends_on")},
    )
    weekdays = at_work.annotate(on=ArrayAgg(f"{works}__weekday", distinct=True))
    return _rows(weekdays, uid="uid", starts_on="starts_on", ends_on="ends_on", weekdays="on")


def _of_row(feed: CalendarFeed, row: _Row) -> Iterator[Entry]:
    if row.starts_at and row.ends_at and row.changed_at:
        off = row.called_off_at is not None
        yield Entry(
            uid=uid_of(row.uid),
            summary=_said_of_row(feed, row),
            start=row.starts_at,
            end=row.ends_at,
            changed_at=row.changed_at,
            sequence=sequence_of(1, cancelled=off),
            cancelled=off,
            place=_place(row.room, row.location),
        )
    elif row.starts_on and row.ends_on:
        said = BUSY if feed.shows == Shows.BUSY else CLOSED
        for first, after in runs(row.starts_on, row.ends_on, row.weekdays):
            part = f"{first:%Y%m%d}" if row.weekdays is not None else ""
            # A closed day is written down once and never changed, but not when; so it is as old as the secret.
            yield Entry(uid_of(row.uid, part), said, first, after, feed.issued_at)


def _said_of_row(feed: CalendarFeed, row: _Row) -> str:
    if feed.shows == Shows.BUSY:
        return BUSY
    if row.service is None:
        return AWAY
    return row.service if feed.shows == Shows.NAME else GROUP


def runs(first: date, last: date, weekdays: list[int] | None) -> Iterator[tuple[date, date]]:
    """The days from first to last (included) that fall on these weekdays, as half-open stretches; None: all."""
    if weekdays is None:
        yield first, last + timedelta(days=1)
        return
    begun: date | None = None
    day = first
    while day <= last:
        wanted = day.weekday() in weekdays
        if wanted and begun is None:
            begun = day
        if not wanted and begun is not None:
            yield begun, day
            begun = None
        day += timedelta(days=1)
    if begun is not None:
        yield begun, day
