"""No more messages to a number or an address: written down first, then whatever waits for it is stopped.

Two transactions, on purpose. Once the first is committed every last look sees it; so whatever a sender had looked at
before is in the outbox by the second, which stops it. With that committed too, nothing to the address begins to leave.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clinic import messaging, opt_outs
from clinic.access import Actor
from clinic.messaging_states import Reason


def stop(*, channel: str, address: str, source: str, by: Actor, now: datetime) -> None:
    """Nothing more to this number or address, whoever shares it. Saying it twice changes nothing."""
    opt_outs.record(channel=channel, address=address, source=source, by=by, now=now)
    stop_what_waits(channel=channel, address=address, now=now)


@transaction.atomic
def stop_what_waits(*, channel: str, address: str, now: datetime) -> None:
    """The second of the two steps, by itself: for who has taken the first."""
    messaging.void_for_address(channel=channel, address=address, reason=Reason.OPTED_OUT, now=now)
