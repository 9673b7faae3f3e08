"""What was written to and by one telephone: a page for whoever is to answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from clinic import audit, opt_outs
from clinic.access import Can, requires
from clinic.messages_views import LISTS
from clinic.messaging_states import Channel
from clinic.models import InboundText, Location, OutboundMessage
from clinic.pages import page
from clinic.requests import StaffRequest
from patients.models import Patient
from scheduling import asked
from scheduling.models import Appointment

#: How far back the talk goes, and how much of it is shown.
BACK, MOST = timedelta(days=90), 100


@dataclass(frozen=True)
class Said:
    """One text message of the talk, in whichever direction."""

    at: datetime
    text: str
    inbound: InboundText | None = None
    message: OutboundMessage | None = None


@requires(Can.SEE_MESSAGES)
def talk(request: StaffRequest, uid: uuid.UUID) -> HttpResponse:
    """All that was said of late with the telephone that this text message came from."""
    inbound = get_object_or_404(InboundText.objects.visible_to(request.user), uid=uid)
    people = asked.people_at(inbound.from_number)
    said = _said(request, inbound.from_number)
    named = {patient.uid for patient in people} | {one.message.patient_uid for one in said if one.message}
    named |= {known for one in said if one.inbound for known in one.inbound.patient_uids}
    audit.viewed_many("texts", by=request.user, now=request.now, patient_uids=sorted(uid for uid in named if uid))
    context = {
        "number": inbound.from_number,
        "people": people,
        "coming": _coming(request, people),
        "said": said,
        "stopped": opt_outs.standing(Channel.SMS, inbound.from_number),
        "place": Location.objects.active().order_by("pk").first(),
        "here": "",
        "lists": LISTS,
    }
    return page(request, "messages/talk.html", context)


def _coming(request: StaffRequest, people: list[Patient]) -> list[Appointment]:
    return list(asked.awaited_of(people, request.now)[:6])


def _said(request: StaffRequest, number: str) -> list[Said]:
    """The oldest first, as one reads it."""
    since = request.now - BACK
    came = InboundText.objects.visible_to(request.user).from_number(number).filter(received_at__gt=since)
    went = OutboundMessage.objects.visible_to(request.user).filter(
        channel=Channel.SMS, to_address=number, due_at__gt=since, handing_over_at__isnull=False
    )
    said = [Said(one.received_at, one.text, inbound=one) for one in came.newest_first()[:MOST]]
    sent = went.order_by("-due_at", "-pk")[:MOST]
    said += [Said(one.handing_over_at or one.due_at, one.text.replace("{link}", "(link)"), message=one) for one in sent]
    return sorted(said, key=lambda one: one.at)[-MOST:]
