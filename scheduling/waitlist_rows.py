"""What the waitlist's pages show: who waits for what, what was offered, until when, and what is free for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from clinic.models import Location, OutboundMessage, Practitioner
from scheduling import availability, matching, replying, wishes
from scheduling.availability import Ask
from scheduling.forms.booking import Pick
from scheduling.intervals import Interval
from scheduling.models import FreedTime, GroupSession, WaitlistEntry, WaitlistOffer, Weekday
from scheduling.models.waitlist import WaitlistEntryQuerySet
from scheduling.offering import Offer

#: How far ahead an entry's page looks for times to offer, and how many days and times of each it shows.
LOOK = timedelta(days=21)
DAYS_SHOWN = 5
TIMES_SHOWN = 8


@dataclass
class Row:
    """One entry with its latest offer and what became of the message about it."""

    entry: WaitlistEntry
    wishes: list[str]
    offer: WaitlistOffer | None = None
    message: OutboundMessage | None = None


@dataclass
class OfferDay:
    day: datetime
    offers: list[Offer] = field(default_factory=list)


def rows_of(entries: Iterable[WaitlistEntry]) -> list[Row]:
    """Two queries, however many there are: offers and messages. Entries come from `for_list()`."""
    rows = [Row(entry, wishes_in_words(entry)) for entry in entries]
    latest: dict[int, WaitlistOffer] = {}
    for offer in WaitlistOffer.objects.filter(entry__in=[row.entry.pk for row in rows]).for_list():
        latest.setdefault(offer.entry_id, offer)
    told = messages_about(latest.values())
    for row in rows:
        row.offer = latest.get(row.entry.pk)
        row.message = told.get(row.offer.uid) if row.offer else None
    return rows


def messages_about(offers: Iterable[WaitlistOffer]) -> dict[object, OutboundMessage]:
    """By the offer's uid."""
    found = OutboundMessage.objects.filter(subject_uid__in=[offer.uid for offer in offers]).defer("text", "html")
    return {message.subject_uid: message for message in found.order_by("pk")}


def wishes_in_words(entry: WaitlistEntry) -> list[str]:
    """What suits, each in a few words; nothing said is nothing here."""
    said = []
    if people := [one.user.name for one in entry.practitioners.all()]:
        said.append(f"with {' or '.join(people)}")
    if places := [one.name for one in entry.locations.all()]:
        said.append(f"at {' or '.join(places)}")
    if entry.weekdays:
        said.append(", ".join(Weekday(day).label[:3] for day in sorted(entry.weekdays)))
    if entry.earliest and entry.latest:
        said.append(f"{entry.earliest:%H:%M} to {entry.latest:%H:%M}")
    elif entry.earliest:
        said.append(f"from {entry.earliest:%H:%M}")
    elif entry.latest:
        said.append(f"over by {entry.latest:%H:%M}")
    if entry.first_on:
        said.append(f"from {entry.first_on:%a} {entry.first_on.day} {entry.first_on:%b}")
    if entry.last_on:
        said.append(f"until {entry.last_on:%a} {entry.last_on.day} {entry.last_on:%b}")
    return said


def stamp() -> str:
    """Changes whenever anything that the list shows does. Three queries."""
    entries = WaitlistEntry.objects.aggregate(last=Max("changed_at"), count=Count("pk"))
    free = FreedTime.objects.aggregate(last=Max("pk"), count=Count("pk"))
    out = WaitlistOffer.objects.aggregate(last=Max("pk"), pending=Count("pk", filter=Q(settled_at=None)))
    moment = entries["last"].timestamp() if entries["last"] else 0
    return f"{moment:.3f}-{entries['count']}-{out['last'] or 0}-{out['pending']}-{free['last'] or 0}-{free['count']}"


# -- What could be offered -------------------------------------------------------------------------------


def free_for(entry: WaitlistEntry, location: Location, *, now: datetime) -> list[OfferDay]:
    """Times free now at this location that suit the entry, by day; what was offered before included."""
    if entry.service.is_group:
        return []
    wish = next(iter(wishes.of_entries(WaitlistEntry.objects.filter(pk=entry.pk), now=now)), None)
    if wish is None:
        return []
    people = frozenset(one.pk for one in entry.practitioners.all()) or None
    first = replying.earliest(now)
    last = min(now + LOOK, entry.earlier_than.starts_at) if entry.earlier_than else now + LOOK
    if last <= first:
        return []
    ask = Ask(
        entry.service, location, Interval(first, last), practitioners=people, minutes=entry.length,
        patient=entry.patient.survivor, now=now,
    )  # fmt: skip
    found = [
        free
        for free in availability.free_times(ask)
        if matching.wanted(wish, Interval(free.starts_at, free.ends_at), location.tz, offered_before=True)
        and replying.window(free.starts_at, now=now, tz=location.tz)
    ]
    return _by_day(_best(found, wish, location), location)


def _best(found: Sequence[availability.Free], wish: matching.Wishes, location: Location) -> list[availability.Free]:
    """A few of each day: with whom they asked for by name, leaving no useless gaps, then early; in order of time."""
    best = availability.best_first(found, familiar=wish.practitioners, tz=location.tz, per_day=TIMES_SHOWN)
    days = sorted({free.starts_at.astimezone(location.tz).date() for free in best})[:DAYS_SHOWN]
    return sorted(free for free in best if free.starts_at.astimezone(location.tz).date() in days)


def _by_day(found: Sequence[availability.Free], location: Location) -> list[OfferDay]:
    names = Practitioner.objects.select_related("user").in_bulk({free.practitioner_id for free in found})
    days: dict[object, OfferDay] = {}
    for free in found:
        day = days.setdefault(free.starts_at.astimezone(location.tz).date(), OfferDay(free.starts_at))
        who = names[free.practitioner_id]
        day.offers.append(Offer(str(Pick(who.uid, free.starts_at)), free.starts_at, who))
    return list(days.values())


def sessions_for(entry: WaitlistEntry, *, now: datetime) -> list[GroupSession]:
    """Sessions of the entry's group with a seat that is neither taken nor kept."""
    if not entry.service.is_group:
        return []
    coming = GroupSession.objects.standing().filter(
        service=entry.service, starts_at__gt=replying.earliest(now), starts_at__lt=now + LOOK
    )
    kept = Count("holds", distinct=True)
    return [one for one in coming.with_taken().annotate(kept=kept).for_page() if one.taken + one.kept < one.seats]


def filtered(entries: WaitlistEntryQuerySet, show: str) -> WaitlistEntryQuerySet:
    """The lists of the page."""
    if show == "ended":
        return entries.ended().order_by("-ended_at", "-pk")
    if show == "offered":
        return entries.offered().in_order()
    return entries.on_the_list().in_order()
