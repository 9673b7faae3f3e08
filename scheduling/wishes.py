"""What those who wait wish for, read for the pure rules of `matching`; and whom a time would suit by that alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from scheduling import matching, replying
from scheduling.intervals import Interval
from scheduling.matching import Span, Stretch, Wishes
from scheduling.models import Appointment, FreedTime, Hold, WaitlistEntry, WaitlistOffer
from scheduling.models.resources import LONGEST_BUFFER, LONGEST_VISIT

#: As far as a visit that touches a freed time can reach out of it, with what comes before and after.
REACH = timedelta(minutes=LONGEST_VISIT + LONGEST_BUFFER)


def of_entries(entries: Iterable[WaitlistEntry], *, now: datetime, busy_within: Span | None = None) -> Iterator[Wishes]:
    """Six queries: entries with people and places, what they were offered, and what they have then."""
    rows = list(
        entries.select_related("patient", "service", "earlier_than").prefetch_related("practitioners", "locations")  # type: ignore[attr-defined]
    )
    offered: dict[int, list[Span]] = defaultdict(list)
    for entry, start, end in WaitlistOffer.objects.filter(entry__in=[row.pk for row in rows]).values_list(
        "entry_id", "starts_at", "ends_at"
    ):
        offered[entry].append(Interval(start, end))
    people = {row.patient.merged_into_id or row.patient_id for row in rows}
    busy = _busy(people, busy_within, now) if busy_within and rows else {}
    for row in rows:
        service, present = row.service, row.earlier_than
        yield Wishes(
            entry=row.pk,
            since=row.asked_at,
            service=service.pk,
            minutes=row.length,
            discipline=service.discipline,
            skill=service.skill,
            is_group=service.is_group,
            before=service.preparing_minutes,
            after=service.charting_minutes,
            practitioners=frozenset(one.pk for one in row.practitioners.all()),
            locations=frozenset(one.pk for one in row.locations.all()),
            weekdays=frozenset(row.weekdays),
            earliest=row.earliest,
            latest=row.latest,
            first_on=row.first_on,
            last_on=row.last_on,
            present=Interval(present.starts_at, present.ends_at) if present else None,
            urgent=row.urgency == 1,
            busy=tuple(busy.get(row.patient.merged_into_id or row.patient_id, ())),
            offered=tuple(offered[row.pk]),
        )


def _busy(people: Collection[int], span: Span, now: datetime) -> dict[int, list[Span]]:
    """By person: their visits, under whichever record, and times that are kept for them."""
    found: dict[int, list[Span]] = defaultdict(list)
    theirs = Q(patient__in=people) | Q(patient__merged_into__in=people)
    root = Coalesce(F("patient__merged_into_id"), F("patient_id"))
    visits = Appointment.objects.holding_time().within(span.start, span.end)
    kept = Hold.objects.kept(now).within(span.start, span.end)
    for rows in (visits, kept):
        for person, start, end in rows.filter(theirs).values_list(root, "starts_at", "ends_at"):
            found[person].append(Interval(start, end))
    return found


def suits(
    row: FreedTime, waiting: Iterable[Wishes], now: datetime, *, beside: timedelta = timedelta()
) -> tuple[int, ...]:
    """Entries, the first in order first: by the wishes alone, as if all of it were free, and so much beside it."""
    who, place = row.practitioner, row.location
    whole: Span = Interval(row.starts_at, row.ends_at)
    free = Interval(whole.start - beside, whole.end + beside) if row.session is None else whole
    stretch = Stretch(
        who.pk, place.pk, place.tz, who.discipline, frozenset(who.skills), free=free,
        untaken=Interval(free.start - REACH, free.end + REACH), freed=whole,
        session_of=row.session.service_id if row.session else None,
    )  # fmt: skip
    return tuple(c.wishes.entry for _, c in matching.candidates(waiting, [stretch], from_=replying.earliest(now)))
