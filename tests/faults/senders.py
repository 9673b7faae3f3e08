"""Sender processes for the fault tests: forked from a server that has the application loaded, and killed at will.

Each runs the real sender against the real database and a real SMTP server. `plant` names a fault that a sender is
given on purpose, to show that the test would notice it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time as machine
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

#: As short as a test needs: what a killed sender had in hand is picked up this long after.
LEASE, MARGIN = timedelta(seconds=1.0), timedelta(seconds=0.4)


def context() -> Any:
    """A fork server, so that a killed sender is replaced within milliseconds."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.faults.preloaded"])
    return made


def run(database: dict[str, Any], smtp_port: int, plant: str) -> None:
    """Deliver what is due, again and again, until killed."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    connection.settings_dict.update(database)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", smtp_port, 5
    logging.disable(logging.CRITICAL)

    from django.db import InterfaceError, OperationalError

    from clinic import claiming, delivery, handing_over, messaging, time

    claiming.LEASE, handing_over.LEASE, delivery.MARGIN = LEASE, LEASE, MARGIN
    if plant:
        PLANTS[plant]()
    while True:
        try:
            messaging.sweep(now=time.now())
            if not messaging.deliver_due(now=time.now(), limit=10).claimed:
                machine.sleep(0.02)
        except (OperationalError, InterfaceError):
            connection.close()
            machine.sleep(0.05)


# -- Faults, planted on purpose --------------------------------------------------------------------------


def mark_after_send() -> None:
    """Send first, write it down afterwards: a crash in between forgets that it was sent."""
    from clinic import handing_over
    from clinic.messaging_states import State
    from clinic.models import OutboundMessage

    def begin(*_: Any, **__: Any) -> bool:
        return True

    def accepted(message: OutboundMessage, *, provider_id: str, now: Any) -> bool:
        OutboundMessage.objects.filter(pk=message.pk).update(
            state=State.ACCEPTED, settled_at=now, lease_until=None, handing_over_at=now, accepted_at=now,
            provider_id=provider_id,
        )  # fmt: skip
        return True

    handing_over.begin, handing_over.accepted = begin, accepted


def resend_on_lease() -> None:
    """Take every message whose lease is over for not sent."""
    from clinic import messaging
    from clinic.messaging_states import State
    from clinic.models import OutboundMessage

    def sweep(*, now: Any) -> None:
        OutboundMessage.objects.in_hand().filter(lease_until__lte=now).update(
            state=State.PLANNED, lease_until=None, handing_over_at=None, next_try_at=now
        )

    messaging.sweep = sweep


def no_fence() -> None:
    """Hand over whatever was once claimed, without asking whether it still may leave."""
    from clinic import handing_over
    from clinic.claiming import InHand
    from clinic.messaging_states import State
    from clinic.models import OutboundMessage

    def begin(hand: InHand, token: str, *, now: Any) -> bool:
        OutboundMessage.objects.filter(pk=hand.message.pk).update(
            state=State.HANDING_OVER, handing_over_at=now, lease_until=now + LEASE, reason="", settled_at=None
        )
        hand.message.state = State.HANDING_OVER
        return True

    handing_over.begin = begin


PLANTS = {"mark_after_send": mark_after_send, "resend_on_lease": resend_on_lease, "no_fence": no_fence}
