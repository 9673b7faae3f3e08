"""What a patient reads when a time is offered to them. Names nothing clinical: others may read it."""

from __future__ import annotations

from datetime import timedelta

from clinic.forms import show_phone
from clinic.links import Purpose
from clinic.messaging import Draft, Subject
from clinic.messaging_states import MessagePurpose
from clinic.models import Clinic
from scheduling.contact import Way
from scheduling.models import WaitlistOffer
from scheduling.words import braced, when

#: Sent later than this before the deadline, it would only annoy.
TOO_LATE = timedelta(minutes=15)

TEXT = """Hello {name},

a time has become free at {clinic}:

{when}
{instead}
It is kept for you until {until}. If it suits you, take it here; if not, say so and somebody else can have it:

{{link}}

If you do nothing, it goes to somebody else, and you stay on our list. The link is meant for you alone.{call}

{clinic}
"""
INSTEAD = """
It would replace your visit on {when}.
"""


def offer(made: WaitlistOffer, way: Way) -> Draft:
    """The message about an offer, due when it may be read, of use until shortly before the deadline."""
    clinic = Clinic.objects.first()
    patient, tz, present = made.entry.patient.survivor, made.location.tz, made.entry.earlier_than
    phone = made.location.phone or (clinic.phone if clinic else "")
    text = TEXT.format(
        name=braced(patient.greeting_name),
        clinic=braced(clinic.sender if clinic else "the clinic"),
        when=when(made.starts_at, tz),
        instead=INSTEAD.format(when=when(present.starts_at, present.location.tz)) if present else "",
        until=when(made.expires_at, tz),
        call=f" You can also call {show_phone(phone)}." if phone else "",
    )
    return Draft(
        purpose=MessagePurpose.WAITLIST_OFFER,
        occasion="offer",
        about=Subject("scheduling.waitlistoffer", made.uid),
        to=way.recipient(patient),
        title="A time has become free for you",
        text=text,
        due_at=made.tell_at,
        too_late_at=made.expires_at - TOO_LATE,
        link_purpose=Purpose.WAITLIST,
        # It works until the visit would begin: who comes too late reads that they do.
        link_expires_at=made.starts_at,
    )
