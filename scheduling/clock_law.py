"""When a law changes the clocks: which visits would show another hour than was agreed, and how they keep it.

The machine's time-zone data is brought up to date by whoever looks after it. What was known before is written down for
each zone (`ClockBook`), so that the difference is seen the next time anybody looks. Nothing moves by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from clinic import audit, time
from clinic.models import Location, User
from scheduling import clock_books, diaries, notices, reminders, writing
from scheduling.clock_books import Difference, Stand
from scheduling.diaries import Places, Wish, once_more_after_deadlock
from scheduling.models import Appointment, ClockBook, GroupSession, LastMove
from scheduling.placing import place
from scheduling.preflight import Proposal
from scheduling.states import NOT_BEGUN
from scheduling.turns import Turn
from scheduling.visits import BookingRefused, check_step, check_version, locked

#: How far ahead clocks are written down: nobody books further.
AHEAD = timedelta(days=3 * 366)
#: A book that ends sooner than this is written on.
NEARLY_OVER = timedelta(days=366)


@dataclass(frozen=True)
class Shifted:
    """A visit or a group that shows another hour than was agreed."""

    what: Appointment | GroupSession
    #: What the wall showed by the old clock, and shows by the new one; without a zone.
    agreed: datetime
    shows: datetime


@dataclass(frozen=True)
class Law:
    """How the clock of one zone came to differ from what was written down."""

    book: ClockBook
    was: list[Stand]
    differences: list[Difference]

    @property
    def touched(self) -> Q:
        """Of visits and groups alike: those that begin where it differs."""
        spans = (Q(starts_at__gte=_instant(one.begins), starts_at__lt=_instant(one.ends)) for one in self.differences)
        return reduce(or_, spans)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def note(*, now: datetime) -> int:
    """Write down the clock of every zone that has no book, and go on with those that nearly end; how many were written.

    A book that differs from what is known now stays as it is: somebody has to look at the visits first.
    """
    written = 0
    for zone in sorted(set(Location.objects.active().values_list("zone", flat=True))):
        known = ClockBook.objects.filter(zone=zone).first()
        if known is None or (known.ends_at < now + NEARLY_OVER and _law(known, now) is None):
            _write(zone, now)
            written += 1
    return written


def _write(zone: str, now: datetime) -> None:
    facts = {
        "stands": clock_books.book(ZoneInfo(zone), now, now + AHEAD),
        "begins_at": now,
        "ends_at": now + AHEAD,
        "noted_at": now,
    }
    ClockBook.objects.update_or_create(zone=zone, defaults=facts)


def laws(*, now: datetime) -> list[Law]:
    """The zones of our locations whose clocks will stand otherwise than was known when visits there were booked."""
    zones = set(Location.objects.active().values_list("zone", flat=True))
    found = (_law(book, now) for book in ClockBook.objects.filter(zone__in=zones).order_by("zone"))
    return [law for law in found if law is not None]


def _law(book: ClockBook, now: datetime) -> Law | None:
    was = [(int(at), int(offset)) for at, offset in book.stands]
    begins = max(now, book.begins_at)
    known = clock_books.book(ZoneInfo(book.zone), begins, book.ends_at)
    found = clock_books.differences(was, known, until=int(book.ends_at.timestamp()))
    return Law(book, was, found) if found else None


def shifted(law: Law, *, now: datetime) -> list[Shifted]:
    """Visits to come, and groups, that show another hour than was agreed; the soonest first. Two queries."""
    here = Q(location__zone=law.book.zone, starts_at__gt=now) & law.touched
    visits = Appointment.objects.filter(here, status__in=sorted(NOT_BEGUN), session__isnull=True).for_page()
    groups = GroupSession.objects.standing().filter(here).for_page()
    found = [_shifted(one, law) for one in [*visits, *groups]]
    return sorted(found, key=lambda one: (one.what.starts_at, str(one.what.uid)))


def _shifted(what: Appointment | GroupSession, law: Law) -> Shifted:
    shows = what.starts_at.astimezone(what.location.tz).replace(tzinfo=None)
    return Shifted(what, clock_books.wall(law.was, what.starts_at), shows)


class AlreadySettled(Exception):
    """Somebody has seen to this zone's visits a moment ago."""


@dataclass(frozen=True)
class Kept:
    """What became of the visits of one zone."""

    moved: int
    #: What could not be had: the desk was asked to speak with the patient.
    left: int


@once_more_after_deadlock
@transaction.atomic
def keep_the_hour(*, zone: str, by: User, now: datetime) -> Kept:
    """Move every visit to the instant at which the wall shows what was agreed, and book by the new clock from now on.

    Nobody is told, as for nobody it changes; confirmations stand. They go in the order in which none stands in the way
    of the next. What is refused (no clock shows that hour any more, something new is in the way) stays, and the desk is
    asked to call. Groups are moved by people. Raises AlreadySettled.
    """
    law = _locked(zone, now)
    moved, left = 0, 0
    visits = [(one.what, one) for one in shifted(law, now=now) if isinstance(one.what, Appointment)]
    to_later = [(visit, one.agreed) for visit, one in visits if one.agreed > one.shows]
    to_earlier = [(visit, one.agreed) for visit, one in visits if one.agreed < one.shows]
    for visit, agreed in [*reversed(to_later), *to_earlier]:
        try:
            with transaction.atomic():
                _keep(visit, agreed, by=by, now=now)
        except (BookingRefused, time.InGap) as refusal:
            note_ = f"The clocks were changed by law: agreed was {agreed:%H:%M}. {refusal}"
            notices.ask_to_call(visit, visit.patient.survivor, note_, by=by, now=now)
            left += 1
        else:
            moved += 1
    _settle(law, by=by, now=now, moved=moved, left=left)
    return Kept(moved, left)


@transaction.atomic
def leave(*, zone: str, by: User, now: datetime) -> None:
    """The visits stay at their instants, whatever the wall shows; by the new clock is booked from now on."""
    _settle(_locked(zone, now), by=by, now=now, moved=0, left=0)


def _locked(zone: str, now: datetime) -> Law:
    book = ClockBook.objects.select_for_update().filter(zone=zone).first()
    law = _law(book, now) if book else None
    if law is None:
        raise AlreadySettled("The visits of this zone were seen to a moment ago.")
    return law


def _settle(law: Law, *, by: User, now: datetime, **counts: int) -> None:
    _write(law.book.zone, now)
    audit.record("clock.settled", by=by, now=now, detail={"zone": law.book.zone, **counts})


def _keep(seen: Appointment, agreed: datetime, *, by: User, now: datetime) -> None:
    start = time.at_wall(agreed.date(), agreed.time(), seen.location.tz)
    proposal = Proposal(
        seen.patient.survivor, seen.service, seen.practitioner, seen.location, start,
        start + (seen.ends_at - seen.starts_at), seen.intervention, moving=seen,
    )  # fmt: skip

    def write(places: list[Places], _: Turn) -> None:
        visit = locked(seen)
        check_version(visit, seen.version)
        check_step(visit, moving=True)
        confirmed_at = visit.confirmed_at
        diaries.give_back(visit)
        was = seen.starts_at.isoformat()
        visit = writing.moved_visit(
            visit, proposal, places[0], by=by, now=now, overruled=(), tell=False, because="law", was=was
        )
        if confirmed_at is not None:
            visit.confirmed_at = confirmed_at
            visit.save(update_fields=["confirmed_at"])
        reminders.plan_for(appointment=visit, now=now, confirm=False)
        LastMove.objects.filter(appointment=visit).delete()

    place([Wish(proposal, prefer=seen.room, squeeze=bool(seen.overbook_reason))], write, now=now)
