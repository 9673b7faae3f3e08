"""What a patient reads when a time is offered to them. Names nothing clinical: others may read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from clinic import wordings
from clinic.links import Purpose
from clinic.messaging import Draft, Subject
from clinic.messaging_states import MessagePurpose
from clinic.models import Clinic
from clinic.wording import Facts, Kind
from scheduling.contact import Way
from scheduling.models import WaitlistOffer
from scheduling.words import phone_of

#: Sent later than this before the deadline, it would only annoy.
TOO_LATE = timedelta(minutes=15)


def offer(made: WaitlistOffer, way: Way) -> Draft:
    """The message about an offer, due when it may be read, of use until shortly before the deadline."""
    clinic = Clinic.objects.first()
    patient, tz, present = made.entry.patient.survivor, made.location.tz, made.entry.earlier_than
    facts = Facts(
        name=patient.greeting_name,
        when=made.starts_at.astimezone(tz),
        place=made.location.address,
        phone=phone_of(made.location, clinic),
        until=made.expires_at.astimezone(tz),
        instead=present.starts_at.astimezone(present.location.tz) if present else None,
    )
    said = wordings.say(Kind.WAITLIST_OFFER, way.channel, patient.language, facts, clinic=clinic)
    return Draft(
        purpose=MessagePurpose.WAITLIST_OFFER,
        occasion="offer",
        about=Subject("scheduling.waitlistoffer", made.uid),
        to=replace(way.recipient(patient), language=said.language),
        title=said.title,
        text=said.text,
        wording=said.wording,
        due_at=made.tell_at,
        too_late_at=made.expires_at - TOO_LATE,
        link_purpose=Purpose.WAITLIST,
        # It works until the visit would begin: who comes too late reads that they do.
        link_expires_at=made.starts_at,
    )
