"""What patients read about their visits: clinic, first name, date, time, link; never what is treated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clinic.forms import show_phone
from clinic.links import Purpose
from clinic.messaging import Draft, Subject
from clinic.messaging_states import Channel, MessagePurpose, Reason
from clinic.models import Clinic
from patients.models import Patient
from scheduling.calendar_entries import entries_for
from scheduling.contact import Way
from scheduling.models import Appointment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

REMINDER, BOOKED, MOVED = MessagePurpose.VISIT_REMINDER, MessagePurpose.VISIT_BOOKED, MessagePurpose.VISIT_MOVED
#: Later than this before the visit, a message no longer helps.
TOO_LATE = timedelta(minutes=30)
LONGEST_LINK = timedelta(days=30)

TITLES = {
    REMINDER: "Reminder of your visit",
    BOOKED: "Your visit is booked",
    MOVED: "Your visit has a new time",
}
#: For several visits in one message: how many times it names, and what it says around them.
NAMED = {Channel.EMAIL: 24, Channel.SMS: 3}
SEVERAL = {
    REMINDER: "this is a reminder of your visits to {clinic}:",
    BOOKED: "your visits to {clinic} are booked:",
}
SEVERAL_TITLES = {REMINDER: "Reminder of your visits", BOOKED: "Your visits are booked"}
#: Clinic, first name, date, time, link. Never the service, a body part or a diagnosis: others may read it.
OPENINGS = {
    REMINDER: "this is a reminder of your visit to {clinic}:",
    BOOKED: "your visit to {clinic} is booked:",
    MOVED: "your visit to {clinic} has a new time:",
}
TEXT = """Hello {name},

{opening}

{when}

Please confirm{which}, or tell us that you cannot come:

{{link}}

The link is meant for you alone and works once.{call}

{clinic}
"""


@dataclass(frozen=True)
class Times:
    """Of other visits that the message names after its own."""

    besides: tuple[datetime, ...] = ()
    #: However many; otherwise those at the end are only counted.
    every_one: bool = False

    def lines(self, first: datetime, way: Way, tz: ZoneInfo) -> str:
        times = [first, *self.besides]
        named = len(times) if self.every_one else NAMED.get(Channel(way.channel), 1)
        lines = [when(at, tz) for at in times[:named]]
        more = len(times) - len(lines)
        return "\n".join([*lines, f"and {more} more, of each of which we remind you."] if more else lines)


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
) -> Draft:
    """The message about a visit, in these words; with its link, or with the reason why it will not go out."""
    too_late_at = appointment.starts_at - TOO_LATE
    suppressed, needs_person = way.blocked, None
    if not suppressed and now >= too_late_at:
        suppressed, needs_person = Reason.TOO_LATE, False  # who books for right now knows of it
    elif not suppressed and due_at >= too_late_at:
        suppressed = Reason.QUIET_HOURS
    name = clinic.sender if clinic else "the clinic"
    phone = appointment.location.phone or (clinic.phone if clinic else "")
    text = TEXT.format(
        name=braced(patient.greeting_name),
        opening=(SEVERAL if times.besides else OPENINGS)[words].format(clinic=braced(name)),
        when=times.lines(appointment.starts_at, way, appointment.location.tz),
        which=" the first" if times.besides else "",
        call=f" You can also call {show_phone(phone)}." if phone else "",
        clinic=braced(name),
    )
    return Draft(
        purpose=purpose,
        occasion="day before" if purpose == REMINDER else "at booking",
        about=Subject("scheduling.appointment", appointment.uid, appointment.version),
        to=way.recipient(patient),
        says=words,
        title=(SEVERAL_TITLES if times.besides else TITLES)[words],
        text=text,
        due_at=due_at,
        too_late_at=too_late_at,
        link_purpose=Purpose.VISIT,
        link_expires_at=min(appointment.starts_at, due_at + LONGEST_LINK)
        if due_at < appointment.starts_at
        else appointment.starts_at,
        suppressed=suppressed,
        needs_person=needs_person,
    )


def braced(name: str) -> str:
    """A name that holds `{link}` or the like is still only a name."""
    return name.replace("{", "(").replace("}", ")")


def when(at: datetime, tz: ZoneInfo) -> str:
    """ "Tuesday 24 November 2026, 14:30 (EST)": the day in full, the hour of the place, and whose hour it is."""
    local = at.astimezone(tz)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({local:%Z})"
