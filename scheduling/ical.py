"""Entries of calendars as RFC 5545 has them. Pure; the writing, folding and escaping is the library's.

Instants go out in UTC and whole days as days, so no time zone has to be described: see
docs/adr/0041-calendars-are-read-by-a-secret.md.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

#: Raised with each change of what is written for the same entries: programs then fetch it anew.
WRITTEN_AS = 1
#: How often a program is asked to come again.
REFRESH = timedelta(hours=1)
_MAKER = "-//Tonus//Calendar//EN"
#: What RFC 5545 allows in no text, line breaks among them: a name or a label is one line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+|[\ud800-\udfff]")

#: A parameter can hold no quotation mark, and many readers stumble over a backslash.
_NOT_IN_A_PARAMETER = str.maketrans({'"': "'", "\\": "/"})


def uid_of(record: uuid.UUID, part: str = "") -> str:
    """The same in feeds and mails for as long as the record exists, whatever host the clinic is reached at."""
    return f"{record}{part and '-'}{part}@tonus"


@dataclass(frozen=True)
class Entry:
    """Something that takes time in a calendar: instants (half-open), or whole days (the last one excluded)."""

    uid: str
    summary: str
    start: datetime | date
    end: datetime | date
    #: When it last became what it is.
    changed_at: datetime
    sequence: int = 0
    cancelled: bool = False
    place: str = ""


def sequence_of(version: int, *, cancelled: bool) -> int:
    """Rises with each version, and when that is called off; what is taken up again is the next version."""
    return 2 * (version - 1) + cancelled


def feed(name: str, entries: Iterable[Entry]) -> bytes:
    """A calendar to subscribe to."""
    calendar = _calendar("PUBLISH")
    named = vText(one_line(name))  # the library knows neither property, so it would not escape them
    calendar.add("name", named)
    calendar.add("x-wr-calname", named)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry))
    return calendar.to_ical()


def kept(entries: Sequence[Entry], *, organizer: str, organizer_name: str) -> bytes:
    """Entries for whoever gets them to keep: to add or update, or to take out again what is called off.

    PUBLISH asks for no answer, so none goes to an address that nobody reads; CANCEL can speak of one entry only.
    """
    calendar = _calendar("CANCEL" if len(entries) == 1 and entries[0].cancelled else "PUBLISH")
    address = vCalAddress(f"mailto:{one_line(organizer)}")
    address.params["CN"] = one_line(organizer_name).translate(_NOT_IN_A_PARAMETER)
    for entry in entries:
        event = _event(entry)
        event.add("organizer", address)
        calendar.add_component(event)
    return calendar.to_ical()


def entity_tag(name: str, entries: Sequence[Entry]) -> str:
    """Differs exactly when `feed` would write something else, and is much cheaper."""
    facts = repr((WRITTEN_AS, one_line(name), entries))
    return f'"{hashlib.sha256(facts.encode()).hexdigest()[:32]}"'


def one_line(text: str) -> str:
    """Without control characters and what else no calendar can hold.

    The library takes a typed backslash before a capital N for a line break.
    """
    return _CONTROL.sub(" ", text.replace(r"\N", r"\n")).strip()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _MAKER)
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    summary = one_line(entry.summary)
    event.add("summary", f"Cancelled: {summary}" if entry.cancelled else summary)
    if place := one_line(entry.place):
        event.add("location", place)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    return event
