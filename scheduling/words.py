"""What patients read about their visits: clinic, first name, date, time, address, link; never what is treated.

The words themselves are templates (clinic.wordings); here are the facts that go into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clinic import wordings
from clinic.links import Purpose
from clinic.messaging import Draft, Subject
from clinic.messaging_states import Channel, MessagePurpose, Reason
from clinic.models import Clinic, Location
from clinic.wording import Facts, Kind, Line, spoken
from patients.models import Patient
from scheduling.calendar_entries import entries_for
from scheduling.contact import Way
from scheduling.models import Appointment, Service

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

REMINDER, BOOKED, MOVED = MessagePurpose.VISIT_REMINDER, MessagePurpose.VISIT_BOOKED, MessagePurpose.VISIT_MOVED
#: Later than this before the visit, a message no longer helps.
TOO_LATE = timedelta(minutes=30)
LONGEST_LINK = timedelta(days=30)


@dataclass(frozen=True)
class Times:
    """Of other visits that the message names after its own."""

    besides: tuple[datetime, ...] = ()
    #: However many; otherwise those at the end are only counted.
    every_one: bool = False


def with_entries(draft: Draft, visits: Sequence[Appointment], clinic: Clinic | None) -> Draft:
    """By e-mail it brings the visits for the patient's own calendar."""
    if draft.to.channel != Channel.EMAIL:
        return draft
    return replace(draft, calendar=entries_for(visits, clinic).decode())


def draft(
    appointment: Appointment,
    patient: Patient,
    clinic: Clinic | None,
    way: Way,
    *,
    purpose: MessagePurpose,
    words: MessagePurpose,
    due_at: datetime,
    now: datetime,
    times: Times,
    variant: str = "",
) -> Draft:
    """The message about a visit, in these words; with its link, or with the reason why it will not go out.

    `variant` names other words than the usual ones, for which the rule asked.
    """
    tz = appointment.location.tz
    facts = Facts(
        name=patient.greeting_name,
        when=appointment.starts_at.astimezone(tz),
        lines=[Line(at.astimezone(tz)) for at in (appointment.starts_at, *times.besides)],
        every_one=times.every_one,
        place=appointment.location.address,
        phone=phone_of(appointment.location, clinic),
    )
    kind = _kind(words, times)
    said = wordings.say(kind, way.channel, patient.language, facts, clinic=clinic, variant=variant)
    return _draft(appointment, patient, way, said, purpose=purpose, words=words, due_at=due_at, now=now)


def _kind(words: MessagePurpose, times: Times) -> Kind:
    """An errand is one thing that is answered as a whole; of a series the link answers for the first visit."""
    if not times.besides:
        return Kind(words)
    if words == REMINDER:
        return Kind.VISITS_REMINDER
    return Kind.VISITS_BOOKED if times.every_one else Kind.SERIES_BOOKED


def reminder_of_several(
    visits: Sequence[Appointment],
    clinic: Clinic | None,
    way: Way,
    *,
    about: Appointment,
    due_at: datetime,
    now: datetime,
) -> Draft:
    """One reminder of several visits in order of time, of one person or of several who share the address."""
    patient = about.patient.survivor
    names = {visit.patient.survivor.pk: visit.patient.survivor.greeting_name for visit in visits}
    family = len(names) > 1
    lines = [
        Line(visit.starts_at.astimezone(visit.location.tz), who=names[visit.patient.survivor.pk] if family else "")
        for visit in visits
    ]
    facts = Facts(
        name=patient.greeting_name,
        names=list(names.values()),
        lines=lines,
        every_one=True,
        phone=phone_of(about.location, clinic),
    )
    kind = Kind.FAMILY_REMINDER if family else Kind.VISITS_REMINDER
    said = wordings.say(kind, way.channel, patient.language, facts, clinic=clinic)
    return _draft(about, patient, way, said, purpose=REMINDER, words=REMINDER, due_at=due_at, now=now)


def _draft(
    appointment: Appointment,
    patient: Patient,
    way: Way,
    said: wordings.Said,
    *,
    purpose: MessagePurpose,
    words: MessagePurpose,
    due_at: datetime,
    now: datetime,
) -> Draft:
    too_late_at = appointment.starts_at - TOO_LATE
    suppressed, needs_person = way.blocked, None
    if not suppressed and now >= too_late_at:
        suppressed, needs_person = Reason.TOO_LATE, False  # who books for right now knows of it
    elif not suppressed and due_at >= too_late_at:
        suppressed = Reason.QUIET_HOURS
    return Draft(
        purpose=purpose,
        occasion="day before" if purpose == REMINDER else "at booking",
        about=Subject("scheduling.appointment", appointment.uid, appointment.version),
        to=replace(way.recipient(patient), language=said.language),
        says=words,
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=due_at,
        too_late_at=too_late_at,
        link_purpose=Purpose.VISIT,
        link_expires_at=min(appointment.starts_at, due_at + LONGEST_LINK)
        if due_at < appointment.starts_at
        else appointment.starts_at,
        suppressed=suppressed,
        needs_person=needs_person,
    )


def telling_words() -> set[str]:
    """What the clinic offers, in its own words: no text message says any of it."""
    return {word for pair in Service.objects.values_list("name", "skill") for word in pair if word}


def phone_of(location: Location, clinic: Clinic | None) -> str:
    """Whom to call about what takes place there, as it is kept."""
    return location.phone or (clinic.phone if clinic else "")


def when(at: datetime, tz: ZoneInfo, language: str = "en", channel: str = Channel.EMAIL) -> str:
    """ "Tuesday 24 November 2026, 14:30 (EST)": the day in full, the hour of the place, and whose hour it is."""
    return spoken(language).when(at.astimezone(tz), channel)
