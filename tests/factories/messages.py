"""Messages for tests: a draft of the usual kind, rows in bulk, a sink that remembers what reached it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clinic import claiming, messaging
from clinic.claiming import InHand
from clinic.messaging import Draft, Recipient, Subject
from clinic.messaging_states import Channel, MessagePurpose
from clinic.models import OutboundMessage


def a_draft(*, now: datetime, address: str = "ana@patients.example", **changes: Any) -> Draft:
    """A reminder that is due now, with a link; of something that nobody looks at again."""
    facts: dict[str, Any] = {
        "purpose": MessagePurpose.VISIT_REMINDER,
        "occasion": "day before",
        "about": Subject("tests.subject", uuid.uuid4()),
        "to": Recipient(Channel.EMAIL, "Ana Ribeiro", address, patient_uid=uuid.uuid4()),
        "title": "Reminder of your visit",
        "text": "Hello Ana,\n\nplease confirm:\n\n{link}\n\nThe clinic\n",
        "due_at": now,
        "too_late_at": now + timedelta(hours=20),
        "link_purpose": "visit",
        "link_expires_at": now + timedelta(hours=24),
    }
    return Draft(**(facts | changes))


def a_message(*, now: datetime, **changes: Any) -> OutboundMessage:
    with transaction.atomic():
        return messaging.enqueue(a_draft(now=now, **changes), now=now)[0]


def claimed(count: int, *, now: datetime) -> list[InHand]:
    """As a sender has them in hand."""
    return claiming.claim(now=now, limit=count).going


def many_messages(count: int, *, now: datetime, **changes: Any) -> list[OutboundMessage]:
    with transaction.atomic():
        drafts = [a_draft(now=now, address=f"p{n}@patients.example", **changes) for n in range(count)]
        return messaging.enqueue(*drafts, now=now)
