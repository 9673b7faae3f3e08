"""No more messages to a number or an address: written down first, then whatever waits for it is stopped.

Two transactions, on purpose. Once the first is committed every last look sees it; so whatever a sender had looked at
before is in the outbox by the second, which stops it. With that committed too, nothing to the address begins to leave.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from clinic import messaging, opt_outs
from clinic.access import Actor
from clinic.messaging_states import Reason
from clinic.models import OutboundMessage

_SIGNER = signing.Signer(salt="unsubscribe", sep="~")


def stop(*, channel: str, address: str, source: str, by: Actor, now: datetime) -> None:
    """Nothing more to this number or address, whoever shares it. Saying it twice changes nothing."""
    opt_outs.record(channel=channel, address=address, source=source, by=by, now=now)
    with transaction.atomic():
        messaging.void_for_address(channel=channel, address=address, reason=Reason.OPTED_OUT, now=now)


def token_for(message_uid: UUID | str) -> str:
    """Names the message, so that no address is in the link; signed, so that nobody ends messages to others."""
    return _SIGNER.sign(UUID(str(message_uid)).hex)


def link_for(message_uid: UUID | str) -> str:
    return settings.PUBLIC_URL + reverse("unsubscribe", args=[token_for(message_uid)])


def message_of(token: str) -> OutboundMessage | None:
    """The mail that the link came with, or None for anything that we did not sign."""
    try:
        uid = UUID(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return OutboundMessage.objects.filter(uid=uid).exclude(to_address="").first()
