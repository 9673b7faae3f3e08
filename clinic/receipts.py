"""What providers tell of messages that they were given: taken, delivered, bounced. What has ended changes no more.

Each event counts once, by the provider's own name for it. An event may be here before our sender has written down
that the message was accepted, and it may be the first word of one that was given up as unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from clinic import opt_outs
from clinic.access import SYSTEM
from clinic.messaging_states import WANTS_A_PERSON, Channel, Reason, State, check_transition
from clinic.models import DeliveryEvent, OptOut, OutboundMessage
from clinic.sms import NO_SUCH_PHONE, OPTED_OUT

log = logging.getLogger(__name__)

#: By the words of a Twilio-compatible provider. What is not here says nothing new.
SMS_MEANING: Mapping[str, State] = {
    "accepted": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.ACCEPTED,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.BOUNCED,
    "failed": State.BOUNCED,
}


@dataclass(frozen=True)
class Report:
    """One thing that a provider says of a message."""

    event_id: str
    said: str
    #: What that means here, if anything.
    means: State | None
    provider_id: str
    #: Of a bounce: why.
    reason: str = ""
    detail: str = ""
    #: Whoever has the address wants no more, and how that came.
    opted_out: str = ""


def of_text(*, sid: str, status: str, error_code: str) -> Report:
    """What a status callback for a text message says."""
    code = int(error_code) if error_code.isascii() and error_code.isdecimal() else 0
    means = SMS_MEANING.get(status)
    reason = (Reason.BAD_ADDRESS if code in NO_SUCH_PHONE else Reason.REFUSED) if means == State.BOUNCED else ""
    return Report(
        event_id=f"sms {sid[:100]} {status[:30]}",
        said=status[:30],
        means=means,
        provider_id=sid[:200],
        reason=reason,
        detail=str(code) if code else "",
        opted_out=OptOut.Source.PROVIDER if code == OPTED_OUT else "",
    )


def take(*, message_uid: UUID, report: Report, now: datetime) -> bool:
    """Write down what is told of a message, and what it means for it. False: it was known, or means nothing."""
    message = _note(message_uid, report, now)
    if message is None:
        return False
    if report.opted_out:
        address = message.to_address
        opt_outs.record(channel=message.channel, address=address, source=report.opted_out, by=SYSTEM, now=now)
    return True


@transaction.atomic
def _note(message_uid: UUID, report: Report, now: datetime) -> OutboundMessage | None:
    message = OutboundMessage.objects.select_for_update().filter(uid=message_uid).first()
    if message is None:
        log.warning("a provider tells of a message that is not here")
        return None
    _, is_new = DeliveryEvent.objects.get_or_create(
        event_id=report.event_id[:200],
        defaults={
            "message_uid": message_uid, "said": report.said[:30], "detail": report.detail[:60], "received_at": now,
        },
    )  # fmt: skip
    if not is_new:
        return None
    if report.means and _is_about(message, report):
        _step(message, report, now)
    return message


def _is_about(message: OutboundMessage, report: Report) -> bool:
    """Of texts we know the provider's id: what it says of another id is not about what we gave it."""
    return message.channel != Channel.SMS or message.provider_id in ("", report.provider_id)


def _step(message: OutboundMessage, report: Report, now: datetime) -> None:
    means = State(report.means or "")
    was_given_up = message.state == State.UNKNOWN and message.resolved_at is None
    if message.state == State.HANDING_OVER or was_given_up:
        _become(message, State.ACCEPTED, now)
        message.accepted_at, message.provider_id = now, report.provider_id or "accepted"
        message.reason, message.lease_until, message.needs_person = "", None, False
    if message.state == State.ACCEPTED and means != State.ACCEPTED:
        _become(message, means, now)
        message.reason, message.detail = report.reason, report.detail[:60]
        message.needs_person = report.reason in WANTS_A_PERSON and not (message.void_reason or report.opted_out)
    message.save()


def _become(message: OutboundMessage, state: State, now: datetime) -> None:
    check_transition(message.state, state)
    message.state, message.settled_at = state, now
