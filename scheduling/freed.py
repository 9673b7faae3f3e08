"""Times that became free are offered to who waits: one after the other, until nobody is left. By worker or `run_due`.

The database writes down every time that is freed (triggers of migrations 0011 and 0013), in the transaction that frees
it. What is read here says only where to look; whether the time is free, the diary decides, and the hold takes it. So it
can be run any number of times, by several at once, and stopped anywhere. See docs/algorithms/waitlist.md.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clinic import time
from clinic.access import SYSTEM
from scheduling import availability, groups, holds, matching, offers, replying, wallclock, wishes
from scheduling import customs as house
from scheduling.availability import Ask
from scheduling.due import Hours
from scheduling.intervals import Interval
from scheduling.matching import Candidate, Span, Stretch
from scheduling.models import Appointment, FreedTime, Service, WaitlistEntry
from scheduling.models.waitlist import FreedTimeQuerySet
from scheduling.reminders import SECOND_THOUGHTS
from scheduling.visits import BookingRefused

log = logging.getLogger(__name__)

#: How many starts are tried for one person, when rooms are short, before the next is asked.
TRIES = 4
#: How far ahead days that are open after all are looked at; what lies beyond comes week by week.
AHEAD = timedelta(weeks=8)
#: Longer than any claim: not a visit's time, but days of an absence or a closure that was taken back.
DAYS_OFF = timedelta(hours=12)


@dataclass
class Done:
    """What one run did."""

    lapsed: int = 0
    expired: int = 0
    offered: int = 0
    looked_at: int = 0


def run(*, now: datetime, limit: int = 500) -> Done:
    """Everything that is due: offers whose time is over, entries that have run out, times that became free."""
    done = Done(lapsed=offers.lapse_due(now=now), expired=offers.expire_due(now=now))
    holds.sweep(now=now)
    _notice(now)
    failed: set[int] = set()
    while done.looked_at < limit:
        try:
            look = _look_at_next(now, besides=failed)
        except _Failed as error:
            log.exception("waitlist: freed time %d could not be looked at", error.row)
            failed.add(error.row)
            continue
        if look is None:
            break
        done.looked_at += 1
        done.offered += look
    return done


class _Failed(Exception):
    """Looking at this row went wrong: the others have their turn, it comes again in the next run."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def _notice(now: datetime) -> None:
    """New rows get their hour; what is over goes. Rows that somebody looks at just now are passed over."""
    with transaction.atomic():
        new = list(FreedTime.objects.new().select_for_update(skip_locked=True).values_list("pk", "at_once"))
        for at_once, look_at in ((True, now), (False, now + SECOND_THOUGHTS)):
            FreedTime.objects.filter(pk__in=[pk for pk, flag in new if flag is at_once]).update(look_at=look_at)
        over = FreedTime.objects.filter(ends_at__lte=now).select_for_update(skip_locked=True)
        FreedTime.objects.filter(pk__in=list(over.values_list("pk", flat=True))).delete()


def _look_at_next(now: datetime, *, besides: Collection[int]) -> int | None:
    """How many offers came of the next freed time: one or none; None when none is due. One transaction.

    After an offer the row stays due, as another may want what is left; with nobody left it is kept for who comes
    later, or goes when the time is no longer free.
    """
    row = None
    try:
        with transaction.atomic():
            due = FreedTime.objects.due(now).exclude(pk__in=besides).select_for_update(skip_locked=True, of=("self",))
            row = due.select_related("practitioner__user", "location", "session__service").first()
            if row is None:
                return None
            if _in_days(row, now) or _asked_in_vain(row):
                return 0
            stretches = around(row, now=now)
            if stretches and _offer_one(row, stretches, now):
                return 1
            _same(row).filter(is_due=False).delete()
            if stretches:
                FreedTime.objects.filter(pk=row.pk).update(is_due=False)
            else:
                row.delete()
            return 0
    except Exception as error:
        if row is None:
            raise
        raise _Failed(row.pk) from error


def _same(row: FreedTime) -> FreedTimeQuerySet:
    place = {name: getattr(row, name) for name in ("practitioner", "location", "session", "starts_at", "ends_at")}
    rows = FreedTime.objects.filter(**place).exclude(pk=row.pk).select_for_update(skip_locked=True)
    return FreedTime.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))


def _in_days(row: FreedTime, now: datetime) -> bool:
    """A time of several days, such as after a holiday that was called off, is looked at day by day, `AHEAD` at most.

    What lies beyond is looked at when it comes near. True: it was shared out or put off.
    """
    if row.session_id is not None:
        return False
    tz, whole = row.location.tz, Interval(row.starts_at, row.ends_at)
    first, last = (time.local_day(at, tz) for at in (whole.start, whole.end - timedelta(seconds=1)))
    is_near = whole.end - whole.start <= DAYS_OFF
    near = last if is_near else min(last, time.local_day(now + AHEAD, tz))
    if first > near:
        FreedTime.objects.filter(pk=row.pk).update(look_at=wallclock.day_span(first, tz).start - AHEAD)
        return True
    if first == last:
        return False
    spans = (wallclock.day_span(day, tz) for day in wallclock.days(max(first, time.local_day(now, tz)), near))
    parts = [(whole.meet(span), row.look_at) for span in spans]
    if near < last:
        parts.append((Interval(wallclock.day_span(near, tz).end, whole.end), now + timedelta(weeks=1)))
    place = {"practitioner": row.practitioner, "location": row.location}
    FreedTime.objects.bulk_create(
        FreedTime(**place, starts_at=part.start, ends_at=part.end, look_at=look_at)
        for part, look_at in parts
        if part is not None
    )
    row.delete()
    return True


def _asked_in_vain(row: FreedTime) -> bool:
    """Looked at before, again for somebody who joined the list, and they have had another offer meanwhile."""
    if (
        not _same(row).filter(is_due=False).exists()
        or WaitlistEntry.objects.waiting().by_whom(row.practitioner).exists()
    ):
        return False
    row.delete()
    return True


def _offer_one(row: FreedTime, stretches: list[Stretch], now: datetime) -> bool:
    """The first in order for whom the time can be kept gets it."""
    found = candidates(stretches, row=row, now=now)
    entries = WaitlistEntry.objects.for_verb().in_bulk([each.wishes.entry for _, each in found])
    hours = house.read().hours if found else Hours()
    for _, candidate in found:
        entry = entries[candidate.wishes.entry]
        for start in candidate.starts[:TRIES]:
            reply = offers.time_to_answer(entry, row.location, start, hours, now=now)
            if reply is None:
                continue
            try:
                offers.make(
                    entry=entry,
                    practitioner=row.practitioner,
                    location=row.location,
                    session=row.session,
                    starts_at=start,
                    reply=reply,
                    by=SYSTEM,
                    now=now,
                )
            except BookingRefused:  # a rule speaks against it, no room is free, or somebody was faster
                continue
            return True
    return False


# -- Reading: a fixed number of queries, however many wait and whatever is booked ------------------------


def candidates(stretches: list[Stretch], *, row: FreedTime, now: datetime) -> list[tuple[Stretch, Candidate]]:
    """Everybody whom it suits, in the order to be asked. Seven queries."""
    whole = Interval(min(s.free.start for s in stretches), max(s.free.end for s in stretches))
    waiting = WaitlistEntry.objects.waiting().filter(service__discipline=row.practitioner.discipline)
    return matching.candidates(
        wishes.of_entries(waiting, busy_within=whole, now=now), stretches, from_=replying.earliest(now)
    )


def around(row: FreedTime, *, now: datetime) -> list[Stretch]:
    """What is free around a freed time, as the diary says now. Seven queries; one for a group's session."""
    who, place = row.practitioner, row.location
    facts: dict[str, Any] = {
        "practitioner": who.pk, "location": place.pk, "tz": place.tz, "discipline": who.discipline,
        "skills": frozenset(who.skills),
    }  # fmt: skip
    freed: Span = Interval(row.starts_at, row.ends_at)
    if row.session is not None:
        full = len(groups.seats_taken(row.session, now=now)) >= row.session.seats
        if full or row.session.is_called_off or row.session.starts_at <= now:
            return []
        session: Span = Interval(row.session.starts_at, row.session.ends_at)
        return [Stretch(**facts, free=session, untaken=session, freed=session, session_of=row.session.service_id)]
    # Only when they work and what is booked: how long, in which room and with what, differs from one to the next.
    anything = Service(discipline=who.discipline, minutes=5, needs_room=False)
    span = Interval(freed.start - wishes.REACH, freed.end + wishes.REACH)
    ask = Ask(anything, place, span, practitioners=frozenset({who.pk}), now=now)
    land = availability.ground(ask)
    untaken = land.all & ~land.taken_people.get(who.pk, 0)
    clear = _parts(land, untaken)
    return [
        Stretch(**facts, free=free, untaken=next(part for part in clear if part.covers(free)), freed=freed)
        for free in _parts(land, land.open.get(who.pk, 0) & untaken)
        if free.overlaps(freed) and free.end > now
    ]


def _parts(land: availability.Ground, mask: int) -> list[Span]:
    """The runs of set bits as times."""
    found: list[Span] = []
    at = 0
    while mask >> at:
        rest = mask >> at
        first = at + (rest & -rest).bit_length() - 1
        gone = ~(mask >> first)
        last = first + (gone & -gone).bit_length() - 1
        found.append(Interval(land.ruler.instant(first), land.ruler.instant(last)))
        at = last
    return found


# -- What the desk sees ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Freed:
    """A time that became free and still is, as far as known, and whom it would suit."""

    row: FreedTime
    #: Entries, the first in order first.
    suits: tuple[int, ...]


def known(*, now: datetime, location: int | None = None, limit: int = 20) -> list[Freed]:
    """Times ahead that became free, with who wants one of them: by the wishes alone. Six queries."""
    rows = FreedTime.objects.filter(starts_at__gt=now)
    if location is not None:
        rows = rows.filter(location=location)
    shown: dict[tuple[int, int, datetime], FreedTime] = {}
    for row in rows.select_related("practitioner__user", "location", "session__service").order_by("starts_at", "pk")[
        :100
    ]:
        if (row.ends_at - row.starts_at) <= DAYS_OFF:
            shown.setdefault((row.practitioner_id, row.location_id, row.starts_at), row)
    waiting = list(wishes.of_entries(WaitlistEntry.objects.waiting(), now=now))
    found = [Freed(row, wishes.suits(row, waiting, now)) for row in shown.values()]
    return [one for one in found if one.suits][:limit]


def how_many_wait(visits: Iterable[Appointment], *, now: datetime) -> int:
    """Whom the times of visits that were just given up would suit, by the wishes alone."""
    waiting = list(wishes.of_entries(WaitlistEntry.objects.waiting(), now=now))
    return len({entry for visit in visits for entry in wishes.suits(_place_of(visit), waiting, now)})


def _place_of(visit: Appointment) -> FreedTime:
    return FreedTime(
        practitioner=visit.practitioner, location=visit.location, session=visit.session, starts_at=visit.starts_at,
        ends_at=visit.ends_at,
    )  # fmt: skip
